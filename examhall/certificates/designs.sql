-- name: add_design
INSERT INTO certificate_templates (name, category, variant, public, design)
VALUES (%(name)s, %(category)s, %(variant)s, true, %(design)s)
ON CONFLICT (design) DO NOTHING;

-- name: bring_up_to_date
-- Of two servers that start at once the second waits for the first's version, and then has nothing to add.
INSERT INTO certificate_template_versions (template_id, version, source, fields)
SELECT templates.id, coalesce(latest.version, 0) + 1, %(source)s, %(fields)s
  FROM certificate_templates AS templates
  LEFT JOIN LATERAL (SELECT version, source, fields, saved_by
                       FROM certificate_template_versions
                      WHERE template_id = templates.id
                      ORDER BY version DESC
                      LIMIT 1) AS latest ON true
 WHERE templates.design = %(design)s
   AND latest.saved_by IS NULL
   AND (latest.source, latest.fields) IS DISTINCT FROM (%(source)s, %(fields)s::jsonb)
ON CONFLICT (template_id, version) DO NOTHING;
