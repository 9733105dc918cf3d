-- name: take_next
-- SKIP LOCKED: of many who take at once each takes another one. An answer whose marker has been silent too long is
-- free; one that is theirs already comes first.
WITH chosen AS (
    SELECT tasks.id
      FROM marking_tasks AS tasks
      JOIN sittings
        ON sittings.candidate_id = tasks.candidate_id
       AND sittings.id = tasks.sitting_id
       AND sittings.closed_at IS NOT NULL
     WHERE tasks.exam_id = %(exam_id)s
       AND (%(question_number)s::smallint IS NULL
            OR (tasks.question_number, tasks.sub_part) = (%(question_number)s, %(sub_part)s::text))
       AND tasks.finished_at IS NULL
       AND tasks.is_wanted
       AND tasks.candidate_id <> %(marker_id)s
       AND (tasks.marker_id IS NULL
            OR tasks.marker_id = %(marker_id)s
            OR tasks.leased_until <= statement_timestamp())
       AND NOT EXISTS (SELECT
                         FROM marking_tasks AS others
                        WHERE others.sitting_id = tasks.sitting_id
                          AND others.question_number = tasks.question_number
                          AND others.sub_part = tasks.sub_part
                          AND others.id <> tasks.id
                          AND others.marker_id = %(marker_id)s)
     ORDER BY tasks.marker_id IS DISTINCT FROM %(marker_id)s, %(marker_id)s = ANY(tasks.skipped_by),
              tasks.question_number, tasks.sub_part,
              -- What one more mark completes, first: results are there sooner.
              NOT EXISTS (SELECT
                            FROM marking_tasks AS others
                           WHERE others.sitting_id = tasks.sitting_id
                             AND others.question_number = tasks.question_number
                             AND others.sub_part = tasks.sub_part
                             AND others.finished_at IS NOT NULL),
              tasks.id
     LIMIT 1
       FOR UPDATE OF tasks SKIP LOCKED
)
UPDATE marking_tasks
   SET marker_id = %(marker_id)s,
       leased_until = greatest(CASE WHEN marker_id = %(marker_id)s THEN leased_until END,
                               statement_timestamp() + make_interval(secs => %(lease_s)s))
  FROM chosen
 WHERE marking_tasks.id = chosen.id
RETURNING marking_tasks.id;

-- name: task
SELECT tasks.id, tasks.exam_id, exams.title AS exam_title, tasks.question_number, tasks.sub_part, items.kind,
       questions.prompt, items.prompt AS item_prompt, items.presented, items.key, items.points AS max_points,
       answers.answer, tasks.leased_until, tasks.finished_at, sheets.levels, sheets.points, sheets.comment,
       sheets.note, sheets.revision,
       EXISTS (SELECT
                 FROM conclusions
                WHERE conclusions.exam_id = exams.id
                  AND conclusions.key_version = exams.key_version) AS is_concluded
  FROM marking_tasks AS tasks
  JOIN exams ON exams.id = tasks.exam_id
  JOIN questions
    ON questions.exam_id = tasks.exam_id
   AND questions.number = tasks.question_number
  JOIN items
    ON items.exam_id = tasks.exam_id
   AND items.question_number = tasks.question_number
   AND items.sub_part = tasks.sub_part
  JOIN answers
    ON answers.candidate_id = tasks.candidate_id
   AND answers.sitting_id = tasks.sitting_id
   AND answers.question_number = tasks.question_number
   AND answers.sub_part = tasks.sub_part
  LEFT JOIN marking_sheets AS sheets
    ON sheets.task_id = tasks.id
   AND sheets.person_id = %(marker_id)s
 WHERE tasks.id = %(task_id)s
   AND tasks.marker_id = %(marker_id)s;

-- name: named_for
-- FOR SHARE: who is dismissed at this moment comes before, and is refused, or after.
SELECT tasks.id
  FROM marking_tasks AS tasks
  JOIN exam_markers
    ON exam_markers.exam_id = tasks.exam_id
   AND exam_markers.person_id = %(marker_id)s
 WHERE tasks.id = %(task_id)s
   FOR SHARE OF exam_markers;

-- name: renew_lease
-- Its lock makes a save and the finish of the same mark come one after the other. Somebody else's is not touched.
UPDATE marking_tasks
   SET leased_until = CASE WHEN marker_id = %(marker_id)s AND finished_at IS NULL
                           THEN greatest(leased_until, statement_timestamp() + make_interval(secs => %(lease_s)s))
                           ELSE leased_until
                      END
 WHERE id = %(task_id)s
   AND (marker_id = %(marker_id)s
        OR EXISTS (SELECT FROM marking_sheets WHERE task_id = %(task_id)s AND person_id = %(marker_id)s))
RETURNING coalesce(leased_until, statement_timestamp()) AS leased_until, finished_at,
          coalesce(marker_id = %(marker_id)s, false) AS is_mine;

-- name: keep_sheet
-- A repeat writes again (<=): acknowledged without a write of its own, it could be lost in a failover.
INSERT INTO marking_sheets AS stored (task_id, person_id, levels, points, comment, note, revision, saved_at)
VALUES (%(task_id)s, %(marker_id)s, %(levels)s, %(points)s, %(comment)s, %(note)s, %(revision)s,
        statement_timestamp())
ON CONFLICT (task_id, person_id)
DO UPDATE SET levels = excluded.levels, points = excluded.points, comment = excluded.comment,
              note = excluded.note, revision = excluded.revision, saved_at = excluded.saved_at
 WHERE stored.revision <= excluded.revision;

-- name: sheet
SELECT levels, points, comment, note, revision, saved_at
  FROM marking_sheets
 WHERE task_id = %(task_id)s
   AND person_id = %(marker_id)s;

-- name: skip
-- Every opinion on the answer, so that the next one they are given is not the same answer again.
UPDATE marking_tasks AS tasks
   SET skipped_by = array_append(array_remove(tasks.skipped_by, %(marker_id)s), %(marker_id)s),
       marker_id = CASE WHEN tasks.id = mine.id THEN NULL ELSE tasks.marker_id END,
       leased_until = CASE WHEN tasks.id = mine.id THEN NULL ELSE tasks.leased_until END
  FROM marking_tasks AS mine
 WHERE mine.id = %(task_id)s
   AND mine.marker_id = %(marker_id)s
   AND mine.finished_at IS NULL
   AND tasks.sitting_id = mine.sitting_id
   AND tasks.question_number = mine.question_number
   AND tasks.sub_part = mine.sub_part
   AND tasks.finished_at IS NULL;
