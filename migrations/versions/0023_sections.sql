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
