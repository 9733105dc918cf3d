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
       audit_table('scenario_adoptions', '{scenario_id,scenario_version,exam_id}', exam => 'exam_id');
