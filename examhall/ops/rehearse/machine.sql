-- name: processes
-- The server's own helpers (checkpointer, writer) work for everybody; they are counted too.
SELECT pid, datname IS NOT NULL AS is_ours, coalesce(state NOT IN ('idle'), false) AS is_busy
  FROM pg_stat_activity
 WHERE (datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')
    OR datname IS NULL;
