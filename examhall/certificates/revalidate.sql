-- name: list_outdated
-- SKIP LOCKED: two workers look at different certificates. What one of them leaves behind when it dies is locked
-- by nobody and found again.
WITH due AS MATERIALIZED (
    SELECT rules.id AS rule_id, exams.key_version
      FROM certificate_rules AS rules
      JOIN exams ON exams.id = rules.exam_id
      JOIN exam_standings
        ON exam_standings.exam_id = exams.id
       AND exam_standings.key_version = exams.key_version
     WHERE rules.validated IS DISTINCT FROM exams.key_version
       AND (%(exam_id)s::bigint IS NULL OR exams.id = %(exam_id)s)
       AND results_released(exams)
       AND (rules.condition <> 'scaled_score'
            OR EXISTS (SELECT
                         FROM calibrations
                        WHERE calibrations.exam_id = exams.id
                          AND calibrations.key_version = exams.key_version))
), earned AS MATERIALIZED (
    SELECT due.rule_id, earners.*
      FROM due
      JOIN certificate_rules AS rules ON rules.id = due.rule_id
     CROSS JOIN LATERAL certificate_earners(rules) AS earners
)
SELECT certificates.id, certificates.holder_id, certificates.holder_name, certificates.rule_id,
       rules.on_correction, rules.template_id, templates.active AS template_active, rules.title, rules.fields,
       certificates.public, rules.created_by, rules.exam_id, certificates.key_version AS given_by, due.key_version AS new_key,
       CASE WHEN certificates.facts IS JSON OBJECT THEN certificates.facts::jsonb -> 'score' END AS score, earned.sitting_id,
       coalesce(earned.points, now_has.points)::double precision AS points,
       coalesce(earned.max_points, now_has.max_points)::double precision AS max_points,
       places.place, standings.participants, coalesce(earned.scaled, now_has.scaled) AS scaled
  FROM due
  JOIN certificate_rules AS rules ON rules.id = due.rule_id
  JOIN certificate_templates AS templates ON templates.id = rules.template_id
  JOIN exam_standings AS standings ON standings.exam_id = rules.exam_id
  JOIN certificates
    ON certificates.rule_id = due.rule_id
   AND certificates.revoked_at IS NULL
   AND coalesce(certificates.validated_key, certificates.key_version) < due.key_version
  LEFT JOIN earned
    ON earned.rule_id = due.rule_id
   AND earned.candidate_id = certificates.holder_id
  LEFT JOIN exam_places AS places
    ON places.exam_id = rules.exam_id
   AND places.person_id = certificates.holder_id
  LEFT JOIN LATERAL (SELECT results.points, results.max_points, abilities.scaled
                       FROM results
                       LEFT JOIN abilities
                         ON abilities.candidate_id = results.candidate_id
                        AND abilities.sitting_id = results.sitting_id
                        AND abilities.key_version = results.key_version
                      WHERE results.candidate_id = certificates.holder_id
                        AND results.exam_id = rules.exam_id
                        AND results.key_version = due.key_version
                      ORDER BY results.points DESC, results.sitting_id
                      LIMIT 1) AS now_has ON true
 ORDER BY certificates.id
 LIMIT %(limit)s
   FOR UPDATE OF certificates SKIP LOCKED;

-- name: mark_seen
UPDATE certificates
   SET validated_key = seen.key_version
  FROM unnest(%(ids)s::bigint[], %(keys)s::integer[]) AS seen (id, key_version)
 WHERE certificates.id = seen.id;

-- name: earned_again
-- What waited for a person, and the newest key gives after all.
UPDATE certificate_reviews
   SET decided_at = now(),
       decision = 'earned_again'
 WHERE certificate_id = ANY(%(ids)s)
   AND decided_at IS NULL;

-- name: ask_for_review
-- One that still waits since an older key waits on, with what is found now.
INSERT INTO certificate_reviews (certificate_id, key_version, exam_id, found)
SELECT id, key_version, exam_id, found
  FROM unnest(%(ids)s::bigint[], %(keys)s::integer[], %(exam_ids)s::bigint[], %(found)s::jsonb[])
    AS asked (id, key_version, exam_id, found)
ON CONFLICT (certificate_id) WHERE decided_at IS NULL
   DO UPDATE SET key_version = excluded.key_version, found = excluded.found, asked_at = excluded.asked_at;

-- name: revoke
-- By nobody: who earns one again by a later key is given one.
UPDATE certificates
   SET revoked_at = now(),
       revocation_reason = %(reason)s
 WHERE id = ANY(%(ids)s);

-- name: lead_on
UPDATE certificates
   SET replaced_by = successors.id,
       revocation_reason = 'Replaced by ' || successors.serial
  FROM certificates AS successors
 WHERE certificates.id = ANY(%(ids)s)
   AND successors.rule_id = certificates.rule_id
   AND successors.holder_id = certificates.holder_id
   AND successors.revoked_at IS NULL;

-- name: hold_rules
-- Whoever gives certificates by an older key holds its rule: they are waited for, and seen by what comes next.
SELECT rules.id
  FROM certificate_rules AS rules
  JOIN exams ON exams.id = rules.exam_id
  JOIN exam_standings
    ON exam_standings.exam_id = exams.id
   AND exam_standings.key_version = exams.key_version
 WHERE rules.validated IS DISTINCT FROM exams.key_version
   AND (%(exam_id)s::bigint IS NULL OR exams.id = %(exam_id)s)
   AND results_released(exams)
 ORDER BY rules.id
   FOR NO KEY UPDATE OF rules;

-- name: mark_validated
-- A certificate that another worker holds looks as it was, and its rule is not marked.
UPDATE certificate_rules
   SET validated = exams.key_version
  FROM exams
  JOIN exam_standings
    ON exam_standings.exam_id = exams.id
   AND exam_standings.key_version = exams.key_version
 WHERE exams.id = certificate_rules.exam_id
   AND (%(exam_id)s::bigint IS NULL OR exams.id = %(exam_id)s)
   AND certificate_rules.validated IS DISTINCT FROM exams.key_version
   AND results_released(exams)
   AND (certificate_rules.condition <> 'scaled_score'
        OR EXISTS (SELECT
                     FROM calibrations
                    WHERE calibrations.exam_id = exams.id
                      AND calibrations.key_version = exams.key_version))
   AND NOT EXISTS (SELECT
                     FROM certificates
                    WHERE certificates.rule_id = certificate_rules.id
                      AND certificates.revoked_at IS NULL
                      AND coalesce(certificates.validated_key, certificates.key_version) < exams.key_version);
