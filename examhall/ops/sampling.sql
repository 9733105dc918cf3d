-- name: sittings_now
SELECT count(*) AS live,
       count(*) FILTER (WHERE closes_at < clock_timestamp() + interval '1 minute') AS within_60,
       count(*) FILTER (WHERE closes_at < clock_timestamp() + interval '5 minutes') AS within_300,
       count(*) FILTER (WHERE closes_at < clock_timestamp() + interval '15 minutes') AS within_900,
       greatest(0, extract(epoch FROM clock_timestamp() - min(closes_at)))::double precision AS overdue_s
  FROM sittings
 WHERE closed_at IS NULL;

-- name: deadlines_by_minute
-- The minutes without any are in it too: a gap is as telling as a peak.
SELECT minute, count(sittings.id) AS sittings
  FROM generate_series(0, %(minutes)s::int - 1) AS minute
  LEFT JOIN sittings
    ON closed_at IS NULL
   AND closes_at >= clock_timestamp() + minute * interval '1 minute'
   AND closes_at < clock_timestamp() + (minute + 1) * interval '1 minute'
 GROUP BY minute
 ORDER BY minute;

-- name: jobs_now
-- By the partial indexes that procrastinate has: finished jobs are kept for days, and are many.
SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo') AS todo,
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS doing,
       (SELECT extract(epoch FROM clock_timestamp() - min(at)) FROM procrastinate_events
         WHERE job_id = (SELECT min(id) FROM procrastinate_jobs
                          WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= clock_timestamp()))
       )::double precision AS oldest_s,
       (SELECT count(*) FROM calculations WHERE status = 'queued') AS calculations_queued,
       (SELECT count(*) FROM calculations WHERE status = 'running') AS calculations_running;

-- name: database_now
SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
       current_setting('max_connections')::int AS connections_max,
       pg_database_size(current_database()) AS bytes,
       (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed') AS jobs_failed;

-- name: tables_by_size
-- A partitioned table with all that it consists of.
SELECT coalesce(parent.relname, own.relname)::text AS name,
       sum(pg_total_relation_size(own.oid))::bigint AS bytes,
       greatest(0, sum(own.reltuples))::bigint AS rows,
       coalesce(sum(stats.n_dead_tup), 0)::bigint AS dead,
       coalesce(sum(stats.seq_scan), 0)::bigint AS whole_reads,
       coalesce(sum(stats.idx_scan), 0)::bigint AS index_reads
  FROM pg_class AS own
  JOIN pg_stat_user_tables AS stats ON stats.relid = own.oid
  LEFT JOIN pg_inherits ON pg_inherits.inhrelid = own.oid
  LEFT JOIN pg_class AS parent ON parent.oid = pg_inherits.inhparent
 WHERE stats.schemaname = current_schema()
 GROUP BY 1
 ORDER BY bytes DESC
 LIMIT %(limit)s;

-- name: indexes_by_use
SELECT stats.relname::text AS table_name, stats.indexrelname::text AS name, stats.idx_scan AS scans,
       pg_relation_size(stats.indexrelid) AS bytes, pg_index.indisunique AS is_unique
  FROM pg_stat_user_indexes AS stats
  JOIN pg_index ON pg_index.indexrelid = stats.indexrelid
 WHERE stats.schemaname = current_schema()
 ORDER BY stats.idx_scan DESC, bytes DESC
 LIMIT %(limit)s;

-- name: statements_known
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS known;

-- name: statements_by_time
-- As PostgreSQL normalises them: with $1 in the place of values.
SELECT left(regexp_replace(query, '\s+', ' ', 'g'), 200) AS query, calls, rows,
       (total_exec_time / 1000)::double precision AS seconds,
       mean_exec_time AS mean_ms, max_exec_time AS max_ms
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY total_exec_time DESC
 LIMIT %(limit)s;
