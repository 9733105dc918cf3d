-- name: holder
SELECT certificates.id AS certificate_id, people.email
  FROM certificates
  LEFT JOIN people ON people.id = certificates.holder_id
 WHERE certificates.serial = %(serial)s;
