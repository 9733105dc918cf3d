-- name: exams_to_roll_up
-- Where something happened a short while ago, where somebody sits, what was concluded since, and what was
-- never rolled up.
SELECT exam_id
  FROM events
 WHERE at > now() - %(recent)s
   AND exam_id IN (SELECT id FROM exams)
 UNION
SELECT exam_id
  FROM sittings
 WHERE closed_at IS NULL
 UNION
SELECT exam_id
  FROM conclusions
  JOIN activity_rollups USING (exam_id)
 WHERE concluded_at > computed_at
 UNION
SELECT id
  FROM exams
 WHERE EXISTS (SELECT FROM sittings WHERE exam_id = exams.id)
   AND NOT EXISTS (SELECT FROM activity_rollups WHERE exam_id = exams.id)
 ORDER BY exam_id;

-- name: hold_rollup
-- Until the transaction ends: of two workers at the same exam the second waits, and counts what is new.
SELECT pg_advisory_xact_lock(hashtext('examhall activity'), hashint8(%(exam_id)s));

-- name: extent
SELECT statement_timestamp() AS now,
       (SELECT count(*) FROM sittings WHERE exam_id = %(exam_id)s) AS sittings,
       (SELECT min(started_at) FROM sittings WHERE exam_id = %(exam_id)s) AS first_at,
       newest.first_at AS newest_first_at, newest.last_at AS newest_last_at, newest.open,
       (SELECT computed_at FROM activity_rollups WHERE exam_id = %(exam_id)s) AS computed_at,
       (SELECT timed_at FROM activity_rollups WHERE exam_id = %(exam_id)s) AS timed_at
  FROM (SELECT min(started_at) AS first_at, max(coalesce(closed_at, closes_at)) AS last_at,
               count(*) FILTER (WHERE closed_at IS NULL) AS open
          FROM (SELECT started_at, closed_at, closes_at
                  FROM sittings
                 WHERE exam_id = %(exam_id)s
                 ORDER BY id DESC
                 LIMIT %(newest)s) AS sittings) AS newest;

-- name: count_events
-- In full each time, for there are only a few per person. What stood there of events that were dropped since,
-- being too old, stays. Starts and ends are taken from the sittings, where none is missing.
INSERT INTO activity_counts (exam_id, at, sign_ins, arrivals, starts, hand_ins, closes, refusals, looks)
SELECT %(exam_id)s, date_bin('10 s', at, 'epoch') AS at_ten,
       count(*) FILTER (WHERE what = 'ticket_shown'), count(*) FILTER (WHERE what = 'arrived'),
       count(*) FILTER (WHERE what = 'started'), count(*) FILTER (WHERE what = 'handed_in'),
       count(*) FILTER (WHERE what = 'closed'), count(*) FILTER (WHERE what = 'refused'),
       count(*) FILTER (WHERE what = 'result_seen')
  FROM (SELECT at, what
          FROM events
         WHERE exam_id = %(exam_id)s
           AND what IN ('ticket_shown', 'refused', 'result_seen')
         UNION ALL
        SELECT min(at), 'arrived'
          FROM (SELECT at, person_id
                  FROM events
                 WHERE exam_id = %(exam_id)s
                   AND what IN ('ticket_shown', 'lobby_opened')
                   AND person_id IS NOT NULL
                 UNION ALL
                SELECT started_at, candidate_id
                  FROM sittings
                 WHERE exam_id = %(exam_id)s) AS seen
         GROUP BY person_id
         UNION ALL
        SELECT started_at, 'started'
          FROM sittings
         WHERE exam_id = %(exam_id)s
         UNION ALL
        SELECT closed_at, CASE closed_by WHEN 'candidate' THEN 'handed_in' ELSE 'closed' END
          FROM sittings
         WHERE exam_id = %(exam_id)s
           AND closed_at IS NOT NULL) AS happened
 GROUP BY at_ten
ON CONFLICT (exam_id, at)
DO UPDATE SET sign_ins = excluded.sign_ins, arrivals = excluded.arrivals, starts = excluded.starts,
              hand_ins = excluded.hand_ins, closes = excluded.closes, refusals = excluded.refusals,
              looks = excluded.looks;

-- name: count_saves
-- Only what is new: from `since`, the beginning of a minute, everything is counted again.
WITH saved AS MATERIALIZED (
    SELECT answer_history.received_at, answer_history.sitting_id
      FROM answer_history
      JOIN sittings
        ON sittings.candidate_id = answer_history.candidate_id
       AND sittings.id = answer_history.sitting_id
     WHERE sittings.exam_id = %(exam_id)s
       AND answer_history.received_at >= %(since)s
),
counted AS (
    SELECT date_bin('10 s', received_at, 'epoch') AS at, count(*) AS saves, 0 AS active
      FROM saved
     GROUP BY 1
     UNION ALL
    SELECT date_bin('1 min', received_at, 'epoch'), 0, count(DISTINCT sitting_id)
      FROM saved
     GROUP BY 1
)
INSERT INTO activity_counts (exam_id, at, saves, active)
SELECT %(exam_id)s, at, sum(saves), sum(active)
  FROM counted
 GROUP BY at
ON CONFLICT (exam_id, at)
DO UPDATE SET saves = excluded.saves, active = excluded.active;

