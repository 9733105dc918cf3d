-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtext('examhall audit seals'));

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
