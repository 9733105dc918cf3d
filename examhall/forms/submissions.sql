-- name: hold_form
-- FOR SHARE: submissions go side by side; who changes the form waits for them, and they for it.
SELECT id
  FROM forms
 WHERE id = %(form_id)s
   FOR SHARE;

-- name: insert_submission
INSERT INTO form_submissions (form_id, form_version, organisation_id, created_by, data, words, request_key,
                              request_hash, once)
VALUES (%(form_id)s, %(form_version)s, %(organisation_id)s, %(created_by)s, %(data)s, %(words)s, %(request_key)s,
        %(request_hash)s, %(once)s)
RETURNING id;

-- name: find_earlier
SELECT id, request_hash
  FROM form_submissions
 WHERE form_id = %(form_id)s
   AND created_by IS NOT DISTINCT FROM %(created_by)s
   AND request_key = %(request_key)s;

-- name: hold_submission
-- FOR UPDATE: changes of one submission come one after the other.
SELECT status, version, created_by, form_id, erased_at
  FROM form_submissions
 WHERE id = %(submission_id)s
   FOR UPDATE;

-- name: set_status
UPDATE form_submissions
   SET status = %(status)s,
       version = version + 1
 WHERE id = %(submission_id)s;

-- name: find_submission
SELECT form_submissions.id, form_submissions.form_id, forms.title AS form_title, form_submissions.form_version,
       form_submissions.organisation_id, organisations.name AS organisation_name, form_submissions.created_by,
       people.username, people.full_name, form_submissions.status, form_submissions.data,
       form_submissions.version, form_submissions.created_at, form_submissions.erased_at
  FROM form_submissions
  JOIN forms ON forms.id = form_submissions.form_id
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.id = %(submission_id)s;
