-- name: real_sittings
-- Open now, or about to be: exams that open soon, and those that are open and may be started at any moment.
SELECT (SELECT count(*)
          FROM sittings
         WHERE closed_at IS NULL
           AND closes_at > statement_timestamp()) AS open,
       (SELECT min(opens_at)
          FROM exams
         WHERE opens_at BETWEEN statement_timestamp()
                            AND statement_timestamp() + %(within)s::interval) AS next_opens_at;

-- name: claim
-- Held by the connection that asks, for as long as it lives: whoever finds it free may clear up.
SELECT pg_try_advisory_lock(%(kind)s::integer, %(number)s::integer) AS claimed;

-- name: where
SELECT current_database() AS name, oid::bigint AS oid,
       current_setting('max_connections')::integer AS most_connections,
       (SELECT count(*)::integer FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create
  FROM pg_database
 WHERE datname = current_database();

-- name: databases_like
SELECT datname::text AS name
  FROM pg_database
 WHERE datname LIKE %(pattern)s;

-- name: items
SELECT question_number, sub_part, kind, presented
  FROM items
 WHERE exam_id = %(exam_id)s
 ORDER BY question_number, sub_part;

-- name: outcome
SELECT count(*)::integer AS sittings,
       count(*) FILTER (WHERE sittings.closed_at IS NULL)::integer AS open,
       count(*) FILTER (WHERE closed_by = 'candidate')::integer AS handed_in,
       count(*) FILTER (WHERE closed_by = 'deadline')::integer AS closed_by_time,
       count(results.sitting_id)::integer AS marked,
       extract(epoch FROM max(sittings.closed_at - sittings.closes_at)
                          FILTER (WHERE closed_by = 'deadline'))::float AS closed_late_s
  FROM sittings
  LEFT JOIN results ON results.candidate_id = sittings.candidate_id AND results.sitting_id = sittings.id;
