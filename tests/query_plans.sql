-- A hundred thousand rows of whatever lists are read from, spread as a busy server has them. The rows fit
-- together; that each is asked whether it does, and stands in the record, would take longer than all the rest.
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint WHERE contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', each.owner, each.conname);
    END LOOP;
    FOR each IN SELECT DISTINCT tgrelid::regclass AS owner, tgname FROM pg_trigger WHERE tgname LIKE 'audit%' LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', each.owner, each.tgname);
    END LOOP;
END
$$;

INSERT INTO people (username, full_name)
SELECT 'person' || n, 'Person ' || n
  FROM generate_series(1, 100000) AS n;

INSERT INTO exams (title, kind, duration_s)
SELECT 'Exam ' || n, 'mock_exam', 3600
  FROM generate_series(1, 100000) AS n;

INSERT INTO exam_papers (exam_id, version, file_name, size, pages, etag, path, ended_at)
SELECT 1 + n / 2, 1 + n % 2, 'paper.pdf', 1000, 4, repeat('a', 64), CASE WHEN n % 2 = 1 THEN 'papers/' || n END,
       CASE WHEN n % 2 = 0 THEN now() END
  FROM generate_series(0, 99999) AS n;

INSERT INTO sealed_papers (exam_id, version, content_hash, key, sha256, part_bytes)
SELECT n, 'v' || n, sha256(n::text::bytea), sha256('k'), sha256('s'), '{1000}'
  FROM generate_series(1, 100000) AS n;

INSERT INTO certificate_templates (name, category, variant, public, created_by)
SELECT 'Template ' || n, 'category' || n % 50, 'variant' || n % 20, n % 4 = 0, 1 + n % 500
  FROM generate_series(1, 100000) AS n;

INSERT INTO certificate_template_versions (template_id, version, source, fields)
SELECT n, 1, 'x', '[]'
  FROM generate_series(1, 100000) AS n;

INSERT INTO certificates (serial, template_id, template_version, holder_id, exam_id, facts, signature, key_id, public,
                          issued_by, holder_name)
SELECT 'serial' || n, 1 + n % 100, 1, 1 + n % 20000, 1 + n % 1000, '{}', 's', 'k', n % 3 = 0, 1 + n % 100,
       'Name' || n % 3000 || ' Family' || n % 7000
  FROM generate_series(1, 100000) AS n;

INSERT INTO certificate_reviews (certificate_id, key_version, exam_id, found, decided_at, decision)
SELECT n, 2, 1 + n % 1000, '{}', CASE WHEN n % 1000 > 0 THEN now() END, CASE WHEN n % 1000 > 0 THEN 'kept' END
  FROM generate_series(1, 100000) AS n;

INSERT INTO organisations (code, name, kind)
SELECT 'TC-' || n, 'Centre ' || n, 'training-centre'
  FROM generate_series(1, 100000) AS n;

INSERT INTO organisation_members (organisation_id, person_id, manager)
SELECT 1 + n % 1000, n, n % 10 = 0
  FROM generate_series(1, 100000) AS n;

INSERT INTO forms (title, status, organisation_id, link)
SELECT 'Form ' || n, CASE WHEN n % 100 = 0 THEN 'open' ELSE 'closed' END,
       CASE WHEN n % 2 = 0 THEN 1 + n % 1000 END, CASE WHEN n % 10 = 0 THEN 'link' || n END
  FROM generate_series(1, 100000) AS n;

INSERT INTO form_versions (form_id, version, schema, ui_order)
SELECT n, 1, '{}', '{a}'
  FROM generate_series(1, 100000) AS n;

INSERT INTO form_submissions (form_id, form_version, organisation_id, created_by, status, data, words, request_key,
                              created_at)
SELECT 1 + n % 200, 1, 1 + n % 500, 1 + n % 20000, (ARRAY['new', 'in_review', 'accepted', 'accepted', 'rejected'])
       [1 + n % 5], '{}', 'Person ' || n, sha256(n::text::bytea), now() - n * interval '1 minute'
  FROM generate_series(1, 100000) AS n;

INSERT INTO form_files (submission_id, field, path, media_type, size, name)
SELECT n, 'passport', 'forms/' || n, 'application/pdf', 1000, 'passport.pdf'
  FROM generate_series(1, 100000) AS n;

INSERT INTO loose_files (path, discard_at)
SELECT 'forms/loose' || n, now() + interval '1 hour'
  FROM generate_series(1, 100000) AS n;

INSERT INTO submission_history (submission_id, person_id, what)
SELECT n, n, 'submitted'
  FROM generate_series(1, 100000) AS n;

INSERT INTO projects (name)
SELECT 'Project ' || n
  FROM generate_series(1, 100000) AS n;

INSERT INTO project_members (project_id, person_id, role)
SELECT n, 1 + n % 5000, 'owner'
  FROM generate_series(1, 100000) AS n;

INSERT INTO scenarios (project_id)
SELECT 1 + n % 10000
  FROM generate_series(1, 100000) AS n;

INSERT INTO scenario_versions (scenario_id, version, name, description, document, document_hash)
SELECT n, 1, 'Scenario ' || n, '', '{"exams": []}', md5(n::text)
  FROM generate_series(1, 100000) AS n;

INSERT INTO calculations (scenario_id, scenario_version, person_id, status, queued_at, started_at, finished_at, inputs,
                          inputs_hash, error, error_code)
SELECT 1 + n % 10000, 1, 1 + n % 5000, 'failed', now(), now(), now(), '{}', md5(n::text), 'x', 'x'
  FROM generate_series(1, 100000) AS n;

ANALYZE;
