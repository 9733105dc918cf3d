-- name: defer_jobs
SELECT procrastinate_defer_jobs_v1(array_agg(
           ROW(%(queue)s, %(task)s, %(priority)s, NULL, NULL, arguments, NULL)::procrastinate_job_to_defer_v1))
  FROM unnest(%(arguments)s::jsonb[]) AS arguments;

-- name: defer_unless_waiting
-- Due in a while. One that has begun counts as not there: it may not see what the caller writes.
SELECT procrastinate_defer_jobs_v1(array_agg(
           ROW(%(queue)s, %(task)s, 0, NULL, NULL, %(arguments)s, statement_timestamp()
               + make_interval(secs => %(after_s)s))::procrastinate_job_to_defer_v1))
 WHERE NOT EXISTS (SELECT
                     FROM procrastinate_jobs
                    WHERE status = 'todo'
                      AND task_name = %(task)s
                      AND args = %(arguments)s);

-- name: forget_finished_jobs
-- Events go with their job.
DELETE FROM procrastinate_jobs
 WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
   AND NOT EXISTS (SELECT
                     FROM procrastinate_events
                    WHERE job_id = procrastinate_jobs.id
                      AND at > now() - CASE procrastinate_jobs.status WHEN 'succeeded' THEN %(succeeded)s::interval
                                                                      ELSE %(failed)s::interval END);
