-- name: conclude_due
-- One snapshot sees the key's version, the sittings and their marks, so they belong together. No lock: workers
-- that find the same exam meet at the primary key, and the later one changes nothing. What was concluded before
-- somebody got a later window of their own is concluded again after it. OFFSET 0 keeps each
-- EXISTS a look by index, stopping at the first row, for the few exams over and not concluded.
WITH concluded AS (
    INSERT INTO conclusions (exam_id, key_version)
    SELECT exams.id, exams.key_version
      FROM exams
     WHERE exams.closes_at
           < statement_timestamp() - make_interval(secs => greatest(exams.grace_s, %(latest_start_s)s))
       AND NOT exams.is_draft
       AND last_closing(exams)
           < statement_timestamp() - make_interval(secs => greatest(exams.grace_s, %(latest_start_s)s))
       AND NOT EXISTS (SELECT
                         FROM conclusions
                        WHERE exam_id = exams.id
                          AND key_version = exams.key_version
                          AND concluded_at >= last_closing(exams))
       AND NOT EXISTS (SELECT
                         FROM sittings
                        WHERE exam_id = exams.id
                          AND closed_at IS NULL
                       OFFSET 0)
       AND NOT EXISTS (SELECT
                         FROM results
                        WHERE exam_id = exams.id
                          AND unmarked > 0
                       OFFSET 0)
       AND NOT EXISTS (SELECT
                         FROM sittings
                         LEFT JOIN results
                           ON results.candidate_id = sittings.candidate_id
                          AND results.sitting_id = sittings.id
                        WHERE sittings.exam_id = exams.id
                          AND results.key_version IS DISTINCT FROM exams.key_version
                       OFFSET 0)
     ORDER BY exams.closes_at, exams.id
     LIMIT %(limit)s
    ON CONFLICT (exam_id, key_version)
    DO UPDATE SET concluded_at = excluded.concluded_at
     WHERE conclusions.concluded_at < (SELECT last_closing(exams)
                                         FROM exams
                                        WHERE exams.id = excluded.exam_id)
    RETURNING exam_id, key_version
)
SELECT concluded.exam_id, concluded.key_version
  FROM concluded
  JOIN exams ON exams.id = concluded.exam_id
 CROSS JOIN LATERAL pg_notify(%(channel)s, concluded.exam_id::text)
 ORDER BY exams.closes_at, exams.id;

-- name: hold_concluded
-- Whoever lets somebody in again holds the exam: they are waited for here, and those who come later wait for the
-- conclusion, and see it.
SELECT id
  FROM exams
 WHERE id = ANY(%(exam_ids)s)
 ORDER BY id
   FOR SHARE;

-- name: take_back
DELETE FROM conclusions
 USING exams
 WHERE exams.id = conclusions.exam_id
   AND exams.id = ANY(%(exam_ids)s)
   AND conclusions.key_version = exams.key_version
   AND (EXISTS (SELECT FROM sittings WHERE sittings.exam_id = exams.id AND closed_at IS NULL)
        -- Or a mark by hand was reopened.
        OR EXISTS (SELECT FROM results WHERE results.exam_id = exams.id AND unmarked > 0))
RETURNING exams.id AS exam_id;

-- name: standing
SELECT exams.key_version,
       coalesce(last_closing(exams)
                < statement_timestamp() - make_interval(secs => greatest(exams.grace_s, %(latest_start_s)s)),
                true) AS is_over,
       NOT EXISTS (SELECT
                     FROM sittings
                     LEFT JOIN results
                       ON results.candidate_id = sittings.candidate_id
                      AND results.sitting_id = sittings.id
                    WHERE sittings.exam_id = exams.id
                      AND (sittings.closed_at IS NULL
                           OR results.key_version IS DISTINCT FROM exams.key_version)) AS is_marked
  FROM exams
 WHERE exams.id = %(exam_id)s;

-- name: conclude
INSERT INTO conclusions (exam_id, key_version)
VALUES (%(exam_id)s, %(key_version)s)
ON CONFLICT DO NOTHING;

-- name: announce
SELECT pg_notify(%(channel)s, %(exam_id)s);
