-- name: what_is_here
SELECT exams.id AS exam_id, people.id AS analyst_id,
       EXISTS (SELECT FROM panels WHERE exam_id = exams.id AND name = %(name)s) AS is_there
  FROM exams, people
 WHERE exams.title = %(title)s
   AND people.username = %(analyst)s;

-- name: unmarked
SELECT sittings.candidate_id, sittings.id AS sitting_id
  FROM sittings
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL
   AND results.sitting_id IS NULL
 ORDER BY sittings.id;

-- name: scenarios
SELECT scenarios.id
  FROM scenarios
  JOIN projects ON projects.id = scenarios.project_id
 WHERE projects.name = %(project)s
   AND scenarios.archived_at IS NULL
 ORDER BY scenarios.id
 LIMIT %(limit)s;
