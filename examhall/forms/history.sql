-- name: append_history
INSERT INTO submission_history (submission_id, person_id, what, from_status, to_status, note)
VALUES (%(submission_id)s, %(person_id)s, %(what)s, %(from_status)s, %(to_status)s, %(note)s);

-- name: list_history
SELECT submission_history.id, submission_history.at, submission_history.person_id, people.full_name,
       submission_history.what, submission_history.from_status, submission_history.to_status,
       submission_history.note
  FROM submission_history
  LEFT JOIN people ON people.id = submission_history.person_id
 WHERE submission_history.submission_id = %(submission_id)s
 ORDER BY submission_history.id;

-- name: erase_history
UPDATE submission_history
   SET note = NULL,
       person_id = CASE WHEN person_id = %(sender)s THEN NULL ELSE person_id END
 WHERE submission_id = %(submission_id)s;
