-- Training centres, schools, companies: who sends people and looks after them.
CREATE TABLE organisations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What people type and files name: "TC-014".
    code       text        NOT NULL,
    name       text        NOT NULL,
    -- One of the master data's kinds of organisations.
    kind       text        NOT NULL,
    email      text,
    active     boolean     NOT NULL DEFAULT true,
    version    integer     NOT NULL DEFAULT 1,
    created_by bigint REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX organisations_code ON organisations (lower(code));

-- Managers see what was sent to their organisation.
CREATE TABLE organisation_members (
    organisation_id bigint      NOT NULL REFERENCES organisations ON DELETE CASCADE,
    person_id       bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    manager         boolean     NOT NULL DEFAULT false,
    joined_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX organisation_members_person ON organisation_members (person_id, organisation_id);

-- `version` counts every change; `fields_version` is the last that changed what is asked.
CREATE TABLE forms (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title             text        NOT NULL,
    description       text        NOT NULL DEFAULT '',
    status            text        NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'open', 'closed')),
    -- For its members alone; NULL: for everybody, who may then be asked for the code of theirs.
    organisation_id   bigint REFERENCES organisations,
    asks_organisation boolean     NOT NULL DEFAULT false,
    -- Whether each may have one submission that is neither withdrawn nor rejected.
    once              boolean     NOT NULL DEFAULT false,
    -- In the address by which strangers fill it in, where an administrator opened it to them.
    link              text,
    -- What a submission gives its sender, where an administrator says so: at once, or when it is accepted.
    enrols_in         bigint REFERENCES courses,
    tickets_for       bigint REFERENCES exams,
    gives             text        NOT NULL DEFAULT 'on_accept' CHECK (gives IN ('at_once', 'on_accept')),
    fields_version    integer     NOT NULL DEFAULT 1,
    version           integer     NOT NULL DEFAULT 1,
    created_by        bigint REFERENCES people,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX forms_link ON forms (link) WHERE link IS NOT NULL;
CREATE INDEX forms_open ON forms (id DESC) WHERE status = 'open';
CREATE INDEX forms_organisation ON forms (organisation_id, id DESC);

-- What was asked, for ever: a submission keeps the version that it was filled in by.
CREATE TABLE form_versions (
    form_id  bigint      NOT NULL REFERENCES forms ON DELETE CASCADE,
    version  integer     NOT NULL,
    -- JSON Schema 2020-12 of the data, and the names of its fields in the order in which they are asked.
    schema   jsonb       NOT NULL,
    ui_order text[]      NOT NULL,
    saved_by bigint REFERENCES people,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (form_id, version)
);

CREATE TABLE form_submissions (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    form_id         bigint      NOT NULL,
    form_version    integer     NOT NULL,
    organisation_id bigint REFERENCES organisations,
    -- NULL: a stranger.
    created_by      bigint REFERENCES people,
    status          text        NOT NULL DEFAULT 'new'
                    CHECK (status IN ('new', 'in_review', 'accepted', 'rejected', 'withdrawn')),
    -- NULL once it is erased, as are the words by which lists name it and find it.
    data            jsonb,
    words           text,
    -- SHA-256 of the request's key, and of what was sent: a repeat makes nothing, another request is told.
    request_key     bytea       NOT NULL,
    request_hash    bytea,
    -- As the form was when it was sent.
    once            boolean     NOT NULL DEFAULT false,
    version         integer     NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    erased_at       timestamptz,
    FOREIGN KEY (form_id, form_version) REFERENCES form_versions,
    CONSTRAINT form_submissions_erased CHECK ((erased_at IS NULL) = (data IS NOT NULL))
);
-- However often one request arrives, and from a stranger too, one submission stands.
CREATE UNIQUE INDEX form_submissions_request ON form_submissions (form_id, created_by, request_key)
    NULLS NOT DISTINCT;
CREATE UNIQUE INDEX one_live_submission ON form_submissions (form_id, created_by)
    WHERE once AND status IN ('new', 'in_review', 'accepted');
CREATE INDEX form_submissions_organisation ON form_submissions (organisation_id, created_at DESC, id DESC);
CREATE INDEX form_submissions_creator ON form_submissions (created_by, created_at DESC, id DESC);
CREATE INDEX form_submissions_form ON form_submissions (form_id, created_at DESC, id DESC);
CREATE INDEX form_submissions_status ON form_submissions (form_id, status, created_at DESC, id DESC);

CREATE TABLE form_files (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submission_id bigint NOT NULL REFERENCES form_submissions ON DELETE CASCADE,
    field         text   NOT NULL,
    -- Where it is in the storage: made by us, never from the name that the sender's machine gave it.
    path          text   NOT NULL,
    media_type    text   NOT NULL CHECK (media_type IN
                  ('application/pdf', 'image/png', 'image/jpeg', 'image/webp')),
    size          bigint NOT NULL,
    name          text   NOT NULL
);
CREATE UNIQUE INDEX form_files_path ON form_files (path);
CREATE INDEX form_files_submission ON form_files (submission_id, id);

-- Files that no submission has: on their way in, or erased. The row is there before the file and goes after it,
-- so that a process may die at any moment and no file is forgotten.
CREATE TABLE loose_files (
    path       text        PRIMARY KEY,
    discard_at timestamptz NOT NULL,
    -- Set when its deletion begins: from then on no submission can take it.
    discarding boolean     NOT NULL DEFAULT false
);
CREATE INDEX loose_files_discard ON loose_files (discard_at);

-- Who did what to a submission and when: appended in the transaction that did it, and kept when it is erased,
-- without the notes.
CREATE TABLE submission_history (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submission_id bigint      NOT NULL REFERENCES form_submissions ON DELETE CASCADE,
    at            timestamptz NOT NULL DEFAULT now(),
    -- NULL: a stranger.
    person_id     bigint REFERENCES people,
    what          text        NOT NULL CHECK (what IN ('submitted', 'status', 'enrolled', 'ticketed', 'erased')),
    from_status   text,
    to_status     text,
    note          text
);
CREATE INDEX submission_history_submission ON submission_history (submission_id, id);
