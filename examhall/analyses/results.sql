-- name: named_people
SELECT id AS person_id, username, full_name
  FROM people
 WHERE id = ANY(%(person_ids)s);

-- name: compared
SELECT scenarios.id AS scenario_id, used.name, scenarios.version, done.id AS calculation_id,
       done.scenario_version AS calculated_version, done.finished_at, done.result
  FROM scenarios
  JOIN scenario_versions AS used
    ON used.scenario_id = scenarios.id
   AND used.version = scenarios.version
  LEFT JOIN LATERAL (SELECT id, scenario_version, finished_at, result
                       FROM calculations
                      WHERE calculations.scenario_id = scenarios.id
                        AND status = 'done'
                      ORDER BY id DESC
                      LIMIT 1) AS done ON true
 WHERE scenarios.project_id = %(project_id)s
   AND scenarios.id = ANY(%(scenario_ids)s)
   AND scenarios.archived_at IS NULL;
