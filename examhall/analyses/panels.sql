-- name: exam_to_judge
-- Its newest calibration with a difficulty, and how many items are worth points.
SELECT (SELECT max(key_version)
          FROM item_calibrations
         WHERE item_calibrations.exam_id = exams.id
           AND difficulty IS NOT NULL) AS calibrated,
       (SELECT count(*)
          FROM items
         WHERE items.exam_id = exams.id
           AND points > 0) AS items
  FROM exams
 WHERE id = %(exam_id)s;

-- name: open_panel
INSERT INTO panels (exam_id, method, name, description, mastery, key_version, created_by)
VALUES (%(exam_id)s, %(method)s, %(name)s, %(description)s, %(mastery)s, %(key_version)s, %(created_by)s)
RETURNING id;

-- name: find_panel
SELECT panels.id, panels.exam_id, exams.title AS exam_title, panels.method, panels.name, panels.description,
       panels.mastery, panels.key_version, panels.round, panels.closed_at, panels.version,
       people.full_name AS created_by, panels.created_at,
       (SELECT count(*) FROM panel_judges WHERE panel_id = panels.id) AS judges,
       EXISTS (SELECT FROM panel_judges WHERE panel_id = panels.id AND person_id = %(person_id)s) AS is_judge
  FROM panels
  JOIN exams ON exams.id = panels.exam_id
  LEFT JOIN people ON people.id = panels.created_by
 WHERE panels.id = %(panel_id)s;

-- name: list_panels
SELECT panels.id, panels.exam_id, exams.title AS exam_title, panels.method, panels.name, panels.description,
       panels.mastery, panels.key_version, panels.round, panels.closed_at, panels.version,
       people.full_name AS created_by, panels.created_at,
       (SELECT count(*) FROM panel_judges WHERE panel_id = panels.id) AS judges, mine.person_id IS NOT NULL AS is_judge
  FROM panels
  JOIN exams ON exams.id = panels.exam_id
  LEFT JOIN people ON people.id = panels.created_by
  LEFT JOIN panel_judges AS mine
    ON mine.panel_id = panels.id
   AND mine.person_id = %(person_id)s
 WHERE panels.exam_id = %(exam_id)s
   AND panels.id < %(before_id)s
   AND (%(everything)s OR mine.person_id IS NOT NULL)
 ORDER BY panels.id DESC
 LIMIT %(limit)s;

-- name: list_judges
SELECT panel_judges.person_id, panel_judges.number, people.username, people.full_name,
       CASE panels.method
            WHEN 'angoff' THEN (SELECT count(*)
                                  FROM panel_ratings
                                  JOIN items
                                    ON items.exam_id = panels.exam_id
                                   AND items.question_number = panel_ratings.question_number
                                   AND items.sub_part = panel_ratings.sub_part
                                   AND items.points > 0
                                 WHERE panel_ratings.panel_id = panels.id
                                   AND panel_ratings.person_id = panel_judges.person_id
                                   AND panel_ratings.round = panels.round
                                   AND panel_ratings.percent IS NOT NULL)
            ELSE (SELECT count(*)
                    FROM panel_bookmarks
                   WHERE panel_bookmarks.panel_id = panels.id
                     AND panel_bookmarks.person_id = panel_judges.person_id
                     AND panel_bookmarks.round = panels.round
                     AND panel_bookmarks.page IS NOT NULL)
       END AS judged,
       CASE panels.method
            WHEN 'angoff' THEN (SELECT count(*) FROM items WHERE items.exam_id = panels.exam_id AND points > 0)
            ELSE 1
       END AS items
  FROM panel_judges
  JOIN panels ON panels.id = panel_judges.panel_id
  JOIN people ON people.id = panel_judges.person_id
 WHERE panel_judges.panel_id = %(panel_id)s
 ORDER BY panel_judges.number;

-- name: take_version
-- Also waits for judges' saves under way, which hold the panel FOR SHARE.
UPDATE panels
   SET version = version + 1
 WHERE id = %(panel_id)s
   AND version = %(version)s
   AND closed_at IS NULL;

-- name: version_now
SELECT version
  FROM panels
 WHERE id = %(panel_id)s;

-- name: edit_panel
UPDATE panels
   SET name = %(name)s,
       description = %(description)s
 WHERE id = %(panel_id)s;

-- name: begin_round
UPDATE panels
   SET round = round + 1
 WHERE id = %(panel_id)s;

-- name: carry_ratings
INSERT INTO panel_ratings (panel_id, person_id, round, question_number, sub_part, percent, revision, rated_at)
SELECT rated.panel_id, rated.person_id, panels.round, rated.question_number, rated.sub_part, rated.percent, 0,
       rated.rated_at
  FROM panels
  JOIN panel_ratings AS rated
    ON rated.panel_id = panels.id
   AND rated.round = panels.round - 1
 WHERE panels.id = %(panel_id)s;

-- name: carry_bookmarks
INSERT INTO panel_bookmarks (panel_id, person_id, round, page, revision, placed_at)
SELECT placed.panel_id, placed.person_id, panels.round, placed.page, 0, placed.placed_at
  FROM panels
  JOIN panel_bookmarks AS placed
    ON placed.panel_id = panels.id
   AND placed.round = panels.round - 1
 WHERE panels.id = %(panel_id)s;

-- name: close_panel
UPDATE panels
   SET closed_at = statement_timestamp()
 WHERE id = %(panel_id)s;

-- name: hold_panel
SELECT id
  FROM panels
 WHERE id = %(panel_id)s
   FOR UPDATE;

-- name: who_may_judge
SELECT id, lower(username) AS username
  FROM people
 WHERE lower(username) = ANY (SELECT lower(name) FROM unnest(%(usernames)s::text[]) AS name)
   AND active
   AND roles && %(roles)s::text[];

-- name: invite
INSERT INTO panel_judges (panel_id, person_id, number)
SELECT %(panel_id)s, invited.person_id,
       (SELECT coalesce(max(number), 0) FROM panel_judges WHERE panel_id = %(panel_id)s)
       + row_number() OVER (ORDER BY invited.place)
  FROM unnest(%(person_ids)s::bigint[]) WITH ORDINALITY AS invited (person_id, place)
 WHERE NOT EXISTS (SELECT
                     FROM panel_judges
                    WHERE panel_id = %(panel_id)s
                      AND person_id = invited.person_id);

-- name: has_judged
SELECT EXISTS (SELECT FROM panel_ratings WHERE panel_id = %(panel_id)s AND person_id = %(person_id)s)
       OR EXISTS (SELECT FROM panel_bookmarks WHERE panel_id = %(panel_id)s AND person_id = %(person_id)s)
       AS has_judged;

-- name: dismiss
DELETE FROM panel_judges
 WHERE panel_id = %(panel_id)s
   AND person_id = %(person_id)s;
