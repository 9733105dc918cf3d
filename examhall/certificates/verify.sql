-- name: find
SELECT certificates.serial, certificates.facts, certificates.signature, certificates.key_id, signing_keys.public_key,
       certificates.issued_at, certificates.revoked_at, certificates.revocation_reason,
       successors.serial AS replaced_by, certificate_template_versions.fields
  FROM certificates
  JOIN certificate_template_versions
    ON certificate_template_versions.template_id = certificates.template_id
   AND certificate_template_versions.version = certificates.template_version
  LEFT JOIN signing_keys ON signing_keys.id = certificates.key_id
  LEFT JOIN certificates AS successors ON successors.id = certificates.replaced_by
 WHERE certificates.serial = %(serial)s;
