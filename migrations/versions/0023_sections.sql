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

ALTER TABLE questions
    ADD COLUMN section_id bigint,
    ADD CONSTRAINT questions_section FOREIGN KEY (exam_id, section_id) REFERENCES sections (exam_id, id)
        ON DELETE SET NULL (section_id);
CREATE INDEX questions_section ON questions (section_id) WHERE section_id IS NOT NULL;

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

-- The questions drawn for it at its start, by number; NULL: the whole exam. It never changes.
ALTER TABLE sittings ADD COLUMN drawn smallint[];

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

ALTER TABLE questions
    ADD COLUMN bank_question_id bigint,
    ADD COLUMN bank_version     integer,
    ADD CONSTRAINT questions_bank FOREIGN KEY (bank_question_id, bank_version) REFERENCES bank_versions;
CREATE INDEX questions_bank ON questions (bank_question_id) WHERE bank_question_id IS NOT NULL;
