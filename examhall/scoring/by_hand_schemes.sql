-- name: exam_to_mark
SELECT id, title, version
  FROM exams
 WHERE id = %(exam_id)s
   AND (%(is_author)s
        OR EXISTS (SELECT
                     FROM exam_markers
                    WHERE exam_markers.exam_id = exams.id
                      AND exam_markers.person_id = %(person_id)s));

-- name: list_begun
SELECT question_number, sub_part
  FROM items
 WHERE exam_id = %(exam_id)s
   AND EXISTS (SELECT
                 FROM marking_tasks
                WHERE marking_tasks.exam_id = items.exam_id
                  AND marking_tasks.question_number = items.question_number
                  AND marking_tasks.sub_part = items.sub_part
                  AND marking_tasks.finished_at IS NOT NULL);

-- name: drop_second
DELETE FROM marking_tasks
 WHERE exam_id = %(exam_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s
   AND opinion > 1
   AND finished_at IS NULL;

-- name: add_second
INSERT INTO marking_tasks (exam_id, question_number, sub_part, candidate_id, sitting_id, opinion, answer_hash,
                           is_wanted)
SELECT exam_id, question_number, sub_part, candidate_id, sitting_id, 2, answer_hash, is_wanted
  FROM marking_tasks
 WHERE exam_id = %(exam_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s
   AND opinion = 1
ON CONFLICT (sitting_id, question_number, sub_part, opinion) DO NOTHING;

-- name: find_people
SELECT id, username, active AND roles && '{marker,author,admin}' AS may_mark
  FROM people
 WHERE lower(username) = ANY(%(wanted)s::text[]);

-- name: name_markers
INSERT INTO exam_markers (exam_id, person_id, named_by)
SELECT %(exam_id)s, person_id, %(named_by)s
  FROM unnest(%(person_ids)s::bigint[]) AS named (person_id)
 ORDER BY person_id
ON CONFLICT (exam_id, person_id) DO NOTHING;

-- name: dismiss_marker
DELETE FROM exam_markers
 WHERE exam_id = %(exam_id)s
   AND person_id = %(person_id)s;

-- name: free_tasks
UPDATE marking_tasks
   SET marker_id = NULL,
       leased_until = NULL
 WHERE exam_id = %(exam_id)s
   AND marker_id = %(person_id)s
   AND finished_at IS NULL;

-- name: markers
SELECT people.id AS person_id, people.username, people.full_name, named.person_id IS NOT NULL AS is_named,
       coalesce(done.finished, 0) AS finished, coalesce(done.in_hand, 0) AS in_hand
  FROM (SELECT marker_id AS person_id, count(finished_at)::integer AS finished,
               count(*) FILTER (WHERE finished_at IS NULL AND leased_until > statement_timestamp())::integer AS in_hand
          FROM marking_tasks
         WHERE exam_id = %(exam_id)s
           AND marker_id IS NOT NULL
         GROUP BY marker_id) AS done
  FULL JOIN (SELECT person_id FROM exam_markers WHERE exam_id = %(exam_id)s) AS named USING (person_id)
  JOIN people ON people.id = person_id
 ORDER BY people.full_name, people.id;
