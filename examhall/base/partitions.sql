-- name: one_node_at_a_time
-- Held until the transaction ends; the next node in line then finds the partitions made.
SELECT pg_advisory_xact_lock(hashtext('examhall partitions'));

-- name: missing_partitions
-- The rest is locked before its rows move, so that none of the month can slip in behind them. If it is this
-- month, rows are coming in: then the whole is locked first, or one that was on its way to the rest would find
-- itself in the wrong partition and fail.
SELECT name,
       format($$
           CREATE TABLE %%1$I (LIKE %%2$I INCLUDING DEFAULTS INCLUDING STORAGE);
           %%8$s;
           LOCK TABLE %%3$I IN ACCESS EXCLUSIVE MODE;
           WITH moved AS (DELETE FROM %%3$I WHERE %%4$I >= %%5$L AND %%4$I < %%6$L RETURNING %%7$s)
           INSERT INTO %%1$I (%%7$s) SELECT %%7$s FROM moved;
           ALTER TABLE %%2$I ATTACH PARTITION %%1$I FOR VALUES FROM (%%5$L) TO (%%6$L)
           $$, name, parent, rest, key, starts_at, ends_at, columns,
           CASE WHEN starts_at <= now() THEN format('LOCK TABLE %%I IN SHARE ROW EXCLUSIVE MODE', parent) END) AS text
  FROM (SELECT parent.oid AS parent_oid, parent.relname AS parent, rest.relname AS rest, key.attname AS key,
               parent.relname || '_' || to_char(month, 'YYYY_MM') AS name,
               month AT TIME ZONE 'UTC' AS starts_at,
               (month + interval '1 month') AT TIME ZONE 'UTC' AS ends_at,
               (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                  FROM pg_attribute
                 WHERE attrelid = parent.oid AND attnum > 0 AND NOT attisdropped) AS columns
          FROM pg_partitioned_table
          JOIN pg_class AS parent ON parent.oid = partrelid
          JOIN pg_class AS rest ON rest.oid = partdefid
          JOIN pg_attribute AS key ON key.attrelid = parent.oid AND key.attnum = partattrs[0]
         CROSS JOIN (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month' AS month
                       FROM generate_series(0, 2) AS ahead) AS months
         WHERE partstrat = 'r'
           AND key.atttypid = 'timestamptz'::regtype
           AND parent.relnamespace = current_schema()::regnamespace) AS wanted
 -- Not to_regclass: within a transaction it may remember that there was no such table.
 WHERE NOT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent = parent_oid AND relname = name)
 ORDER BY name;

-- name: old_partitions
SELECT relname AS name, format('DROP TABLE %%I', relname) AS text
  FROM pg_inherits
  JOIN pg_class ON pg_class.oid = inhrelid
 WHERE inhparent = %(table)s::regclass
   AND relname ~ '_\d{4}_\d{2}$'
   AND to_date(right(relname, 7), 'YYYY_MM')
       < date_trunc('month', now() AT TIME ZONE 'UTC') - %(months)s * interval '1 month'
 ORDER BY relname;

-- name: old_rows_of_the_rest
SELECT rest.relname AS name,
       format('DELETE FROM %%I WHERE %%I < %%L', rest.relname, key.attname,
              (date_trunc('month', now() AT TIME ZONE 'UTC') - %(months)s * interval '1 month')
              AT TIME ZONE 'UTC') AS text
  FROM pg_partitioned_table
  JOIN pg_class AS rest ON rest.oid = partdefid
  JOIN pg_attribute AS key ON key.attrelid = partrelid AND key.attnum = partattrs[0]
 WHERE partrelid = %(table)s::regclass;
