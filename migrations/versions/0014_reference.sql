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
