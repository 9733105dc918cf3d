-- name: of_form
SELECT form_submissions.id, form_submissions.form_id, forms.title AS form_title,
       form_submissions.organisation_id, organisations.name AS organisation_name, form_submissions.created_by,
       people.full_name, form_submissions.status, form_submissions.words, form_submissions.version,
       form_submissions.created_at, form_submissions.erased_at
  FROM form_submissions
  JOIN forms ON forms.id = form_submissions.form_id
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.form_id = %(form_id)s
   AND (form_submissions.created_at, form_submissions.id) < (%(at)s, %(id)s)
   AND (%(organisation_id)s::bigint IS NULL OR form_submissions.organisation_id = %(organisation_id)s::bigint)
   AND (%(search)s::text IS NULL
        OR strpos(lower(concat_ws(' ', form_submissions.words, people.full_name)), lower(%(search)s::text)) > 0)
 ORDER BY form_submissions.created_at DESC, form_submissions.id DESC
 LIMIT %(limit)s;

-- name: of_form_and_status
SELECT form_submissions.id, form_submissions.form_id, forms.title AS form_title,
       form_submissions.organisation_id, organisations.name AS organisation_name, form_submissions.created_by,
       people.full_name, form_submissions.status, form_submissions.words, form_submissions.version,
       form_submissions.created_at, form_submissions.erased_at
  FROM form_submissions
  JOIN forms ON forms.id = form_submissions.form_id
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.form_id = %(form_id)s
   AND form_submissions.status = %(status)s
   AND (form_submissions.created_at, form_submissions.id) < (%(at)s, %(id)s)
   AND (%(organisation_id)s::bigint IS NULL OR form_submissions.organisation_id = %(organisation_id)s::bigint)
   AND (%(search)s::text IS NULL
        OR strpos(lower(concat_ws(' ', form_submissions.words, people.full_name)), lower(%(search)s::text)) > 0)
 ORDER BY form_submissions.created_at DESC, form_submissions.id DESC
 LIMIT %(limit)s;

-- name: of_organisation
SELECT form_submissions.id, form_submissions.form_id, forms.title AS form_title,
       form_submissions.organisation_id, organisations.name AS organisation_name, form_submissions.created_by,
       people.full_name, form_submissions.status, form_submissions.words, form_submissions.version,
       form_submissions.created_at, form_submissions.erased_at
  FROM form_submissions
  JOIN forms ON forms.id = form_submissions.form_id
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.organisation_id = %(organisation_id)s
   AND (form_submissions.created_at, form_submissions.id) < (%(at)s, %(id)s)
 ORDER BY form_submissions.created_at DESC, form_submissions.id DESC
 LIMIT %(limit)s;

-- name: of_person
SELECT form_submissions.id, form_submissions.form_id, forms.title AS form_title,
       form_submissions.organisation_id, organisations.name AS organisation_name, form_submissions.created_by,
       people.full_name, form_submissions.status, form_submissions.words, form_submissions.version,
       form_submissions.created_at, form_submissions.erased_at
  FROM form_submissions
  JOIN forms ON forms.id = form_submissions.form_id
  LEFT JOIN organisations ON organisations.id = form_submissions.organisation_id
  LEFT JOIN people ON people.id = form_submissions.created_by
 WHERE form_submissions.created_by = %(person_id)s
   AND (form_submissions.created_at, form_submissions.id) < (%(at)s, %(id)s)
 ORDER BY form_submissions.created_at DESC, form_submissions.id DESC
 LIMIT %(limit)s;
