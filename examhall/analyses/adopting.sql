-- name: pass_mark
SELECT pass_percent
  FROM exams
 WHERE id = %(exam_id)s;

-- name: take
-- The primary key decides: a second waits for the first, and is refused once that is committed.
INSERT INTO scenario_adoptions (scenario_id, scenario_version, exam_id, exam_version, reason, adopted_by)
VALUES (%(scenario_id)s, %(scenario_version)s, %(exam_id)s, 0, %(reason)s, %(adopted_by)s);

-- name: note
UPDATE scenario_adoptions
   SET exam_version = %(exam_version)s,
       key_version = %(key_version)s,
       pass_percent_before = %(pass_percent_before)s,
       pass_percent_after = %(pass_percent_after)s
 WHERE scenario_id = %(scenario_id)s
   AND scenario_version = %(scenario_version)s
   AND exam_id = %(exam_id)s;

-- name: made_official
SELECT scenario_adoptions.exam_id, exams.title AS exam_title, scenario_adoptions.exam_version,
       scenario_adoptions.key_version, scenario_adoptions.pass_percent_before, scenario_adoptions.pass_percent_after,
       scenario_adoptions.reason, people.full_name AS adopted_by, scenario_adoptions.adopted_at
  FROM scenario_adoptions
  JOIN exams ON exams.id = scenario_adoptions.exam_id
  JOIN people ON people.id = scenario_adoptions.adopted_by
 WHERE scenario_adoptions.scenario_id = %(scenario_id)s
   AND scenario_adoptions.scenario_version = %(scenario_version)s
 ORDER BY scenario_adoptions.adopted_at DESC;
