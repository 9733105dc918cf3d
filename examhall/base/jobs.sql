-- name: defer_jobs
SELECT procrastinate_defer_jobs_v1(array_agg(
           ROW(%(queue)s, %(task)s, %(priority)s, NULL, NULL, arguments, NULL)::procrastinate_job_to_defer_v1))
  FROM unnest(%(arguments)s::jsonb[]) AS arguments;

-- name: forget_finished_jobs
-- Events go with their job.
DELETE FROM procrastinate_jobs
 WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
   AND NOT EXISTS (SELECT
                     FROM procrastinate_events
                    WHERE job_id = procrastinate_jobs.id
                      AND at > now() - CASE procrastinate_jobs.status WHEN 'succeeded' THEN %(succeeded)s::interval
                                                                      ELSE %(failed)s::interval END);
