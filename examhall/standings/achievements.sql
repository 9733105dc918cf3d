-- name: claim_due
-- Settled exams only: nothing is given away of results that are not released.
INSERT INTO exam_awards (exam_id, key_version, rules)
SELECT exam_id, key_version, %(rules)s
  FROM exam_standings
 WHERE NOT EXISTS (SELECT FROM exam_awards
                    WHERE exam_awards.exam_id = exam_standings.exam_id
                      AND exam_awards.key_version = exam_standings.key_version
                      AND exam_awards.rules = %(rules)s)
 ORDER BY happened_at, exam_id
 LIMIT %(limit)s
ON CONFLICT (exam_id, key_version, rules) DO NOTHING
RETURNING exam_id;

-- name: give
-- In the order of the people: two exams' participants given to at once wait for each other, never in a circle.
WITH field AS MATERIALIZED (
    SELECT exam_standings.exam_id, exam_standings.happened_at, exam_standings.participants,
           exam_places.person_id, exam_places.place, exam_places.points, exam_places.max_points
      FROM exam_standings
      JOIN exam_places ON exam_places.exam_id = exam_standings.exam_id
     WHERE exam_standings.exam_id = ANY(%(exam_ids)s)
), measured AS (
    SELECT field.person_id, field.exam_id, field.happened_at, facts.measure, facts.value
      FROM field
      LEFT JOIN rating_history
        ON rating_history.exam_id = field.exam_id
       AND rating_history.person_id = field.person_id
       AND rating_history.number > 1
     CROSS JOIN LATERAL (SELECT count(DISTINCT exam_id) AS exams
                           FROM results
                          WHERE candidate_id = field.person_id) AS sat
     CROSS JOIN LATERAL (SELECT max(longest) AS longest
                           FROM streaks
                          WHERE person_id = field.person_id) AS streak
     CROSS JOIN LATERAL (VALUES
           ('exams_sat', sat.exams::numeric),
           ('longest_streak', streak.longest::numeric),
           ('best_percent', 100 * field.points / nullif(field.max_points, 0)),
           ('top_ten_places', CASE WHEN field.participants >= %(least_field)s AND field.place <= 10 THEN 1 END),
           ('first_places', CASE WHEN field.participants >= %(least_field)s AND field.place = 1 THEN 1 END),
           ('rating_gain', (rating_history.rating - rating_history.rating_before)::numeric)
         ) AS facts (measure, value)
)
INSERT INTO achievements (person_id, name, exam_id)
SELECT DISTINCT ON (measured.person_id, rules.name) measured.person_id, rules.name, measured.exam_id
  FROM measured
  JOIN people ON people.id = measured.person_id
  JOIN unnest(%(names)s::text[], %(measures)s::text[], %(leasts)s::numeric[])
    AS rules (name, measure, least)
    ON rules.measure = measured.measure
   AND measured.value >= rules.least
 ORDER BY measured.person_id, rules.name, measured.happened_at, measured.exam_id
ON CONFLICT (person_id, name) DO NOTHING;

-- name: achievements_of
SELECT achievements.name, achievements.given_at, achievements.exam_id, exams.title AS exam_title
  FROM achievements
  LEFT JOIN exams ON exams.id = achievements.exam_id
 WHERE achievements.person_id = %(person_id)s
 ORDER BY achievements.given_at DESC, achievements.name
 LIMIT %(limit)s;
