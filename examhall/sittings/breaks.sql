-- name: were_away
-- Of those who come now: who was here before, and then nowhere for a while.
SELECT presence.sitting_id AS id
  FROM presence
  LEFT JOIN presence_processes
    ON presence_processes.process = presence.process
   AND seen_at > statement_timestamp() - make_interval(secs => %(gone_s)s)
 WHERE presence.sitting_id = ANY(%(sitting_ids)s)
 GROUP BY presence.sitting_id
HAVING NOT bool_or(is_connected AND seen_at IS NOT NULL)
   AND max(since) < statement_timestamp() - make_interval(secs => %(break_s)s);

-- name: are_away
-- Of those who went a while ago: who sits it still, and is nowhere else.
SELECT sittings.id
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS gone (candidate_id, id)
  JOIN sittings USING (candidate_id, id)
 WHERE closed_at IS NULL
   AND NOT EXISTS (SELECT
                     FROM presence
                     JOIN presence_processes USING (process)
                    WHERE presence.sitting_id = sittings.id
                      AND is_connected
                      AND seen_at > statement_timestamp() - make_interval(secs => %(gone_s)s));
