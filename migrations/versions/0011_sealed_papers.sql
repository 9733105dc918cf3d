-- How long before its opening candidates may download the sealed paper; NULL: the exam is not sealed.
ALTER TABLE exams ADD COLUMN sealed_before_s integer;
ALTER TABLE exams ADD CONSTRAINT exams_sealed
    CHECK (sealed_before_s IS NULL OR (sealed_before_s BETWEEN 1 AND 2592000 AND opens_at IS NOT NULL));

-- The paper of one version of an exam, sealed once, with the key that opens it. What lies at the address that
-- `version` makes is for everybody; this table is not.
CREATE TABLE sealed_papers (
    exam_id      bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- At random: it tells nothing.
    version      text        NOT NULL,
    -- Of what is sealed. It never leaves the server: it would confirm a guess.
    content_hash bytea       NOT NULL,
    -- Leaves the server with a session, or by sealed_key_releases.
    key          bytea       NOT NULL CHECK (octet_length(key) = 32),
    -- Of the sealed bytes, which lie one after the other: the questions, and the PDF if there is one.
    sha256       bytea       NOT NULL,
    part_bytes   bigint[]    NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, version)
);
CREATE UNIQUE INDEX sealed_papers_content ON sealed_papers (exam_id, content_hash);

-- Who of the staff was given a key, and what for. Never changed, never deleted.
CREATE TABLE sealed_key_releases (
    exam_id     bigint      NOT NULL,
    version     text        NOT NULL,
    person_id   bigint      NOT NULL REFERENCES people,
    reason      text        NOT NULL,
    released_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (exam_id, version) REFERENCES sealed_papers
);
CREATE INDEX sealed_key_releases_exam ON sealed_key_releases (exam_id, released_at);
