-- name: exam_to_settle
-- FOR SHARE keeps the key as it is until places and ratings by it are committed. No row: nothing to do. An exam
-- without an end is concluded by hand, and again when more have sat it: then more take part than before.
SELECT exams.rated, settled.happened_at AS settled_happened_at,
       coalesce(settled.rated, false) AS was_rated,
       coalesce(exams.closes_at, settled.happened_at,
                (SELECT min(concluded_at) FROM conclusions WHERE exam_id = exams.id),
                statement_timestamp()) AS happened_at
  FROM exams
  LEFT JOIN exam_standings AS settled ON settled.exam_id = exams.id
 WHERE exams.id = %(exam_id)s
   AND exams.key_version = %(key_version)s
   AND results_released(exams)
   AND (settled.key_version, settled.rated, settled.participants)
       IS DISTINCT FROM (exams.key_version, exams.rated,
                         (SELECT count(*)
                            FROM results
                            JOIN sittings
                              ON sittings.candidate_id = results.candidate_id
                             AND sittings.id = results.sitting_id
                             AND sittings.attempt_number = 1
                            JOIN people ON people.id = results.candidate_id AND 'candidate' = ANY(people.roles)
                           WHERE results.exam_id = exams.id))
   FOR SHARE OF exams;

-- name: exams_to_settle
-- Concluded by their key as it is and released since, or made rated or unrated: the few newest first.
SELECT exams.id AS exam_id, exams.key_version
  FROM conclusions
  JOIN exams ON exams.id = conclusions.exam_id AND exams.key_version = conclusions.key_version
  LEFT JOIN exam_standings AS settled ON settled.exam_id = exams.id
 WHERE results_released(exams)
   AND (settled.key_version, settled.rated) IS DISTINCT FROM (exams.key_version, exams.rated)
 ORDER BY conclusions.concluded_at, exams.id
 LIMIT %(limit)s;

-- name: forget_places
DELETE FROM exam_places
 WHERE exam_id = %(exam_id)s;

-- name: settle_places
-- Staff who try an exam out are not in its field.
INSERT INTO exam_places (exam_id, person_id, place, points, max_points)
SELECT results.exam_id, results.candidate_id, rank() OVER (ORDER BY results.points DESC), results.points,
       results.max_points
  FROM results
  JOIN sittings
    ON sittings.candidate_id = results.candidate_id
   AND sittings.id = results.sitting_id
  JOIN people ON people.id = results.candidate_id
 WHERE results.exam_id = %(exam_id)s
   AND sittings.attempt_number = 1
   AND 'candidate' = ANY(people.roles);

-- name: settle_standing
INSERT INTO exam_standings (exam_id, key_version, rated, participants, happened_at, settled_at)
VALUES (%(exam_id)s, %(key_version)s, %(rated)s, %(participants)s, %(happened_at)s, statement_timestamp())
ON CONFLICT (exam_id)
DO UPDATE SET key_version = excluded.key_version, rated = excluded.rated,
              participants = excluded.participants, happened_at = excluded.happened_at,
              settled_at = excluded.settled_at;

-- name: rounds_since
SELECT exam_id, key_version, participants, happened_at
  FROM exam_standings
 WHERE rated
   AND (happened_at, exam_id) >= (%(happened_at)s, %(exam_id)s)
 ORDER BY happened_at, exam_id;

-- name: states_before
-- Of everybody whom these rounds concern, or concerned before they were played again: where they stood then.
COPY (
    SELECT concerned.person_id, coalesce(last.mu, 0) AS mu, coalesce(last.sigma, 0) AS sigma,
           coalesce(last.number, 0) AS number
      FROM (SELECT person_id FROM exam_places WHERE exam_id = ANY(%(exam_ids)s)
             UNION
            SELECT person_id FROM rating_history WHERE exam_id = ANY(%(exam_ids)s)) AS concerned
      LEFT JOIN LATERAL (SELECT mu, sigma, number
                           FROM rating_history AS history
                          WHERE history.person_id = concerned.person_id
                            AND (history.happened_at, history.exam_id) < (%(happened_at)s, %(exam_id)s)
                          ORDER BY history.happened_at DESC, history.exam_id DESC
                          LIMIT 1) AS last ON true
     ORDER BY concerned.person_id
) TO STDOUT (FORMAT BINARY);

-- name: forget_history
DELETE FROM rating_history
 WHERE exam_id = ANY(%(exam_ids)s);

-- name: field
-- In the order of the people: the same field in the same order gives the same bits.
COPY (
    SELECT person_id, place
      FROM exam_places
     WHERE exam_id = %(exam_id)s
     ORDER BY person_id
) TO STDOUT (FORMAT BINARY);

-- name: add_history
COPY rating_history (exam_id, person_id, happened_at, key_version, number, place, participants, mu_before,
                     sigma_before, mu, sigma, rating_before, rating)
FROM STDIN (FORMAT BINARY);

-- name: forget_ratings
DELETE FROM ratings
 WHERE person_id = ANY(%(person_ids)s);

-- name: settle_ratings
INSERT INTO ratings (person_id, mu, sigma, rating, rated_exams, last_exam_id, rating_before)
SELECT concerned.person_id, last.mu, last.sigma, last.rating, last.number, last.exam_id,
       CASE WHEN last.number > 1 THEN last.rating_before END
  FROM unnest(%(person_ids)s::bigint[]) AS concerned (person_id)
 CROSS JOIN LATERAL (SELECT exam_id, mu, sigma, rating, number, rating_before
                       FROM rating_history AS history
                      WHERE history.person_id = concerned.person_id
                      ORDER BY history.happened_at DESC, history.exam_id DESC
                      LIMIT 1) AS last
ON CONFLICT (person_id)
DO UPDATE SET mu = excluded.mu, sigma = excluded.sigma, rating = excluded.rating,
              rated_exams = excluded.rated_exams, last_exam_id = excluded.last_exam_id,
              rating_before = excluded.rating_before;

-- name: settle_gains
-- A first exam only places somebody: what it moves is no gain.
WITH gains AS (
    SELECT history.person_id,
           round(sum(history.rating - history.rating_before)::numeric, 2)::double precision AS gain
      FROM (SELECT exam_id
              FROM exam_standings
             WHERE rated
             ORDER BY happened_at DESC, exam_id DESC
             LIMIT %(rounds)s) AS latest
      JOIN rating_history AS history ON history.exam_id = latest.exam_id
     WHERE history.number > 1
     GROUP BY history.person_id
), changed AS (
    SELECT person_id, gains.gain
      FROM gains
      FULL JOIN (SELECT person_id, gain FROM ratings WHERE gain IS NOT NULL) AS stored USING (person_id)
     WHERE stored.gain IS DISTINCT FROM gains.gain
)
UPDATE ratings
   SET gain = changed.gain
  FROM changed
 WHERE ratings.person_id = changed.person_id;
