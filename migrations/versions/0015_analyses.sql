-- What belongs together: the scenarios on some exams' results, and who works on them.
CREATE TABLE projects (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz
);

-- Nobody else sees a project. An owner also decides who is in it.
CREATE TABLE project_members (
    project_id bigint      NOT NULL REFERENCES projects ON DELETE CASCADE,
    person_id  bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    role       text        NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
    added_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, person_id)
);
CREATE INDEX project_members_person ON project_members (person_id, project_id DESC);

CREATE TABLE scenarios (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  bigint      NOT NULL REFERENCES projects,
    -- The newest; what it says is in scenario_versions.
    version     integer     NOT NULL DEFAULT 1,
    copied_from bigint REFERENCES scenarios,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Deleted: out of sight, but calculations go on referring to it.
    archived_at timestamptz
);
CREATE INDEX scenarios_project ON scenarios (project_id, id DESC);

-- Each version as it was saved, for ever: a calculation says which one it used.
CREATE TABLE scenario_versions (
    scenario_id   bigint      NOT NULL REFERENCES scenarios,
    version       integer     NOT NULL,
    name          text        NOT NULL,
    description   text        NOT NULL,
    document      jsonb       NOT NULL,
    -- The SHA-256 of its canonical form, in hexadecimal: equal for documents that mean the same.
    document_hash text        NOT NULL,
    saved_by      bigint REFERENCES people,
    saved_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scenario_id, version)
);
