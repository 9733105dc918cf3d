-- name: defer_jobs
SELECT procrastinate_defer_jobs_v1(array_agg(
           ROW('default', %(task)s, 0, NULL, NULL, arguments, NULL)::procrastinate_job_to_defer_v1))
  FROM unnest(%(arguments)s::jsonb[]) AS arguments;
