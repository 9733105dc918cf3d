-- name: open_sittings
-- However many starts arrive at once, the indexes one_open_sitting and sittings_attempt let one insert: the
-- others wait for it and insert nothing. In the order of the keys, so that two batches do not deadlock.
-- FOR KEY SHARE, which the foreign key takes anyway: waits for an author's change, then starts the changed exam.
-- Of a pool each candidate's questions are those whose hash with the seed is lowest: all sets are equally likely
-- (hashed twice: once, numbers next to each other come together too often), and nothing is asked per candidate.
-- Where an author changed the exam while this waited, `seen` and `pools` are what it was: then nothing is
-- inserted, and the caller tries again.
WITH wanted AS MATERIALIZED (
    SELECT candidate_id, exam_id, seed
      FROM unnest(%(candidate_ids)s::bigint[], %(exam_ids)s::bigint[], %(seeds)s::integer[])
        AS wanted (candidate_id, exam_id, seed)
),
seen AS MATERIALIZED (
    SELECT id, version
      FROM exams
     WHERE id IN (SELECT exam_id FROM wanted)
),
pools AS MATERIALIZED (
    SELECT questions.exam_id, sections.draw, array_agg(questions.number) AS numbers
      FROM questions
      LEFT JOIN sections ON sections.id = questions.section_id
     WHERE questions.exam_id IN (SELECT exam_id FROM sections
                                  WHERE draw IS NOT NULL AND exam_id IN (SELECT id FROM seen))
     GROUP BY questions.exam_id, sections.id
)
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at, drawn,
                      allotted_s)
SELECT wanted.candidate_id, exams.id, taken.attempts + 1, wanted.seed, statement_timestamp(),
       ends.deadline_at, ends.deadline_at + exams.grace_s * interval '1 second',
       CASE WHEN exams.id IN (SELECT exam_id FROM pools)
            THEN ARRAY(SELECT drawn.number
                         FROM pools
                        CROSS JOIN LATERAL (SELECT number
                                              FROM unnest(pools.numbers) AS number
                                             ORDER BY hashint8extended(hashint8extended(number, wanted.seed),
                                                                       wanted.seed), number
                                             LIMIT pools.draw) AS drawn
                        WHERE pools.exam_id = exams.id
                        ORDER BY drawn.number)
       END,
       floor(extract(epoch FROM ends.deadline_at - statement_timestamp()))::integer
  FROM wanted
  JOIN exams ON exams.id = wanted.exam_id
 CROSS JOIN admission(exams.id, exams.course_id, wanted.candidate_id)
 CROSS JOIN LATERAL (SELECT count(*) AS attempts
                       FROM sittings
                      WHERE sittings.candidate_id = wanted.candidate_id
                        AND sittings.exam_id = exams.id) AS taken
 CROSS JOIN own_time(exams, wanted.candidate_id, statement_timestamp()) AS ends
 WHERE (ends.opens_at IS NULL OR ends.opens_at <= statement_timestamp())
   AND (ends.closes_at IS NULL OR ends.closes_at > statement_timestamp())
   AND taken.attempts < exams.attempts_allowed
   AND admission.admitted
   AND NOT exams.is_draft
   AND NOT EXISTS (SELECT FROM pauses WHERE exam_id = exams.id)
   AND exams.version = (SELECT version FROM seen WHERE seen.id = exams.id)
 ORDER BY wanted.candidate_id, exams.id
   FOR KEY SHARE OF exams
ON CONFLICT DO NOTHING
RETURNING candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
          closed_at, closed_by, paused_at, drawn, statement_timestamp() AS server_time;

-- name: running_sittings
SELECT candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
       closed_at, closed_by, paused_at, drawn, statement_timestamp() AS server_time
  FROM sittings
  JOIN unnest(%(candidate_ids)s::bigint[], %(exam_ids)s::bigint[]) AS wanted (candidate_id, exam_id)
 USING (candidate_id, exam_id)
 WHERE closed_at IS NULL;

-- name: sitting
SELECT candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
       closed_at, closed_by, paused_at, drawn, statement_timestamp() AS server_time
  FROM sittings
 WHERE candidate_id = %(candidate_id)s
   AND id = %(sitting_id)s;

-- name: answers_of
SELECT question_number, sub_part, answer, revision, saved_at
  FROM answers
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
 ORDER BY question_number, sub_part;
