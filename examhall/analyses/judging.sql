-- name: judged_items
SELECT items.question_number, items.sub_part, items.kind, questions.topic, questions.prompt,
       items.prompt AS item_prompt, items.presented, items.key, items.points::double precision AS points,
       calibrated.difficulty, calibrated.mean_share AS facility,
       -- Of a pool each candidate gets so many.
       CASE WHEN sections.draw IS NULL THEN 1
            ELSE least(1, sections.draw::double precision / (SELECT count(*)
                                                               FROM questions AS pooled
                                                              WHERE pooled.section_id = sections.id))
       END AS chance
  FROM items
  JOIN questions
    ON questions.exam_id = items.exam_id
   AND questions.number = items.question_number
  LEFT JOIN sections ON sections.id = questions.section_id
  LEFT JOIN item_calibrations AS calibrated
    ON calibrated.exam_id = items.exam_id
   AND calibrated.question_number = items.question_number
   AND calibrated.sub_part = items.sub_part
   AND calibrated.key_version = coalesce(%(key_version)s, (SELECT max(key_version)
                                                             FROM calibrations
                                                            WHERE calibrations.exam_id = %(exam_id)s))
 WHERE items.exam_id = %(exam_id)s
   AND items.points > 0
 ORDER BY items.question_number, items.sub_part;

-- name: own_ratings
SELECT panel_judges.number, panel_ratings.round, panel_ratings.question_number, panel_ratings.sub_part,
       panel_ratings.percent, panel_ratings.revision
  FROM panel_ratings
  JOIN panel_judges USING (panel_id, person_id)
 WHERE panel_ratings.panel_id = %(panel_id)s
   AND panel_ratings.person_id = %(person_id)s
   AND panel_ratings.round = %(round)s
 ORDER BY panel_ratings.question_number, panel_ratings.sub_part;

-- name: all_ratings
SELECT panel_judges.number, panel_ratings.round, panel_ratings.question_number, panel_ratings.sub_part,
       panel_ratings.percent, panel_ratings.revision
  FROM panel_ratings
  JOIN panel_judges USING (panel_id, person_id)
 WHERE panel_ratings.panel_id = %(panel_id)s
   AND panel_ratings.round = %(round)s
 ORDER BY panel_judges.number, panel_ratings.question_number, panel_ratings.sub_part;

-- name: own_bookmark
SELECT panel_judges.number, panel_bookmarks.round, panel_bookmarks.page, panel_bookmarks.revision
  FROM panel_bookmarks
  JOIN panel_judges USING (panel_id, person_id)
 WHERE panel_bookmarks.panel_id = %(panel_id)s
   AND panel_bookmarks.person_id = %(person_id)s
   AND panel_bookmarks.round = %(round)s;

-- name: all_bookmarks
SELECT panel_judges.number, panel_bookmarks.round, panel_bookmarks.page, panel_bookmarks.revision
  FROM panel_bookmarks
  JOIN panel_judges USING (panel_id, person_id)
 WHERE panel_bookmarks.panel_id = %(panel_id)s
   AND panel_bookmarks.round = %(round)s
 ORDER BY panel_judges.number;

-- name: hold_as_judge
-- FOR SHARE lets all judges save side by side, yet makes the end of a round wait for them, and them for it.
SELECT panels.method, panels.round, panels.closed_at IS NOT NULL AS is_closed, panel_judges.number
  FROM panels
  JOIN panel_judges
    ON panel_judges.panel_id = panels.id
   AND panel_judges.person_id = %(person_id)s
 WHERE panels.id = %(panel_id)s
   FOR SHARE;

-- name: keep_ratings
-- A repeat writes again (<=): acknowledged without a write of its own, it could be lost in a failover.
INSERT INTO panel_ratings AS stored
       (panel_id, person_id, round, question_number, sub_part, percent, revision, rated_at)
SELECT %(panel_id)s, %(person_id)s, %(round)s, rated.question_number, rated.sub_part, rated.percent, rated.revision,
       statement_timestamp()
  FROM unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(percents)s::smallint[], %(revisions)s::bigint[])
    AS rated (question_number, sub_part, percent, revision)
  JOIN panels ON panels.id = %(panel_id)s
  JOIN items
    ON items.exam_id = panels.exam_id
   AND items.question_number = rated.question_number
   AND items.sub_part = rated.sub_part
   AND items.points > 0
 ORDER BY rated.question_number, rated.sub_part
ON CONFLICT (panel_id, person_id, round, question_number, sub_part)
DO UPDATE SET percent = excluded.percent,
              revision = excluded.revision,
              rated_at = excluded.rated_at
 WHERE stored.revision <= excluded.revision;

-- name: keep_bookmark
INSERT INTO panel_bookmarks AS stored (panel_id, person_id, round, page, revision, placed_at)
VALUES (%(panel_id)s, %(person_id)s, %(round)s, %(page)s, %(revision)s, statement_timestamp())
ON CONFLICT (panel_id, person_id, round)
DO UPDATE SET page = excluded.page,
              revision = excluded.revision,
              placed_at = excluded.placed_at
 WHERE stored.revision <= excluded.revision;

-- name: items_of_panel
SELECT items.question_number, items.sub_part
  FROM items
  JOIN panels ON panels.exam_id = items.exam_id
 WHERE panels.id = %(panel_id)s
   AND items.points > 0;
