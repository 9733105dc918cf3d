-- name: results
-- Every marking of a sitting moves the last instant, and every one more or less the counts.
SELECT asked.exam_id, handed_in.count AS handed_in, marked.count AS marked, marked.marked_at
  FROM unnest(%(exam_ids)s::bigint[]) AS asked (exam_id)
  JOIN exams ON exams.id = asked.exam_id
 CROSS JOIN LATERAL (SELECT count(*)
                       FROM sittings
                      WHERE sittings.exam_id = exams.id
                        AND closed_at IS NOT NULL) AS handed_in
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE key_version = exams.key_version) AS count,
                            max(marked_at) AS marked_at
                       FROM results
                      WHERE results.exam_id = exams.id) AS marked;

-- name: course_members
SELECT count(*) AS members,
       coalesce(md5(string_agg(concat_ws(':', member.person_id, member.course_id, member.code, member.title), ','
                               ORDER BY member.person_id, member.course_id)), '') AS digest
  FROM (SELECT enrolments.person_id, enrolments.course_id, courses.code, courses.title
          FROM enrolments
          JOIN courses ON courses.id = enrolments.course_id
         WHERE enrolments.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s))
       ) AS member;

-- name: organisation_members
SELECT count(*) AS members,
       coalesce(md5(string_agg(concat_ws(':', member.person_id, member.organisation_id, member.code, member.name),
                               ',' ORDER BY member.person_id, member.organisation_id)), '') AS digest
  FROM (SELECT members.person_id, members.organisation_id, organisations.code, organisations.name
          FROM organisation_members AS members
          JOIN organisations ON organisations.id = members.organisation_id
         WHERE members.person_id IN (SELECT candidate_id FROM sittings WHERE exam_id = ANY(%(exam_ids)s))
       ) AS member;
