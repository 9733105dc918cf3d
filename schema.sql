-- The schema as it stands. The migrations in migrations/ lead here, and a test proves that they do.
-- A table is written only by the package named above it. Tables below "sharded" carry candidate_id in
-- every key, so that they distribute by candidate on Citus; they have no triggers and no queue.

-- audit ------------------------------------------------------------------------------------------

-- What was done to what is recorded, row by row, for ever: written by the triggers of `audit_table` in the
-- transaction that did it, and by audit/noting.py for what is no row. No foreign keys: it outlives all of it.
CREATE TABLE audit_entries (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Who; NULL: nobody that is known here, and the door says whether it was the server by itself.
    actor_id   bigint,
    -- 'database': SQL by hand, or a migration.
    door       text        NOT NULL
               CHECK (door IN ('page', 'api', 'command', 'worker', 'server', 'database')),
    -- The request's id, the job's, who ran the command, or which user of the database it was.
    trace      text        NOT NULL,
    -- 'added', 'changed', 'removed'; or what was noted, such as 'tickets_printed'.
    deed       text        NOT NULL,
    -- The table, or what it was done to; and its key there.
    kind       text        NOT NULL,
    thing      text        NOT NULL,
    -- What people called it then.
    label      text        NOT NULL,
    -- Of which exam and about whom, where that can be said.
    exam_id    bigint,
    person_id  bigint,
    -- Only what changed; secrets are masked.
    before     jsonb,
    after      jsonb,
    -- What the search by words goes through.
    words      text        NOT NULL,
    PRIMARY KEY (at, id)
);
CREATE UNIQUE INDEX audit_entries_id ON audit_entries (id);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_entries_person ON audit_entries (person_id, at, id) WHERE person_id IS NOT NULL;
CREATE INDEX audit_entries_exam ON audit_entries (exam_id, at, id) WHERE exam_id IS NOT NULL;
CREATE INDEX audit_entries_kind ON audit_entries (kind, thing, at, id);
CREATE INDEX audit_entries_words ON audit_entries USING gin (to_tsvector('simple', words));

