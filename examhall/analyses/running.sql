-- name: take_turn
-- Workers choose one after the other: each counts what those before it have begun.
SELECT pg_advisory_xact_lock(%(lock)s);

-- name: look
SELECT EXISTS (SELECT FROM calculations WHERE status = 'queued') AS waiting,
       EXISTS (SELECT
                 FROM calculations
                WHERE status = 'running'
                  AND heartbeat_at < statement_timestamp() - %(dead_after_s)s * interval '1 second') AS dead;

-- name: claim
-- The oldest of the person who has the fewest running; of several, of who was served longest ago, or never. The
-- caller has the turn. One that is cancelled in this instant is found so when its lock is free, and not claimed.
WITH next AS (
    SELECT waiting.first_id
      FROM (SELECT person_id, min(id) AS first_id
              FROM calculations
             WHERE status = 'queued'
             GROUP BY person_id) AS waiting
     CROSS JOIN LATERAL (SELECT count(*) AS count
                           FROM calculations
                          WHERE person_id = waiting.person_id
                            AND status = 'running') AS running
     CROSS JOIN LATERAL (SELECT max(started_at) AS at
                           FROM calculations
                          WHERE person_id = waiting.person_id
                            AND started_at IS NOT NULL) AS served
     ORDER BY running.count, served.at NULLS FIRST, waiting.first_id
     LIMIT 1
)
UPDATE calculations
   SET status = 'running',
       stage = 'reading',
       progress = 0,
       tries = tries + 1,
       worker = %(worker)s,
       started_at = clock_timestamp(),
       heartbeat_at = clock_timestamp()
  FROM next, scenario_versions AS saved
 WHERE calculations.id = next.first_id
   AND calculations.status = 'queued'
   AND saved.scenario_id = calculations.scenario_id
   AND saved.version = calculations.scenario_version
RETURNING calculations.id, calculations.tries, saved.document AS scenario;

-- name: beat
-- Those that are still ours: what was cancelled, or given to another, is missing.
UPDATE calculations
   SET heartbeat_at = statement_timestamp(),
       progress = given.progress,
       stage = given.stage
  FROM unnest(%(ids)s::bigint[], %(tries)s::integer[], %(progress)s::real[], %(stages)s::text[])
    AS given (id, tries, progress, stage)
 WHERE calculations.id = given.id
   AND calculations.tries = given.tries
   AND calculations.worker = %(worker)s
   AND calculations.status = 'running'
RETURNING calculations.id;

-- name: finish
-- Of whoever believes to be working it out, one is right: the result is written once.
UPDATE calculations
   SET status = 'done',
       stage = 'done',
       progress = 1,
       finished_at = statement_timestamp(),
       inputs = %(inputs)s,
       inputs_hash = %(inputs_hash)s,
       result = %(result)s::jsonb,
       candidates = %(candidates)s
 WHERE id = %(id)s
   AND tries = %(tries)s
   AND worker = %(worker)s
   AND status = 'running';

-- name: fail
UPDATE calculations
   SET status = 'failed',
       stage = 'failed',
       finished_at = statement_timestamp(),
       error_code = %(error_code)s,
       error = %(error)s
 WHERE id = %(id)s
   AND tries = %(tries)s
   AND worker = %(worker)s
   AND status = 'running';

-- name: give_back
-- Not by any fault of its own: the try does not count.
UPDATE calculations
   SET status = 'queued',
       stage = 'queued',
       progress = 0,
       tries = tries - 1,
       worker = NULL,
       heartbeat_at = NULL
 WHERE id = ANY(%(ids)s)
   AND worker = %(worker)s
   AND status = 'running';

-- name: begin_again
-- What ended without a result, by itself or with its worker, waits for another try; after the last it has failed.
UPDATE calculations
   SET status = CASE WHEN tries < %(most_tries)s THEN 'queued' ELSE 'failed' END,
       stage = CASE WHEN tries < %(most_tries)s THEN 'queued' ELSE 'failed' END,
       progress = 0,
       worker = NULL,
       heartbeat_at = NULL,
       finished_at = CASE WHEN tries < %(most_tries)s THEN NULL ELSE statement_timestamp() END,
       error_code = CASE WHEN tries < %(most_tries)s THEN NULL ELSE %(error_code)s END,
       error = CASE WHEN tries < %(most_tries)s THEN NULL ELSE %(error)s END
 WHERE status = 'running'
   AND CASE WHEN %(id)s::bigint IS NULL
            THEN heartbeat_at < statement_timestamp() - %(dead_after_s)s * interval '1 second'
            ELSE id = %(id)s AND tries = %(tries)s AND worker = %(worker)s
       END
RETURNING id, tries, status;
