-- name: take_turn
-- One at a time in the whole installation, until the transaction ends: a round starts from what the one before
-- left, and two side by side would each miss the other. Readers are not kept waiting.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: forget_levels
DELETE FROM rating_levels
 WHERE board = ANY(%(boards)s);

-- name: settle_rating_levels
WITH latest AS (
    SELECT exam_id
      FROM exam_standings
     WHERE rated
     ORDER BY happened_at DESC, exam_id DESC
     LIMIT 1
), levels AS (
    SELECT 'rating' AS board, rating AS level, count(*) AS people
      FROM ratings
     GROUP BY rating
     UNION ALL
    SELECT 'rating_before', before.level, count(*)
      FROM (SELECT CASE WHEN last_exam_id = (SELECT exam_id FROM latest) THEN rating_before ELSE rating END
                   AS level
              FROM ratings) AS before
     WHERE before.level IS NOT NULL
     GROUP BY before.level
     UNION ALL
    SELECT 'gain', gain, count(*)
      FROM ratings
     WHERE gain > 0
     GROUP BY gain
)
INSERT INTO rating_levels (board, level, people, ahead)
SELECT board, level, people, sum(people) OVER (PARTITION BY board ORDER BY level DESC) - people
  FROM levels;

-- name: settle_streak_levels
-- Somebody's best streak that goes on, of those of two exams and more.
INSERT INTO rating_levels (board, level, people, ahead)
SELECT 'streak', best.level, count(*), sum(count(*)) OVER (ORDER BY best.level DESC) - count(*)
  FROM (SELECT max(current) AS level
          FROM streaks
         WHERE current >= %(shortest)s
         GROUP BY person_id) AS best
 GROUP BY best.level;
