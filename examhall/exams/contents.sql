-- name: announce_change
SELECT pg_notify(%(channel)s, %(exam_id)s);
