-- name: list_public
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE certificates.public
   AND certificates.revoked_at IS NULL
   AND (%(after)s::text IS NULL
        OR certificates.id < (SELECT id FROM certificates AS last WHERE last.serial = %(after)s))
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: list_held
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE certificates.holder_id = %(holder_id)s
   AND (%(after)s::text IS NULL
        OR certificates.id < (SELECT id FROM certificates AS last WHERE last.serial = %(after)s))
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: list_issued_by
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE certificates.issued_by = %(issued_by)s
   AND (%(after)s::text IS NULL
        OR certificates.id < (SELECT id FROM certificates AS last WHERE last.serial = %(after)s))
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: list_issued
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE (%(after)s::text IS NULL
        OR certificates.id < (SELECT id FROM certificates AS last WHERE last.serial = %(after)s))
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: list_of_exam
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE certificates.exam_id = %(exam_id)s
   AND (%(after)s::text IS NULL
        OR certificates.id < (SELECT id FROM certificates AS last WHERE last.serial = %(after)s))
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: search
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE to_tsvector('simple', certificates.holder_name) @@ to_tsquery('simple', %(words)s)
 ORDER BY certificates.id DESC
 LIMIT %(limit)s;

-- name: find_by_serial
SELECT certificates.serial, certificates.facts, certificates.holder_id, certificates.holder_name,
       certificates.public, certificates.issued_at, certificates.revoked_at, templates.category, templates.variant
  FROM certificates
  JOIN certificate_templates AS templates ON templates.id = certificates.template_id
 WHERE certificates.serial = %(serial)s;

-- name: set_public
UPDATE certificates
   SET public = %(public)s
 WHERE serial = %(serial)s
   AND holder_id = %(holder_id)s;
