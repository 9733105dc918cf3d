"""Templates, an issuer and earned certificates, as most tests here begin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from examhall.base.db import Connection, Database
from examhall.base.storage import Storage
from examhall.certificates.issue import Issued, Issuer, Order, issue_certificates
from examhall.certificates.pdf import Prints
from examhall.certificates.proofs import Proofs
from examhall.certificates.signing import Signer
from examhall.certificates.templates import create_template
from examhall.standings.ratings import rate_exam
from examhall.web.vendoring import FONTS
from tests.standings.field import add_held, add_people

URL = "https://exams.example.org"
ISSUER = Issuer(Signer("3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "Examhall Academy", URL)
SOURCE = """#import "examhall.typ": facts, field, qr-code
#set page(width: 120mm, height: 80mm, margin: 8mm)
#set text(font: "Source Serif 4")
= #facts.title
#facts.holder, #facts.at("for") #field("motto")
#qr-code(size: 20mm)
"""
MOTTO = {"name": "motto", "label": "Motto", "required": False, "example": "Per aspera"}


async def add_template(conn: Connection, **given: Any) -> int:
    values: dict[str, Any] = {
        "name": "Diploma",
        "category": "achievement",
        "variant": "plain",
        "public": True,
        "fields": [MOTTO],
        "source": SOURCE,
        "created_by": None,
    }
    return await create_template(conn, **(values | given))


async def issue(conn: Connection, template_id: int, *orders: Order, by: int, **given: Any) -> list[Issued]:
    values: dict[str, Any] = {"title": "Diploma", "purpose": "Mathematics", "public": True}
    return await issue_certificates(
        conn,
        ISSUER,
        template_id=template_id,
        orders=orders or [Order("Alice Example")],
        issued_by=by,
        **(values | given),
    )


async def someone(conn: Connection, **columns: Any) -> int:
    [person_id] = await add_people(conn, 1, first=columns.pop("number", 1))
    return person_id


async def add_settled(conn: Connection, points: dict[int, float], **columns: Any) -> int:
    """An exam that is over, marked and settled."""
    exam_id = await add_held(conn, points, on=-2000, **columns)
    await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    return exam_id


async def count(conn: Connection, what: str = "certificates") -> int:
    cursor = await conn.execute(f"SELECT count(*) FROM {what}".encode())
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


@asynccontextmanager
async def prints_in(database: Database, folder: Path) -> AsyncIterator[Prints]:
    prints = Prints.of(database, Storage.open(folder), FONTS, ISSUER)
    yield prints
    await prints.close()


@asynccontextmanager
async def proofs() -> AsyncIterator[Proofs]:
    proofs = Proofs.of(FONTS)
    yield proofs
    await proofs.close()
