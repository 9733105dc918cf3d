-- name: hold_submission
-- FOR UPDATE: of two at once the second finds it done.
SELECT created_by AS sender, erased_at IS NOT NULL AS was_erased
  FROM form_submissions
 WHERE id = %(submission_id)s
   FOR UPDATE;

-- name: erase_submission
-- Its request's key would be a stranger's now, who may have one that reads the same.
UPDATE form_submissions
   SET data = NULL,
       words = NULL,
       created_by = NULL,
       request_key = sha256(convert_to('erased ' || id, 'UTF8')),
       request_hash = NULL,
       erased_at = now(),
       version = version + 1
 WHERE id = %(submission_id)s;
