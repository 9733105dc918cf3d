-- Whose page is connected to which process, or was, since when. Written behind, by those processes; unlogged:
-- after a crash they write it anew.
CREATE UNLOGGED TABLE presence (
    sitting_id   bigint      NOT NULL,
    process      uuid        NOT NULL,
    is_connected boolean     NOT NULL,
    since        timestamptz NOT NULL,
    PRIMARY KEY (sitting_id, process)
);
CREATE INDEX presence_process ON presence (process);

-- A process that has not been seen for a while has no connections any more.
CREATE UNLOGGED TABLE presence_processes (
    process uuid        PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
