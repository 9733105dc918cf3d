-- name: my_work
SELECT exams.id AS exam_id, exams.title AS exam_title, exams.closes_at, counted.question_number, counted.sub_part,
       coalesce(nullif(items.prompt, ''), questions.prompt) AS prompt, counted.waiting, counted.in_hand, counted.done
  FROM (SELECT tasks.exam_id, tasks.question_number, tasks.sub_part,
               -- Answers: of two opinions that are wanted one marker gives one.
               count(DISTINCT tasks.sitting_id)
                   FILTER (WHERE tasks.finished_at IS NULL
                             AND tasks.is_wanted
                             AND tasks.candidate_id <> %(person_id)s
                             AND sittings.closed_at IS NOT NULL
                             AND (tasks.marker_id IS NULL
                                  OR tasks.marker_id = %(person_id)s
                                  OR tasks.leased_until <= statement_timestamp())
                             AND NOT EXISTS (SELECT
                                               FROM marking_tasks AS others
                                              WHERE others.sitting_id = tasks.sitting_id
                                                AND others.question_number = tasks.question_number
                                                AND others.sub_part = tasks.sub_part
                                                AND others.id <> tasks.id
                                                AND others.marker_id = %(person_id)s))::integer AS waiting,
               count(*) FILTER (WHERE tasks.finished_at IS NULL
                                  AND tasks.is_wanted
                                  AND tasks.marker_id = %(person_id)s)::integer AS in_hand,
               count(*) FILTER (WHERE tasks.finished_at IS NOT NULL
                                  AND tasks.marker_id = %(person_id)s)::integer AS done
          FROM marking_tasks AS tasks
          JOIN sittings
            ON sittings.candidate_id = tasks.candidate_id
           AND sittings.id = tasks.sitting_id
         -- All else counts nowhere: of years of marks that others gave nothing is read.
         WHERE (tasks.finished_at IS NULL OR tasks.marker_id = %(person_id)s)
           AND (%(is_author)s
                OR tasks.exam_id IN (SELECT exam_id FROM exam_markers WHERE person_id = %(person_id)s))
         GROUP BY tasks.exam_id, tasks.question_number, tasks.sub_part) AS counted
  JOIN exams ON exams.id = counted.exam_id
  JOIN questions
    ON questions.exam_id = counted.exam_id
   AND questions.number = counted.question_number
  JOIN items
    ON items.exam_id = counted.exam_id
   AND items.question_number = counted.question_number
   AND items.sub_part = counted.sub_part
 WHERE counted.waiting + counted.done > 0
 ORDER BY counted.waiting = 0, exams.closes_at DESC NULLS FIRST, exams.id DESC, counted.question_number,
          counted.sub_part;

-- name: progress
SELECT question_number, sub_part, count(DISTINCT sitting_id)::integer AS answers,
       count(DISTINCT sitting_id) FILTER (WHERE counts)::integer AS settled,
       count(*)::integer AS opinions,
       count(finished_at)::integer AS finished,
       count(*) FILTER (WHERE finished_at IS NULL AND leased_until > statement_timestamp())::integer AS in_hand,
       count(*) FILTER (WHERE opinion = 3)::integer AS thirds_asked,
       count(*) FILTER (WHERE opinion = 3 AND finished_at IS NULL)::integer AS thirds_waiting
  FROM marking_tasks
 WHERE exam_id = %(exam_id)s
   AND is_wanted
 GROUP BY question_number, sub_part
 ORDER BY question_number, sub_part;

-- name: pairs
-- Of an answer that somebody has still to mark, the pair is for those alone who have marked it: of a single answer
-- the figures would tell everybody else what the other one gave.
SELECT one.question_number, one.sub_part, one.marker_id AS first_id, first.full_name AS first_name,
       one.points AS first, other.marker_id AS second_id, second.full_name AS second_name, other.points AS second
  FROM marking_tasks AS one
  JOIN marking_tasks AS other
    ON other.sitting_id = one.sitting_id
   AND other.question_number = one.question_number
   AND other.sub_part = one.sub_part
   AND other.opinion = 2
   AND other.finished_at IS NOT NULL
  JOIN people AS first ON first.id = one.marker_id
  JOIN people AS second ON second.id = other.marker_id
 WHERE one.exam_id = %(exam_id)s
   AND one.opinion = 1
   AND one.finished_at IS NOT NULL
   AND (NOT EXISTS (SELECT
                      FROM marking_tasks AS waiting
                     WHERE waiting.sitting_id = one.sitting_id
                       AND waiting.question_number = one.question_number
                       AND waiting.sub_part = one.sub_part
                       AND waiting.finished_at IS NULL
                       AND waiting.is_wanted)
        OR EXISTS (SELECT
                     FROM marking_tasks AS mine
                    WHERE mine.sitting_id = one.sitting_id
                      AND mine.question_number = one.question_number
                      AND mine.sub_part = one.sub_part
                      AND mine.finished_at IS NOT NULL
                      AND mine.marker_id = %(reader_id)s))
 ORDER BY one.question_number, one.sub_part, one.id;

-- name: opinions
-- An answer is called by the number of its first task, which says nothing of whose it is. While somebody has still
-- to mark it, only those who have marked it see points.
SELECT chosen.answer_id, tasks.question_number, tasks.sub_part, items.points AS max_points, chosen.is_blind,
       CASE WHEN NOT chosen.is_blind THEN marks.by_hand END AS by_hand, tasks.id AS task_id, tasks.opinion,
       people.full_name, CASE WHEN NOT chosen.is_blind THEN tasks.points END AS points, tasks.finished_at,
       tasks.counts
  FROM (SELECT sitting_id, question_number, sub_part, min(id) FILTER (WHERE opinion = 1) AS answer_id,
               max(finished_at) AS latest,
               bool_or(finished_at IS NULL AND is_wanted)
               AND NOT bool_or(finished_at IS NOT NULL AND marker_id = %(reader_id)s) AS is_blind
          FROM marking_tasks
         WHERE exam_id = %(exam_id)s
         GROUP BY sitting_id, question_number, sub_part
        HAVING count(finished_at) > 0
           AND (NOT %(apart)s OR bool_or(opinion = 3))
         ORDER BY latest DESC
         LIMIT %(limit)s) AS chosen
  JOIN marking_tasks AS tasks
    ON tasks.sitting_id = chosen.sitting_id
   AND tasks.question_number = chosen.question_number
   AND tasks.sub_part = chosen.sub_part
  JOIN items
    ON items.exam_id = tasks.exam_id
   AND items.question_number = tasks.question_number
   AND items.sub_part = tasks.sub_part
  LEFT JOIN marks
    ON marks.candidate_id = tasks.candidate_id
   AND marks.sitting_id = tasks.sitting_id
   AND marks.question_number = tasks.question_number
   AND marks.sub_part = tasks.sub_part
  LEFT JOIN people ON people.id = tasks.marker_id
 ORDER BY chosen.latest DESC, chosen.answer_id, tasks.opinion;
