-- name: announce
SELECT pg_notify('examhall_certificates', '');
