-- name: lock_out_another_run
-- Until the connection ends.
SELECT pg_try_advisory_lock(hashtext('examhall maintain')) AS mine;

-- name: be_gentle
-- Whatever has to wait for a lock gives up before anybody notices whom it holds up; vacuum pauses as the
-- automatic one does.
SELECT set_config('lock_timeout', '2s', false), set_config('vacuum_cost_delay', '2ms', false),
       set_config('statement_timeout', '0', false);

-- name: liveliness
SELECT (SELECT count(*)
          FROM sittings
         WHERE closed_at IS NULL
           AND closes_at > now()) AS live,
       (SELECT count(*)
          FROM exams
         WHERE opens_at BETWEEN now() AND now() + %(ahead)s) AS opening,
       (SELECT now() - max(finished_at) FROM maintenance) AS since_last;

-- name: tables_to_vacuum
SELECT relid::regclass::text AS name, n_dead_tup AS dead, n_mod_since_analyze AS changed,
       format('VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE false) %%I', stats.relname) AS text
  FROM pg_stat_user_tables AS stats
  JOIN pg_class ON pg_class.oid = relid
 WHERE schemaname = current_schema()
   AND relkind = 'r'
   AND pg_has_role(relowner, 'USAGE')
   AND (n_dead_tup > 1000 AND n_dead_tup > n_live_tup / 50
        OR n_mod_since_analyze > 1000 AND n_mod_since_analyze > n_live_tup / 50
        OR n_live_tup > 0 AND coalesce(last_analyze, last_autoanalyze) IS NULL)
 ORDER BY stats.relname;

-- name: partitioned_tables
-- The automatic analyze sees only their partitions, never the whole.
SELECT relname AS name, format('ANALYZE (SKIP_LOCKED) %%I', relname) AS text
  FROM pg_class
 WHERE relkind = 'p'
   AND relnamespace = current_schema()::regnamespace
   AND pg_has_role(relowner, 'USAGE')
 ORDER BY relname;

-- name: bloated_indexes
-- What a B-tree of these rows would take if it were made now, from the widths that analyze has found: per entry
-- 8 bytes of head, the values aligned to 8, 4 bytes of pointer; pages of 8192 bytes, nine tenths full. Equal
-- values are stored once, so the estimate is too high rather than too low. Without statistics: none.
SELECT name, bytes, expected_bytes,
       format('REINDEX INDEX CONCURRENTLY %%I', name) AS text
  FROM (SELECT class.relname AS name, pg_relation_size(class.oid) AS bytes,
               (2 + ceil(class.reltuples * (4 + 8 * ceil((8 + sum(stats.avg_width * (1 - stats.null_frac))) / 8))
                         / (0.9 * 8152)))::bigint * 8192 AS expected_bytes,
               count(stats.avg_width) = count(*) AS has_statistics, class.reltuples
          FROM pg_index
          JOIN pg_class AS class ON class.oid = indexrelid
          JOIN pg_class AS owner ON owner.oid = indrelid
          JOIN pg_am ON pg_am.oid = class.relam
         CROSS JOIN LATERAL unnest(indkey::smallint[]) WITH ORDINALITY AS key (attnum, place)
          LEFT JOIN pg_attribute AS own ON own.attrelid = indrelid AND own.attnum = key.attnum AND key.attnum > 0
          LEFT JOIN pg_attribute AS computed ON computed.attrelid = indexrelid AND computed.attnum = key.place
          LEFT JOIN pg_stats AS stats
            ON stats.schemaname = current_schema()
           AND stats.tablename = CASE WHEN key.attnum > 0 THEN owner.relname ELSE class.relname END
           AND stats.attname = CASE WHEN key.attnum > 0 THEN own.attname ELSE computed.attname END
         WHERE amname = 'btree'
           AND indisvalid
           AND class.relkind = 'i'
           AND class.relnamespace = current_schema()::regnamespace
           AND pg_has_role(class.relowner, 'USAGE')
         GROUP BY class.oid, class.relname, class.reltuples) AS indexes
 WHERE has_statistics
   AND reltuples >= 0
   AND bytes >= %(pays_from_bytes)s
   AND bytes > %(pays_from_factor)s * expected_bytes
 ORDER BY bytes DESC;

-- name: unfinished_indexes
-- What a REINDEX CONCURRENTLY left that could not end.
SELECT relname AS name, format('DROP INDEX CONCURRENTLY %%I', relname) AS text
  FROM pg_index
  JOIN pg_class ON pg_class.oid = indexrelid
 WHERE NOT indisvalid
   AND relname ~ '_cc(new|old)\d*$'
   AND relnamespace = current_schema()::regnamespace
   AND pg_has_role(relowner, 'USAGE')
 ORDER BY relname;

-- name: keep_maintenance
INSERT INTO maintenance (started_at, finished_at, did)
VALUES (%(started_at)s, statement_timestamp(), %(did)s);

-- name: forget_old_maintenance
DELETE FROM maintenance
 WHERE finished_at < now() - %(kept_for)s;
