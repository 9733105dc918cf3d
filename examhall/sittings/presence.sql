-- name: say_seen
INSERT INTO presence_processes AS processes (process, seen_at)
VALUES (%(process)s, statement_timestamp())
    ON CONFLICT (process) DO UPDATE SET seen_at = excluded.seen_at
RETURNING xmax <> 0 AS was_there;

-- name: keep
INSERT INTO presence AS stored (sitting_id, process, is_connected, since)
SELECT sitting_id, %(process)s, is_connected, statement_timestamp()
  FROM unnest(%(sitting_ids)s::bigint[], %(connected)s::boolean[]) AS changed (sitting_id, is_connected)
    ON CONFLICT (sitting_id, process)
    DO UPDATE SET is_connected = excluded.is_connected, since = excluded.since
 WHERE stored.is_connected <> excluded.is_connected;

-- name: forget_processes
-- Processes that ended, or had nobody for so long: these begin anew with the next who comes.
DELETE FROM presence_processes
 WHERE seen_at < statement_timestamp() - %(kept_for)s::interval;

-- name: forget_presence
-- Who went long ago, and whoever was connected to a process that is not there any more.
DELETE FROM presence
 WHERE since < statement_timestamp() - %(kept_for)s::interval
   AND (NOT is_connected
        OR NOT EXISTS (SELECT FROM presence_processes WHERE process = presence.process));

-- name: leave
WITH gone AS (
    DELETE FROM presence_processes
     WHERE process = %(process)s
)
UPDATE presence
   SET is_connected = false, since = statement_timestamp()
 WHERE process = %(process)s
   AND is_connected;
