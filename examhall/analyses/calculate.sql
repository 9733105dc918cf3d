-- name: same
-- Of this version of the scenario, or still under way for an earlier one that meant the same.
SELECT id, status
  FROM calculations
 WHERE scenario_id = %(scenario_id)s
   AND inputs_hash = %(inputs_hash)s
   AND (status IN ('queued', 'running')
        OR status = 'done' AND scenario_version = %(scenario_version)s)
 ORDER BY status = 'done' DESC, id DESC
 LIMIT 1;

-- name: take_over
-- The result of another scenario, or another version, that was worked out from the same inputs.
INSERT INTO calculations (scenario_id, scenario_version, person_id, status, progress, stage, queued_at, finished_at,
                          inputs, inputs_hash, result, candidates)
SELECT %(scenario_id)s, %(scenario_version)s, %(person_id)s, 'done', 1, 'done', statement_timestamp(),
       statement_timestamp(), inputs, inputs_hash, result, candidates
  FROM calculations
 WHERE inputs_hash = %(inputs_hash)s
   AND status = 'done'
 ORDER BY id
 LIMIT 1
RETURNING id, status;

-- name: queue
-- Waits for who inserts the same in this instant, and then inserts nothing.
INSERT INTO calculations (scenario_id, scenario_version, person_id, queued_at, inputs, inputs_hash)
VALUES (%(scenario_id)s, %(scenario_version)s, %(person_id)s, statement_timestamp(), %(inputs)s, %(inputs_hash)s)
ON CONFLICT (scenario_id, inputs_hash) WHERE status IN ('queued', 'running') DO NOTHING
RETURNING id, status;

-- name: find_calculation
SELECT calculations.id, calculations.scenario_id, calculations.scenario_version, saved.name AS scenario_name,
       scenarios.project_id, project_members.role, calculations.person_id, people.full_name AS asked_by,
       calculations.status, calculations.progress, calculations.stage, calculations.queued_at,
       calculations.started_at, calculations.finished_at, calculations.tries,
       CASE WHEN calculations.status = 'queued'
            THEN (SELECT count(*) FROM calculations AS others WHERE status = 'queued' AND id < calculations.id)
            ELSE 0
       END AS before,
       calculations.inputs, calculations.inputs_hash, calculations.error_code, calculations.error,
       statement_timestamp() AS server_time
  FROM calculations
  JOIN scenarios ON scenarios.id = calculations.scenario_id
  JOIN scenario_versions AS saved
    ON saved.scenario_id = calculations.scenario_id
   AND saved.version = calculations.scenario_version
  JOIN project_members
    ON project_members.project_id = scenarios.project_id
   AND project_members.person_id = %(person_id)s
  JOIN people ON people.id = calculations.person_id
 WHERE calculations.id = %(calculation_id)s;

-- name: result_text
-- Whose results move the most is a list of candidates: it is not for everybody in a project.
SELECT CASE WHEN %(with_candidates)s THEN result ELSE result #- '{moves,largest}' END::text AS result
  FROM calculations
 WHERE id = %(calculation_id)s
   AND status = 'done';

-- name: read_outcome
SELECT result, candidates
  FROM calculations
 WHERE id = %(calculation_id)s
   AND status = 'done';

-- name: list_calculations
SELECT calculations.id, calculations.scenario_version, people.full_name AS asked_by, calculations.status,
       calculations.progress, calculations.queued_at, calculations.finished_at, calculations.error
  FROM calculations
  JOIN people ON people.id = calculations.person_id
 WHERE calculations.scenario_id = %(scenario_id)s
   AND calculations.id < %(before_id)s
 ORDER BY calculations.id DESC
 LIMIT %(limit)s;

-- name: cancel
-- Waits for a result that is being written in this instant, and then changes nothing.
UPDATE calculations
   SET status = 'cancelled',
       stage = 'cancelled',
       finished_at = statement_timestamp()
 WHERE id = %(calculation_id)s
   AND status IN ('queued', 'running');

-- name: status
SELECT status
  FROM calculations
 WHERE id = %(calculation_id)s;
