-- name: sittings_of
-- Staff see points before they are released.
SELECT sittings.id AS sitting_id, sittings.exam_id, exams.title, sittings.attempt_number, sittings.started_at,
       sittings.deadline_at, sittings.closed_at, sittings.closed_by, results.points::double precision AS points,
       results.max_points::double precision AS max_points, coalesce(results.unmarked, 0) AS unmarked
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.candidate_id = %(person_id)s
 ORDER BY sittings.id DESC
 LIMIT %(limit)s;

-- name: certificates_of
SELECT serial, title, issued_at, revoked_at
  FROM (SELECT certificates.serial, templates.name AS title, certificates.issued_at, certificates.revoked_at
          FROM certificates
          JOIN certificate_templates AS templates ON templates.id = certificates.template_id
         WHERE certificates.holder_id = %(person_id)s) AS held
 ORDER BY issued_at DESC, serial
 LIMIT %(limit)s;
