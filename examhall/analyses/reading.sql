-- name: one_snapshot
-- Exams, keys, sittings, marks and groups are read one after the other, and belong together.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: is_anybody_sitting
SELECT EXISTS (SELECT FROM sittings WHERE closed_at IS NULL) AS busy;

-- name: sittings
-- In the order of the rows: candidate, sitting, attempt, seconds it took, points and most points in
-- thousandths; eight bytes each. And how many were handed in, but are not marked by the key as it is.
SELECT coalesce(string_agg(int8send(sittings.candidate_id) || int8send(sittings.id)
                           || int8send(sittings.attempt_number)
                           || int8send(floor(extract(epoch FROM sittings.closed_at - sittings.started_at))::bigint)
                           || int8send((results.points * 1000)::bigint)
                           || int8send((results.max_points * 1000)::bigint), ''::bytea
                           ORDER BY sittings.id) FILTER (WHERE results.key_version = exams.key_version), '')
           AS sittings,
       count(*) FILTER (WHERE results.key_version IS DISTINCT FROM exams.key_version) AS waiting
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL;

-- name: parts
-- One row for each thousand sittings. Their marks, of each item that they had (what waits is 0): 20 bits for the row, 15 for the question, 28 for the
-- thousandths; the question's parts, in the same order; what persons gave, and the answers to the questions that
-- need them, a line each with row, question and part, and points or the answer's JSON (of an essay only whether
-- there is one). Each thousand is joined for itself along the keys of both tables, and with nothing else:
-- nothing is sorted or compared with all items, and memory does not grow with the exam.
COPY (
    WITH persons AS MATERIALIZED (
        SELECT sittings.candidate_id, sittings.id AS sitting_id,
               row_number() OVER (ORDER BY sittings.id) - 1 AS row
          FROM sittings
          JOIN exams ON exams.id = sittings.exam_id
          JOIN results
            ON results.candidate_id = sittings.candidate_id
           AND results.sitting_id = sittings.id
           AND results.key_version = exams.key_version
         WHERE sittings.exam_id = %(exam_id)s
           AND sittings.closed_at IS NOT NULL
    ), thousands AS MATERIALIZED (
        SELECT array_agg(candidate_id) AS candidate_ids, array_agg(sitting_id) AS sitting_ids,
               array_agg(row) AS rows
          FROM persons
         GROUP BY row / 1000
    )
    SELECT marked.cells, marked.parts, marked.by_hand, given.answers
      FROM thousands
     CROSS JOIN LATERAL (
        SELECT string_agg(int8send((each.row << 43) | (marks.question_number::bigint << 28)
                                   | coalesce((marks.points * 1000)::bigint, 0)), ''::bytea) AS cells,
               string_agg(marks.sub_part, chr(31)) AS parts,
               string_agg(each.row || ' ' || marks.question_number || ':' || marks.sub_part || ' '
                          || (marks.by_hand * 1000)::bigint, chr(10))
                   FILTER (WHERE marks.by_hand IS NOT NULL) AS by_hand
          FROM unnest(candidate_ids, sitting_ids, rows) AS each (candidate_id, sitting_id, row)
          JOIN marks USING (candidate_id, sitting_id)
     ) AS marked
     CROSS JOIN LATERAL (
        SELECT string_agg(each.row || ' ' || answers.question_number || ':' || answers.sub_part || ' '
                          || CASE WHEN answers.question_number || answers.sub_part = ANY(%(essays)s::text[])
                                  THEN CASE WHEN answers.answer #>> '{}' ~ '\S' THEN '"."' ELSE '""' END
                                  ELSE answers.answer::text
                             END, chr(10)) AS answers
          FROM unnest(candidate_ids, sitting_ids, rows) AS each (candidate_id, sitting_id, row)
          JOIN answers USING (candidate_id, sitting_id)
         WHERE answers.question_number = ANY(%(numbers)s::smallint[])
           AND %(numbers)s::smallint[] <> '{}'
     ) AS given
) TO STDOUT (FORMAT BINARY);

-- name: courses
-- Groups in the order in which members name them, from 0.
SELECT DISTINCT courses.id, courses.code, courses.title AS name
  FROM enrolments
  JOIN courses ON courses.id = enrolments.course_id
 WHERE enrolments.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s))
 ORDER BY courses.id;

-- name: in_courses
-- Person and place of the group, eight bytes each. Who has left a course was in it when they sat.
SELECT coalesce(string_agg(int8send(enrolments.person_id)
                           || int8send(array_position(%(group_ids)s::bigint[], enrolments.course_id)::bigint - 1),
                           ''::bytea), '') AS members
  FROM enrolments
 WHERE enrolments.course_id = ANY(%(group_ids)s::bigint[])
   AND enrolments.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s));

-- name: organisations
SELECT DISTINCT organisations.id, organisations.code, organisations.name
  FROM organisation_members AS members
  JOIN organisations ON organisations.id = members.organisation_id
 WHERE members.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s))
 ORDER BY organisations.id;

-- name: in_organisations
SELECT coalesce(string_agg(int8send(members.person_id)
                           || int8send(array_position(%(group_ids)s::bigint[], members.organisation_id)::bigint
                                       - 1), ''::bytea), '') AS members
  FROM organisation_members AS members
 WHERE members.organisation_id = ANY(%(group_ids)s::bigint[])
   AND members.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s));
