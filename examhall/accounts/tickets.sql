-- name: find_exam
SELECT title, is_draft
  FROM exams
 WHERE id = %(exam_id)s;

-- name: missing_people
SELECT given.id
  FROM unnest(%(person_ids)s::bigint[]) AS given (id)
  LEFT JOIN people ON people.id = given.id AND people.active
 WHERE people.id IS NULL
 ORDER BY given.id;

-- name: issue_tickets
-- The unique index one_live_ticket decides between issues at the same time; in the order of the people, so
-- that they never wait for each other in a circle. gen_random_uuid is as random as the kernel; what cannot be
-- guessed is the MAC beside it.
INSERT INTO tickets (id, exam_id, person_id)
SELECT gen_random_uuid(), %(exam_id)s, people.id
  FROM people
  JOIN exams ON exams.id = %(exam_id)s
 CROSS JOIN admission(exams.id, exams.course_id, people.id)
 WHERE people.active
   AND CASE WHEN %(person_ids)s::bigint[] IS NULL
            THEN admission.admitted
                 AND (exams.course_id IS NOT NULL
                      OR people.id IN (SELECT person_id FROM expected_people(%(exam_id)s)))
            ELSE people.id = ANY(%(person_ids)s) END
 ORDER BY people.id
    ON CONFLICT (exam_id, person_id) WHERE revoked_at IS NULL DO NOTHING;

-- name: list_tickets
SELECT tickets.id, tickets.exam_id, tickets.person_id, people.username, people.full_name,
       exams.title AS exam_title, tickets.issued_at
  FROM tickets
  JOIN people ON people.id = tickets.person_id
  JOIN exams ON exams.id = tickets.exam_id
 WHERE tickets.exam_id = %(exam_id)s
   AND tickets.revoked_at IS NULL
   AND tickets.person_id > %(after)s
   AND (%(person_ids)s::bigint[] IS NULL OR tickets.person_id = ANY(%(person_ids)s))
 ORDER BY tickets.person_id
 LIMIT %(limit)s;

-- name: revoke_ticket
UPDATE tickets
   SET revoked_at = coalesce(revoked_at, now())
 WHERE id = %(ticket_id)s
   AND exam_id = %(exam_id)s
RETURNING person_id;

-- name: read_admission
SELECT people.full_name, tickets.exam_id, exams.title AS exam_title
  FROM tickets
  JOIN people ON people.id = tickets.person_id
  JOIN exams ON exams.id = tickets.exam_id
 WHERE tickets.id = %(ticket_id)s
   AND tickets.revoked_at IS NULL
   AND people.active
   AND NOT exams.is_draft;

-- name: admit
-- FOR SHARE: whoever revokes a ticket or deactivates a person waits, and then finds the sign-in to end.
WITH admitted AS (
    SELECT given.sign_in_id, given.token_hash, given.life, tickets.exam_id,
           people.id, people.username, people.email, people.full_name, people.roles
      FROM unnest(%(ticket_ids)s::uuid[], %(sign_in_ids)s::uuid[], %(token_hashes)s::bytea[],
                  %(lives)s::interval[]) AS given (ticket_id, sign_in_id, token_hash, life)
      JOIN tickets ON tickets.id = given.ticket_id AND tickets.revoked_at IS NULL
      JOIN people ON people.id = tickets.person_id AND people.active
      JOIN exams ON exams.id = tickets.exam_id AND NOT exams.is_draft
       FOR SHARE OF tickets, people
), opened AS (
    INSERT INTO sign_ins (id, person_id, exam_id, method, expires_at)
    SELECT sign_in_id, id, exam_id, 'ticket', now() + life
      FROM admitted
), kept AS (
    INSERT INTO refresh_tokens (token_hash, sign_in_id)
    SELECT token_hash, sign_in_id
      FROM admitted
     WHERE token_hash IS NOT NULL
)
SELECT sign_in_id, exam_id, id, username, email, full_name, roles
  FROM admitted;

-- name: forget_revoked_tickets
DELETE FROM tickets
 WHERE revoked_at < now() - %(kept_for)s;
