-- name: list_reviews
SELECT reviews.certificate_id, certificates.serial, certificates.holder_name, reviews.exam_id,
       exams.title AS exam_title, reviews.key_version, rules.condition, rules.threshold,
       exams.pass_percent::double precision AS pass_percent, CASE WHEN certificates.facts IS JSON OBJECT THEN certificates.facts::jsonb -> 'score' END AS signed,
       reviews.found, reviews.asked_at
  FROM certificate_reviews AS reviews
  JOIN certificates ON certificates.id = reviews.certificate_id
  JOIN certificate_rules AS rules ON rules.id = certificates.rule_id
  JOIN exams ON exams.id = reviews.exam_id
 WHERE reviews.decided_at IS NULL
   AND reviews.certificate_id > %(after_id)s
   AND (%(exam_id)s::bigint IS NULL OR reviews.exam_id = %(exam_id)s)
 ORDER BY reviews.certificate_id
 LIMIT %(limit)s;

-- name: count_reviews
SELECT count(*)::integer AS waiting
  FROM certificate_reviews
 WHERE decided_at IS NULL;

-- name: keep
UPDATE certificate_reviews
   SET decided_at = now(),
       decided_by = %(decided_by)s,
       decision = 'kept'
 WHERE certificate_id = %(certificate_id)s
   AND key_version = %(key_version)s
   AND decided_at IS NULL;

-- name: hold_certificate
-- Before its review, as who revokes it and who looks at it again after a correction do: none waits in a circle.
SELECT id
  FROM certificates
 WHERE id = %(certificate_id)s
   FOR UPDATE;

-- name: hold
-- FOR UPDATE: whoever keeps it at the same time waits, and then finds it decided.
SELECT certificates.serial, reviews.key_version, reviews.decision
  FROM certificate_reviews AS reviews
  JOIN certificates ON certificates.id = reviews.certificate_id
 WHERE reviews.certificate_id = %(certificate_id)s
   AND reviews.key_version = %(key_version)s
   FOR UPDATE OF reviews;

-- name: newest
SELECT certificates.serial, reviews.key_version, reviews.decision
  FROM certificate_reviews AS reviews
  JOIN certificates ON certificates.id = reviews.certificate_id
 WHERE reviews.certificate_id = %(certificate_id)s
 ORDER BY reviews.key_version DESC
 LIMIT 1;
