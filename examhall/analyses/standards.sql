-- name: passing
-- At each of the cuts, of everybody who is marked. Each different result is compared once.
WITH counted AS MATERIALIZED (
    SELECT points, max_points, count(*) AS count
      FROM results
     WHERE exam_id = %(exam_id)s
       AND unmarked = 0
     GROUP BY points, max_points
)
SELECT coalesce((SELECT sum(count)::bigint FROM counted), 0) AS candidates,
       ARRAY(SELECT coalesce(sum(count) FILTER (WHERE 100 * points >= cut * max_points), 0)::bigint
               FROM unnest(%(cuts)s::numeric[]) WITH ORDINALITY AS cuts (cut, place)
               LEFT JOIN counted ON true
              GROUP BY place, cut
              ORDER BY place) AS passed;
