-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('examhall audit seals'));

-- name: oldest_writing
-- Whoever has written to the record and not committed: what they wrote has the time at which it was written.
SELECT (min(xact_start) AT TIME ZONE 'UTC')::date AS day
  FROM pg_locks
  JOIN pg_stat_activity USING (pid)
 WHERE pg_locks.locktype = 'relation'
   AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pg_locks.relation = 'audit_entries'::regclass
   AND pg_locks.mode = 'RowExclusiveLock'
   AND pg_locks.granted
   AND pid <> pg_backend_pid()
HAVING min(xact_start) IS NOT NULL;

-- name: last_seal
SELECT day, entries, digest, signature, key_id
  FROM audit_seals
 ORDER BY day DESC
 LIMIT 1;

-- name: list_seals
SELECT day, entries, digest, signature, key_id
  FROM audit_seals
 ORDER BY day;

-- name: days_to_seal
-- From one day to the next by the index, however many entries each has.
WITH RECURSIVE days AS (
    (SELECT (at AT TIME ZONE 'UTC')::date AS day
       FROM audit_entries
      WHERE %(after)s::date IS NULL OR at >= ((%(after)s::date + 1)::timestamp AT TIME ZONE 'UTC')
      ORDER BY at
      LIMIT 1)
     UNION ALL
    SELECT (SELECT (at AT TIME ZONE 'UTC')::date
              FROM audit_entries
             WHERE at >= ((days.day + 1)::timestamp AT TIME ZONE 'UTC')
             ORDER BY at
             LIMIT 1)
      FROM days
     WHERE days.day IS NOT NULL
)
SELECT day
  FROM days
 WHERE day < %(until)s
 ORDER BY day;

-- name: insert_seal
INSERT INTO audit_seals (day, entries, digest, signature, key_id)
VALUES (%(day)s, %(entries)s, %(digest)s, %(signature)s, %(key_id)s);

-- name: lines_of_day
-- In the order of the ids. jsonb has one way to be written, and a row one text.
SELECT id,
       jsonb_build_array(id, extract(epoch FROM at) * 1000000, actor_id, door, trace, deed, kind, thing, label,
                         exam_id, person_id, before, after, words)::text AS line
  FROM audit_entries
 WHERE at >= %(starts_at)s
   AND at < %(ends_at)s
   AND id > %(after)s
 ORDER BY id
 LIMIT %(most)s;

-- name: unsealed_days
SELECT DISTINCT (at AT TIME ZONE 'UTC')::date AS day
  FROM audit_entries
 WHERE at < (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC' FROM audit_seals)
   AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_seals.day = (at AT TIME ZONE 'UTC')::date)
 ORDER BY day;
