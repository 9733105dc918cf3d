-- What requests with an Idempotency-Key have made: a repeat is given it. By whoever asked, what it is, and the key.
CREATE TABLE made_once (
    person_id    bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    kind         text        NOT NULL,
    request_key  text        NOT NULL,
    -- SHA-256 of what was asked for: another request under the same key is told.
    request_hash bytea       NOT NULL,
    -- NULL only within the transaction that makes it.
    thing_id     bigint,
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, kind, request_key)
);
