-- name: set_hidden
UPDATE people
   SET hidden_from_standings = %(hidden)s,
       version = version + 1
 WHERE id = %(person_id)s
   AND hidden_from_standings <> %(hidden)s;
