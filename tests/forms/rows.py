"""A form, its sender and a file, in the fewest words that a test needs."""

from collections.abc import Sequence
from io import BytesIO
from itertools import count
from typing import Any

from starlette.datastructures import Headers, UploadFile

from examhall.accounts.access import Person
from examhall.accounts.people import create_person
from examhall.base.db import Connection
from examhall.forms.fields import Field, write_document
from examhall.forms.forms import Settings, create_form
from examhall.forms.organisations import create_organisation

NUMBERS = count(1)
NAME = Field("name", "string", "Your name", required=True, most=100)
AGE = Field("age", "integer", "Your age", minimum=5, maximum=120)
PASSPORT = Field("passport", "file", "Passport", most=2)
FIELDS = (NAME, AGE)
DATA = {"name": "Ann", "age": 17}

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\nstartxref\n0\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\r\xefF\xb8\x00\x00\x00\x00IEND\xaeB`\x82"
)


async def add_person(conn: Connection, *roles: str, name: str = "Ann") -> Person:
    roles = roles or ("candidate",)
    username = f"{name.lower()}-{next(NUMBERS)}"
    person_id = await create_person(conn, username=username, full_name=name, roles=roles)
    return Person(person_id, roles)


async def add_admin(conn: Connection) -> Person:
    return await add_person(conn, "admin", name="Olga")


async def add_form(
    conn: Connection, me: Person, *, fields: Sequence[Field] = FIELDS, status: str = "open", **settings: Any
) -> int:
    wanted = Settings("Registration", status=status, **settings)
    return await create_form(conn, wanted, schema=write_document(fields), order=None, me=me)


async def add_organisation(conn: Connection, code: str = "TC-1") -> int:
    return await create_organisation(
        conn, code=code, name=f"Centre {code}", kind="training-centre", email=None, created_by=None
    )


def upload(content: bytes = PDF, name: str = "passport.pdf") -> UploadFile:
    return UploadFile(
        BytesIO(content), size=len(content), filename=name, headers=Headers({"content-type": "text/html"})
    )
