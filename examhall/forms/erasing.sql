-- name: hold_submission
-- FOR UPDATE: of two at once the second finds it done.
SELECT created_by AS sender, erased_at IS NOT NULL AS was_erased
  FROM form_submissions
 WHERE id = %(submission_id)s
   FOR UPDATE;

-- name: erase_submission
UPDATE form_submissions
   SET data = NULL,
       words = NULL,
       created_by = NULL,
       request_hash = NULL,
       erased_at = now(),
       version = version + 1
 WHERE id = %(submission_id)s;
