-- name: exam
SELECT exams.id, exams.title, exams.kind, exams.test_type, exams.instructions, exams.timezone, exams.opens_at,
       exams.closes_at, exams.duration_s, exams.grace_s, exams.attempts_allowed, exams.shuffle_questions,
       exams.shuffle_options, exams.release, exams.release_at, exams.show_key, exams.pass_percent,
       exams.course_id, series.name AS series, exams.rated, exams.live_standing, exams.freeze_minutes,
       exams.reports, exams.scale_mean::integer AS scale_mean, exams.scale_sd::integer AS scale_sd,
       exams.scale_linked_to, exams.sealed_before_s, exams.version, exams.is_draft,
       coalesce((SELECT max(exam_edits.version)
                   FROM exam_edits
                  WHERE exam_edits.exam_id = exams.id
                    AND part = 'settings'), 1) AS settings_version,
       NOT exams.is_draft AND coalesce(exams.opens_at <= statement_timestamp(), true) AS has_opened,
       EXISTS (SELECT FROM sittings WHERE sittings.exam_id = exams.id) AS has_sittings,
       (SELECT count(*)::integer
          FROM sittings
         WHERE sittings.exam_id = exams.id
           AND closed_at IS NULL) AS running,
       results_released(exams)
           AND EXISTS (SELECT FROM sittings WHERE sittings.exam_id = exams.id AND closed_at IS NOT NULL)
           AS is_released,
       (SELECT count(*)::integer FROM questions WHERE questions.exam_id = exams.id) AS questions,
       nullif(last_closing(exams), exams.closes_at) AS last_own_closing_at
  FROM exams
  LEFT JOIN series ON series.id = exams.series_id
 WHERE exams.id = %(exam_id)s;

-- name: insert_exam
-- Of any number of repeats at once the index exams_request lets one insert; the others wait for its commit.
INSERT INTO exams (title, kind, test_type, instructions, timezone, opens_at, closes_at, duration_s, grace_s,
                   attempts_allowed, shuffle_questions, shuffle_options, release, release_at, show_key,
                   pass_percent, course_id, series_id, rated, live_standing, freeze_minutes, reports,
                   scale_mean, scale_sd, scale_linked_to, sealed_before_s, is_draft, created_by, request_key,
                   request_hash)
VALUES (%(title)s, %(kind)s, %(test_type)s, %(instructions)s, %(timezone)s, %(opens_at)s, %(closes_at)s,
        %(duration_s)s, %(grace_s)s, %(attempts_allowed)s, %(shuffle_questions)s, %(shuffle_options)s,
        %(release)s, %(release_at)s, %(show_key)s, %(pass_percent)s, %(course_id)s, %(series_id)s, %(rated)s,
        %(live_standing)s, %(freeze_minutes)s, %(reports)s, %(scale_mean)s, %(scale_sd)s, %(scale_linked_to)s,
        %(sealed_before_s)s, true, %(created_by)s, %(request_key)s, %(request_hash)s)
    ON CONFLICT (created_by, request_key) WHERE request_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: made_before
SELECT id, request_hash
  FROM exams
 WHERE created_by = %(created_by)s
   AND request_key = %(request_key)s;

-- name: update_exam
UPDATE exams
   SET title = %(title)s,
       kind = %(kind)s,
       test_type = %(test_type)s,
       instructions = %(instructions)s,
       timezone = %(timezone)s,
       opens_at = %(opens_at)s,
       closes_at = %(closes_at)s,
       duration_s = %(duration_s)s,
       grace_s = %(grace_s)s,
       attempts_allowed = %(attempts_allowed)s,
       shuffle_questions = %(shuffle_questions)s,
       shuffle_options = %(shuffle_options)s,
       release = %(release)s,
       release_at = %(release_at)s,
       show_key = %(show_key)s,
       pass_percent = %(pass_percent)s,
       course_id = %(course_id)s,
       series_id = %(series_id)s,
       rated = %(rated)s,
       live_standing = %(live_standing)s,
       freeze_minutes = %(freeze_minutes)s,
       reports = %(reports)s,
       scale_mean = %(scale_mean)s,
       scale_sd = %(scale_sd)s,
       scale_linked_to = %(scale_linked_to)s,
       sealed_before_s = %(sealed_before_s)s
 WHERE id = %(exam_id)s;

-- name: known
-- FOR KEY SHARE: neither goes before the exam refers to it.
WITH course AS (
    SELECT id
      FROM courses
     WHERE id = %(course_id)s::bigint
       FOR KEY SHARE
), linked AS (
    SELECT id
      FROM exams
     WHERE id = %(scale_linked_to)s::bigint
       FOR KEY SHARE
)
SELECT %(course_id)s::bigint IS NULL OR EXISTS (SELECT FROM course) AS has_course,
       %(scale_linked_to)s::bigint IS NULL OR EXISTS (SELECT FROM linked) AS has_link;

-- name: find_or_make_series
-- The update changes nothing but makes the row come back, and waits for whoever makes the same series.
INSERT INTO series AS stored (name)
VALUES (%(name)s)
ON CONFLICT (lower(name)) DO UPDATE SET name = stored.name
RETURNING id;

-- name: set_draft
UPDATE exams
   SET is_draft = %(is_draft)s
 WHERE id = %(exam_id)s;

-- name: delete_exam
DELETE FROM exams
 WHERE id = %(exam_id)s;