-- name: forget_question_times
DELETE FROM question_times
 WHERE exam_id = %(exam_id)s;

-- name: time_questions
-- What went by before each save, since the one before it or the start, went into the question then saved.
WITH timed AS MATERIALIZED (
    SELECT candidate_id, id, started_at
      FROM (SELECT candidate_id, id, started_at
              FROM sittings
             WHERE exam_id = %(exam_id)s
             ORDER BY id DESC
             LIMIT %(newest)s) AS newest
     -- Any of them, and the same ones each time.
     ORDER BY hashint8(id)
     LIMIT %(most)s
),
gaps AS (
    SELECT timed.candidate_id, timed.id, question_number,
           received_at - coalesce(lag(received_at) OVER (PARTITION BY timed.candidate_id, timed.id
                                                         ORDER BY received_at), started_at) AS gap
      FROM answer_history
      JOIN timed
        ON timed.candidate_id = answer_history.candidate_id
       AND timed.id = answer_history.sitting_id
     WHERE received_at >= %(since)s
       AND received_at <= %(until)s
),
spent AS (
    SELECT question_number, greatest(0, extract(epoch FROM sum(gap))) AS seconds
      FROM gaps
     GROUP BY candidate_id, id, question_number
)
INSERT INTO question_times (exam_id, question_number, sittings, lower_s, median_s, upper_s)
SELECT %(exam_id)s, question_number, count(*), percentile_cont(0.25) WITHIN GROUP (ORDER BY seconds),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       percentile_cont(0.75) WITHIN GROUP (ORDER BY seconds)
  FROM spent
 GROUP BY question_number;

-- name: keep_rollup
-- `timed_sittings` is NULL when the time per question was not taken this time.
INSERT INTO activity_rollups AS stored
       (exam_id, computed_at, took_s, sittings, timed_sittings, lost_events, timed_at)
SELECT %(exam_id)s, %(computed_at)s, %(took_s)s, %(sittings)s, coalesce(%(timed_sittings)s::integer, 0),
       (SELECT coalesce(sum(detail::bigint), 0)
          FROM events
         WHERE what = 'lost'
           AND at BETWEEN extent.first_at AND extent.last_at),
       CASE WHEN %(timed_sittings)s::integer IS NOT NULL THEN %(computed_at)s::timestamptz END
  FROM (SELECT min(at) - interval '1 min' AS first_at, max(at) + interval '1 min' AS last_at
          FROM activity_counts
         WHERE exam_id = %(exam_id)s) AS extent
ON CONFLICT (exam_id)
DO UPDATE SET computed_at = excluded.computed_at, took_s = excluded.took_s, sittings = excluded.sittings,
              timed_sittings = coalesce(%(timed_sittings)s::integer, stored.timed_sittings),
              timed_at = coalesce(excluded.timed_at, stored.timed_at), lost_events = excluded.lost_events;

-- name: exam_activity
SELECT exams.id AS exam_id, exams.title, exams.opens_at, exams.closes_at, exams.duration_s, computed_at, took_s,
       sittings, timed_sittings, lost_events, statement_timestamp() AS now,
       CASE WHEN EXISTS (SELECT FROM assignments WHERE exam_id = exams.id)
              OR EXISTS (SELECT FROM group_assignments WHERE exam_id = exams.id)
            THEN (SELECT count(*) FROM expected_people(exams.id)) ELSE 0 END AS assigned
  FROM exams
  LEFT JOIN activity_rollups ON exam_id = exams.id
 WHERE exams.id = %(exam_id)s;

-- name: counts_of
SELECT at, sign_ins, arrivals, starts, saves, hand_ins, closes, refusals, looks, active
  FROM activity_counts
 WHERE exam_id = %(exam_id)s
 ORDER BY at;

-- name: question_times_of
SELECT question_number, sittings, lower_s, median_s, upper_s
  FROM question_times
 WHERE exam_id = %(exam_id)s
 ORDER BY question_number;

-- name: busiest_exams
-- Those in which something happened last first.
SELECT exams.id AS exam_id, exams.title, exams.opens_at, exams.closes_at, computed_at, activity_rollups.sittings,
       total.arrivals, total.saves, total.ended, total.busiest_saves, total.last_at
  FROM activity_rollups
  JOIN exams ON exams.id = activity_rollups.exam_id
 CROSS JOIN LATERAL (SELECT coalesce(sum(arrivals), 0) AS arrivals, coalesce(sum(saves), 0) AS saves,
                            coalesce(sum(hand_ins + closes), 0) AS ended,
                            coalesce(max(saves), 0) AS busiest_saves, max(at) AS last_at
                       FROM activity_counts
                      WHERE exam_id = exams.id) AS total
 ORDER BY total.last_at DESC NULLS LAST, exams.id DESC
 LIMIT %(limit)s;

-- name: recent_counts
-- Of all exams together, per five minutes.
SELECT date_bin('5 min', at, 'epoch') AS at, sum(arrivals)::integer AS arrivals, sum(starts)::integer AS starts,
       sum(saves)::integer AS saves, sum(hand_ins + closes)::integer AS ended
  FROM activity_counts
 WHERE at > now() - interval '1 day'
 GROUP BY 1
 ORDER BY 1;
