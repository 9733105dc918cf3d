-- PDF papers. The file is in the storage; a paper that was replaced stays here, for who asks what was when.
CREATE TABLE exam_papers (
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    version     integer     NOT NULL CHECK (version >= 1),
    -- As it was called on the disk of whoever uploaded it.
    file_name   text        NOT NULL,
    size        bigint      NOT NULL CHECK (size > 0),
    pages       integer     NOT NULL CHECK (pages > 0),
    -- Of the content, SHA-256 in hexadecimal.
    etag        text        NOT NULL,
    -- In the storage; NULL once the file of a replaced paper is deleted.
    path        text,
    uploaded_by bigint REFERENCES people,
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    -- When it was replaced or taken away.
    ended_at    timestamptz,
    PRIMARY KEY (exam_id, version),
    CONSTRAINT exam_papers_file CHECK (path IS NOT NULL OR ended_at IS NOT NULL)
);
CREATE UNIQUE INDEX one_paper ON exam_papers (exam_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX exam_papers_path ON exam_papers (path);
CREATE INDEX exam_papers_ended ON exam_papers (ended_at) WHERE ended_at IS NOT NULL AND path IS NOT NULL;
