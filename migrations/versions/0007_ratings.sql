ALTER TABLE people ADD COLUMN hidden_from_standings boolean NOT NULL DEFAULT false;
ALTER TABLE exams
    ADD COLUMN rated boolean NOT NULL DEFAULT false,
    ADD COLUMN live_standing boolean NOT NULL DEFAULT false,
    ADD COLUMN freeze_minutes smallint,
    ADD CONSTRAINT exams_freeze CHECK (freeze_minutes BETWEEN 1 AND 10080);

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
