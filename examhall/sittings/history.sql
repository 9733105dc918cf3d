-- name: one_node_at_a_time
-- Held until the transaction ends; the next node in line then finds the partitions made.
SELECT pg_advisory_xact_lock(hashtext('answer_history partitions'));

-- name: missing_partitions
-- The rest is locked before its rows move, so that none of the month can slip in behind them.
SELECT format($$
           CREATE TABLE %%1$I (LIKE answer_history INCLUDING DEFAULTS INCLUDING STORAGE);
           LOCK TABLE answer_history_rest IN ACCESS EXCLUSIVE MODE;
           WITH moved AS (
               DELETE FROM answer_history_rest
                WHERE received_at >= %%2$L AND received_at < %%3$L
                RETURNING candidate_id, sitting_id, question_number, sub_part, answer, revision,
                          received_at, saved_at)
           INSERT INTO %%1$I (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                              received_at, saved_at)
           SELECT candidate_id, sitting_id, question_number, sub_part, answer, revision,
                  received_at, saved_at
             FROM moved;
           ALTER TABLE answer_history ATTACH PARTITION %%1$I FOR VALUES FROM (%%2$L) TO (%%3$L)
           $$, name, starts_at, ends_at) AS text
  FROM (SELECT 'answer_history_' || to_char(month, 'YYYY_MM') AS name,
               month AT TIME ZONE 'UTC' AS starts_at,
               (month + interval '1 month') AT TIME ZONE 'UTC' AS ends_at
          FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month' AS month
                  FROM generate_series(0, 2) AS ahead) AS months) AS wanted
 -- Not to_regclass: within a transaction it may remember that there was no such table.
 WHERE NOT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                   WHERE inhparent = 'answer_history'::regclass AND relname = name)
 ORDER BY starts_at;
