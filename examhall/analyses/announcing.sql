-- name: announce
SELECT pg_notify(%(channel)s, payload)
  FROM unnest(%(payloads)s::text[]) AS payload;
