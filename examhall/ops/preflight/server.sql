-- name: facts
SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
           AS connections,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
                                                AND usename <> current_user) AS connections_of_others,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('autovacuum') AS autovacuum,
       current_setting('log_statement') AS log_statement,
       (SELECT setting::integer FROM pg_settings WHERE name = 'log_min_duration_statement') AS log_from_ms,
       current_setting('archive_mode') AS archive_mode,
       (SELECT last_archived_time FROM pg_stat_archiver) AS archived_at,
       pg_database_size(current_database()) AS bytes,
       clock_timestamp() AS now;

-- name: emit_message
-- A commit that writes a few bytes of log and nothing else.
SELECT pg_logical_emit_message(true, 'examhall', 'preflight');

-- name: valid_indexes
SELECT relname AS name
  FROM pg_index
  JOIN pg_class ON pg_class.oid = indexrelid
 WHERE indisvalid
   AND indisready
   AND relnamespace = current_schema()::regnamespace;

-- name: revision
SELECT version_num AS revision FROM alembic_version;

-- name: jobs
SELECT (SELECT extract(epoch FROM now() - max(last_heartbeat))::double precision
          FROM procrastinate_workers) AS silent_s,
       (SELECT count(*)
          FROM procrastinate_jobs
         WHERE status = 'todo'
           AND coalesce(scheduled_at, now()) <= now()
           AND EXISTS (SELECT FROM procrastinate_events
                        WHERE job_id = procrastinate_jobs.id
                          AND at < now() - interval '5 min')) AS late,
       (SELECT count(DISTINCT job_id)
          FROM procrastinate_events
         WHERE type = 'failed'
           AND at > now() - interval '1 day') AS failed,
       (SELECT extract(epoch FROM now() - max(finished_at)) / 86400 FROM maintenance)::double precision
           AS maintained_days_ago;
