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
