-- name: list_entries
SELECT kind, code, name, value, version, active
  FROM master_data
  JOIN master_data_versions USING (kind, code, version)
 WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text
 ORDER BY id;

-- name: find_entry
SELECT kind, code, name, value, found.version, found.active, people.full_name AS saved_by, saved_at
  FROM master_data
  JOIN master_data_versions AS found USING (kind, code)
  LEFT JOIN people ON people.id = found.saved_by
 WHERE kind = %(kind)s
   AND code = %(code)s
   AND found.version = coalesce(%(version)s::integer, master_data.version);

-- name: entry_versions
SELECT kind, code, name, value, found.version, found.active, people.full_name AS saved_by, saved_at
  FROM master_data_versions AS found
  LEFT JOIN people ON people.id = found.saved_by
 WHERE kind = %(kind)s
   AND code = %(code)s
 ORDER BY found.version DESC;

-- name: add_entry
WITH added AS (
    INSERT INTO master_data (kind, code)
    VALUES (%(kind)s, %(code)s)
    RETURNING kind, code, version
)
INSERT INTO master_data_versions (kind, code, version, name, value, active, saved_by)
SELECT kind, code, version, %(name)s, %(value)s, true, %(saved_by)s
  FROM added;

-- name: take_version
-- Locks the entry until the new version is committed.
UPDATE master_data
   SET version = version + 1
 WHERE kind = %(kind)s
   AND code = %(code)s
   AND version = %(version)s;

-- name: insert_version
INSERT INTO master_data_versions (kind, code, version, name, value, active, saved_by)
VALUES (%(kind)s, %(code)s, %(version)s, %(name)s, %(value)s, %(active)s, %(saved_by)s);

-- name: announce
SELECT pg_notify(%(channel)s, %(kind)s);
