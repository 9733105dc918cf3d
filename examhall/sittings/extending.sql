-- name: find_owed
-- By the rule of a start, at the moment when each started. Whom nothing of their own applies to is owed nothing,
-- whatever became of the exam's own times since.
SELECT sittings.id AS sitting_id, sittings.candidate_id, people.full_name, people.username, sittings.exam_id,
       exams.title AS exam_title, sittings.started_at, sittings.deadline_at,
       floor(extract(epoch FROM own.deadline_at - sittings.started_at))::integer - sittings.allotted_s AS owed_s
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  JOIN people ON people.id = sittings.candidate_id
 CROSS JOIN own_time(exams, sittings.candidate_id, sittings.started_at) AS own
 WHERE sittings.closed_at IS NULL
   AND (%(exam_id)s::bigint IS NULL OR sittings.exam_id = %(exam_id)s)
   AND (%(person_id)s::bigint IS NULL OR sittings.candidate_id = %(person_id)s)
   AND (own.duration_s > exams.duration_s OR own.closes_at > exams.closes_at)
   AND own.deadline_at >= sittings.started_at + make_interval(secs => sittings.allotted_s + 1)
 ORDER BY sittings.id;

-- name: hold_exam
-- The exam before its sittings, as everybody: the record of what is given refers to it, and whoever moves the
-- exam's end holds it and then comes for the sittings.
SELECT id
  FROM exams
 WHERE id = %(exam_id)s
   FOR KEY SHARE;

-- name: hold_sittings
-- FOR UPDATE in the order of the ids, as by saves and by time that is given: of two who apply the same, the second
-- finds nothing owed.
SELECT id
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND id = ANY(%(sitting_ids)s)
   AND closed_at IS NULL
 ORDER BY id
   FOR UPDATE;

-- name: allot
UPDATE sittings
   SET allotted_s = allotted_s + %(seconds)s
 WHERE exam_id = %(exam_id)s
   AND id = ANY(%(sitting_ids)s);
