-- name: list_candidates
-- Who is to come; and who has a ticket, or has sat, without being expected.
WITH named AS MATERIALIZED (
    SELECT person_id, true AS is_expected
      FROM expected_people(%(exam_id)s)
     UNION ALL
    SELECT person_id, false FROM tickets WHERE exam_id = %(exam_id)s AND revoked_at IS NULL
     UNION ALL
    SELECT candidate_id, false FROM sittings WHERE exam_id = %(exam_id)s
), candidates AS (
    SELECT person_id, bool_or(is_expected) AS is_expected
      FROM named
     GROUP BY person_id
), page AS (
    SELECT people.id AS person_id, people.username, people.full_name, people.active, candidates.is_expected
      FROM candidates
      JOIN people ON people.id = candidates.person_id
     WHERE (lower(people.full_name), people.id) > (%(after_name)s::text, %(after)s::bigint)
       AND (%(search)s::text IS NULL
            OR strpos(lower(people.username || ' ' || people.full_name), lower(%(search)s::text)) > 0)
     ORDER BY lower(people.full_name), people.id
     LIMIT %(limit)s
)
SELECT page.person_id, page.username, page.full_name, page.active, page.is_expected,
       EXISTS (SELECT
                 FROM assignments
                WHERE assignments.exam_id = exams.id
                  AND assignments.person_id = page.person_id) AS is_assigned,
       tickets.id AS ticket_id, own.opens_at, own.closes_at, own.duration_s,
       (own.opens_at, own.closes_at) IS DISTINCT FROM (exams.opens_at, exams.closes_at) AS has_window,
       -- What they have in their own name for this exam stands before what a group gives.
       ARRAY(SELECT groups.name
               FROM accommodations
               JOIN memberships
                 ON memberships.group_id = accommodations.group_id
                AND memberships.person_id = page.person_id
               JOIN groups ON groups.id = accommodations.group_id
              WHERE (accommodations.exam_id = exams.id OR accommodations.exam_id IS NULL)
                AND NOT EXISTS (SELECT
                                  FROM accommodations AS theirs
                                 WHERE theirs.person_id = page.person_id
                                   AND theirs.exam_id = exams.id)
              ORDER BY groups.name) AS through_groups,
       own.duration_s - exams.duration_s AS extra_s, sat.id AS sitting_id, sat.closed_at, sat.deadline_at
  FROM page
  JOIN exams ON exams.id = %(exam_id)s
 CROSS JOIN own_time(exams, page.person_id, statement_timestamp()) AS own
  LEFT JOIN tickets
    ON tickets.exam_id = exams.id
   AND tickets.person_id = page.person_id
   AND tickets.revoked_at IS NULL
  LEFT JOIN LATERAL (SELECT id, closed_at, deadline_at
                       FROM sittings
                      WHERE sittings.candidate_id = page.person_id
                        AND sittings.exam_id = exams.id
                      ORDER BY attempt_number DESC
                      LIMIT 1) AS sat ON true
 ORDER BY lower(page.full_name), page.person_id;

-- name: place_of
SELECT lower(full_name) AS name
  FROM people
 WHERE id = %(person_id)s;

-- name: counts
SELECT exams.title, exams.opens_at, exams.closes_at, exams.duration_s, exams.is_draft, exams.release,
       statement_timestamp() AS server_time,
       (SELECT count(*)::integer FROM expected_people(exams.id)) AS expected,
       (SELECT count(*)::integer FROM tickets WHERE exam_id = exams.id AND revoked_at IS NULL) AS tickets,
       (SELECT count(DISTINCT candidate_id)::integer FROM sittings WHERE exam_id = exams.id) AS came,
       last_closing(exams) AS last_closing_at
  FROM exams
 WHERE exams.id = %(exam_id)s;
