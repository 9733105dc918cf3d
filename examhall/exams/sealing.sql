-- name: setting
SELECT opens_at, sealed_before_s
  FROM exams
 WHERE id = %(exam_id)s;

-- name: pictures
SELECT name, media_type, content
  FROM pictures
 WHERE exam_id = %(exam_id)s
 ORDER BY name;

-- name: sealed_of_content
SELECT exam_id, version, key, sha256, part_bytes
  FROM sealed_papers
 WHERE exam_id = %(exam_id)s
   AND content_hash = %(content_hash)s;

-- name: keep_sealed
-- Of all processes that seal the same content at once, one's paper and key are kept: the index decides.
INSERT INTO sealed_papers (exam_id, version, content_hash, key, sha256, part_bytes)
VALUES (%(exam_id)s, %(version)s, %(content_hash)s, %(key)s, %(sha256)s, %(part_bytes)s)
ON CONFLICT (exam_id, content_hash) DO NOTHING;

-- name: versions_in_use
-- Whoever may still start one of these exams may still have one of these papers.
SELECT sealed_papers.version
  FROM sealed_papers
  JOIN exams ON exams.id = sealed_papers.exam_id
 WHERE coalesce(last_closing(exams), 'infinity') > statement_timestamp() - interval '1 day';

-- name: key_releases
SELECT people.full_name, sealed_key_releases.reason, sealed_key_releases.released_at
  FROM sealed_key_releases
  JOIN people ON people.id = sealed_key_releases.person_id
 WHERE sealed_key_releases.exam_id = %(exam_id)s
 ORDER BY sealed_key_releases.released_at DESC
 LIMIT 50;

-- name: note_key_release
INSERT INTO sealed_key_releases (exam_id, version, person_id, reason)
VALUES (%(exam_id)s, %(version)s, %(person_id)s, %(reason)s);
