-- name: create_scenario
WITH created AS (
    INSERT INTO scenarios (project_id, copied_from, created_by)
    VALUES (%(project_id)s, %(copied_from)s, %(by)s)
    RETURNING id, version
), saved AS (
    INSERT INTO scenario_versions (scenario_id, version, name, description, document, document_hash, saved_by)
    SELECT id, version, %(name)s, %(description)s, %(document)s, %(document_hash)s, %(by)s
      FROM created
)
SELECT id
  FROM created;

-- name: find_scenario
SELECT scenarios.id, scenarios.project_id, projects.name AS project_name, project_members.role, saved.name,
       saved.description, saved.document, saved.document_hash, saved.version, scenarios.version AS newest,
       scenarios.copied_from, scenarios.created_at, people.full_name AS saved_by, saved.saved_at,
       scenarios.archived_at, projects.archived_at AS project_archived_at
  FROM scenarios
  JOIN projects ON projects.id = scenarios.project_id
  JOIN project_members
    ON project_members.project_id = scenarios.project_id
   AND project_members.person_id = %(person_id)s
  JOIN scenario_versions AS saved
    ON saved.scenario_id = scenarios.id
   AND saved.version = coalesce(%(version)s::integer, scenarios.version)
  LEFT JOIN people ON people.id = saved.saved_by
 WHERE scenarios.id = %(scenario_id)s;

-- name: list_scenarios
SELECT scenarios.id, saved.name, saved.description, scenarios.version,
       ARRAY(SELECT exam_id::bigint FROM jsonb_array_elements_text(saved.document -> 'exams') AS exam_id) AS exams,
       saved.document_hash, people.full_name AS saved_by, saved.saved_at
  FROM scenarios
  JOIN scenario_versions AS saved ON saved.scenario_id = scenarios.id AND saved.version = scenarios.version
  LEFT JOIN people ON people.id = saved.saved_by
 WHERE scenarios.project_id = %(project_id)s
   AND (scenarios.archived_at IS NOT NULL) = %(archived)s
   AND scenarios.id < %(before_id)s
 ORDER BY scenarios.id DESC
 LIMIT %(limit)s;

-- name: list_versions
SELECT saved.version, saved.name, saved.document_hash, people.full_name AS saved_by, saved.saved_at
  FROM scenario_versions AS saved
  LEFT JOIN people ON people.id = saved.saved_by
 WHERE saved.scenario_id = %(scenario_id)s
 ORDER BY saved.version DESC;

-- name: take_version
-- Locks the scenario until the new version is committed.
UPDATE scenarios
   SET version = version + 1
 WHERE id = %(scenario_id)s
   AND version = %(version)s;

-- name: insert_version
INSERT INTO scenario_versions (scenario_id, version, name, description, document, document_hash, saved_by)
VALUES (%(scenario_id)s, %(version)s, %(name)s, %(description)s, %(document)s, %(document_hash)s, %(by)s);

-- name: archive_scenario
UPDATE scenarios
   SET archived_at = statement_timestamp()
 WHERE id = %(scenario_id)s
   AND archived_at IS NULL;

-- name: restore_scenario
UPDATE scenarios
   SET archived_at = NULL
 WHERE id = %(scenario_id)s;
