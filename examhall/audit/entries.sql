-- name: list_entries
-- Only what a page shows is joined: the rest is read from an index, from where the last page ended.
SELECT sought.id, sought.at, sought.actor_id, actor.full_name AS actor_name, sought.door, sought.trace,
       sought.deed, sought.kind, sought.thing, sought.label, sought.exam_id, exams.title AS exam_title,
       sought.person_id, person.full_name AS person_name, sought.before, sought.after
  FROM (SELECT id, at, actor_id, door, trace, deed, kind, thing, label, exam_id, person_id, before, after
          FROM audit_entries
         WHERE (at, id) < (%(before_at)s::timestamptz, %(before_id)s)
           AND (%(people)s::bigint[] IS NULL
                OR actor_id = ANY (%(people)s::bigint[])
                OR person_id = ANY (%(people)s::bigint[]))
           AND (%(kind)s::text IS NULL OR kind = %(kind)s)
           AND (%(thing)s::text IS NULL OR thing = %(thing)s)
           AND (%(exam_id)s::bigint IS NULL OR exam_id = %(exam_id)s)
           AND (%(door)s::text IS NULL OR door = %(door)s)
           AND (%(deed)s::text IS NULL OR deed = %(deed)s)
           AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
           AND (%(until)s::timestamptz IS NULL OR at <= %(until)s)
           AND (%(words)s::text IS NULL
                OR to_tsvector('simple', words) @@ websearch_to_tsquery('simple', %(words)s))
         ORDER BY at DESC, id DESC
         LIMIT %(most)s) AS sought
  LEFT JOIN people AS actor ON actor.id = sought.actor_id
  LEFT JOIN people AS person ON person.id = sought.person_id
  LEFT JOIN exams ON exams.id = sought.exam_id
 ORDER BY sought.at DESC, sought.id DESC;

-- name: find_entry
SELECT audit_entries.id, at, actor_id, actor.full_name AS actor_name, door, trace, deed, audit_entries.kind, thing,
       label, exam_id, exams.title AS exam_title, person_id, person.full_name AS person_name, before, after
  FROM audit_entries
  LEFT JOIN people AS actor ON actor.id = actor_id
  LEFT JOIN people AS person ON person.id = person_id
  LEFT JOIN exams ON exams.id = exam_id
 WHERE audit_entries.id = %(id)s;

-- name: place_of
SELECT at, id
  FROM audit_entries
 WHERE id = %(id)s;

-- name: people_called
SELECT id
  FROM people
 WHERE lower(username) = lower(%(username)s)
    OR full_name ILIKE %(part)s
 LIMIT %(most)s;

-- name: list_kinds
-- From one kind to the next by the index, however many entries each has.
WITH RECURSIVE kinds AS (
    (SELECT kind FROM audit_entries ORDER BY kind LIMIT 1)
     UNION ALL
    SELECT (SELECT kind FROM audit_entries WHERE kind > kinds.kind ORDER BY kind LIMIT 1)
      FROM kinds
     WHERE kinds.kind IS NOT NULL
)
SELECT kind FROM kinds WHERE kind IS NOT NULL;
