-- name: insert_note
INSERT INTO audit_entries (actor_id, door, trace, deed, kind, thing, label, exam_id, person_id, after, words)
VALUES (%(actor_id)s, %(door)s, %(trace)s, %(deed)s, %(kind)s, %(thing)s, %(label)s, %(exam_id)s, %(person_id)s,
        %(after)s, left(concat_ws(' ', %(label)s::text, translate(%(deed)s, '_', ' '),
                                  translate(%(after)s::jsonb::text, '{}[]":,\', '        ')), 2000));
