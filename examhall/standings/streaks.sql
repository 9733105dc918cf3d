-- name: hold_series_of
-- FOR UPDATE: two conclusions of a series at once are counted one after the other, and the later sees both.
SELECT series.id AS series_id
  FROM exams
  JOIN series ON series.id = exams.series_id
 WHERE exams.id = %(exam_id)s
   FOR UPDATE OF series;

-- name: count_streaks
-- A run is a stretch of exams without a gap: a place minus the count of exams sat up to it stays the same
-- throughout. Places are each person's own, over the exams that they might have sat.
WITH scheduled AS MATERIALIZED (
    SELECT exams.id, exams.course_id,
           row_number() OVER (ORDER BY coalesce(exams.opens_at, exams.closes_at), exams.id) AS place
      FROM exams
     WHERE exams.series_id = %(series_id)s
       AND EXISTS (SELECT FROM conclusions WHERE exam_id = exams.id)
), sat AS MATERIALIZED (
    SELECT DISTINCT results.candidate_id AS person_id, results.exam_id
      FROM scheduled
      JOIN results ON results.exam_id = scheduled.id
), due AS (
    SELECT people.person_id, sat.exam_id IS NOT NULL AS came,
           row_number() OVER (PARTITION BY people.person_id ORDER BY scheduled.place) AS place
      FROM (SELECT DISTINCT person_id FROM sat) AS people
     CROSS JOIN scheduled
      LEFT JOIN sat ON sat.person_id = people.person_id AND sat.exam_id = scheduled.id
     CROSS JOIN admission(scheduled.id, scheduled.course_id, people.person_id)
     WHERE sat.exam_id IS NOT NULL
        OR admission.admitted
), counted AS (
    SELECT person_id, came, place,
           place - count(*) FILTER (WHERE came) OVER (PARTITION BY person_id ORDER BY place) AS run,
           count(*) OVER (PARTITION BY person_id) AS last_place
      FROM due
), runs AS (
    SELECT person_id, count(*) AS length, max(place) = max(last_place) AS goes_on
      FROM counted
     WHERE came
     GROUP BY person_id, run
)
INSERT INTO streaks AS stored (series_id, person_id, current, longest, sat, followed_at)
SELECT %(series_id)s, person_id, coalesce(max(length) FILTER (WHERE goes_on), 0), max(length), sum(length),
       statement_timestamp()
  FROM runs
 GROUP BY person_id
ON CONFLICT (series_id, person_id)
DO UPDATE SET current = excluded.current, longest = excluded.longest, sat = excluded.sat,
              followed_at = excluded.followed_at
 WHERE (stored.current, stored.longest, stored.sat)
       IS DISTINCT FROM (excluded.current, excluded.longest, excluded.sat);

-- name: streaks_of
SELECT series.id AS series_id, series.name AS series, streaks.current, streaks.longest, streaks.sat,
       held.scheduled
  FROM streaks
  JOIN series ON series.id = streaks.series_id
 CROSS JOIN LATERAL (SELECT count(*) AS scheduled, max(coalesce(exams.opens_at, exams.closes_at)) AS last_at
                       FROM exams
                      WHERE exams.series_id = series.id
                        AND EXISTS (SELECT FROM conclusions WHERE exam_id = exams.id)) AS held
 WHERE streaks.person_id = %(person_id)s
 ORDER BY held.last_at DESC NULLS LAST, series.id
 LIMIT %(limit)s;
