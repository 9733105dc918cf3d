-- name: read_counters
SELECT subject, failures, ceil(extract(epoch FROM since_at + %(window)s - now()))::integer AS remaining_s
  FROM sign_in_failures
 WHERE subject = ANY(%(subjects)s)
   AND since_at > now() - %(window)s;

-- name: count_failure
-- In the order of the subjects: two attempts that share some never wait for each other in a circle.
INSERT INTO sign_in_failures AS stored (subject, failures, since_at)
SELECT subject, 1, now()
  FROM unnest(%(subjects)s::text[]) AS subject
 ORDER BY subject
    ON CONFLICT (subject) DO UPDATE
   SET failures = CASE WHEN stored.since_at > now() - %(window)s THEN stored.failures + 1 ELSE 1 END,
       since_at = CASE WHEN stored.since_at > now() - %(window)s THEN stored.since_at ELSE now() END
RETURNING subject, failures, ceil(extract(epoch FROM since_at + %(window)s - now()))::integer AS remaining_s;

-- name: hold_account_counters
-- FOR UPDATE: they are about to be deleted. A failure that is being counted is waited for.
SELECT subject, failures, ceil(extract(epoch FROM since_at + %(window)s - now()))::integer AS remaining_s
  FROM sign_in_failures
 WHERE subject = ANY(%(subjects)s)
   AND since_at > now() - %(window)s
 ORDER BY subject
   FOR UPDATE;

-- name: hold_address_counters
-- FOR SHARE: people behind one address sign in side by side, yet wait for a failure that is being counted.
SELECT subject, failures, ceil(extract(epoch FROM since_at + %(window)s - now()))::integer AS remaining_s
  FROM sign_in_failures
 WHERE subject = ANY(%(subjects)s)
   AND since_at > now() - %(window)s
   FOR SHARE;

-- name: clear_counters
DELETE FROM sign_in_failures
 WHERE subject = ANY(%(subjects)s);

-- name: forget_old_failures
DELETE FROM sign_in_failures
 WHERE since_at < now() - %(window)s;
