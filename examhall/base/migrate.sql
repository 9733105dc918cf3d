-- name: lock_out_other_nodes
-- Held until the connection ends; the next node in line then finds nothing left to do.
SELECT pg_advisory_lock(%(lock)s);

-- name: what_is_here
SELECT to_regclass('alembic_version') IS NOT NULL,
       (SELECT string_agg(relname, ', ')
          FROM (SELECT relname
                  FROM pg_class
                 WHERE relnamespace = current_schema()::regnamespace
                   AND relkind IN ('r', 'p')
                 ORDER BY relname
                 LIMIT 3) AS strangers);

-- name: current_revision
SELECT version_num FROM alembic_version;
