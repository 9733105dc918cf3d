-- name: slot
SELECT exam_id, candidate_id, sitting_id, question_number, sub_part
  FROM marking_tasks
 WHERE id = %(task_id)s;

-- name: hold_opinions
SELECT id, opinion, marker_id, points
  FROM marking_tasks
 WHERE sitting_id = %(sitting_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s
 ORDER BY opinion
   FOR UPDATE;

-- name: finish
UPDATE marking_tasks
   SET points = %(points)s,
       finished_at = statement_timestamp(),
       leased_until = NULL
 WHERE id = %(task_id)s;

-- name: reopen
UPDATE marking_tasks
   SET points = NULL,
       finished_at = NULL,
       leased_until = statement_timestamp() + make_interval(secs => %(lease_s)s)
 WHERE id = %(task_id)s;

-- name: standing
SELECT marks.by_hand,
       EXISTS (SELECT
                 FROM conclusions
                 JOIN exams ON exams.id = conclusions.exam_id AND exams.key_version = conclusions.key_version
                WHERE exams.id = sittings.exam_id) AS is_concluded
  FROM sittings
  LEFT JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
   AND marks.question_number = %(question_number)s
   AND marks.sub_part = %(sub_part)s
 WHERE sittings.candidate_id = %(candidate_id)s
   AND sittings.id = %(sitting_id)s;

-- name: ask_third
INSERT INTO marking_tasks (exam_id, question_number, sub_part, candidate_id, sitting_id, opinion, answer_hash)
SELECT exam_id, question_number, sub_part, candidate_id, sitting_id, 3, answer_hash
  FROM marking_tasks
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s
   AND opinion = 1
ON CONFLICT (sitting_id, question_number, sub_part, opinion) DO NOTHING;

-- name: drop_unneeded_third
DELETE FROM marking_tasks
 WHERE sitting_id = %(sitting_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s
   AND opinion = 3
   AND finished_at IS NULL;

-- name: note_counting
UPDATE marking_tasks
   SET counts = opinion = ANY(%(opinions)s::smallint[])
 WHERE sitting_id = %(sitting_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s;

-- name: write_by_hand
UPDATE marks
   SET by_hand = %(points)s
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
   AND question_number = %(question_number)s
   AND sub_part = %(sub_part)s;

-- name: is_open
SELECT NOT EXISTS (SELECT
                     FROM marking_tasks AS others
                    WHERE others.sitting_id = tasks.sitting_id
                      AND others.question_number = tasks.question_number
                      AND others.sub_part = tasks.sub_part
                      AND others.counts) AS is_open
  FROM marking_tasks AS tasks
 WHERE tasks.id = %(task_id)s;

-- name: note_event
INSERT INTO marking_events (exam_id, sitting_id, question_number, sub_part, what, task_id, opinion, person_id,
                            points, details, reason)
VALUES (%(exam_id)s, %(sitting_id)s, %(question_number)s, %(sub_part)s, %(what)s, %(task_id)s, %(opinion)s,
        %(person_id)s, %(points)s, %(details)s, %(reason)s);
