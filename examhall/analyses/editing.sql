-- name: exams_to_choose
SELECT exams.id, exams.title, exams.opens_at,
       (SELECT count(*) FROM results WHERE exam_id = exams.id) AS sittings
  FROM exams
 WHERE exams.title ILIKE %(pattern)s
   AND EXISTS (SELECT FROM results WHERE exam_id = exams.id)
 ORDER BY exams.id DESC
 LIMIT %(limit)s;

-- name: exams_named
SELECT exams.id, exams.title, exams.opens_at,
       (SELECT count(*) FROM results WHERE exam_id = exams.id) AS sittings
  FROM exams
 WHERE exams.id = ANY(%(exam_ids)s);

-- name: items_to_edit
SELECT items.exam_id, items.question_number, items.sub_part, items.kind, questions.topic,
       CASE WHEN items.prompt = '' THEN questions.prompt ELSE items.prompt END AS prompt,
       items.presented, items.key, items.points, calibrated.mean_share AS facility, calibrated.discrimination
  FROM items
  JOIN questions ON questions.exam_id = items.exam_id AND questions.number = items.question_number
  LEFT JOIN item_calibrations AS calibrated
    ON calibrated.exam_id = items.exam_id
   AND calibrated.question_number = items.question_number
   AND calibrated.sub_part = items.sub_part
   AND calibrated.key_version = (SELECT max(key_version) FROM calibrations WHERE exam_id = items.exam_id)
 WHERE items.exam_id = ANY(%(exam_ids)s)
 ORDER BY items.exam_id, items.question_number, items.sub_part;

-- name: last_calculations
SELECT wanted.scenario_id, newest.id, newest.scenario_version, newest.status, newest.progress, newest.finished_at,
       CASE WHEN newest.result IS NOT NULL
            THEN jsonb_build_object('candidates', newest.result -> 'candidates',
                                    'moves', (newest.result -> 'moves') - 'largest'::text - 'grades'::text,
                                    'official', jsonb_build_object('pass_rate', newest.result #> '{official,pass_rate}',
                                                'mean_percent', newest.result #> '{official,mean_percent}'),
                                    'new', jsonb_build_object('pass_rate', newest.result #> '{new,pass_rate}',
                                           'mean_percent', newest.result #> '{new,mean_percent}'))
       END AS told
  FROM unnest(%(scenario_ids)s::bigint[]) AS wanted (scenario_id)
 CROSS JOIN LATERAL (SELECT id, scenario_version, status, progress, finished_at, result
                       FROM calculations
                      WHERE scenario_id = wanted.scenario_id
                      ORDER BY id DESC
                      LIMIT 1) AS newest;
