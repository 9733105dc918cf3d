-- name: revoke
-- One wins: whoever comes second waits for the first, then finds revoked_at set and updates nothing.
UPDATE certificates
   SET revoked_at = now(),
       revoked_by = %(revoked_by)s,
       revocation_reason = %(reason)s
 WHERE serial = %(serial)s
   AND revoked_at IS NULL
RETURNING id, serial, revoked_at, revocation_reason AS reason;

-- name: standing
SELECT id, serial, revoked_at, revocation_reason AS reason
  FROM certificates
 WHERE serial = %(serial)s;

-- name: decide_review
UPDATE certificate_reviews
   SET decided_at = now(),
       decided_by = %(decided_by)s,
       decision = 'revoked'
 WHERE certificate_id = %(certificate_id)s
   AND decided_at IS NULL;

-- name: lead_on
UPDATE certificates
   SET replaced_by = %(replaced_by)s
 WHERE id = %(certificate_id)s
   AND revoked_at IS NOT NULL;
