-- name: wanted
SELECT reports.candidate_id, reports.sitting_id, reports.key_version, reports.facts, people.language
  FROM reports
  JOIN exams
    ON exams.id = reports.exam_id
   AND exams.key_version = reports.key_version
  JOIN people ON people.id = reports.candidate_id
 WHERE reports.exam_id = %(exam_id)s
   AND reports.sitting_id > %(after_sitting_id)s
   AND NOT EXISTS (SELECT FROM feedback_drafts
                    WHERE feedback_drafts.candidate_id = reports.candidate_id
                      AND feedback_drafts.sitting_id = reports.sitting_id
                      AND feedback_drafts.key_version = reports.key_version)
 ORDER BY reports.sitting_id
 LIMIT %(limit)s;

-- name: reserve
-- The row is locked by the first who comes: the cap holds for all of them together.
INSERT INTO feedback_spending AS stored (spent_on, tokens, calls)
SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date, %(tokens)s, 1
 WHERE %(tokens)s <= %(cap)s
ON CONFLICT (spent_on)
DO UPDATE SET tokens = stored.tokens + excluded.tokens, calls = stored.calls + 1
 WHERE stored.tokens + excluded.tokens <= %(cap)s
RETURNING spent_on;

-- name: correct_spending
-- Of the day on which it was reserved, which may be over.
UPDATE feedback_spending
   SET tokens = greatest(tokens + %(more)s, 0)
 WHERE spent_on = %(spent_on)s;

-- name: keep_draft
-- One that a person has decided on stays, unless it is of an older key.
INSERT INTO feedback_drafts AS stored (candidate_id, sitting_id, exam_id, key_version, draft, model, written_at)
VALUES (%(candidate_id)s, %(sitting_id)s, %(exam_id)s, %(key_version)s, %(draft)s, %(model)s,
        statement_timestamp())
ON CONFLICT (candidate_id, sitting_id)
DO UPDATE SET key_version = excluded.key_version, draft = excluded.draft, model = excluded.model,
              state = 'draft', written_at = excluded.written_at, decided_by = NULL, decided_at = NULL
 WHERE stored.key_version < excluded.key_version;

-- name: list_drafts
SELECT feedback_drafts.sitting_id, feedback_drafts.candidate_id, people.full_name, feedback_drafts.draft,
       feedback_drafts.model, feedback_drafts.state, feedback_drafts.written_at,
       results.points::double precision AS points, results.max_points::double precision AS max_points
  FROM feedback_drafts
  JOIN exams
    ON exams.id = feedback_drafts.exam_id
   AND exams.key_version = feedback_drafts.key_version
  JOIN people ON people.id = feedback_drafts.candidate_id
  JOIN results
    ON results.candidate_id = feedback_drafts.candidate_id
   AND results.sitting_id = feedback_drafts.sitting_id
 WHERE feedback_drafts.exam_id = %(exam_id)s
   AND feedback_drafts.state = %(state)s
   AND feedback_drafts.sitting_id > %(after_sitting_id)s
 ORDER BY feedback_drafts.sitting_id
 LIMIT %(limit)s;

-- name: count_drafts
SELECT count(feedback_drafts.state) FILTER (WHERE feedback_drafts.state = 'draft') AS draft,
       count(feedback_drafts.state) FILTER (WHERE feedback_drafts.state = 'approved') AS approved,
       count(feedback_drafts.state) FILTER (WHERE feedback_drafts.state = 'rejected') AS rejected,
       count(*) FILTER (WHERE feedback_drafts.state IS NULL) AS missing
  FROM reports
  JOIN exams
    ON exams.id = reports.exam_id
   AND exams.key_version = reports.key_version
  LEFT JOIN feedback_drafts
    ON feedback_drafts.candidate_id = reports.candidate_id
   AND feedback_drafts.sitting_id = reports.sitting_id
   AND feedback_drafts.key_version = reports.key_version
 WHERE reports.exam_id = %(exam_id)s;

-- name: spending_today
SELECT tokens, calls
  FROM feedback_spending
 WHERE spent_on = (statement_timestamp() AT TIME ZONE 'UTC')::date;

-- name: decide
UPDATE feedback_drafts
   SET state = %(state)s, draft = coalesce(%(text)s, draft), decided_by = %(decided_by)s,
       decided_at = statement_timestamp()
 WHERE exam_id = %(exam_id)s
   AND sitting_id = %(sitting_id)s
   AND key_version = %(key_version)s
   AND state = 'draft';

-- name: find
SELECT sitting_id
  FROM feedback_drafts
 WHERE exam_id = %(exam_id)s
   AND sitting_id = %(sitting_id)s;

-- name: approve_all
UPDATE feedback_drafts
   SET state = 'approved', decided_by = %(decided_by)s, decided_at = statement_timestamp()
 WHERE exam_id = %(exam_id)s
   AND key_version = %(key_version)s
   AND state = 'draft';
