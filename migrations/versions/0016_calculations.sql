-- What was asked to be worked out, and what came of it. The row itself is the job: a worker claims it.
CREATE TABLE calculations (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scenario_id      bigint      NOT NULL,
    scenario_version integer     NOT NULL,
    -- Who asked, whose turn it is counted as.
    person_id        bigint      NOT NULL REFERENCES people,
    status           text        NOT NULL DEFAULT 'queued'
                     CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- How far it is, and with what: a word for programs.
    progress         real        NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    stage            text        NOT NULL DEFAULT 'queued',
    queued_at        timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    -- How often it was begun. With the worker it says whose it is: who has lost it writes nothing more.
    tries            integer     NOT NULL DEFAULT 0,
    worker           text,
    heartbeat_at     timestamptz,
    -- The document with its bands and scale spelled out, and the versions of everything that it was worked out
    -- from: as they were when it was asked for, and once it is done, as they were when it was read.
    inputs           jsonb       NOT NULL,
    -- The SHA-256 of them, in hexadecimal: equal inputs have equal results.
    inputs_hash      text        NOT NULL,
    -- An outcome (analyses/outcome.py), and every candidate's part of it (analyses/candidates.py).
    result           jsonb,
    candidates       bytea,
    -- A word for programs, and the sentence that people read.
    error_code       text,
    error            text,
    FOREIGN KEY (scenario_id, scenario_version) REFERENCES scenario_versions,
    CONSTRAINT calculations_done CHECK ((status = 'done') = (result IS NOT NULL AND candidates IS NOT NULL)),
    CONSTRAINT calculations_failed CHECK ((status = 'failed') = (error IS NOT NULL)),
    CONSTRAINT calculations_finished
        CHECK ((status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT calculations_held
        CHECK (status <> 'running' OR (worker IS NOT NULL AND heartbeat_at IS NOT NULL))
);
-- However many ask for the same at once, it is worked out once for each scenario.
CREATE UNIQUE INDEX one_calculation_under_way ON calculations (scenario_id, inputs_hash)
    WHERE status IN ('queued', 'running');
CREATE INDEX calculations_scenario ON calculations (scenario_id, id DESC);
CREATE INDEX calculations_inputs ON calculations (inputs_hash, id) WHERE status = 'done';
CREATE INDEX calculations_queued ON calculations (person_id, id) WHERE status = 'queued';
CREATE INDEX calculations_running ON calculations (person_id) WHERE status = 'running';
-- When somebody was served last.
CREATE INDEX calculations_served ON calculations (person_id, started_at DESC) WHERE started_at IS NOT NULL;
