"""Certificates as they lie in the database, signed by a key of the tests."""

from typing import Any

from psycopg.types.json import Jsonb

from examhall.accounts.people import create_person
from examhall.base.db import Connection
from examhall.certificates.signing import Signer, publish_key

from . import paper

FIELDS = [{"name": "signatory", "label": "Signed by", "required": False, "example": "Olga Petrova"}]


async def add_template(conn: Connection) -> int:
    cursor = await conn.execute(
        "INSERT INTO certificate_templates (name, category, variant) "
        "VALUES ('Plain', 'test', 'plain') RETURNING id"
    )
    row = await cursor.fetchone()
    assert row is not None
    await conn.execute(
        "INSERT INTO certificate_template_versions (template_id, version, source, fields) "
        "VALUES (%s, 1, '', %s)",
        (row[0], Jsonb(FIELDS)),
    )
    return int(row[0])


async def add_certificate(
    conn: Connection,
    *,
    signer: Signer | None = None,
    template_id: int | None = None,
    columns: dict[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """A certificate that was issued; its facts, and its id as `id`."""
    signer = signer or paper.signer_of(1)
    template_id = template_id or await add_template(conn)
    its = paper.facts_of(**facts)
    signed = signer.sign(its)
    await publish_key(conn, signer)
    values = {
        "serial": its["serial"],
        "template_id": template_id,
        "template_version": 1,
        "facts": signed.text,
        "signature": signed.signature,
        "key_id": signed.key_id,
        "holder_name": its["holder"],
    } | (columns or {})
    cursor = await conn.execute(
        f"INSERT INTO certificates ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))}) "
        "RETURNING id".encode(),
        list(values.values()),
    )
    row = await cursor.fetchone()
    assert row is not None
    return its | {"id": int(row[0])}


async def add_person(conn: Connection, username: str, *roles: str, **columns: Any) -> int:
    return await create_person(
        conn, username=username, full_name=username.title(), roles=list(roles) or ["candidate"], **columns
    )


async def add_review(conn: Connection, exam_id: int, holder_id: int, **facts: Any) -> dict[str, Any]:
    """A certificate by rule that waits for somebody after a correction of the key."""
    template_id = await add_template(conn)
    cursor = await conn.execute(
        """INSERT INTO certificate_rules (exam_id, template_id, condition, threshold, title)
           VALUES (%s, %s, 'top', 10, 'Diploma') RETURNING id""",
        (exam_id, template_id),
    )
    row = await cursor.fetchone()
    assert row is not None
    columns = {"exam_id": exam_id, "rule_id": row[0], "holder_id": holder_id, "key_version": 1}
    score = {"points": 41.5, "max_points": 55, "place": 9, "participants": 120}
    its = await add_certificate(conn, template_id=template_id, columns=columns, score=score, **facts)
    await conn.execute(
        "INSERT INTO certificate_reviews (certificate_id, key_version, exam_id, found) "
        "VALUES (%s, 2, %s, %s)",
        (its["id"], exam_id, Jsonb({"points": 39.5, "max_points": 55, "place": 14, "participants": 120})),
    )
    return its
