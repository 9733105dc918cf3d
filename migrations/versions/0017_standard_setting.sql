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
