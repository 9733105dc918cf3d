-- name: insert_exam
-- Of any number of repeats at once the index exams_request lets one insert; the others wait for its commit.
INSERT INTO exams (title, kind, test_type, instructions, opens_at, closes_at, duration_s, grace_s,
                   attempts_allowed, shuffle_questions, shuffle_options, release, release_at, show_key,
                   pass_percent, series_id, course_id, rated, live_standing, freeze_minutes, reports,
                   scale_mean, scale_sd, scale_linked_to, sealed_before_s, timezone, is_draft, created_by,
                   request_key, request_hash)
VALUES (%(title)s, %(kind)s, %(test_type)s, %(instructions)s, %(opens_at)s, %(closes_at)s, %(duration_s)s,
        %(grace_s)s, %(attempts_allowed)s, %(shuffle_questions)s, %(shuffle_options)s, %(release)s,
        %(release_at)s, %(show_key)s, %(pass_percent)s, %(series_id)s, %(course_id)s, %(rated)s,
        %(live_standing)s, %(freeze_minutes)s, %(reports)s, %(scale_mean)s,
        %(scale_sd)s, %(scale_linked_to)s, %(sealed_before_s)s, %(timezone)s, %(is_draft)s, %(created_by)s,
        %(request_key)s, %(request_hash)s)
    ON CONFLICT (created_by, request_key) WHERE request_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: find_exam
SELECT id
  FROM exams
 WHERE id = %(exam_id)s
   FOR KEY SHARE;

-- name: find_or_make_series
-- The update changes nothing but makes the row come back, and waits for whoever makes the same series.
INSERT INTO series AS stored (name)
VALUES (%(name)s)
ON CONFLICT (lower(name)) DO UPDATE SET name = stored.name
RETURNING id;

-- name: insert_sections
INSERT INTO sections (exam_id, place, title, instructions, shuffle, draw, unequal_points)
SELECT %(exam_id)s, place, title, instructions, shuffle, draw, unequal_points
  FROM unnest(%(titles)s::text[], %(instructions)s::text[], %(shuffle)s::boolean[], %(draw)s::smallint[],
              %(unequal_points)s::boolean[]) WITH ORDINALITY
       AS new (title, instructions, shuffle, draw, unequal_points, place);

-- name: insert_questions
INSERT INTO questions (exam_id, number, prompt, topic, section_id)
SELECT %(exam_id)s, new.number, new.prompt, new.topic, sections.id
  FROM unnest(%(numbers)s::smallint[], %(prompts)s::text[], %(topics)s::text[], %(sections)s::text[])
       AS new (number, prompt, topic, section)
  LEFT JOIN sections ON sections.exam_id = %(exam_id)s AND sections.title = new.section;

-- name: insert_items
INSERT INTO items (exam_id, question_number, sub_part, kind, prompt, presented, key, points)
SELECT %(exam_id)s, question_number, sub_part, kind, prompt, presented, key, points
  FROM unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(kinds)s::text[], %(prompts)s::text[],
              %(presented)s::jsonb[], %(keys)s::jsonb[], %(points)s::numeric[])
       AS new (question_number, sub_part, kind, prompt, presented, key, points);

-- name: insert_pictures
INSERT INTO pictures (exam_id, name, media_type, content)
SELECT %(exam_id)s, name, media_type, content
  FROM unnest(%(names)s::text[], %(media_types)s::text[], %(contents)s::bytea[])
       AS new (name, media_type, content);

-- name: people_of
-- FOR KEY SHARE: nobody among them is deleted before the assignment is there.
SELECT people.id, wanted.username
  FROM unnest(%(usernames)s::text[]) AS wanted (username)
  JOIN people ON lower(people.username) = lower(wanted.username)
   FOR KEY SHARE OF people;

-- name: insert_assignments
INSERT INTO assignments (exam_id, person_id)
SELECT DISTINCT %(exam_id)s::bigint, person_id
  FROM unnest(%(person_ids)s::bigint[]) AS person_id;
