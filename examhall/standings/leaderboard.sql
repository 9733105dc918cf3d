-- name: top_rated
-- Fifty rows from the index, and for each a look into the levels by theirs: it is the same for a million.
SELECT listed.person_id, listed.full_name,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'rating' AND level = listed.rating) AS rank,
       (SELECT ahead + 1
          FROM rating_levels
         WHERE board = 'rating_before'
           AND level = CASE WHEN listed.last_exam_id = (SELECT exam_id
                                                          FROM exam_standings
                                                         WHERE rated
                                                         ORDER BY happened_at DESC, exam_id DESC
                                                         LIMIT 1)
                            THEN listed.rating_before
                            ELSE listed.rating
                       END) AS rank_before,
       listed.rating, listed.sigma, listed.rated_exams, listed.gain, listed.rating AS level
  FROM (SELECT ratings.person_id, people.full_name, ratings.rating, ratings.sigma, ratings.rated_exams,
               ratings.gain, ratings.last_exam_id, ratings.rating_before
          FROM ratings
          JOIN people ON people.id = ratings.person_id
         WHERE (ratings.rating, ratings.person_id) < (%(level)s::double precision, %(person_id)s::bigint)
           AND people.active
           AND NOT people.hidden_from_standings
         ORDER BY ratings.rating DESC, ratings.person_id DESC
         LIMIT %(limit)s) AS listed
 ORDER BY listed.rating DESC, listed.person_id DESC;

-- name: most_improved
SELECT listed.person_id, listed.full_name,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'gain' AND level = listed.gain) AS rank,
       listed.rating, listed.sigma, listed.rated_exams, listed.gain, listed.gain AS level
  FROM (SELECT ratings.person_id, people.full_name, ratings.rating, ratings.sigma, ratings.rated_exams,
               ratings.gain
          FROM ratings
          JOIN people ON people.id = ratings.person_id
         WHERE ratings.gain > 0
           AND (ratings.gain, ratings.person_id) < (%(level)s::double precision, %(person_id)s::bigint)
           AND people.active
           AND NOT people.hidden_from_standings
         ORDER BY ratings.gain DESC, ratings.person_id DESC
         LIMIT %(limit)s) AS listed
 ORDER BY listed.gain DESC, listed.person_id DESC;

-- name: streaks
-- The best that goes on of each person; of the same length, the one that was longer at its longest.
SELECT listed.person_id, listed.full_name,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'streak' AND level = listed.current) AS rank,
       listed.current, listed.longest, series.name AS series, ratings.rating, ratings.sigma,
       ratings.rated_exams, listed.current AS level
  FROM (SELECT streaks.person_id, people.full_name, streaks.current, streaks.longest, streaks.series_id
          FROM streaks
          JOIN people ON people.id = streaks.person_id
         WHERE streaks.current >= %(shortest)s
           AND (streaks.current, streaks.person_id) < (%(level)s::integer, %(person_id)s::bigint)
           AND people.active
           AND NOT people.hidden_from_standings
           AND NOT EXISTS (SELECT FROM streaks AS better
                            WHERE better.person_id = streaks.person_id
                              AND (better.current, better.longest, better.series_id)
                                  > (streaks.current, streaks.longest, streaks.series_id))
         ORDER BY streaks.current DESC, streaks.person_id DESC
         LIMIT %(limit)s) AS listed
  JOIN series ON series.id = listed.series_id
  LEFT JOIN ratings ON ratings.person_id = listed.person_id
 ORDER BY listed.current DESC, listed.person_id DESC;

-- name: my_streak
SELECT streaks.person_id, people.full_name, people.hidden_from_standings AS hidden,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'streak' AND level = streaks.current) AS rank,
       streaks.current, streaks.longest, series.name AS series, ratings.rating, ratings.sigma,
       ratings.rated_exams, streaks.current AS level
  FROM streaks
  JOIN people ON people.id = streaks.person_id
  JOIN series ON series.id = streaks.series_id
  LEFT JOIN ratings ON ratings.person_id = streaks.person_id
 WHERE streaks.person_id = %(person_id)s
 ORDER BY streaks.current DESC, streaks.longest DESC, streaks.series_id DESC
 LIMIT 1;

-- name: above_by_streak
-- Clients see the cursor: nobody's who is hidden or has left may be in it.
SELECT streaks.current AS level, streaks.person_id
  FROM streaks
  JOIN people ON people.id = streaks.person_id
 WHERE (streaks.current, streaks.person_id) > (%(level)s::integer, %(person_id)s::bigint)
   AND people.active
   AND NOT people.hidden_from_standings
 ORDER BY streaks.current, streaks.person_id
OFFSET %(rows)s
 LIMIT 1;

-- name: my_entry
-- Whether or not it is hidden from others.
SELECT ratings.person_id, people.full_name, people.hidden_from_standings AS hidden,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'rating' AND level = ratings.rating) AS rank,
       (SELECT ahead + 1
          FROM rating_levels
         WHERE board = 'rating_before'
           AND level = CASE WHEN ratings.last_exam_id = (SELECT exam_id
                                                           FROM exam_standings
                                                          WHERE rated
                                                          ORDER BY happened_at DESC, exam_id DESC
                                                          LIMIT 1)
                            THEN ratings.rating_before
                            ELSE ratings.rating
                       END) AS rank_before,
       (SELECT ahead + 1 FROM rating_levels WHERE board = 'gain' AND level = ratings.gain) AS rank_by_gain,
       ratings.rating, ratings.sigma, ratings.rated_exams, ratings.gain
  FROM ratings
  JOIN people ON people.id = ratings.person_id
 WHERE ratings.person_id = %(person_id)s;

-- name: above_by_rating
-- Clients see the cursor: nobody's who is hidden or has left may be in it.
SELECT ratings.rating AS level, ratings.person_id
  FROM ratings
  JOIN people ON people.id = ratings.person_id
 WHERE (ratings.rating, ratings.person_id) > (%(level)s::double precision, %(person_id)s::bigint)
   AND people.active
   AND NOT people.hidden_from_standings
 ORDER BY ratings.rating, ratings.person_id
OFFSET %(rows)s
 LIMIT 1;

-- name: above_by_gain
-- Clients see the cursor: nobody's who is hidden or has left may be in it.
SELECT ratings.gain AS level, ratings.person_id
  FROM ratings
  JOIN people ON people.id = ratings.person_id
 WHERE ratings.gain > 0
   AND (ratings.gain, ratings.person_id) > (%(level)s::double precision, %(person_id)s::bigint)
   AND people.active
   AND NOT people.hidden_from_standings
 ORDER BY ratings.gain, ratings.person_id
OFFSET %(rows)s
 LIMIT 1;

-- name: people_on
-- Behind the last there is nobody.
SELECT coalesce((SELECT ahead + people
                   FROM rating_levels
                  WHERE board = %(board)s
                  ORDER BY level
                  LIMIT 1), 0) AS people;
