-- name: upsert_reports
-- In the order of the keys: two workers that made the same wait for each other, never in a circle.
INSERT INTO reports AS stored (candidate_id, sitting_id, exam_id, key_version, facts, comment, comment_by, language,
                               pdf, made_at)
SELECT candidate_id, sitting_id, exam_id, key_version, facts, comment, comment_by, language, pdf,
       statement_timestamp()
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[], %(exam_ids)s::bigint[],
              %(key_versions)s::integer[], %(facts)s::jsonb[], %(comments)s::text[], %(comments_by)s::text[],
              %(languages)s::text[], %(pdfs)s::bytea[])
    AS made (candidate_id, sitting_id, exam_id, key_version, facts, comment, comment_by, language, pdf)
 ORDER BY candidate_id, sitting_id
ON CONFLICT (candidate_id, sitting_id)
DO UPDATE SET key_version = excluded.key_version, facts = excluded.facts, comment = excluded.comment,
              comment_by = excluded.comment_by, language = excluded.language, pdf = excluded.pdf,
              made_at = excluded.made_at
 WHERE stored.key_version <= excluded.key_version;

-- name: report
SELECT reports.facts, reports.comment, reports.comment_by, reports.made_at
  FROM reports
  JOIN exams
    ON exams.id = reports.exam_id
   AND exams.key_version = reports.key_version
 WHERE reports.candidate_id = %(candidate_id)s
   AND reports.sitting_id = %(sitting_id)s
   AND results_released(exams);

-- name: has_report
SELECT reports.key_version
  FROM reports
  JOIN exams
    ON exams.id = reports.exam_id
   AND exams.key_version = reports.key_version
 WHERE reports.candidate_id = %(candidate_id)s
   AND reports.sitting_id = %(sitting_id)s
   AND results_released(exams);

-- name: pdf
SELECT exams.title, reports.facts, reports.comment, reports.comment_by,
       CASE WHEN reports.language = %(language)s THEN reports.pdf END AS pdf
  FROM reports
  JOIN exams
    ON exams.id = reports.exam_id
   AND exams.key_version = reports.key_version
 WHERE reports.candidate_id = %(candidate_id)s
   AND reports.sitting_id = %(sitting_id)s
   AND results_released(exams);

-- name: progress
SELECT exams.reports AS wanted, coalesce(exam_standings.participants, 0) AS participants, made.made,
       made.outdated
  FROM exams
  LEFT JOIN exam_standings ON exam_standings.exam_id = exams.id
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE key_version = exams.key_version) AS made,
                            count(*) FILTER (WHERE key_version <> exams.key_version) AS outdated
                       FROM reports
                      WHERE reports.exam_id = exams.id) AS made
 WHERE exams.id = %(exam_id)s;

-- name: list_reports
SELECT reports.sitting_id, reports.candidate_id, people.full_name, reports.made_at, reports.comment_by
  FROM reports
  JOIN people ON people.id = reports.candidate_id
 WHERE reports.exam_id = %(exam_id)s
   AND reports.sitting_id > %(after_sitting_id)s
 ORDER BY reports.sitting_id
 LIMIT %(limit)s;
