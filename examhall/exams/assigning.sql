-- name: assign_person
INSERT INTO assignments (exam_id, person_id)
SELECT %(exam_id)s, %(person_id)s
 WHERE (EXISTS (SELECT FROM assignments WHERE exam_id = %(exam_id)s)
        OR EXISTS (SELECT FROM group_assignments WHERE exam_id = %(exam_id)s))
    ON CONFLICT (exam_id, person_id) DO NOTHING;
