-- name: use_of_sealed
-- By people, since the paper could be had: of one exam, by the index.
SELECT count(DISTINCT person_id) FILTER (WHERE what = 'sealed_asked')::integer AS downloaded,
       count(DISTINCT person_id) FILTER (WHERE what = 'sealed_opened')::integer AS opened,
       count(DISTINCT person_id) FILTER (WHERE what = 'sealed_failed')::integer AS failed
  FROM events
 WHERE exam_id = %(exam_id)s
   AND at >= %(since)s
   AND what IN ('sealed_asked', 'sealed_opened', 'sealed_failed');
