-- name: add_people
INSERT INTO people (username, full_name)
SELECT 'rated' || n, 'Person ' || n
  FROM generate_series(1, %(people)s) AS n;

-- name: add_exams
-- A day apart, the last a day ago; without sittings that would be concluded again.
INSERT INTO exams (title, kind, duration_s, closes_at, rated)
SELECT 'Round ' || n, 'mock_exam', 3600, now() - (%(rounds)s - n + 1) * interval '1 day', true
  FROM generate_series(1, %(rounds)s) AS n;

-- name: add_conclusions
INSERT INTO conclusions (exam_id, key_version)
SELECT id, key_version
  FROM exams;

-- name: add_standings
INSERT INTO exam_standings (exam_id, key_version, rated, participants, happened_at, settled_at)
SELECT id, 1, true, %(field)s, closes_at, now()
  FROM exams;

-- name: add_places
-- Each round is sat by a block of people, one block after the other: everybody as often.
INSERT INTO exam_places (exam_id, person_id, place, points, max_points)
SELECT exam_id, person_id, rank() OVER (PARTITION BY exam_id ORDER BY points DESC), points, 55
  FROM (SELECT exams.id AS exam_id, floor(56 * random())::numeric AS points,
               first.person_id + ((exams.number - 1) * %(field)s + n) %% %(people)s AS person_id
          FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM exams) AS exams
         CROSS JOIN generate_series(0, %(field)s - 1) AS n
         CROSS JOIN (SELECT min(id) AS person_id FROM people) AS first) AS sat;

-- name: add_history
-- Ratings spread as they are after many exams; where the rounds left them is not the question here.
INSERT INTO rating_history (exam_id, person_id, happened_at, key_version, number, place, participants,
                            mu_before, sigma_before, mu, sigma, rating_before, rating)
SELECT exam_id, person_id, happened_at, 1,
       row_number() OVER (PARTITION BY person_id ORDER BY happened_at), place, %(field)s,
       mu - 0.5, 8, mu, 7.9, round((1500 + 30 * (mu - 25.5))::numeric, 2), round((1500 + 30 * (mu - 25))::numeric, 2)
  FROM (SELECT places.exam_id, places.person_id, places.place, exams.closes_at AS happened_at,
               25 + 5 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS mu
          FROM exam_places AS places
          JOIN exams ON exams.id = places.exam_id) AS rated;

-- name: add_ratings
INSERT INTO ratings (person_id, mu, sigma, rating, rated_exams, last_exam_id, rating_before)
SELECT DISTINCT ON (person_id) person_id, mu, sigma, rating, number, exam_id, rating_before
  FROM rating_history
 ORDER BY person_id, happened_at DESC, exam_id DESC;

-- name: some_people
SELECT person_id, rating
  FROM ratings
 ORDER BY random()
 LIMIT %(people)s;

-- name: add_exam_to_rate
INSERT INTO exams (title, kind, duration_s, closes_at, rated)
VALUES ('The next round', 'mock_exam', 3600, now(), true)
RETURNING id;

-- name: sit_it
WITH sat AS (
    INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
                          closed_at, closed_by)
    SELECT person_id, %(exam_id)s, 1, 7, now(), now(), now(), now(), 'candidate'
      FROM ratings
     ORDER BY random()
     LIMIT %(field)s
    RETURNING candidate_id, id
)
INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked, marked_at)
SELECT candidate_id, id, %(exam_id)s, 1, floor(56 * random()), 55, 0, now()
  FROM sat;

-- name: sit_an_old_one
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
                      closed_at, closed_by)
SELECT person_id, exam_id, 1, 7, now(), now(), now(), now(), 'candidate'
  FROM exam_places
 WHERE exam_id = %(exam_id)s;

-- name: mark_an_old_one
INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked, marked_at)
SELECT candidate_id, id, exam_id, 1, floor(56 * random()), 55, 0, now()
  FROM sittings
 WHERE exam_id = %(exam_id)s;

-- name: correct
UPDATE exams
   SET key_version = key_version + 1
 WHERE id = %(exam_id)s
RETURNING key_version;

-- name: old_exam
SELECT exam_id
  FROM exam_standings
 WHERE rated
 ORDER BY happened_at DESC, exam_id DESC
OFFSET %(ago)s
 LIMIT 1;
