-- By exam first: whether anybody still sits an exam is asked every few seconds once its window is over.
DROP INDEX one_open_sitting;
CREATE UNIQUE INDEX one_open_sitting ON sittings (exam_id, candidate_id) WHERE closed_at IS NULL;
CREATE INDEX results_unmarked ON results (exam_id) WHERE unmarked > 0;

ALTER TABLE exams
    ADD COLUMN scale_mean double precision,
    ADD COLUMN scale_sd double precision,
    ADD COLUMN scale_linked_to bigint REFERENCES exams,
    ADD CONSTRAINT exams_scale CHECK (scale_sd > 0);

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
