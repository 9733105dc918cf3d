-- name: need_not_be_durable
-- Until the commit: nobody waits for these, so nothing has to wait for the disk.
SET LOCAL synchronous_commit = off;

-- name: keep_events
-- In the order of time within a batch; 0 and '' stand for nothing.
INSERT INTO events (at, what, person_id, exam_id, sitting_id, detail)
SELECT statement_timestamp() - age_us * interval '1 microsecond', what, nullif(person_id, 0),
       nullif(exam_id, 0), nullif(sitting_id, 0), nullif(detail, '')
  FROM unnest(%(ages_us)b::bigint[], %(whats)b::text[], %(person_ids)b::bigint[], %(exam_ids)b::bigint[],
              %(sitting_ids)b::bigint[], %(details)b::text[])
    AS noted (age_us, what, person_id, exam_id, sitting_id, detail);
