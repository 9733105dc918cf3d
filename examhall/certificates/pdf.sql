-- name: find_printable
SELECT certificates.serial, certificates.facts, certificates.signature, certificates.key_id,
       certificates.issued_at, certificates.template_id, certificates.template_version, versions.source,
       signing_keys.public_key
  FROM certificates
  JOIN certificate_template_versions AS versions
    ON versions.template_id = certificates.template_id
   AND versions.version = certificates.template_version
  LEFT JOIN signing_keys ON signing_keys.id = certificates.key_id
 WHERE certificates.serial = %(serial)s;

-- name: find_version
SELECT templates.name, versions.fields, versions.source,
       -- What was drafted before it was shown is nobody's business.
       templates.public AND templates.active
       AND versions.version = (SELECT max(version)
                                 FROM certificate_template_versions
                                WHERE template_id = templates.id) AS is_shown
  FROM certificate_template_versions AS versions
  JOIN certificate_templates AS templates ON templates.id = versions.template_id
 WHERE versions.template_id = %(template_id)s
   AND versions.version = %(version)s;
