-- name: create_project
WITH created AS (
    INSERT INTO projects (name, description, created_by)
    VALUES (%(name)s, %(description)s, %(created_by)s)
    RETURNING id
), owner AS (
    INSERT INTO project_members (project_id, person_id, role)
    SELECT id, %(created_by)s, 'owner'
      FROM created
)
SELECT id
  FROM created;

-- name: find_project
SELECT projects.id, projects.name, projects.description, projects.version, mine.role,
       (SELECT count(*) FROM project_members WHERE project_id = projects.id) AS members,
       (SELECT count(*) FROM scenarios WHERE project_id = projects.id AND archived_at IS NULL) AS scenarios,
       projects.created_at,
       greatest(projects.created_at, (SELECT max(saved_at)
                                        FROM scenarios
                                        JOIN scenario_versions ON scenario_versions.scenario_id = scenarios.id
                                         AND scenario_versions.version = scenarios.version
                                       WHERE project_id = projects.id AND archived_at IS NULL)) AS changed_at,
       projects.archived_at, statement_timestamp() AS server_time
  FROM project_members AS mine
  JOIN projects ON projects.id = mine.project_id
 WHERE mine.project_id = %(project_id)s
   AND mine.person_id = %(person_id)s;

-- name: list_projects
SELECT projects.id, projects.name, projects.description, projects.version, mine.role,
       (SELECT count(*) FROM project_members WHERE project_id = projects.id) AS members,
       (SELECT count(*) FROM scenarios WHERE project_id = projects.id AND archived_at IS NULL) AS scenarios,
       projects.created_at,
       greatest(projects.created_at, (SELECT max(saved_at)
                                        FROM scenarios
                                        JOIN scenario_versions ON scenario_versions.scenario_id = scenarios.id
                                         AND scenario_versions.version = scenarios.version
                                       WHERE project_id = projects.id AND archived_at IS NULL)) AS changed_at,
       projects.archived_at, statement_timestamp() AS server_time
  FROM project_members AS mine
  JOIN projects ON projects.id = mine.project_id
   AND (projects.archived_at IS NOT NULL) = %(archived)s
 WHERE mine.person_id = %(person_id)s
   AND mine.project_id < %(before_id)s
 ORDER BY mine.project_id DESC
 LIMIT %(limit)s;

-- name: edit_project
UPDATE projects
   SET name = %(name)s,
       description = %(description)s,
       archived_at = CASE WHEN %(archived)s THEN coalesce(archived_at, statement_timestamp()) END,
       version = version + 1
 WHERE id = %(project_id)s
   AND version = %(version)s;

-- name: hold_project
-- Until the end of the transaction; it does not stop scenarios from being saved, which only refer to it.
SELECT id
  FROM projects
 WHERE id = %(project_id)s
   FOR NO KEY UPDATE;

-- name: list_members
SELECT people.id AS person_id, people.username, people.full_name, project_members.role, project_members.added_at
  FROM project_members
  JOIN people ON people.id = project_members.person_id
 WHERE project_members.project_id = %(project_id)s
 ORDER BY array_position(ARRAY['owner', 'editor', 'viewer'], project_members.role), people.full_name, people.id;

-- name: find_person
SELECT id
  FROM people
 WHERE lower(username) = lower(%(username)s)
   AND active
   AND roles && %(roles)s::text[];

-- name: set_member
INSERT INTO project_members (project_id, person_id, role)
VALUES (%(project_id)s, %(person_id)s, %(role)s)
ON CONFLICT (project_id, person_id) DO UPDATE SET role = excluded.role;

-- name: owners
SELECT coalesce(array_agg(person_id), '{}') AS owners
  FROM project_members
 WHERE project_id = %(project_id)s
   AND role = 'owner';

-- name: remove_member
DELETE FROM project_members
 WHERE project_id = %(project_id)s
   AND person_id = %(person_id)s;
