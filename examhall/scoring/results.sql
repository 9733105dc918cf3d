-- name: closed_sittings
-- FOR SHARE: a correction of the key waits until this marking is committed, and a marking that comes while one
-- is under way waits for it and reads the corrected key. Of the sittings too: one that is let in again this moment
-- is not marked, and letting in waits for a marking. Markings do not wait for each other.
SELECT sittings.candidate_id, sittings.id, sittings.exam_id, exams.version AS exam_version, exams.key_version,
       sittings.drawn
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, id)
  JOIN sittings USING (candidate_id, id)
  JOIN exams ON exams.id = sittings.exam_id
 WHERE sittings.closed_at IS NOT NULL
   FOR SHARE OF exams, sittings;

-- name: items_with_keys
SELECT exam_id, question_number, sub_part, kind, key, points
  FROM items
 WHERE exam_id = ANY(%(exam_ids)s);

-- name: answers_of_sittings
SELECT sitting_id, question_number, sub_part, answer
  FROM answers
  JOIN unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, sitting_id)
 USING (candidate_id, sitting_id);

-- name: upsert_marks
-- Where the machine has no mark to give, what a person gave counts, up to what the item is worth now. In the
-- order of the keys: two markings of the same sittings wait for each other, never in a circle.
INSERT INTO marks AS stored (candidate_id, sitting_id, question_number, sub_part, points)
SELECT candidate_id, sitting_id, question_number, sub_part,
       CASE WHEN points IS NULL
            -- Not without the condition: least() takes no notice of NULL.
            THEN (SELECT least(by_hand, given.max_points)
                    FROM marks
                   WHERE by_hand IS NOT NULL
                     AND marks.candidate_id = given.candidate_id
                     AND marks.sitting_id = given.sitting_id
                     AND marks.question_number = given.question_number
                     AND marks.sub_part = given.sub_part)
            ELSE points
       END
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[], %(question_numbers)s::smallint[],
              %(sub_parts)s::text[], %(points)s::numeric[], %(max_points)s::numeric[])
    AS given (candidate_id, sitting_id, question_number, sub_part, points, max_points)
 ORDER BY sitting_id, question_number, sub_part
ON CONFLICT (candidate_id, sitting_id, question_number, sub_part)
DO UPDATE SET points = excluded.points
 WHERE stored.points IS DISTINCT FROM excluded.points;

-- name: keep_replaced
-- What an older key gave, before it is replaced below. FOR UPDATE, in the order of the sittings: of two markings
-- the second waits here, and finds nothing older any more.
INSERT INTO result_history (candidate_id, sitting_id, exam_id, key_version, replaced_by, exam_version, points,
                            max_points, unmarked, marked_at, replaced_at)
SELECT results.candidate_id, results.sitting_id, results.exam_id, results.key_version, marked.key_version,
       results.exam_version, results.points, results.max_points, results.unmarked, results.marked_at,
       statement_timestamp()
  FROM results
  JOIN unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[], %(key_versions)s::integer[])
    AS marked (candidate_id, sitting_id, key_version)
 USING (candidate_id, sitting_id)
 WHERE results.key_version < marked.key_version
 ORDER BY results.sitting_id
   FOR UPDATE OF results;

-- name: upsert_results
-- In the order of the sittings, for the same reason. The most points are those of the questions drawn for each.
INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, key_version, points, max_points, unmarked,
                     marked_at)
SELECT marked.candidate_id, sitting_id, marked.exam_id, exam_version, key_version, total.points, total.max_points,
       total.unmarked, statement_timestamp()
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[], %(exam_ids)s::bigint[],
              %(exam_versions)s::integer[], %(key_versions)s::integer[])
    AS marked (candidate_id, sitting_id, exam_id, exam_version, key_version)
  JOIN sittings
    ON sittings.candidate_id = marked.candidate_id
   AND sittings.id = marked.sitting_id
 CROSS JOIN LATERAL (SELECT coalesce(sum(marks.points), 0) AS points, coalesce(sum(items.points), 0) AS max_points,
                            count(*) FILTER (WHERE marks.points IS NULL) AS unmarked
                       FROM items
                       LEFT JOIN marks
                         ON marks.candidate_id = marked.candidate_id
                        AND marks.sitting_id = marked.sitting_id
                        AND marks.question_number = items.question_number
                        AND marks.sub_part = items.sub_part
                      WHERE items.exam_id = marked.exam_id
                        AND is_drawn(sittings.drawn, items.question_number)) AS total
 ORDER BY sitting_id
ON CONFLICT (candidate_id, sitting_id)
DO UPDATE SET exam_version = excluded.exam_version, key_version = excluded.key_version,
              points = excluded.points, max_points = excluded.max_points, unmarked = excluded.unmarked,
              marked_at = excluded.marked_at;

-- name: result_of
SELECT sittings.id AS session_id, sittings.exam_id, exams.title, sittings.attempt_number,
       sittings.started_at, sittings.closed_at, sittings.closed_by, results.points, results.max_points,
       results.unmarked, results.marked_at, exams.release, exams.release_at,
       statement_timestamp() AS server_time,
       results_released(exams) AS is_released
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.candidate_id = %(candidate_id)s
   AND sittings.id = %(sitting_id)s;

-- name: breakdown
-- The key only once everybody's window is over (without one: concluded by hand) and nobody sits any more: what one
-- reads, another would know.
SELECT items.question_number, items.sub_part, items.kind, marks.points, items.points AS max_points,
       answers.answer,
       CASE WHEN exams.show_key
             AND results_released(exams)
             AND CASE WHEN exams.closes_at IS NULL THEN EXISTS (SELECT FROM conclusions WHERE exam_id = exams.id)
                      ELSE last_closing(exams) + exams.grace_s * interval '1 second' < statement_timestamp()
                 END
             AND NOT EXISTS (SELECT FROM sittings AS others WHERE exam_id = exams.id AND closed_at IS NULL)
            THEN items.key
       END AS key
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  JOIN items
    ON items.exam_id = sittings.exam_id
   AND is_drawn(sittings.drawn, items.question_number)
  LEFT JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
   AND marks.question_number = items.question_number
   AND marks.sub_part = items.sub_part
  LEFT JOIN answers
    ON answers.candidate_id = sittings.candidate_id
   AND answers.sitting_id = sittings.id
   AND answers.question_number = items.question_number
   AND answers.sub_part = items.sub_part
 WHERE sittings.candidate_id = %(candidate_id)s
   AND sittings.id = %(sitting_id)s
 ORDER BY items.question_number, items.sub_part;
