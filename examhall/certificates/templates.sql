-- name: list_public
-- NULL is any category, any variant.
SELECT templates.id, templates.name, templates.category, templates.variant, templates.public, templates.active,
       templates.version, latest.version AS source_version, templates.design, templates.created_by,
       templates.created_at, latest.fields
  FROM certificate_templates AS templates
 CROSS JOIN LATERAL (SELECT version, fields
                       FROM certificate_template_versions
                      WHERE template_id = templates.id
                      ORDER BY version DESC
                      LIMIT 1) AS latest
 WHERE templates.public
   AND templates.active
   AND (%(category)s::text IS NULL OR templates.category = %(category)s)
   AND (%(variant)s::text IS NULL OR templates.variant = %(variant)s)
 ORDER BY templates.category, templates.variant, templates.id
 LIMIT %(limit)s;

-- name: list_templates
SELECT templates.id, templates.name, templates.category, templates.variant, templates.public, templates.active,
       templates.version, latest.version AS source_version, templates.design, templates.created_by,
       templates.created_at, latest.fields
  FROM certificate_templates AS templates
 CROSS JOIN LATERAL (SELECT version, fields
                       FROM certificate_template_versions
                      WHERE template_id = templates.id
                      ORDER BY version DESC
                      LIMIT 1) AS latest
 WHERE (%(created_by)s::bigint IS NULL OR templates.created_by = %(created_by)s)
 ORDER BY templates.id DESC
 LIMIT %(limit)s;

-- name: find_template
SELECT templates.id, templates.name, templates.category, templates.variant, templates.public, templates.active,
       templates.version, templates.design, templates.created_by, templates.created_at,
       savers.full_name AS saved_by, latest.saved_at, latest.fields, latest.source,
       latest.version AS source_version
  FROM certificate_templates AS templates
 CROSS JOIN LATERAL (SELECT version, saved_by, saved_at, fields, source
                       FROM certificate_template_versions
                      WHERE template_id = templates.id
                      ORDER BY version DESC
                      LIMIT 1) AS latest
  LEFT JOIN people AS savers ON savers.id = latest.saved_by
 WHERE templates.id = %(template_id)s;

-- name: list_versions
SELECT versions.version, people.full_name AS saved_by, versions.saved_at, versions.fields, versions.source
  FROM certificate_template_versions AS versions
  LEFT JOIN people ON people.id = versions.saved_by
 WHERE versions.template_id = %(template_id)s
 ORDER BY versions.version DESC;

-- name: create_template
-- Of two that bring the same design with Examhall one is kept: the other's statement fails by the unique index.
WITH created AS (
    INSERT INTO certificate_templates (name, category, variant, public, created_by, design)
    VALUES (%(name)s, %(category)s, %(variant)s, %(public)s, %(created_by)s, %(design)s)
    RETURNING id
)
INSERT INTO certificate_template_versions (template_id, version, source, fields, saved_by)
SELECT id, 1, %(source)s, %(fields)s, %(created_by)s
  FROM created
RETURNING template_id AS id;

-- name: edit_template
UPDATE certificate_templates
   SET name = %(name)s,
       category = %(category)s,
       variant = %(variant)s,
       public = %(public)s,
       active = %(active)s,
       version = version + 1
 WHERE id = %(template_id)s
   AND version = %(version)s;

-- name: add_version
-- The row of the template is held by the update before: nobody numbers a version meanwhile. The same source and
-- fields make none.
INSERT INTO certificate_template_versions (template_id, version, source, fields, saved_by)
SELECT template_id, version + 1, %(source)s, %(fields)s, %(saved_by)s
  FROM (SELECT template_id, version, source, fields
          FROM certificate_template_versions
         WHERE template_id = %(template_id)s
         ORDER BY version DESC
         LIMIT 1) AS latest
 WHERE (source, fields) IS DISTINCT FROM (%(source)s, %(fields)s::jsonb);
