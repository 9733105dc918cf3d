-- name: exam_facts
-- Who is to come: the active people that the exam's course and its assignments admit; of an exam that is open to
-- everybody, nobody in particular.
WITH exam AS (
    SELECT id, title, opens_at, closes_at, duration_s, course_id, sealed_before_s
      FROM exams
     WHERE id = %(exam_id)s
),
expected AS (
    SELECT people.id, people.password_hash IS NOT NULL AS has_password,
           EXISTS (SELECT
                     FROM tickets
                    WHERE tickets.exam_id = exam.id
                      AND person_id = people.id
                      AND revoked_at IS NULL) AS has_ticket
      FROM exam
     CROSS JOIN people
     CROSS JOIN admission(exam.id, exam.course_id, people.id)
     WHERE people.active
       AND admission.admitted
       AND (exam.course_id IS NOT NULL
            OR people.id IN (SELECT person_id FROM expected_people(exam.id)))
)
SELECT exam.id, title, opens_at, closes_at, duration_s, clock_timestamp() AS now,
       (SELECT count(*) FROM expected) AS expected,
       (SELECT count(*) FROM expected WHERE has_ticket) AS with_ticket,
       (SELECT count(*) FROM expected WHERE NOT has_ticket AND NOT has_password) AS locked_out,
       (SELECT items FROM exam_size(exam.id)) AS items,
       (SELECT coalesce(sum(octet_length(content)), 0) FROM pictures WHERE exam_id = exam.id) AS picture_bytes,
       (SELECT coalesce(max(octet_length(content)), 0) FROM pictures WHERE exam_id = exam.id) AS largest_picture,
       sealed_before_s
  FROM exam;
