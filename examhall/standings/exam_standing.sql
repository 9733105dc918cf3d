-- name: find_standing
-- It stands still before the exam's end until the last window of somebody's own is over.
SELECT exams.id AS exam_id, exams.title, exams.kind, last_closing(exams) AS closes_at, exams.live_standing,
       settled.exam_id IS NOT NULL AND results_released(exams) AS is_final,
       coalesce(settled.rated, exams.rated) AS rated, coalesce(settled.participants, 0) AS participants,
       exams.closes_at - make_interval(mins => exams.freeze_minutes) AS freezes_at,
       statement_timestamp() AS server_time,
       admission.admitted
       OR EXISTS (SELECT FROM sittings
                   WHERE exam_id = exams.id AND candidate_id = %(person_id)s) AS may_look
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(person_id)s::bigint)
  LEFT JOIN exam_standings AS settled ON settled.exam_id = exams.id
 WHERE exams.id = %(exam_id)s;

-- name: places
SELECT listed.person_id, listed.full_name, listed.place AS rank, listed.points, listed.max_points,
       history.rating, history.rating_before, history.sigma, history.number AS rated_exams,
       -listed.place AS level
  FROM (SELECT places.person_id, people.full_name, places.place, places.points, places.max_points
          FROM exam_places AS places
          JOIN people ON people.id = places.person_id
         WHERE places.exam_id = %(exam_id)s
           AND (places.place, places.person_id)
               > (%(place)s::integer, %(after_id)s::bigint)
           AND people.active
           AND NOT people.hidden_from_standings
         ORDER BY places.place, places.person_id
         LIMIT %(limit)s) AS listed
  LEFT JOIN rating_history AS history
    ON history.exam_id = %(exam_id)s
   AND history.person_id = listed.person_id
 ORDER BY listed.place, listed.person_id;

-- name: my_place
SELECT places.person_id, people.full_name, people.hidden_from_standings AS hidden, places.place AS rank,
       places.points, places.max_points, history.rating, history.rating_before, history.sigma,
       history.number AS rated_exams, -places.place AS level
  FROM exam_places AS places
  JOIN people ON people.id = places.person_id
  LEFT JOIN rating_history AS history
    ON history.exam_id = places.exam_id
   AND history.person_id = places.person_id
 WHERE places.exam_id = %(exam_id)s
   AND places.person_id = %(person_id)s;

-- name: place_above
-- Clients see the cursor: nobody's who is hidden or has left may be in it.
SELECT -places.place AS level, places.person_id
  FROM exam_places AS places
  JOIN people ON people.id = places.person_id
 WHERE places.exam_id = %(exam_id)s
   AND (places.place, places.person_id) < (%(place)s::integer, %(person_id)s::bigint)
   AND people.active
   AND NOT people.hidden_from_standings
 ORDER BY places.place DESC, places.person_id DESC
OFFSET %(rows)s
 LIMIT 1;

-- name: live_places
-- What was handed in and marked by then; the window counts everybody, the hidden too, but no staff.
WITH counted AS (
    SELECT results.candidate_id AS person_id, results.points, results.max_points, people.full_name,
           people.active AND NOT people.hidden_from_standings AS is_shown,
           rank() OVER (ORDER BY results.points DESC) AS place
      FROM results
      JOIN sittings
        ON sittings.candidate_id = results.candidate_id
       AND sittings.id = results.sitting_id
      JOIN people ON people.id = results.candidate_id
     WHERE results.exam_id = %(exam_id)s
       AND sittings.attempt_number = 1
       AND sittings.closed_at <= coalesce(%(until)s::timestamptz, 'infinity')
       AND 'candidate' = ANY(people.roles)
)
SELECT person_id, full_name, place AS rank, points, max_points, -place AS level
  FROM counted
 WHERE (place, person_id) > (%(place)s::bigint, %(after_id)s::bigint)
   AND is_shown
 ORDER BY place, person_id
 LIMIT %(limit)s;

-- name: my_live_place
SELECT mine.candidate_id AS person_id, people.full_name, people.hidden_from_standings AS hidden, mine.points,
       mine.max_points,
       1 + (SELECT count(*)
              FROM results
              JOIN sittings
                ON sittings.candidate_id = results.candidate_id
               AND sittings.id = results.sitting_id
              JOIN people ON people.id = results.candidate_id
             WHERE results.exam_id = %(exam_id)s
               AND results.points > mine.points
               AND sittings.attempt_number = 1
               AND sittings.closed_at <= coalesce(%(until)s::timestamptz, 'infinity')
               AND 'candidate' = ANY(people.roles)) AS rank
  FROM sittings
  JOIN results AS mine
    ON mine.candidate_id = sittings.candidate_id
   AND mine.sitting_id = sittings.id
  JOIN people ON people.id = mine.candidate_id
 WHERE sittings.candidate_id = %(person_id)s
   AND sittings.exam_id = %(exam_id)s
   AND sittings.attempt_number = 1
   AND sittings.closed_at <= coalesce(%(until)s::timestamptz, 'infinity')
   AND 'candidate' = ANY(people.roles);

-- name: handed_in
SELECT count(*) AS people
  FROM results
  JOIN sittings
    ON sittings.candidate_id = results.candidate_id
   AND sittings.id = results.sitting_id
  JOIN people ON people.id = results.candidate_id
 WHERE results.exam_id = %(exam_id)s
   AND sittings.attempt_number = 1
   AND sittings.closed_at <= coalesce(%(until)s::timestamptz, 'infinity')
   AND 'candidate' = ANY(people.roles);

-- name: latest_standings
-- The exams that somebody may look at, the newest first.
SELECT exams.id AS exam_id, exams.title, settled.participants, settled.rated, settled.happened_at
  FROM exam_standings AS settled
  JOIN exams ON exams.id = settled.exam_id
 CROSS JOIN admission(exams.id, exams.course_id, %(person_id)s::bigint)
 WHERE results_released(exams)
   AND settled.participants > 0
   AND (%(sees_all)s
        OR admission.admitted
        OR EXISTS (SELECT FROM sittings
                    WHERE exam_id = exams.id AND candidate_id = %(person_id)s))
 ORDER BY settled.happened_at DESC, exams.id DESC
 LIMIT %(limit)s;
