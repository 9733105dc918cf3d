-- name: create_form
INSERT INTO forms (title, description, status, organisation_id, asks_organisation, once, link, enrols_in,
                   tickets_for, gives, created_by)
VALUES (%(title)s, %(description)s, %(status)s, %(organisation_id)s, %(asks_organisation)s, %(once)s, %(link)s,
        %(enrols_in)s, %(tickets_for)s, %(gives)s, %(created_by)s)
RETURNING id;

-- name: hold_form
-- FOR UPDATE: whoever submits holds it FOR SHARE.
SELECT id
  FROM forms
 WHERE id = %(form_id)s
   FOR UPDATE;

-- name: edit_form
UPDATE forms
   SET title = %(title)s,
       description = %(description)s,
       status = %(status)s,
       organisation_id = %(organisation_id)s,
       asks_organisation = %(asks_organisation)s,
       once = %(once)s,
       link = %(link)s,
       enrols_in = %(enrols_in)s,
       tickets_for = %(tickets_for)s,
       gives = %(gives)s,
       fields_version = %(fields_version)s,
       version = version + 1
 WHERE id = %(form_id)s;

-- name: write_version
INSERT INTO form_versions (form_id, version, schema, ui_order, saved_by)
VALUES (%(form_id)s, %(version)s, %(schema)s, %(ui_order)s, %(saved_by)s);

-- name: find_form
SELECT forms.id, forms.title, forms.description, forms.status, forms.organisation_id,
       organisations.name AS organisation_name, forms.asks_organisation, forms.once, forms.link,
       forms.enrols_in, courses.title AS course_title, forms.tickets_for, exams.title AS exam_title,
       forms.gives, forms.fields_version, forms.version, forms.created_at, form_versions.schema,
       form_versions.ui_order
  FROM forms
  JOIN form_versions ON form_versions.form_id = forms.id
       AND form_versions.version = coalesce(%(fields_version)s, forms.fields_version)
  LEFT JOIN organisations ON organisations.id = forms.organisation_id
  LEFT JOIN courses ON courses.id = forms.enrols_in
  LEFT JOIN exams ON exams.id = forms.tickets_for
 WHERE forms.id = %(form_id)s;

-- name: every_version
SELECT version, schema, ui_order
  FROM form_versions
 WHERE form_id = %(form_id)s
 ORDER BY version DESC;

-- name: form_of_link
SELECT id
  FROM forms
 WHERE link = %(link)s;

-- name: list_forms
SELECT forms.id, forms.title, forms.description, forms.status, organisations.name AS organisation_name,
       forms.link IS NOT NULL AS strangers, forms.version, forms.created_at,
       -- More than these nobody counts at a glance.
       (SELECT count(*)
          FROM (SELECT FROM form_submissions WHERE form_id = forms.id AND status = 'new' LIMIT 1000)
            AS waiting) AS waiting
  FROM forms
  LEFT JOIN organisations ON organisations.id = forms.organisation_id
 WHERE forms.id < %(before_id)s
   AND (%(search)s::text IS NULL OR strpos(lower(forms.title), lower(%(search)s::text)) > 0)
 ORDER BY forms.id DESC
 LIMIT %(limit)s;

-- name: list_open_forms
SELECT forms.id, forms.title, forms.description, forms.status, organisations.name AS organisation_name,
       forms.link IS NOT NULL AS strangers, forms.version, forms.created_at
  FROM forms
  LEFT JOIN organisations ON organisations.id = forms.organisation_id
 WHERE forms.status = 'open'
   AND forms.id < %(before_id)s
   AND (forms.organisation_id IS NULL
        OR EXISTS (SELECT
                     FROM organisation_members
                    WHERE organisations.active
                      AND organisation_members.organisation_id = forms.organisation_id
                      AND organisation_members.person_id = %(person_id)s))
 ORDER BY forms.id DESC
 LIMIT %(limit)s;

-- name: find_member
SELECT organisations.id
  FROM organisation_members
  JOIN organisations ON organisations.id = organisation_members.organisation_id AND organisations.active
 WHERE organisation_members.organisation_id = %(organisation_id)s
   AND organisation_members.person_id = %(person_id)s;
