-- name: standing
-- The constraint exams_contest_once: a contest has one sitting a student at most.
SELECT wanted.candidate_id, exams.id AS exam_id, sittings.id AS sitting_id, sittings.closed_at,
       EXISTS (SELECT FROM sections WHERE exam_id = exams.id AND draw IS NOT NULL)
       AND NOT EXISTS (SELECT
                         FROM sittings
                        WHERE candidate_id = wanted.candidate_id
                          AND exam_id = exams.id) AS is_to_be_drawn
  FROM unnest(%(candidate_ids)s::bigint[], %(exam_ids)s::bigint[]) AS wanted (candidate_id, exam_id)
  JOIN exams
    ON exams.id = wanted.exam_id
   AND exams.kind = 'contest'
   AND exams.course_id IS NOT NULL
  LEFT JOIN sittings
    ON sittings.candidate_id = wanted.candidate_id
   AND sittings.exam_id = exams.id
   AND sittings.closed_at IS NOT NULL;
