ALTER TABLE sign_ins
    DROP CONSTRAINT sign_ins_method_check,
    ADD CONSTRAINT sign_ins_method_check CHECK (method IN ('password', 'ticket', 'telegram', 'openid'));

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
