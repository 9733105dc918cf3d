-- name: list_rules
SELECT rules.id, rules.exam_id, rules.template_id, templates.name AS template_name, rules.condition, rules.threshold,
       rules.title, rules.fields, rules.public, rules.active, rules.on_correction, rules.version, rules.followed,
       (SELECT count(*) FROM certificates WHERE rule_id = rules.id AND revoked_at IS NULL) AS issued
  FROM certificate_rules AS rules
  JOIN certificate_templates AS templates ON templates.id = rules.template_id
 WHERE rules.exam_id = %(exam_id)s
 ORDER BY rules.id;

-- name: pass_mark
SELECT pass_percent
  FROM exams
 WHERE id = %(exam_id)s;

-- name: add_rule
INSERT INTO certificate_rules (exam_id, template_id, condition, threshold, title, fields, public, on_correction,
                               created_by)
VALUES (%(exam_id)s, %(template_id)s, %(condition)s, %(threshold)s, %(title)s, %(fields)s, %(public)s,
        %(on_correction)s, %(created_by)s)
RETURNING id;

-- name: set_active
UPDATE certificate_rules
   SET active = %(active)s,
       version = version + 1,
       followed = NULL
 WHERE id = %(rule_id)s
   AND exam_id = %(exam_id)s
   AND version = %(version)s;

-- name: follow_again
-- Waits for a worker that follows one of them: what it has marked as followed is not, by another pass mark.
UPDATE certificate_rules
   SET followed = NULL,
       validated = NULL
 WHERE exam_id = %(exam_id)s
   AND condition = 'passed'
   AND active;

-- name: look_at_again
-- As if given by a key before the first: revalidate.sql looks at it.
UPDATE certificates
   SET validated_key = 0
  FROM certificate_rules
 WHERE certificate_rules.id = certificates.rule_id
   AND certificate_rules.exam_id = %(exam_id)s
   AND condition = 'passed'
   AND revoked_at IS NULL;

-- name: version_of
SELECT version
  FROM certificate_rules
 WHERE id = %(rule_id)s
   AND exam_id = %(exam_id)s;

-- name: list_due
SELECT rules.id AS rule_id
  FROM certificate_rules AS rules
  JOIN certificate_templates AS templates ON templates.id = rules.template_id
  JOIN exams ON exams.id = rules.exam_id
  JOIN exam_standings
    ON exam_standings.exam_id = exams.id
   AND exam_standings.key_version = exams.key_version
 WHERE rules.active
   AND templates.active
   AND rules.followed IS DISTINCT FROM exams.key_version
   AND results_released(exams)
   AND (%(exam_id)s::bigint IS NULL OR rules.exam_id = %(exam_id)s)
   AND (rules.condition <> 'scaled_score'
        OR EXISTS (SELECT
                     FROM calibrations
                    WHERE calibrations.exam_id = exams.id
                      AND calibrations.key_version = exams.key_version))
 ORDER BY rules.id;

-- name: hold_rule
-- SKIP LOCKED: whoever finds another worker at this rule leaves it to that one.
SELECT rules.id, rules.exam_id, rules.template_id, rules.title, rules.fields, rules.public, rules.created_by,
       exams.key_version
  FROM certificate_rules AS rules
  JOIN exams ON exams.id = rules.exam_id
 WHERE rules.id = %(rule_id)s
   AND rules.active
   AND rules.followed IS DISTINCT FROM exams.key_version
   FOR UPDATE OF rules SKIP LOCKED;

-- name: list_earners
-- Who has none that stands, and had none that a person took back.
SELECT earners.candidate_id, people.full_name, earners.sitting_id, earners.key_version,
       earners.points::double precision AS points, earners.max_points::double precision AS max_points,
       earners.place, earners.participants, earners.scaled
  FROM certificate_rules AS rules
 CROSS JOIN LATERAL certificate_earners(rules) AS earners
  JOIN people ON people.id = earners.candidate_id
 WHERE rules.id = %(rule_id)s
   AND NOT EXISTS (SELECT
                     FROM certificates
                    WHERE certificates.rule_id = rules.id
                      AND certificates.holder_id = earners.candidate_id
                      AND (certificates.revoked_at IS NULL OR certificates.revoked_by IS NOT NULL))
 ORDER BY earners.place, earners.candidate_id
 LIMIT %(limit)s;

-- name: mark_followed
-- Only if the key is still the one by which everybody was looked at.
UPDATE certificate_rules
   SET followed = %(key_version)s
  FROM exams
 WHERE certificate_rules.id = %(rule_id)s
   AND exams.id = certificate_rules.exam_id
   AND exams.key_version = %(key_version)s;

-- name: exam_standing
SELECT exams.title, exams.key_version, exams.pass_percent::double precision AS pass_percent,
       exams.scale_mean IS NOT NULL OR exams.scale_linked_to IS NOT NULL AS has_scale,
       exam_standings.exam_id IS NOT NULL AND exam_standings.key_version = exams.key_version
       AND results_released(exams) AS is_settled,
       exam_standings.happened_at
  FROM exams
  LEFT JOIN exam_standings ON exam_standings.exam_id = exams.id
 WHERE exams.id = %(exam_id)s;
