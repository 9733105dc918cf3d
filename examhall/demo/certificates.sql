-- name: without_a_rule
SELECT exams.id AS exam_id, templates.id AS template_id
  FROM exams
 CROSS JOIN certificate_templates AS templates
 WHERE exams.title = %(title)s
   AND templates.design = %(design)s
   AND NOT EXISTS (SELECT FROM certificate_rules WHERE exam_id = exams.id);