-- Each finished day, sealed: how many entries it had, their digest chained to the day before, and the
-- server's signature. What is taken away or altered afterwards no longer fits.
CREATE TABLE audit_seals (
    day       date        PRIMARY KEY,
    entries   bigint      NOT NULL,
    digest    bytea       NOT NULL CHECK (octet_length(digest) = 32),
    signature bytea       NOT NULL,
    key_id    text        NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION audit_stands() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever appended to', TG_TABLE_NAME
          USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
CREATE TRIGGER stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stands();
CREATE TRIGGER stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION audit_stands();

-- A row as the record has it: without what is empty or of no interest, and with secrets masked.
CREATE FUNCTION audit_shown(held jsonb, masked text[], left_out text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN (SELECT coalesce(jsonb_object_agg(key, CASE WHEN key = ANY (masked) THEN '"***"' ELSE value END), '{}')
          FROM jsonb_each(held)
         WHERE value <> 'null' AND key <> ALL (left_out));

-- Of two states of a row, what of the first differs in the second.
CREATE FUNCTION audit_differing(held jsonb, other jsonb, masked text[], left_out text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN (SELECT jsonb_object_agg(key, CASE WHEN key = ANY (masked) AND value <> 'null' THEN '"***"'
                                          ELSE value END)
          FROM jsonb_each(held)
         WHERE value IS DISTINCT FROM other -> key AND key <> ALL (left_out));

-- One entry for each row of the statement. Its arguments: the columns of the key, of the exam and of the
-- person it is about, those to mask, and those that are nobody's interest.
CREATE FUNCTION audit_rows() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    keys     text[] := TG_ARGV[0];
    masked   text[] := TG_ARGV[3];
    left_out text[] := TG_ARGV[4];
    who      text[] := string_to_array(nullif(current_setting('examhall.who', true), ''), '|');
    held     jsonb[];
    became   jsonb[];
BEGIN
    -- PostgreSQL keeps a statement's rows before and after it in the same order.
    IF TG_OP <> 'INSERT' THEN
        SELECT array_agg(to_jsonb(old_rows)) INTO held FROM old_rows;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT array_agg(to_jsonb(new_rows)) INTO became FROM new_rows;
    END IF;
    IF held IS NULL AND became IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit_entries
           (actor_id, door, trace, deed, kind, thing, label, exam_id, person_id, before, after, words)
    SELECT nullif(who[1], '')::bigint, coalesce(who[2], 'database'), coalesce(who[3], session_user),
           CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
           TG_TABLE_NAME,
           (SELECT string_agg(state ->> name, ',' ORDER BY place)
              FROM unnest(keys) WITH ORDINALITY AS key (name, place)),
           called, (state ->> TG_ARGV[1])::bigint, (state ->> TG_ARGV[2])::bigint, before, after,
           -- 60.00 is looked for as 60.
           left(concat_ws(' ', called, translate(
               regexp_replace(concat_ws(' ', before, after), '\\n|\.0+(?=[,}])', ' ', 'g'),
               '{}[]":,\', '        ')), 2000)
      FROM unnest(held, became) AS rows (was, is_now)
     CROSS JOIN LATERAL (SELECT coalesce(is_now, was) AS state) AS states
     CROSS JOIN LATERAL (
           SELECT left(coalesce(state ->> 'title', state ->> 'full_name', state ->> 'name',
                                state ->> 'holder_name', state ->> 'code', state ->> 'file_name', ''),
                       200) AS called,
                  CASE WHEN is_now IS NULL THEN audit_shown(was, masked, left_out)
                       ELSE audit_differing(was, is_now, masked, left_out) END AS before,
                  CASE WHEN was IS NULL THEN audit_shown(is_now, masked, left_out)
                       ELSE audit_differing(is_now, was, masked, left_out) END AS after) AS told
     WHERE before IS NOT NULL OR after IS NOT NULL;
    RETURN NULL;
END
$$;

-- Has a table's rows recorded from now on.
CREATE FUNCTION audit_table(watched regclass, keys text[], exam text DEFAULT '', person text DEFAULT '',
                            masked text[] DEFAULT '{}', left_out text[] DEFAULT '{version}',
                            deeds text[] DEFAULT '{insert,update,delete}') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    deed text;
BEGIN
    FOREACH deed IN ARRAY deeds LOOP
        EXECUTE format(
            'CREATE TRIGGER audited_%s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT '
            'EXECUTE FUNCTION audit_rows(%L, %L, %L, %L, %L)',
            deed, deed, watched,
            CASE deed WHEN 'insert' THEN 'NEW TABLE AS new_rows'
                      WHEN 'delete' THEN 'OLD TABLE AS old_rows'
                      ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END,
            keys, exam, person, masked, left_out);
    END LOOP;
END
$$;

-- accounts ---------------------------------------------------------------------------------------

CREATE TABLE people (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username      text        NOT NULL,
    email         text,
    full_name     text        NOT NULL,
    password_hash text,
    roles         text[]      NOT NULL DEFAULT '{candidate}',
    active        boolean     NOT NULL DEFAULT true,
    version       integer     NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- Rated and placed like everybody, but shown to nobody else.
    hidden_from_standings boolean NOT NULL DEFAULT false,
    -- What the person chose to read Examhall in; without it, what their browser asks for.
    language      text CHECK (language ~ '^[a-zA-Z-]{2,35}$'),
    CONSTRAINT people_roles_known
        CHECK (roles <@ ARRAY['candidate', 'invigilator', 'author', 'analyst', 'admin', 'marker'])
);
CREATE UNIQUE INDEX people_username ON people (lower(username));
CREATE UNIQUE INDEX people_email ON people (lower(email));

-- The words by which people are found: of their name, username and address, in lower case and without
-- apostrophes, which everybody writes otherwise. What is not ASCII is part of a word. No word may be longer than 2,046 bytes.
CREATE FUNCTION people_words(VARIADIC texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(
    string_to_array(
        regexp_replace(translate(lower(left(array_to_string(texts, ' '), 500)), '''`ʻʼ‘’', ''),
                       '[\s!-/:-@\[-^_{-~]+', ' ', 'g'),
        ' '),
    '');
CREATE INDEX people_words ON people USING gin (array_to_tsvector(people_words(username, full_name, email)));
CREATE INDEX people_name ON people (lower(full_name), id);

-- One sign-in: a family of refresh tokens, or a browser's cookie. With an exam_id it came from a
-- ticket and is good for that exam alone.
CREATE TABLE sign_ins (
    id         uuid        PRIMARY KEY,
    person_id  bigint      NOT NULL REFERENCES people,
    exam_id    bigint,
    method     text        NOT NULL CHECK (method IN ('password', 'ticket', 'telegram', 'openid')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text CHECK (ended_by IN ('person', 'reuse', 'staff'))
);
CREATE INDEX sign_ins_person ON sign_ins (person_id, created_at DESC);
CREATE INDEX sign_ins_ended ON sign_ins (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    token_hash bytea       PRIMARY KEY,
    sign_in_id uuid        NOT NULL REFERENCES sign_ins ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_sign_in ON refresh_tokens (sign_in_id);

-- Accounts elsewhere by which somebody signs in here: Telegram's, or those of an OpenID provider.
CREATE TABLE identities (
    -- 'telegram', or the issuer's address.
    provider     text        NOT NULL,
    -- Who it is there.
    subject      text        NOT NULL,
    person_id    bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    connected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_person ON identities (person_id);

-- Proofs that are good once, until they are too old for any use.
CREATE TABLE spent_proofs (
    digest     bytea       PRIMARY KEY,
    good_until timestamptz NOT NULL
);
CREATE INDEX spent_proofs_good_until ON spent_proofs (good_until);

-- By which somebody sets a new password, once. The address holds the token; here is its SHA-256.
CREATE TABLE password_links (
    token_hash bytea       PRIMARY KEY,
    person_id  bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    made_by    bigint REFERENCES people,
    made_at    timestamptz NOT NULL DEFAULT now(),
    good_until timestamptz NOT NULL,
    used_at    timestamptz
);
-- Of several links only the newest is good.
CREATE UNIQUE INDEX password_links_person ON password_links (person_id);

-- Failures per account and per address, shared by all processes. Unlogged: a crash forgives.
CREATE UNLOGGED TABLE sign_in_failures (
    subject  text        PRIMARY KEY,
    failures integer     NOT NULL,
    since_at timestamptz NOT NULL
);

-- base -------------------------------------------------------------------------------------------

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

-- reference --------------------------------------------------------------------------------------

-- The terms that exams and analyses are written in, by kind. What an entry says is in its versions, which stay:
-- a calculation says which one it used.
CREATE TABLE master_data (
    id      bigint  GENERATED ALWAYS AS IDENTITY,
    kind    text    NOT NULL CHECK (kind IN
            ('subjects', 'topics', 'scales', 'grade_bands', 'rating_tiers', 'question_types',
             'organisation_kinds')),
    code    text    NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (kind, code)
);

CREATE TABLE master_data_versions (
    kind     text        NOT NULL,
    code     text        NOT NULL,
    version  integer     NOT NULL,
    name     text        NOT NULL,
    -- By the kind: reference/values.py.
    value    jsonb       NOT NULL,
    active   boolean     NOT NULL,
    saved_by bigint REFERENCES people,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, code, version),
    FOREIGN KEY (kind, code) REFERENCES master_data
);

-- What there is to begin with, in the order in which it is shown.
WITH entries (place, kind, code, name, value) AS (
    VALUES
        (1, 'subjects', 'mathematics', 'Mathematics', '{}'),
        (2, 'subjects', 'mother-tongue', 'Mother tongue and literature', '{}'),
        (3, 'subjects', 'english', 'English', '{}'),
        (4, 'subjects', 'physics', 'Physics', '{}'),
        (5, 'subjects', 'chemistry', 'Chemistry', '{}'),
        (6, 'subjects', 'biology', 'Biology', '{}'),
        (7, 'subjects', 'history', 'History', '{}'),
        (8, 'subjects', 'geography', 'Geography', '{}'),
        (9, 'subjects', 'informatics', 'Informatics', '{}'),
        (10, 'topics', 'algebra', 'Algebra', '{"subject": "mathematics"}'),
        (11, 'topics', 'functions', 'Functions', '{"subject": "mathematics"}'),
        (12, 'topics', 'geometry', 'Geometry', '{"subject": "mathematics"}'),
        (13, 'topics', 'trigonometry', 'Trigonometry', '{"subject": "mathematics"}'),
        (14, 'topics', 'calculus', 'Calculus', '{"subject": "mathematics"}'),
        (15, 'topics', 'probability', 'Probability and statistics', '{"subject": "mathematics"}'),
        (16, 'topics', 'reading', 'Reading', '{"subject": "english"}'),
        (17, 'topics', 'listening', 'Listening', '{"subject": "english"}'),
        (18, 'topics', 'writing', 'Writing', '{"subject": "english"}'),
        (19, 'topics', 'grammar', 'Grammar', '{"subject": "english"}'),
        (20, 'scales', 'percent', 'Percent', '{"lowest": 0, "highest": 100}'),
        (21, 'scales', '500-100', '200 to 800, mean 500',
            '{"mean": 500, "sd": 100, "lowest": 200, "highest": 800, "step": 1}'),
        (22, 'scales', 't-score', 'T scores', '{"mean": 50, "sd": 10, "lowest": 20, "highest": 80, "step": 1}'),
        (23, 'scales', 'stanine', 'Stanines', '{"mean": 5, "sd": 2, "lowest": 1, "highest": 9, "step": 1}'),
        (24, 'scales', 'iq', 'Deviation scores, mean 100',
            '{"mean": 100, "sd": 15, "lowest": 40, "highest": 160, "step": 1}'),
        (25, 'scales', 'five-point', 'Five points', '{"lowest": 1, "highest": 5, "step": 0.1}'),
        (26, 'scales', 'ten-point', 'Ten points', '{"lowest": 1, "highest": 10, "step": 0.1}'),
        (27, 'scales', '75-point', '0 to 75', '{"lowest": 0, "highest": 75, "step": 0.01}'),
        (28, 'grade_bands', 'a-f', 'A to F', '{"bands": [{"name": "A", "from_percent": 90},
            {"name": "B", "from_percent": 80}, {"name": "C", "from_percent": 70},
            {"name": "D", "from_percent": 60}, {"name": "F", "from_percent": 0}]}'),
        (29, 'grade_bands', 'uz-2-5', 'Marks 2 to 5 (Uzbekistan)', '{"bands": [{"name": "5", "from_percent": 90},
            {"name": "4", "from_percent": 70}, {"name": "3", "from_percent": 60},
            {"name": "2", "from_percent": 0}]}'),
        (30, 'grade_bands', 'uz-86', 'Marks 2 to 5, rating system (86, 71, 55)',
            '{"bands": [{"name": "5", "from_percent": 86}, {"name": "4", "from_percent": 71},
            {"name": "3", "from_percent": 55}, {"name": "2", "from_percent": 0}]}'),
        (31, 'grade_bands', 'ects', 'ECTS letters by percent', '{"bands": [{"name": "A", "from_percent": 90},
            {"name": "B", "from_percent": 82}, {"name": "C", "from_percent": 75},
            {"name": "D", "from_percent": 67}, {"name": "E", "from_percent": 60},
            {"name": "FX", "from_percent": 35}, {"name": "F", "from_percent": 0}]}'),
        (32, 'grade_bands', 'pass-fail', 'Passed or not', '{"bands": [{"name": "Passed", "from_percent": 50},
            {"name": "Failed", "from_percent": 0}]}'),
        (33, 'rating_tiers', 'grandmaster', 'Grandmaster', '{"from_rating": 2400}'),
        (34, 'rating_tiers', 'master', 'Master', '{"from_rating": 2100}'),
        (35, 'rating_tiers', 'expert', 'Expert', '{"from_rating": 1800}'),
        (36, 'rating_tiers', 'advanced', 'Advanced', '{"from_rating": 1600}'),
        (37, 'rating_tiers', 'skilled', 'Skilled', '{"from_rating": 1450}'),
        (38, 'rating_tiers', 'learner', 'Learner', '{"from_rating": null}'),
        (39, 'question_types', 'single_choice', 'One of several', '{"marked_by": "machine"}'),
        (40, 'question_types', 'multiple_choice', 'Several of several', '{"marked_by": "machine"}'),
        (41, 'question_types', 'true_false', 'True or false', '{"marked_by": "machine"}'),
        (42, 'question_types', 'number', 'A number', '{"marked_by": "machine"}'),
        (43, 'question_types', 'short_text', 'A word or two', '{"marked_by": "machine"}'),
        (44, 'question_types', 'ordering', 'Putting in order', '{"marked_by": "machine"}'),
        (45, 'question_types', 'matching', 'Matching', '{"marked_by": "machine"}'),
        (46, 'question_types', 'best_worst', 'Best and worst', '{"marked_by": "machine"}'),
        (47, 'question_types', 'essay', 'Essay', '{"marked_by": "person"}'),
        (48, 'organisation_kinds', 'training-centre', 'Training centre', '{}'),
        (49, 'organisation_kinds', 'school', 'School', '{}'),
        (50, 'organisation_kinds', 'lyceum', 'Lyceum', '{}'),
        (51, 'organisation_kinds', 'college', 'College', '{}'),
        (52, 'organisation_kinds', 'university', 'University', '{}'),
        (53, 'organisation_kinds', 'company', 'Company', '{}'),
        (54, 'organisation_kinds', 'authority', 'Public authority', '{}')
), added AS (
    INSERT INTO master_data (kind, code)
    SELECT kind, code FROM entries ORDER BY place
)
INSERT INTO master_data_versions (kind, code, version, name, value, active)
SELECT kind, code, 1, name, value::jsonb, true FROM entries;

-- courses ----------------------------------------------------------------------------------------

CREATE TABLE courses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What people call it, and what an exam file names: "ALG-1".
    code        text        NOT NULL,
    title       text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    -- The exams of a course that is not active are open to nobody.
    active      boolean     NOT NULL DEFAULT true,
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX courses_code ON courses (lower(code));

-- Who leaves a course stays here, not active: what they sat keeps its place in the statistics.
CREATE TABLE enrolments (
    course_id   bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    person_id   bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    active      boolean     NOT NULL DEFAULT true,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (course_id, person_id)
);
CREATE INDEX enrolments_person ON enrolments (person_id, course_id) WHERE active;

-- People who belong together.
CREATE TABLE groups (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    -- Its members are those of this course; it has none of its own.
    course_id   bigint REFERENCES courses,
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX groups_name ON groups (lower(name));
CREATE UNIQUE INDEX groups_course ON groups (course_id);

CREATE TABLE group_members (
    group_id  bigint      NOT NULL REFERENCES groups ON DELETE CASCADE,
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, person_id)
);
CREATE INDEX group_members_person ON group_members (person_id, group_id);

-- Who is in which group at this moment, in one place.
CREATE VIEW memberships AS
SELECT group_id, person_id
  FROM group_members
 UNION ALL
SELECT groups.id AS group_id, enrolments.person_id
  FROM groups
  JOIN enrolments ON enrolments.course_id = groups.course_id AND enrolments.active;

-- exams ------------------------------------------------------------------------------------------

-- Exams that belong together, such as the weekly mock exam: a streak is to sit them one after the other.
CREATE TABLE series (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text   NOT NULL
);
CREATE UNIQUE INDEX series_name ON series (lower(name));

CREATE TABLE exams (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title             text        NOT NULL,
    kind              text        NOT NULL CHECK (kind IN ('mock_exam', 'contest', 'test')),
    test_type         text,
    instructions      text        NOT NULL DEFAULT '',
    opens_at          timestamptz,
    closes_at         timestamptz,
    duration_s        integer     NOT NULL CHECK (duration_s BETWEEN 1 AND 604800),
    grace_s           integer     NOT NULL DEFAULT 30 CHECK (grace_s BETWEEN 0 AND 3600),
    attempts_allowed  integer     NOT NULL DEFAULT 1 CHECK (attempts_allowed >= 1),
    shuffle_questions boolean     NOT NULL DEFAULT false,
    shuffle_options   boolean     NOT NULL DEFAULT false,
    release           text        NOT NULL DEFAULT 'at_once'
                      CHECK (release IN ('at_once', 'at_time', 'by_hand')),
    release_at        timestamptz,
    released_at       timestamptz,
    version           integer     NOT NULL DEFAULT 1,
    created_by        bigint REFERENCES people,
    created_at        timestamptz NOT NULL DEFAULT now(),
    key_version       integer     NOT NULL DEFAULT 1,
    course_id         bigint REFERENCES courses,
    -- The mean and spread of scaled scores; or the exam on whose scale they are, by the items in common.
    scale_mean        double precision,
    scale_sd          double precision,
    scale_linked_to   bigint REFERENCES exams,
    -- Whether candidates see the right answers once results are released and the window is over.
    show_key          boolean     NOT NULL DEFAULT false,
    -- The share of all points that passes, in percent.
    pass_percent      numeric(5, 2),
    -- Whether its places change ratings.
    rated             boolean     NOT NULL DEFAULT false,
    -- Whether those who may sit it see its standing while it runs, and how long before the end it stands still.
    live_standing     boolean     NOT NULL DEFAULT false,
    freeze_minutes    smallint,
    series_id         bigint REFERENCES series,
    -- Whether candidates get a report of it.
    reports           boolean     NOT NULL DEFAULT false,
    -- How long before its opening candidates may download the sealed paper; NULL: the exam is not sealed.
    sealed_before_s   integer,
    -- Its authors' alone: no candidate sees it, starts it or gets a ticket for it.
    is_draft          boolean     NOT NULL DEFAULT false,
    -- In which its authors write its times.
    timezone          text        NOT NULL DEFAULT 'UTC',
    -- Of the request that made it, and of what that asked for: a repeat makes no second one.
    request_key       text,
    request_hash      bytea,
    CONSTRAINT exams_sealed
        CHECK (sealed_before_s IS NULL OR (sealed_before_s BETWEEN 1 AND 2592000 AND opens_at IS NOT NULL)),
    CONSTRAINT exams_window CHECK (closes_at > opens_at),
    CONSTRAINT exams_scale CHECK (scale_sd > 0),
    CONSTRAINT exams_test_type CHECK ((kind = 'test') = (test_type IS NOT NULL)),
    CONSTRAINT exams_contest_once CHECK (kind <> 'contest' OR course_id IS NULL OR attempts_allowed = 1),
    CONSTRAINT exams_release_at CHECK ((release = 'at_time') = (release_at IS NOT NULL)),
    CONSTRAINT exams_pass_percent CHECK (pass_percent > 0 AND pass_percent <= 100),
    CONSTRAINT exams_freeze CHECK (freeze_minutes BETWEEN 1 AND 10080)
);
CREATE INDEX exams_test_type_open ON exams (test_type, opens_at) WHERE test_type IS NOT NULL;
CREATE INDEX exams_closes ON exams (closes_at);
CREATE UNIQUE INDEX exams_request ON exams (created_by, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX exams_course ON exams (course_id, opens_at) WHERE course_id IS NOT NULL;
CREATE INDEX exams_series ON exams (series_id, opens_at) WHERE series_id IS NOT NULL;

-- Parts of an exam, one after the other: those of its questions that have none come first.
CREATE TABLE sections (
    id             bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exam_id        bigint   NOT NULL REFERENCES exams ON DELETE CASCADE,
    place          smallint NOT NULL CHECK (place >= 1),
    title          text     NOT NULL,
    instructions   text     NOT NULL DEFAULT '',
    -- Whether its questions come in each candidate's own order.
    shuffle        boolean  NOT NULL DEFAULT false,
    -- A pool: how many of its questions each candidate gets. NULL: all of them.
    draw           smallint CHECK (draw >= 1),
    -- Whether a pool's questions may be worth different points, and so two candidates' exams.
    unequal_points boolean  NOT NULL DEFAULT false,
    CONSTRAINT sections_of_exam UNIQUE (exam_id, id),
    CONSTRAINT sections_place UNIQUE (exam_id, place) DEFERRABLE
);

-- Questions that exams are made of, again and again. What one says is in its versions, which stay: an exam says which
-- one it has.
CREATE TABLE bank_questions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The newest.
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Found no longer by whoever looks for a question; exams keep theirs.
    archived_at timestamptz
);

CREATE TABLE bank_versions (
    bank_question_id bigint      NOT NULL REFERENCES bank_questions ON DELETE CASCADE,
    version          integer     NOT NULL,
    -- Codes of master data.
    subject          text,
    topic            text,
    -- With its key, as an exam file writes it.
    document         jsonb       NOT NULL,
    kinds            text[]      NOT NULL,
    -- All that is read in it, by which it is found.
    words            text        NOT NULL,
    saved_by         bigint REFERENCES people,
    saved_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bank_question_id, version)
);

CREATE TABLE bank_pictures (
    bank_question_id bigint  NOT NULL,
    version          integer NOT NULL,
    name             text    NOT NULL,
    media_type       text    NOT NULL,
    content          bytea   NOT NULL,
    PRIMARY KEY (bank_question_id, version, name),
    FOREIGN KEY (bank_question_id, version) REFERENCES bank_versions ON DELETE CASCADE
);

-- A question is what is read; its items are what is answered: one with sub_part '', or 'a', 'b', ...
CREATE TABLE questions (
    exam_id bigint   NOT NULL REFERENCES exams ON DELETE CASCADE,
    number  smallint NOT NULL CHECK (number >= 1),
    prompt  text     NOT NULL,
    topic   text,
    -- What it is called, wherever it stands: its number is its place, and changes when it is moved.
    id      bigint   GENERATED ALWAYS AS IDENTITY,
    section_id bigint,
    -- What of the bank it was taken from, or saved as.
    bank_question_id bigint,
    bank_version     integer,
    PRIMARY KEY (exam_id, number),
    CONSTRAINT questions_bank FOREIGN KEY (bank_question_id, bank_version) REFERENCES bank_versions,
    CONSTRAINT questions_section FOREIGN KEY (exam_id, section_id) REFERENCES sections (exam_id, id)
        ON DELETE SET NULL (section_id)
);
CREATE UNIQUE INDEX questions_id ON questions (id);
CREATE INDEX questions_section ON questions (section_id) WHERE section_id IS NOT NULL;
CREATE INDEX questions_bank ON questions (bank_question_id) WHERE bank_question_id IS NOT NULL;

CREATE TABLE items (
    exam_id         bigint        NOT NULL,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL DEFAULT '',
    kind            text          NOT NULL CHECK (kind IN
                    ('single_choice', 'multiple_choice', 'true_false', 'number', 'short_text',
                     'ordering', 'matching', 'best_worst', 'essay')),
    prompt          text          NOT NULL DEFAULT '',
    -- What the candidate sees beyond the prompt: {"options": [{"key": "A", "text": "..."}], ...}
    presented       jsonb         NOT NULL DEFAULT '{}',
    -- What the marker compares with. Never leaves the server before release.
    key             jsonb         NOT NULL DEFAULT '{}',
    points          numeric(8, 3) NOT NULL CHECK (points >= 0),
    PRIMARY KEY (exam_id, question_number, sub_part),
    -- A question that is moved takes its items along.
    FOREIGN KEY (exam_id, question_number) REFERENCES questions ON UPDATE CASCADE ON DELETE CASCADE
);

-- Whether a sitting for which these questions were drawn has this one; NULL: it has the whole exam. Wherever the
-- questions, items or points of a sitting are counted, this decides. PostgreSQL puts the body in its place.
CREATE FUNCTION is_drawn(drawn smallint[], question smallint) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN drawn IS NULL OR question = ANY(drawn);

-- What one candidate gets of an exam: of a pool as many as are drawn, at what they are worth on average.
CREATE FUNCTION exam_size(exam bigint) RETURNS TABLE (questions integer, items integer, points numeric)
LANGUAGE sql STABLE ROWS 1
AS $$
SELECT coalesce(sum(least(parts.draw, parts.questions)), 0)::integer,
       coalesce(round(sum(parts.items * least(parts.draw, parts.questions) / parts.questions)), 0)::integer,
       coalesce(round(sum(parts.points * least(parts.draw, parts.questions) / parts.questions), 3), 0)
  FROM (SELECT sections.draw, count(*) AS questions, sum(worth.items) AS items, sum(worth.points) AS points
          FROM questions
          LEFT JOIN sections ON sections.id = questions.section_id
         CROSS JOIN LATERAL (SELECT count(*) AS items, coalesce(sum(items.points), 0) AS points
                               FROM items
                              WHERE items.exam_id = questions.exam_id
                                AND items.question_number = questions.number) AS worth
         WHERE questions.exam_id = exam
         GROUP BY questions.section_id, sections.draw) AS parts
$$;

-- Every change of a key after the import, for ever.
CREATE TABLE key_corrections (
    exam_id      bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- The version of the key that it made.
    key_version  integer     NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT now(),
    corrected_by bigint REFERENCES people,
    reason       text        NOT NULL,
    -- What was asked for, as it was sent.
    document     jsonb       NOT NULL,
    -- Each item that it changed: {question_number, sub_part, kind, from: {key, points}, to: {key, points}}.
    changes      jsonb       NOT NULL,
    PRIMARY KEY (exam_id, key_version)
);

-- What authors changed, part by part and for ever. Two who change different parts do not disturb each other.
CREATE TABLE exam_edits (
    exam_id   bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- Of the exam, which this change made.
    version   integer     NOT NULL,
    -- 'settings', 'question:17', 'order', ...
    part      text        NOT NULL,
    edited_by bigint REFERENCES people,
    edited_at timestamptz NOT NULL,
    before    jsonb       NOT NULL,
    after     jsonb       NOT NULL,
    PRIMARY KEY (exam_id, part, version)
);

CREATE TABLE pictures (
    exam_id    bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    name       text   NOT NULL,
    media_type text   NOT NULL CHECK (media_type IN
               ('image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/svg+xml')),
    content    bytea  NOT NULL,
    PRIMARY KEY (exam_id, name)
);

-- An exam without a row here is open to everyone signed in.
CREATE TABLE assignments (
    exam_id   bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX assignments_person ON assignments (person_id);

-- The groups that an exam is assigned to: whoever is in one when they come, not when it was assigned.
CREATE TABLE group_assignments (
    exam_id  bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups,
    PRIMARY KEY (exam_id, group_id)
);
CREATE INDEX group_assignments_group ON group_assignments (group_id);

-- Who may sit an exam, in one place: of a course's, who is actively enrolled; of one assigned to some or to
-- groups, who is among them; of any other, everybody; a draft, nobody. LANGUAGE sql, STABLE and RETURNS TABLE: PostgreSQL puts
-- the body in the place of the call, which costs nothing.
CREATE FUNCTION admission(exam bigint, course bigint, person bigint) RETURNS TABLE (admitted boolean)
LANGUAGE sql STABLE ROWS 1
AS $$
SELECT (course IS NULL
        OR EXISTS (SELECT
                     FROM enrolments
                     JOIN courses ON courses.id = enrolments.course_id AND courses.active
                    WHERE enrolments.course_id = course
                      AND enrolments.person_id = person
                      AND enrolments.active))
   AND (EXISTS (SELECT FROM assignments WHERE exam_id = exam AND person_id = person)
        OR EXISTS (SELECT
                     FROM group_assignments
                     JOIN memberships ON memberships.group_id = group_assignments.group_id
                    WHERE group_assignments.exam_id = exam
                      AND memberships.person_id = person)
        OR NOT (EXISTS (SELECT FROM assignments WHERE exam_id = exam)
                OR EXISTS (SELECT FROM group_assignments WHERE exam_id = exam)))
   AND NOT EXISTS (SELECT FROM exams WHERE exams.id = exam AND exams.is_draft)
$$;

-- Who is to come to an exam; nobody in particular where it is open to everybody.
CREATE FUNCTION expected_people(exam bigint) RETURNS TABLE (person_id bigint)
LANGUAGE sql STABLE
AS $$
SELECT named.person_id
  FROM (SELECT assignments.person_id
          FROM assignments
         WHERE assignments.exam_id = exam
         UNION
        SELECT memberships.person_id
          FROM group_assignments
          JOIN memberships ON memberships.group_id = group_assignments.group_id
         WHERE group_assignments.exam_id = exam
         UNION
        SELECT enrolments.person_id
          FROM exams
          JOIN enrolments ON enrolments.course_id = exams.course_id
         WHERE exams.id = exam
           AND NOT EXISTS (SELECT FROM assignments WHERE assignments.exam_id = exams.id)
           AND NOT EXISTS (SELECT FROM group_assignments WHERE group_assignments.exam_id = exams.id)) AS named
  JOIN exams ON exams.id = exam
 WHERE exams.course_id IS NULL
    OR EXISTS (SELECT
                 FROM enrolments
                WHERE enrolments.course_id = exams.course_id
                  AND enrolments.person_id = named.person_id
                  AND enrolments.active)
$$;

-- More time and windows of one's own: of a person or a group, in one exam or in all.
CREATE TABLE accommodations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL: in every exam.
    exam_id    bigint REFERENCES exams ON DELETE CASCADE,
    person_id  bigint REFERENCES people ON DELETE CASCADE,
    group_id   bigint REFERENCES groups,
    -- So many times the time that anybody else would have who starts at that moment; or so much more.
    factor     numeric(4, 2) CHECK (factor BETWEEN 1 AND 10),
    extra_s    integer CHECK (extra_s BETWEEN 1 AND 604800),
    -- Where one is NULL, the exam's own.
    opens_at   timestamptz,
    closes_at  timestamptz,
    reason     text        NOT NULL DEFAULT '',
    version    integer     NOT NULL DEFAULT 1,
    created_by bigint REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accommodations_whose CHECK (num_nonnulls(person_id, group_id) = 1),
    CONSTRAINT accommodations_time CHECK (num_nonnulls(factor, extra_s) <= 1),
    CONSTRAINT accommodations_something CHECK (num_nonnulls(factor, extra_s, opens_at, closes_at) >= 1),
    CONSTRAINT accommodations_window CHECK (closes_at > opens_at),
    CONSTRAINT accommodations_window_of CHECK (exam_id IS NOT NULL OR num_nonnulls(opens_at, closes_at) = 0)
);
CREATE UNIQUE INDEX one_accommodation ON accommodations (person_id, group_id, exam_id) NULLS NOT DISTINCT;
CREATE INDEX accommodations_group ON accommodations (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX accommodations_exam ON accommodations (exam_id, closes_at) WHERE exam_id IS NOT NULL;

-- When somebody may start an exam and how long they have: with the deadline of a start at that moment. What is
-- given does not add up: of several the one that gives most counts, but a time of their own for this exam and a
-- window of their own stand before all others. PostgreSQL puts the body in the place of the call.
CREATE FUNCTION own_time(exam exams, person bigint, at timestamptz)
RETURNS TABLE (opens_at timestamptz, closes_at timestamptz, duration_s integer, deadline_at timestamptz)
LANGUAGE sql STABLE ROWS 1
AS $$
SELECT coalesce(own.opens_at, exam.opens_at),
       coalesce(own.closes_at, exam.closes_at),
       exam.duration_s + greatest(round(exam.duration_s * (own.factor - 1)), own.extra_s)::integer,
       common.deadline_at
       + make_interval(secs => greatest(extract(epoch FROM common.deadline_at - at)
                                        * (own.factor - 1), own.extra_s)::double precision)
  FROM (SELECT CASE WHEN bool_or(given.has_window) THEN min(given.opens_at) FILTER (WHERE given.has_window)
                    ELSE min(given.opens_at) END AS opens_at,
               CASE WHEN bool_or(given.has_window) THEN max(given.closes_at) FILTER (WHERE given.has_window)
                    ELSE max(given.closes_at) END AS closes_at,
               coalesce(CASE WHEN bool_or(given.has_time) THEN max(given.factor) FILTER (WHERE given.has_time)
                             ELSE max(given.factor) END, 1) AS factor,
               coalesce(CASE WHEN bool_or(given.has_time) THEN max(given.extra_s) FILTER (WHERE given.has_time)
                             ELSE max(given.extra_s) END, 0) AS extra_s
          FROM (SELECT own.opens_at, own.closes_at, own.factor, own.extra_s,
                       num_nonnulls(own.opens_at, own.closes_at) > 0 AS has_window,
                       own.exam_id IS NOT NULL AND num_nonnulls(own.factor, own.extra_s) > 0 AS has_time
                  FROM accommodations AS own
                 WHERE own.person_id = person
                   AND (own.exam_id = exam.id OR own.exam_id IS NULL)
                 UNION ALL
                SELECT theirs.opens_at, theirs.closes_at, theirs.factor, theirs.extra_s, false, false
                  FROM accommodations AS theirs
                  JOIN memberships ON memberships.group_id = theirs.group_id
                 WHERE memberships.person_id = person
                   AND (theirs.exam_id = exam.id OR theirs.exam_id IS NULL)) AS given) AS own
 CROSS JOIN LATERAL (SELECT least(at + exam.duration_s * interval '1 second',
                                  coalesce(own.closes_at, exam.closes_at)) AS deadline_at) AS common
$$;

-- When nobody may start an exam any more, those with a window of their own included; NULL: it does not end.
CREATE FUNCTION last_closing(exam exams) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN CASE WHEN exam.closes_at IS NOT NULL
            THEN greatest(exam.closes_at, (SELECT max(accommodations.closes_at)
                                             FROM accommodations
                                            WHERE accommodations.exam_id = exam.id))
       END;

-- In which room somebody sits an exam, and where in it. Who has no row may sit anywhere.
CREATE TABLE seating (
    exam_id   bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id bigint NOT NULL REFERENCES people ON DELETE CASCADE,
    room      text   NOT NULL CHECK (room <> ''),
    seat      text   NOT NULL DEFAULT '',
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX seating_person ON seating (person_id);

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

-- accounts ---------------------------------------------------------------------------------------

-- The ticket shown to people is this id and a MAC of it: the table alone opens nothing.
CREATE TABLE tickets (
    id         uuid        PRIMARY KEY,
    exam_id    bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id  bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
CREATE UNIQUE INDEX one_live_ticket ON tickets (exam_id, person_id) WHERE revoked_at IS NULL;

-- sittings (sharded) -----------------------------------------------------------------------------

CREATE TABLE sittings (
    candidate_id   bigint      NOT NULL,
    id             bigint      GENERATED ALWAYS AS IDENTITY,
    exam_id        bigint      NOT NULL REFERENCES exams,
    attempt_number integer     NOT NULL,
    seed           integer     NOT NULL,
    started_at     timestamptz NOT NULL,
    deadline_at    timestamptz NOT NULL,
    -- deadline_at and the grace: what the save path judges by.
    closes_at      timestamptz NOT NULL,
    closed_at      timestamptz,
    closed_by      text CHECK (closed_by IN ('candidate', 'deadline', 'staff')),
    -- Given while it was sat, beyond what everybody has; the deadline has it in it.
    granted_s      integer     NOT NULL DEFAULT 0,
    -- Its clock stands still since then: it is not due, and gets the time back.
    paused_at      timestamptz,
    -- The questions drawn for it at its start, by number; NULL: the whole exam. It never changes.
    drawn          smallint[],
    -- From the start to the deadline by the exam's rules and what is their own: as at the start, or as it was raised
    -- since, which granted_s has in it too. NULL: it began before this was kept.
    allotted_s     integer,
    PRIMARY KEY (candidate_id, id),
    CONSTRAINT sittings_attempt UNIQUE (candidate_id, exam_id, attempt_number),
    CONSTRAINT sittings_closed CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
-- However many starts arrive at once, one wins here. By exam first, to see at once whether anybody sits it.
CREATE UNIQUE INDEX one_open_sitting ON sittings (exam_id, candidate_id) WHERE closed_at IS NULL;
CREATE INDEX sittings_due ON sittings (closes_at) WHERE closed_at IS NULL;
CREATE INDEX sittings_exam ON sittings (exam_id, id);

-- The newest revision of each answer.
CREATE TABLE answers (
    candidate_id    bigint      NOT NULL,
    sitting_id      bigint      NOT NULL,
    question_number smallint    NOT NULL,
    sub_part        text        NOT NULL,
    answer          jsonb       NOT NULL,
    revision        bigint      NOT NULL,
    saved_at        timestamptz NOT NULL,
    PRIMARY KEY (candidate_id, sitting_id, question_number, sub_part)
) WITH (fillfactor = 80);

-- Every accepted change, for ever. Appended in the statement that changes answers; nothing updates it.
CREATE TABLE answer_history (
    candidate_id    bigint      NOT NULL,
    sitting_id      bigint      NOT NULL,
    question_number smallint    NOT NULL,
    sub_part        text        NOT NULL,
    answer          jsonb       NOT NULL,
    revision        bigint      NOT NULL,
    received_at     timestamptz NOT NULL,
    saved_at        timestamptz NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX answer_history_received ON answer_history USING brin (received_at);
-- Rows of a month that has no partition of its own yet: nothing is refused for want of one.
CREATE TABLE answer_history_rest PARTITION OF answer_history DEFAULT;

-- Exams that are paused at this moment.
CREATE TABLE pauses (
    exam_id   bigint      PRIMARY KEY REFERENCES exams ON DELETE CASCADE,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    paused_by bigint REFERENCES people
);

-- What staff did to an exam while it was sat, for ever: appended in the transaction that does it.
CREATE TABLE interventions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    kind        text        NOT NULL CHECK (kind IN
                ('time', 'announcement', 'pause', 'resume', 'close', 'readmit')),
    done_by     bigint REFERENCES people,
    done_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Whom it was for; NULL: everybody who sits it.
    sitting_ids bigint[],
    -- How many it reached.
    reached     integer     NOT NULL DEFAULT 0,
    seconds     integer,
    message     text        NOT NULL DEFAULT '',
    reason      text        NOT NULL DEFAULT '',
    -- A repeat of the same request does nothing and is told what the first did.
    request_key text,
    CONSTRAINT interventions_seconds CHECK ((kind IN ('time', 'readmit')) = (seconds IS NOT NULL))
);
CREATE UNIQUE INDEX interventions_request ON interventions (done_by, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX interventions_exam ON interventions (exam_id, id DESC);

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

-- Whether candidates may see their results of this exam now: the one place that says so. Results that come at a
-- time after its end wait for windows of their own that end later, and for who still has time.
CREATE FUNCTION results_released(exam exams) RETURNS boolean
LANGUAGE sql STABLE
RETURN CASE exam.release
            WHEN 'at_once' THEN true
            WHEN 'at_time' THEN exam.release_at <= statement_timestamp()
                                AND (exam.closes_at IS NULL
                                     OR exam.release_at < exam.closes_at
                                     OR (last_closing(exam) <= statement_timestamp()
                                         AND NOT EXISTS (SELECT
                                                           FROM sittings
                                                          WHERE sittings.exam_id = exam.id
                                                            AND sittings.closed_at IS NULL)))
            ELSE exam.released_at IS NOT NULL
       END;

-- scoring (sharded) ------------------------------------------------------------------------------

CREATE TABLE results (
    candidate_id bigint        NOT NULL,
    sitting_id   bigint        NOT NULL,
    exam_id      bigint        NOT NULL,
    exam_version integer       NOT NULL,
    points       numeric(10, 3) NOT NULL,
    max_points   numeric(10, 3) NOT NULL,
    -- Items that wait for a person to mark them.
    unmarked     integer       NOT NULL,
    marked_at    timestamptz   NOT NULL,
    key_version  integer       NOT NULL DEFAULT 1,
    PRIMARY KEY (candidate_id, sitting_id)
);
CREATE INDEX results_exam ON results (exam_id, points DESC);
CREATE INDEX results_unmarked ON results (exam_id) WHERE unmarked > 0;

CREATE TABLE marks (
    candidate_id    bigint        NOT NULL,
    sitting_id      bigint        NOT NULL,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL,
    -- NULL: not marked yet.
    points          numeric(8, 3),
    -- What a person gave; it outlasts every correction of the key.
    by_hand         numeric(8, 3),
    PRIMARY KEY (candidate_id, sitting_id, question_number, sub_part)
);

-- Results that a marking by a corrected key replaced. Appended in the transaction that replaces them.
CREATE TABLE result_history (
    candidate_id bigint         NOT NULL,
    sitting_id   bigint         NOT NULL,
    exam_id      bigint         NOT NULL,
    -- The key that it was marked by, and the one whose marking replaced it.
    key_version  integer        NOT NULL,
    replaced_by  integer        NOT NULL,
    exam_version integer        NOT NULL,
    points       numeric(10, 3) NOT NULL,
    max_points   numeric(10, 3) NOT NULL,
    unmarked     integer        NOT NULL,
    marked_at    timestamptz    NOT NULL,
    replaced_at  timestamptz    NOT NULL,
    PRIMARY KEY (candidate_id, sitting_id, key_version)
);
CREATE INDEX result_history_exam ON result_history (exam_id, replaced_by);

-- An exam whose window is over and whose every sitting is marked by this version of its key: what follows from
-- results (calibration, ratings, streaks) was enqueued in the transaction that wrote the row, once.
CREATE TABLE conclusions (
    exam_id      bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    key_version  integer     NOT NULL,
    concluded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, key_version)
);

-- What an exam's marks by one version of its key say of its items and its candidates; NULL where the data
-- allow no estimate, and problems says why. `found` holds what is only ever shown as a whole: the distribution
-- of scores and abilities, problems in words' names, and how the scale was linked.
CREATE TABLE calibrations (
    exam_id         bigint           NOT NULL REFERENCES exams ON DELETE CASCADE,
    key_version     integer          NOT NULL,
    calibrated_at   timestamptz      NOT NULL,
    persons         integer          NOT NULL,
    items           integer          NOT NULL,
    items_estimated integer          NOT NULL,
    log_likelihood  double precision,
    kr20            double precision,
    sem             double precision,
    separation      double precision,
    reliability     double precision,
    -- A scaled score is slope * ability + intercept, kept between the scale's ends.
    slope           double precision,
    intercept       double precision,
    lowest          double precision,
    highest         double precision,
    linked_to       bigint,
    found           jsonb            NOT NULL,
    read_s          real             NOT NULL,
    compute_s       real             NOT NULL,
    PRIMARY KEY (exam_id, key_version)
);

CREATE TABLE item_calibrations (
    exam_id         bigint           NOT NULL,
    key_version     integer          NOT NULL,
    question_number smallint         NOT NULL,
    sub_part        text             NOT NULL,
    presented       integer          NOT NULL,
    facility        double precision,
    mean_share      double precision,
    discrimination  double precision,
    difficulty      double precision,
    se              double precision,
    infit           double precision,
    outfit          double precision,
    infit_t         double precision,
    outfit_t        double precision,
    -- Who chose what, how many got which share of the points, and the share right by ability.
    details         jsonb            NOT NULL,
    PRIMARY KEY (exam_id, key_version, question_number, sub_part),
    FOREIGN KEY (exam_id, key_version) REFERENCES calibrations ON DELETE CASCADE
);

-- Written by COPY, and never changed. By exam last, as the tables above that are sharded by candidate.
CREATE TABLE abilities (
    candidate_id bigint           NOT NULL,
    sitting_id   bigint           NOT NULL,
    exam_id      bigint           NOT NULL,
    key_version  integer          NOT NULL,
    score        integer          NOT NULL,
    presented    integer          NOT NULL,
    theta        double precision,
    se           double precision,
    infit        double precision,
    outfit       double precision,
    infit_t      double precision,
    outfit_t     double precision,
    scaled       double precision,
    PRIMARY KEY (candidate_id, sitting_id, key_version)
);
CREATE INDEX abilities_exam ON abilities (exam_id, key_version);

-- exams ------------------------------------------------------------------------------------------

-- How an item is marked by hand; one without a row here by one marker, with points alone.
CREATE TABLE marking_schemes (
    question_id  bigint        NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    sub_part     text          NOT NULL DEFAULT '',
    markers      smallint      NOT NULL DEFAULT 1 CHECK (markers BETWEEN 1 AND 2),
    -- Two markers further apart than this need a third opinion; NULL: never.
    differ_above numeric(8, 3) CHECK (differ_above >= 0),
    -- What counts then: the third alone, the mean of it and the nearest of the two, or the middle one.
    third_rule   text          NOT NULL DEFAULT 'nearest' CHECK (third_rule IN ('third', 'nearest', 'median')),
    -- [{"key": "c1", "name": "Content", "levels": [{"points": "2", "words": "..."}, ...]}, ...]
    rubric       jsonb         NOT NULL DEFAULT '[]',
    -- What markers are told, in Markdown.
    guidance     text          NOT NULL DEFAULT '',
    version      integer       NOT NULL DEFAULT 1,
    PRIMARY KEY (question_id, sub_part)
);

-- scoring ----------------------------------------------------------------------------------------

-- Who marks an exam beside its authors.
CREATE TABLE exam_markers (
    exam_id   bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    named_by  bigint REFERENCES people,
    named_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX exam_markers_person ON exam_markers (person_id);

-- One answer for one person to mark. Its number is at random, so that it tells nothing, not even whose answers
-- belong together. A queue: claimed by FOR UPDATE SKIP LOCKED.
CREATE TABLE marking_tasks (
    id              bigint        PRIMARY KEY DEFAULT 1 + floor(random() * 9e15)::bigint,
    exam_id         bigint        NOT NULL REFERENCES exams ON DELETE CASCADE,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL,
    candidate_id    bigint        NOT NULL,
    sitting_id      bigint        NOT NULL,
    -- The first, the second, or the third that is asked for when those two differ.
    opinion         smallint      NOT NULL CHECK (opinion BETWEEN 1 AND 3),
    -- Of the answer that it is about: another one needs another mark.
    answer_hash     text          NOT NULL,
    -- Whether a mark by hand counts; not while the item is dropped, or marked by the machine.
    is_wanted       boolean       NOT NULL DEFAULT true,
    -- Who has it until then, or finished it.
    marker_id       bigint REFERENCES people,
    leased_until    timestamptz,
    skipped_by      bigint[]      NOT NULL DEFAULT '{}',
    points          numeric(8, 3),
    finished_at     timestamptz,
    -- Whether the candidate's points come from it.
    counts          boolean       NOT NULL DEFAULT false,
    CONSTRAINT marking_tasks_finished CHECK ((finished_at IS NULL) = (points IS NULL)),
    CONSTRAINT marking_tasks_marker CHECK (finished_at IS NULL OR marker_id IS NOT NULL)
);
CREATE UNIQUE INDEX marking_tasks_opinion ON marking_tasks (sitting_id, question_number, sub_part, opinion);
-- However many arrive at once, nobody marks the same answer twice.
CREATE UNIQUE INDEX one_opinion_each ON marking_tasks (sitting_id, question_number, sub_part, marker_id)
    WHERE marker_id IS NOT NULL;
CREATE INDEX marking_tasks_open ON marking_tasks (exam_id, question_number, sub_part, id)
    WHERE finished_at IS NULL;
CREATE INDEX marking_tasks_exam ON marking_tasks (exam_id);
CREATE INDEX marking_tasks_marker ON marking_tasks (marker_id, exam_id) WHERE marker_id IS NOT NULL;

-- What a marker wrote to a task, saved as it is written; each has a sheet of their own.
CREATE TABLE marking_sheets (
    task_id   bigint        NOT NULL REFERENCES marking_tasks ON DELETE CASCADE,
    person_id bigint        NOT NULL REFERENCES people,
    -- Of each criterion which level, counted from 0: {"c1": 2}.
    levels    jsonb         NOT NULL DEFAULT '{}',
    points    numeric(8, 3),
    -- For the candidate, and for the office.
    comment   text          NOT NULL DEFAULT '',
    note      text          NOT NULL DEFAULT '',
    -- Of two saves the higher stays, in whatever order they arrive.
    revision  bigint        NOT NULL,
    saved_at  timestamptz   NOT NULL,
    PRIMARY KEY (task_id, person_id)
);

-- What became of each answer that people mark, for ever.
CREATE TABLE marking_events (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz   NOT NULL DEFAULT clock_timestamp(),
    exam_id         bigint        NOT NULL,
    sitting_id      bigint        NOT NULL,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL,
    what            text          NOT NULL CHECK (what IN
                    ('finished', 'reopened', 'third_asked', 'settled', 'withdrawn')),
    task_id         bigint,
    opinion         smallint,
    -- NULL: nobody in particular, as when marks settle.
    person_id       bigint REFERENCES people,
    points          numeric(8, 3),
    -- What was on the sheet.
    details         jsonb         NOT NULL DEFAULT '{}',
    reason          text          NOT NULL DEFAULT ''
);
CREATE INDEX marking_events_sitting ON marking_events (sitting_id, id);
CREATE INDEX marking_events_exam ON marking_events (exam_id, id);

-- standings --------------------------------------------------------------------------------------

-- An exam whose places are final by this version of its key: concluded, and its results released. The rated
-- ones are the rounds of the ratings, in the order (happened_at, exam_id). The next tables are written whole,
-- thousands of rows at a time, from what is stored above: no foreign keys.
CREATE TABLE exam_standings (
    exam_id      bigint      PRIMARY KEY REFERENCES exams ON DELETE CASCADE,
    key_version  integer     NOT NULL,
    rated        boolean     NOT NULL,
    participants integer     NOT NULL,
    happened_at  timestamptz NOT NULL,
    settled_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX rating_rounds ON exam_standings (happened_at, exam_id) WHERE rated;

-- By first attempts; equal points share a place, and the next is as many further on.
CREATE TABLE exam_places (
    exam_id    bigint         NOT NULL,
    person_id  bigint         NOT NULL,
    place      integer        NOT NULL,
    points     numeric(10, 3) NOT NULL,
    max_points numeric(10, 3) NOT NULL,
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX exam_places_place ON exam_places (exam_id, place, person_id);

-- What each rated exam did to each participant's rating. `rating` is mu on the scale that people read, to
-- hundredths; a newcomer comes with the mean.
CREATE TABLE rating_history (
    exam_id       bigint           NOT NULL,
    person_id     bigint           NOT NULL,
    -- The round's place in time.
    happened_at   timestamptz      NOT NULL,
    key_version   integer          NOT NULL,
    -- The person's first, second, ... rated exam.
    number        integer          NOT NULL,
    place         integer          NOT NULL,
    participants  integer          NOT NULL,
    mu_before     double precision NOT NULL,
    sigma_before  double precision NOT NULL,
    mu            double precision NOT NULL,
    sigma         double precision NOT NULL,
    rating_before double precision NOT NULL,
    rating        double precision NOT NULL,
    PRIMARY KEY (exam_id, person_id)
);
CREATE UNIQUE INDEX rating_history_person ON rating_history (person_id, happened_at, exam_id);

-- Each person's last line of the history.
CREATE TABLE ratings (
    person_id     bigint           PRIMARY KEY,
    mu            double precision NOT NULL,
    sigma         double precision NOT NULL,
    rating        double precision NOT NULL,
    rated_exams   integer          NOT NULL,
    last_exam_id  bigint           NOT NULL,
    -- Before that exam; NULL if it was the first.
    rating_before double precision,
    -- Over the latest rounds, a first exam left out; NULL if there is no other among them.
    gain          double precision
);
CREATE INDEX ratings_rating ON ratings (rating, person_id);
CREATE INDEX ratings_gain ON ratings (gain, person_id) WHERE gain IS NOT NULL;

-- How many are ahead of each value that somebody has: anybody's rank is one look, however many are rated.
-- Written anew with every round: ratings as they are and as they were before the latest round, gains; streaks.
CREATE TABLE rating_levels (
    board  text             NOT NULL CHECK (board IN ('rating', 'rating_before', 'gain', 'streak')),
    level  double precision NOT NULL,
    people integer          NOT NULL,
    ahead  integer          NOT NULL,
    PRIMARY KEY (board, level)
);

-- How many exams of a series somebody has sat one after the other: up to the last, and at most.
CREATE TABLE streaks (
    series_id     bigint      NOT NULL REFERENCES series ON DELETE CASCADE,
    person_id     bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    current       integer     NOT NULL,
    longest       integer     NOT NULL,
    sat           integer     NOT NULL,
    followed_at   timestamptz NOT NULL,
    PRIMARY KEY (series_id, person_id)
);
CREATE INDEX streaks_person ON streaks (person_id);
CREATE INDEX streaks_current ON streaks (current, person_id);

CREATE TABLE achievements (
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    name      text        NOT NULL,
    given_at  timestamptz NOT NULL DEFAULT now(),
    -- The exam after which it was given, if one.
    exam_id   bigint REFERENCES exams ON DELETE SET NULL,
    PRIMARY KEY (person_id, name)
);

-- Which achievements were given after which exam, by which table of rules: a new rule is given for the past too.
CREATE TABLE exam_awards (
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    key_version integer     NOT NULL,
    rules       text        NOT NULL,
    awarded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, key_version, rules)
);

-- How everybody did in an exam, by topic: what one person's share is compared with.
CREATE TABLE exam_topics (
    exam_id     bigint           NOT NULL REFERENCES exams ON DELETE CASCADE,
    topic       text             NOT NULL,
    key_version integer          NOT NULL,
    mean_share  double precision NOT NULL,
    PRIMARY KEY (exam_id, topic)
);

-- reports (sharded) ------------------------------------------------------------------------------

-- What was made for a candidate, by the key as it was then; made anew after a correction.
CREATE TABLE reports (
    candidate_id bigint      NOT NULL,
    sitting_id   bigint      NOT NULL,
    exam_id      bigint      NOT NULL,
    key_version  integer     NOT NULL,
    facts        jsonb       NOT NULL,
    comment      text        NOT NULL,
    comment_by   text        NOT NULL CHECK (comment_by IN ('template', 'model')),
    pdf          bytea       NOT NULL,
    made_at      timestamptz NOT NULL,
    -- Of the PDF: that of the candidate's account when it was made.
    language     text        NOT NULL DEFAULT 'en',
    PRIMARY KEY (candidate_id, sitting_id)
);
CREATE INDEX reports_exam ON reports (exam_id, sitting_id);

-- Written by a text model; a person decides before a candidate sees it.
CREATE TABLE feedback_drafts (
    candidate_id bigint      NOT NULL,
    sitting_id   bigint      NOT NULL,
    exam_id      bigint      NOT NULL,
    key_version  integer     NOT NULL,
    draft        text        NOT NULL,
    model        text        NOT NULL,
    state        text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'rejected')),
    written_at   timestamptz NOT NULL,
    decided_by   bigint,
    decided_at   timestamptz,
    PRIMARY KEY (candidate_id, sitting_id)
);
CREATE INDEX feedback_drafts_exam ON feedback_drafts (exam_id, state, sitting_id);

-- Tokens of the text model: reserved before a call, corrected after it.
CREATE TABLE feedback_spending (
    spent_on date   PRIMARY KEY,
    tokens   bigint NOT NULL,
    calls    integer NOT NULL
);

-- certificates -----------------------------------------------------------------------------------

-- What certificates look like. A change makes a version; certificates keep the one that they were issued by.
CREATE TABLE certificate_templates (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL,
    -- What it is given for, and which of the looks for it: "excellence", "classic".
    category   text        NOT NULL,
    variant    text        NOT NULL,
    -- Whether strangers see it among the templates, and whether anything can be issued by it.
    public     boolean     NOT NULL DEFAULT false,
    active     boolean     NOT NULL DEFAULT true,
    version    integer     NOT NULL DEFAULT 1,
    created_by bigint REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Of those that came with Examhall, which; they are kept up to date as long as nobody has changed them.
    design     text
);
CREATE UNIQUE INDEX certificate_templates_design ON certificate_templates (design);
CREATE INDEX certificate_templates_public ON certificate_templates (category, variant, id) WHERE public AND active;
CREATE INDEX certificate_templates_creator ON certificate_templates (created_by, id DESC);

-- Each version as it was saved, after it had been set once with its example.
CREATE TABLE certificate_template_versions (
    template_id bigint      NOT NULL REFERENCES certificate_templates ON DELETE CASCADE,
    version     integer     NOT NULL,
    -- Typst, which reads the facts from sys.inputs.
    source      text        NOT NULL,
    -- The fields beyond those of every certificate: [{name, label, required, example}].
    fields      jsonb       NOT NULL,
    saved_by    bigint REFERENCES people,
    saved_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_id, version)
);

-- After an exam, once per version of its key: who earned it gets one.
CREATE TABLE certificate_rules (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    template_id bigint      NOT NULL REFERENCES certificate_templates,
    condition   text        NOT NULL CHECK (condition IN ('sat', 'passed', 'top', 'scaled_score')),
    -- Of 'top' the last place, of 'scaled_score' the least score.
    threshold   double precision,
    -- Of the template's own fields, the same on each certificate.
    fields      jsonb       NOT NULL DEFAULT '{}',
    -- Whether the certificates are shown in the gallery.
    public      boolean     NOT NULL DEFAULT false,
    active      boolean     NOT NULL DEFAULT true,
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- What stands on top of the certificates.
    title       text        NOT NULL,
    -- The version of the exam's key by which all who earned one have theirs.
    followed    integer,
    -- What becomes of a certificate that a correction of the key makes unearned: somebody looks at it first,
    -- it stands, or it is revoked.
    on_correction text      NOT NULL DEFAULT 'review' CHECK (on_correction IN ('review', 'keep', 'revoke')),
    -- The newest version of the key by which all its certificates have been looked at again.
    validated   integer,
    CONSTRAINT certificate_rules_threshold
        CHECK ((condition IN ('top', 'scaled_score')) = (threshold IS NOT NULL))
);
CREATE INDEX certificate_rules_exam ON certificate_rules (exam_id);

-- Who has earned one by the key as it is, once the exam is settled and its results are released.
CREATE FUNCTION certificate_earners(rule certificate_rules)
RETURNS TABLE (candidate_id bigint, sitting_id bigint, key_version integer, points numeric, max_points numeric,
               place integer, participants integer, scaled double precision)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT places.person_id, best.sitting_id, exams.key_version, best.points, best.max_points, places.place,
           exam_standings.participants, best.scaled
      FROM exams
      JOIN exam_standings
        ON exam_standings.exam_id = exams.id
       AND exam_standings.key_version = exams.key_version
      JOIN exam_places AS places ON places.exam_id = exams.id
     CROSS JOIN LATERAL (SELECT results.sitting_id, results.points, results.max_points, abilities.scaled
                           FROM results
                           LEFT JOIN abilities
                             ON abilities.candidate_id = results.candidate_id
                            AND abilities.sitting_id = results.sitting_id
                            AND abilities.key_version = results.key_version
                          WHERE results.candidate_id = places.person_id
                            AND results.exam_id = exams.id
                            AND results.key_version = exams.key_version
                          -- Places are by the first attempt, everything else by the best one.
                          ORDER BY CASE rule.condition
                                        WHEN 'top' THEN NULL
                                        WHEN 'scaled_score' THEN abilities.scaled
                                        ELSE results.points
                                   END DESC NULLS LAST, results.sitting_id
                          LIMIT 1) AS best
     WHERE exams.id = rule.exam_id
       AND results_released(exams)
       AND CASE rule.condition
                WHEN 'sat' THEN true
                WHEN 'passed' THEN best.points * 100 >= exams.pass_percent * best.max_points
                WHEN 'top' THEN places.place <= rule.threshold
                ELSE best.scaled >= rule.threshold
           END;
END;

-- Certificates issued by one request: by its Idempotency-Key a repeat finds them and issues nothing.
CREATE TABLE certificate_batches (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issued_by   bigint      NOT NULL REFERENCES people,
    request_key text,
    -- Of what was asked: the same key with something else is refused.
    asked       bytea       NOT NULL,
    issued_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX certificate_batches_request ON certificate_batches (issued_by, request_key);

CREATE TABLE certificates (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Random, for people to type: it can be neither guessed nor counted.
    serial            text        NOT NULL,
    template_id       bigint      NOT NULL,
    template_version  integer     NOT NULL,
    -- Whose it is, where they have an account.
    holder_id         bigint REFERENCES people,
    -- What it is for, where it is for an exam, and the key by which it was earned.
    exam_id           bigint REFERENCES exams,
    sitting_id        bigint,
    key_version       integer,
    rule_id           bigint REFERENCES certificate_rules,
    -- The facts as they were signed, byte for byte: canonical JSON.
    facts             text        NOT NULL,
    signature         bytea       NOT NULL,
    -- Which of the server's keys signed.
    key_id            text        NOT NULL,
    public            boolean     NOT NULL DEFAULT false,
    issued_by         bigint REFERENCES people,
    issued_at         timestamptz NOT NULL DEFAULT now(),
    batch_id          bigint REFERENCES certificate_batches,
    revoked_at        timestamptz,
    revoked_by        bigint REFERENCES people,
    revocation_reason text,
    -- As the facts have it, for whoever looks for it.
    holder_name       text        NOT NULL,
    -- The certificate that says it as it is now, where a correction changed the facts.
    replaced_by       bigint REFERENCES certificates,
    -- By rule: the newest version of the key by which it was looked at again.
    validated_key     integer,
    FOREIGN KEY (template_id, template_version) REFERENCES certificate_template_versions,
    CONSTRAINT certificates_revocation CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL))
);
CREATE UNIQUE INDEX certificates_serial ON certificates (serial);
-- However often and by however many workers a rule is followed, one certificate stands.
CREATE UNIQUE INDEX certificates_once ON certificates (rule_id, holder_id) WHERE revoked_at IS NULL;
CREATE INDEX certificates_public ON certificates (id DESC) WHERE public AND revoked_at IS NULL;
CREATE INDEX certificates_creator ON certificates (issued_by, id DESC);
CREATE INDEX certificates_holder ON certificates (holder_id, id DESC);
CREATE INDEX certificates_exam ON certificates (exam_id, id DESC);
CREATE INDEX certificates_batch ON certificates (batch_id, id);
CREATE INDEX certificates_holder_name ON certificates USING gin (to_tsvector('simple', holder_name));
-- What the status lists of badges are made of.
CREATE INDEX certificates_revoked ON certificates (id) WHERE revoked_at IS NOT NULL;

-- Certificates by rule that the key as corrected would not give: somebody decides.
CREATE TABLE certificate_reviews (
    certificate_id bigint      NOT NULL REFERENCES certificates ON DELETE CASCADE,
    -- The corrected key's.
    key_version    integer     NOT NULL,
    exam_id        bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- What the result is by it: {score, max_score, place, ...}.
    found          jsonb       NOT NULL,
    asked_at       timestamptz NOT NULL DEFAULT now(),
    decided_at     timestamptz,
    -- Nobody where a later correction decided it.
    decided_by     bigint REFERENCES people,
    decision       text CHECK (decision IN ('kept', 'revoked', 'earned_again')),
    PRIMARY KEY (certificate_id, key_version),
    CONSTRAINT certificate_reviews_decision CHECK ((decided_at IS NULL) = (decision IS NULL))
);
CREATE UNIQUE INDEX certificate_reviews_open ON certificate_reviews (certificate_id) WHERE decided_at IS NULL;
CREATE INDEX certificate_reviews_exam ON certificate_reviews (exam_id, asked_at DESC, certificate_id DESC);

-- Badges say where in a list their state is: at random places, so that none tells how many were issued.
CREATE TABLE certificate_status_lists (
    number integer PRIMARY KEY,
    -- From which the places come. It never changes.
    seed   bytea NOT NULL
);

-- The public keys by which certificates can be checked, for ever; the private one is not in the database.
CREATE TABLE signing_keys (
    id         text        PRIMARY KEY,
    public_key bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- forms ------------------------------------------------------------------------------------------

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

-- analyses ---------------------------------------------------------------------------------------

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

-- Who sets an exam's pass mark by judgement: each judge says what candidates who just pass would manage.
CREATE TABLE panels (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exam_id     bigint        NOT NULL REFERENCES exams ON DELETE CASCADE,
    method      text          NOT NULL CHECK (method IN ('angoff', 'bookmark')),
    name        text          NOT NULL,
    -- Who a just-passing candidate is, as the judges read it.
    description text          NOT NULL DEFAULT '',
    -- The chance of a right answer at which an item counts as mastered, and the calibration whose difficulties
    -- put the booklet in order: both stay as they were when the panel was opened.
    mastery     numeric(3, 2) CHECK (mastery > 0 AND mastery < 1),
    key_version integer,
    round       smallint      NOT NULL DEFAULT 1 CHECK (round BETWEEN 1 AND 5),
    closed_at   timestamptz,
    version     integer       NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT panels_booklet CHECK ((method = 'bookmark') = (key_version IS NOT NULL AND mastery IS NOT NULL))
);
CREATE INDEX panels_exam ON panels (exam_id, id DESC);

CREATE TABLE panel_judges (
    panel_id   bigint      NOT NULL REFERENCES panels ON DELETE CASCADE,
    person_id  bigint      NOT NULL REFERENCES people,
    -- What others see of a judge.
    number     smallint    NOT NULL,
    invited_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (panel_id, person_id),
    CONSTRAINT panel_judges_number UNIQUE (panel_id, number)
);
CREATE INDEX panel_judges_person ON panel_judges (person_id, panel_id DESC);

-- How many of a hundred just-passing candidates would have the item right; NULL was taken back.
CREATE TABLE panel_ratings (
    panel_id        bigint      NOT NULL,
    person_id       bigint      NOT NULL,
    round           smallint    NOT NULL,
    question_number smallint    NOT NULL,
    sub_part        text        NOT NULL,
    percent         smallint    CHECK (percent BETWEEN 0 AND 100),
    -- Of one judge's ratings of an item the highest counts, in whatever order they arrive.
    revision        bigint      NOT NULL,
    rated_at        timestamptz NOT NULL,
    PRIMARY KEY (panel_id, person_id, round, question_number, sub_part),
    FOREIGN KEY (panel_id, person_id) REFERENCES panel_judges ON DELETE CASCADE
);

-- After which page of the ordered booklet a judge put the bookmark.
CREATE TABLE panel_bookmarks (
    panel_id  bigint      NOT NULL,
    person_id bigint      NOT NULL,
    round     smallint    NOT NULL,
    page      smallint    CHECK (page >= 1),
    revision  bigint      NOT NULL,
    placed_at timestamptz NOT NULL,
    PRIMARY KEY (panel_id, person_id, round),
    FOREIGN KEY (panel_id, person_id) REFERENCES panel_judges ON DELETE CASCADE
);

-- What of a scenario became an exam's own key and pass mark: once for each version of it.
CREATE TABLE scenario_adoptions (
    scenario_id      bigint      NOT NULL,
    scenario_version integer     NOT NULL,
    exam_id          bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- The exam's versions that it made; of the key, if it was corrected.
    exam_version     integer     NOT NULL,
    key_version      integer,
    pass_percent_before numeric(5, 2),
    pass_percent_after  numeric(5, 2),
    reason           text        NOT NULL,
    adopted_by       bigint      NOT NULL REFERENCES people,
    adopted_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT scenario_adoptions_once PRIMARY KEY (scenario_id, scenario_version, exam_id),
    FOREIGN KEY (scenario_id, scenario_version) REFERENCES scenario_versions
);
CREATE INDEX scenario_adoptions_exam ON scenario_adoptions (exam_id);

-- events ------------------------------------------------------------------------------------------

-- What happened, in the order in which it was written down: no names, no addresses, nothing but ids.
CREATE TABLE events (
    at         timestamptz NOT NULL,
    what       text        NOT NULL,
    person_id  bigint,
    exam_id    bigint,
    sitting_id bigint,
    -- A refusal's code, or how many events were not kept.
    detail     text
) PARTITION BY RANGE (at);
CREATE INDEX events_exam ON events (exam_id, at);
CREATE INDEX events_at ON events USING brin (at);
CREATE TABLE events_rest PARTITION OF events DEFAULT;

-- What the worker made of them and of the stored answers: per exam and ten seconds.
CREATE TABLE activity_counts (
    exam_id  bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    at       timestamptz NOT NULL,
    sign_ins integer     NOT NULL DEFAULT 0,
    -- People seen for the first time.
    arrivals integer     NOT NULL DEFAULT 0,
    starts   integer     NOT NULL DEFAULT 0,
    saves    integer     NOT NULL DEFAULT 0,
    hand_ins integer     NOT NULL DEFAULT 0,
    closes   integer     NOT NULL DEFAULT 0,
    refusals integer     NOT NULL DEFAULT 0,
    looks    integer     NOT NULL DEFAULT 0,
    -- Sittings that saved within the minute that begins here; in its first ten seconds alone.
    active   integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (exam_id, at)
);

CREATE TABLE question_times (
    exam_id         bigint   NOT NULL REFERENCES exams ON DELETE CASCADE,
    question_number smallint NOT NULL,
    sittings        integer  NOT NULL,
    lower_s         real     NOT NULL,
    median_s        real     NOT NULL,
    upper_s         real     NOT NULL,
    PRIMARY KEY (exam_id, question_number)
);

CREATE TABLE activity_rollups (
    exam_id        bigint      PRIMARY KEY REFERENCES exams ON DELETE CASCADE,
    computed_at    timestamptz NOT NULL,
    took_s         real        NOT NULL,
    -- All of the exam, and those whose time per question was taken.
    sittings       integer     NOT NULL,
    timed_sittings integer     NOT NULL,
    -- Events of any exam that were not kept while this one ran.
    lost_events    bigint      NOT NULL,
    -- When the time per question was taken.
    timed_at       timestamptz
);

-- ops ---------------------------------------------------------------------------------------------

-- Each run of `examhall maintain`, and what it did.
CREATE TABLE maintenance (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    did         text[]      NOT NULL
);

-- audit ------------------------------------------------------------------------------------------

-- What is recorded. A table that is not among these is named in tests/audit/test_tables.py, with the reason;
-- one that a later migration makes is added there.
SELECT audit_table('people', '{id}', person => 'id', masked => '{password_hash}',
                   -- Nor what people choose for themselves, as often as they like.
                   left_out => '{version,language,hidden_from_standings}'),
       audit_table('password_links', '{person_id}', person => 'person_id', masked => '{token_hash}'),
       audit_table('groups', '{id}'),
       audit_table('group_members', '{group_id,person_id}', person => 'person_id'),
       audit_table('group_assignments', '{exam_id,group_id}', exam => 'exam_id'),
       audit_table('accommodations', '{id}', exam => 'exam_id', person => 'person_id'),
       audit_table('marking_schemes', '{question_id,sub_part}'),
       audit_table('exam_markers', '{exam_id,person_id}', exam => 'exam_id', person => 'person_id'),
       audit_table('identities', '{provider,subject}', person => 'person_id'),
       audit_table('master_data_versions', '{kind,code,version}'),
       audit_table('courses', '{id}'),
       audit_table('enrolments', '{course_id,person_id}', person => 'person_id'),
       audit_table('series', '{id}'),
       audit_table('exams', '{id}', exam => 'id',
                   left_out => '{version,key_version,request_key,request_hash}'),
       audit_table('sections', '{id}', exam => 'exam_id'),
       audit_table('bank_questions', '{id}'),
       audit_table('bank_versions', '{bank_question_id,version}', left_out => '{words}'),
       audit_table('bank_pictures', '{bank_question_id,version,name}', masked => '{content}'),
       audit_table('questions', '{id}', exam => 'exam_id'),
       audit_table('items', '{exam_id,question_number,sub_part}', exam => 'exam_id'),
       audit_table('key_corrections', '{exam_id,key_version}', exam => 'exam_id', left_out => '{document}'),
       audit_table('pictures', '{exam_id,name}', exam => 'exam_id', masked => '{content}'),
       audit_table('assignments', '{exam_id,person_id}', exam => 'exam_id', person => 'person_id'),
       audit_table('exam_papers', '{exam_id,version}', exam => 'exam_id', left_out => '{path,etag}'),
       audit_table('sealed_key_releases', '{exam_id,version}', exam => 'exam_id'),
       audit_table('tickets', '{id}', exam => 'exam_id', person => 'person_id'),
       audit_table('pauses', '{exam_id}', exam => 'exam_id'),
       audit_table('interventions', '{id}', exam => 'exam_id', left_out => '{request_key}'),
       audit_table('certificate_templates', '{id}'),
       audit_table('certificate_template_versions', '{template_id,version}'),
       audit_table('certificate_rules', '{id}', exam => 'exam_id',
                   left_out => '{version,followed,validated}'),
       audit_table('certificate_batches', '{id}', left_out => '{asked,request_key}'),
       audit_table('certificates', '{id}', exam => 'exam_id', person => 'holder_id',
                   left_out => '{facts,signature,validated_key}'),
       audit_table('certificate_reviews', '{certificate_id,key_version}', exam => 'exam_id'),
       audit_table('organisations', '{id}'),
       audit_table('organisation_members', '{organisation_id,person_id}', person => 'person_id'),
       audit_table('forms', '{id}', masked => '{link}'),
       audit_table('form_versions', '{form_id,version}'),
       -- Not what is sent, by candidates and strangers, and must be forgotten when they ask.
       audit_table('form_submissions', '{id}', person => 'created_by', masked => '{data,words}',
                   left_out => '{version,request_key,request_hash}', deeds => '{update,delete}'),
       audit_table('projects', '{id}'),
       audit_table('project_members', '{project_id,person_id}', person => 'person_id'),
       audit_table('scenarios', '{id}'),
       audit_table('scenario_versions', '{scenario_id,version}', left_out => '{document_hash}'),
       -- That it was asked for; what becomes of it the worker writes many times a second.
       audit_table('calculations', '{id}', left_out => '{inputs,inputs_hash,progress,stage,result,candidates}',
                   deeds => '{insert}'),
       audit_table('panels', '{id}', exam => 'exam_id'),
       audit_table('panel_judges', '{panel_id,person_id}', person => 'person_id'),
       audit_table('panel_ratings', '{panel_id,person_id,round,question_number,sub_part}',
                   person => 'person_id', left_out => '{revision,rated_at}'),
       audit_table('panel_bookmarks', '{panel_id,person_id,round}', person => 'person_id',
                   left_out => '{revision,placed_at}'),
       audit_table('scenario_adoptions', '{scenario_id,scenario_version,exam_id}', exam => 'exam_id'),
       audit_table('seating', '{exam_id,person_id}', exam => 'exam_id', person => 'person_id');
