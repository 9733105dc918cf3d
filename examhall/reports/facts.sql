-- name: due
-- Settled and calibrated exams with reports: of each participant's first attempt that has none by this key yet.
-- In two steps: ten tables in one join would take longer to plan than to read.
WITH wanted AS MATERIALIZED (
    SELECT sittings.candidate_id, sittings.id AS sitting_id, exams.id AS exam_id, exams.key_version,
           exams.title, exams.pass_percent, exam_standings.happened_at, exam_standings.participants,
           calibrations.slope, feedback_drafts.draft AS approved
      FROM exam_standings
      JOIN exams
        ON exams.id = exam_standings.exam_id
       AND exams.reports
       AND exams.key_version = exam_standings.key_version
      JOIN calibrations
        ON calibrations.exam_id = exams.id
       AND calibrations.key_version = exams.key_version
      JOIN sittings
        ON sittings.exam_id = exams.id
       AND sittings.attempt_number = 1
       AND sittings.closed_at IS NOT NULL
      LEFT JOIN feedback_drafts
        ON feedback_drafts.candidate_id = sittings.candidate_id
       AND feedback_drafts.sitting_id = sittings.id
       AND feedback_drafts.key_version = exams.key_version
       AND feedback_drafts.state = 'approved'
     WHERE EXISTS (SELECT FROM exam_places
                    WHERE exam_places.exam_id = exams.id
                      AND exam_places.person_id = sittings.candidate_id)
       AND NOT EXISTS (SELECT FROM reports
                        WHERE reports.candidate_id = sittings.candidate_id
                          AND reports.sitting_id = sittings.id
                          AND reports.key_version = exams.key_version
                          AND (reports.comment_by = 'model' OR feedback_drafts.draft IS NULL))
       AND NOT EXISTS (SELECT
                         FROM unnest(%(left_out_ids)s::bigint[], %(left_out_versions)s::integer[])
                           AS left_out (sitting_id, key_version)
                        WHERE left_out.sitting_id = sittings.id
                          AND left_out.key_version = exams.key_version)
     ORDER BY exam_standings.happened_at DESC, exams.id, sittings.id
     LIMIT %(limit)s
)
SELECT wanted.candidate_id, wanted.sitting_id, wanted.exam_id, wanted.key_version, wanted.title,
       people.full_name, wanted.happened_at, results.points, results.max_points, exam_places.place,
       wanted.participants,
       (SELECT count(*) FROM exam_places AS others
         WHERE others.exam_id = exam_places.exam_id AND others.place = exam_places.place) AS sharing,
       abilities.theta, abilities.se, abilities.scaled, wanted.slope * abilities.se AS scaled_se,
       wanted.pass_percent, wanted.approved, people.language
  FROM wanted
  JOIN exam_places
    ON exam_places.exam_id = wanted.exam_id
   AND exam_places.person_id = wanted.candidate_id
  JOIN people ON people.id = wanted.candidate_id
  JOIN results
    ON results.candidate_id = wanted.candidate_id
   AND results.sitting_id = wanted.sitting_id
  LEFT JOIN abilities
    ON abilities.candidate_id = wanted.candidate_id
   AND abilities.sitting_id = wanted.sitting_id
   AND abilities.key_version = wanted.key_version
 ORDER BY wanted.happened_at DESC, wanted.exam_id, wanted.sitting_id;

-- name: topics
SELECT results.sitting_id, questions.topic, count(*) AS items,
       sum(marks.points)::double precision AS points, sum(items.points)::double precision AS max_points,
       sum(items.points ^ 2)::double precision AS squares, max(exam_topics.mean_share) AS mean_share
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, sitting_id)
  JOIN results USING (candidate_id, sitting_id)
  JOIN questions ON questions.exam_id = results.exam_id AND questions.topic IS NOT NULL
  JOIN items ON items.exam_id = results.exam_id AND items.question_number = questions.number
  JOIN marks
    ON marks.candidate_id = results.candidate_id
   AND marks.sitting_id = results.sitting_id
   AND marks.question_number = items.question_number
   AND marks.sub_part = items.sub_part
   AND marks.points IS NOT NULL
  LEFT JOIN exam_topics
    ON exam_topics.exam_id = results.exam_id
   AND exam_topics.topic = questions.topic
 WHERE items.points > 0
 GROUP BY results.sitting_id, questions.topic
 ORDER BY results.sitting_id, max_points DESC, questions.topic;

-- name: fields
-- How the points of each exam are spread, in twentieths of what there was to be had.
SELECT exam_id, bin, count(*) AS people, avg(points)::double precision AS mean
  FROM (SELECT exam_id, points, least(floor(20 * points / nullif(max_points, 0)), 19)::integer AS bin
          FROM exam_places
         WHERE exam_id = ANY(%(exam_ids)s)) AS placed
 GROUP BY exam_id, bin
 ORDER BY exam_id, bin;
