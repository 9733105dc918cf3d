-- name: claim_batch
-- Of two requests with one key the second waits here until the first is committed, and then gets no row.
INSERT INTO certificate_batches (issued_by, request_key, asked)
VALUES (%(issued_by)s, %(request_key)s, %(asked)s)
ON CONFLICT (issued_by, request_key) DO NOTHING
RETURNING id;

-- name: find_batch
SELECT id, asked
  FROM certificate_batches
 WHERE issued_by = %(issued_by)s
   AND request_key = %(request_key)s;

-- name: of_batch
SELECT serial, holder_name, holder_id, issued_at
  FROM certificates
 WHERE batch_id = %(batch_id)s
 ORDER BY id;

-- name: template_to_issue
-- FOR SHARE: nobody makes it inactive, or gives it another version, until this is committed.
SELECT templates.id, versions.version, templates.active, versions.fields
  FROM certificate_templates AS templates
 CROSS JOIN LATERAL (SELECT version, fields
                       FROM certificate_template_versions
                      WHERE template_id = templates.id
                      ORDER BY version DESC
                      LIMIT 1) AS versions
 WHERE templates.id = %(template_id)s
   FOR SHARE OF templates;

-- name: accounts_of
SELECT asked.username AS asked, people.id, people.full_name
  FROM unnest(%(usernames)s::text[]) AS asked (username)
  JOIN people ON lower(people.username) = asked.username;

-- name: find_exam
SELECT exams.id, exams.title, coalesce(exam_standings.happened_at, exams.closes_at) AS happened_at
  FROM exams
  LEFT JOIN exam_standings ON exam_standings.exam_id = exams.id
 WHERE exams.id = %(exam_id)s;

-- name: insert_certificates
-- By a rule: whoever has one that stands keeps that, however many workers come here at once.
INSERT INTO certificates (serial, template_id, template_version, holder_id, exam_id, sitting_id, key_version, rule_id,
                          facts, signature, key_id, public, issued_by, issued_at, batch_id, holder_name)
SELECT serial, %(template_id)s, %(template_version)s, holder_id, %(exam_id)s, sitting_id, key_version, %(rule_id)s,
       facts, signature, %(key_id)s, %(public)s, %(issued_by)s, %(issued_at)s, %(batch_id)s, holder_name
  FROM unnest(%(serials)s::text[], %(holder_ids)s::bigint[], %(sitting_ids)s::bigint[],
              %(key_versions)s::integer[], %(facts)s::text[], %(signatures)s::bytea[], %(holder_names)s::text[])
       WITH ORDINALITY
    AS rows (serial, holder_id, sitting_id, key_version, facts, signature, holder_name, number)
 ORDER BY number
ON CONFLICT (rule_id, holder_id) WHERE revoked_at IS NULL DO NOTHING
RETURNING serial, holder_name, holder_id, issued_at;
