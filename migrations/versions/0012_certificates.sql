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
