-- name: rows
SELECT form_submissions.id, form_submissions.created_at, form_submissions.status,
       organisations.code AS organisation_code, people.username, people.full_name, form_submissions.data
  FROM form_submissions
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.form_id = %(form_id)s
   AND (form_submissions.created_at, form_submissions.id) < (%(at)s, %(id)s)
   AND (%(status)s::text IS NULL OR form_submissions.status = %(status)s::text)
 ORDER BY form_submissions.created_at DESC, form_submissions.id DESC
 LIMIT %(limit)s;
