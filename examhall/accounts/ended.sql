-- name: recently_ended
SELECT id
  FROM sign_ins
 WHERE ended_at > now() - %(remembered)s
 ORDER BY ended_at;

-- name: end_sign_in
WITH ended AS (
    UPDATE sign_ins
       SET ended_at = now(),
           ended_by = %(ended_by)s
     WHERE id = %(sign_in_id)s
       AND ended_at IS NULL
    RETURNING id
)
SELECT pg_notify('examhall_signed_out', id::text)
  FROM ended;

-- name: end_sign_ins_of
WITH ended AS (
    UPDATE sign_ins
       SET ended_at = now(),
           ended_by = %(ended_by)s
     WHERE person_id = ANY(%(person_ids)s)
       AND ended_at IS NULL
       AND expires_at > now()
       AND (%(ticket_for)s::bigint IS NULL OR (method = 'ticket' AND exam_id = %(ticket_for)s))
    RETURNING id
)
SELECT pg_notify('examhall_signed_out', id::text)
  FROM ended;
