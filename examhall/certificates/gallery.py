"""Lists of certificates: the public gallery from memory, and what somebody holds or has issued."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec.json import encode

from examhall.base.cache import Cache
from examhall.base.clock import rfc3339
from examhall.base.db import Connection, Database, many, run
from examhall.base.errors import Refusal
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change
from examhall.certificates.printing import read_facts
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.serials import read_serial
from examhall.certificates.templates import list_public

SQL = beside(__file__)

# A change is told at once; a word that is lost costs so long.
TTL_S = 60.0
# Pages of the gallery, and filtered lists of templates: by far most readers look at the first.
PAGES_KEPT = 256
A_PAGE = 24
WORD = re.compile(r"\w+")


class BadCursor(Refusal):
    """This is not a cursor that a list gave you."""

    status = 422


@dataclass(frozen=True)
class Listed:
    serial: str
    facts: str
    holder_id: int | None
    holder_name: str
    public: bool
    issued_at: datetime
    revoked_at: datetime | None
    category: str
    variant: str

    @property
    def said(self) -> dict[str, Any]:
        return read_facts(self.facts)

    def as_item(self) -> dict[str, Any]:
        """What strangers may know of it."""
        said = self.said
        return {
            "serial": self.serial,
            "title": said["title"],
            "holder": said["holder"],
            "for": said["for"],
            "issuer": said["issuer"],
            "issued_at": rfc3339(self.issued_at),
            "category": self.category,
            "variant": self.variant,
            "verify_url": f"/verify/{self.serial}",
            "pdf_url": f"/api/v1/certificates/{self.serial}/pdf",
            "picture_url": f"/certificates/{self.serial}/picture",
        }


class Page(NamedTuple):
    """A reply as it is sent, and what it is known by."""

    body: bytes
    etag: str


class Gallery:
    """One process's memory of the lists that everybody may see."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._public: Cache[tuple[str | None, int], Page] = Cache(
            ttl_s=TTL_S, size=PAGES_KEPT, name="certificates"
        )
        self._templates: Cache[tuple[str | None, str | None], Page] = Cache(
            ttl_s=TTL_S, size=PAGES_KEPT, name="certificate_templates"
        )

    async def public(self, *, cursor: str | None, limit: int) -> Page:
        """Public certificates, the newest first, as JSON: rendered once for all readers."""
        after = serial_of(cursor)
        return await self._public.get((after, limit), lambda: self._render_public(after, limit))

    async def templates(self, *, category: str | None, variant: str | None) -> Page:
        """Public templates as JSON."""
        return await self._templates.get(
            (category, variant), lambda: self._render_templates(category, variant)
        )

    def drop_all(self, _payload: str = "") -> None:
        """Something was issued, revoked, shown, hidden, or a template changed."""
        self._public.clear()
        self._templates.clear()

    async def forget_all(self, _conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        self.drop_all()

    async def _render_public(self, after: str | None, limit: int) -> Page:
        async with self._database.connection() as conn:
            found = await list_public_certificates(conn, after=after, limit=limit + 1)
        items = [each.as_item() for each in found[:limit]]
        return _page(items, found[limit - 1].serial if len(found) > limit else None)

    async def _render_templates(self, category: str | None, variant: str | None) -> Page:
        async with self._database.connection() as conn:
            found = await list_public(conn, category=category, variant=variant)
        return _page(
            [
                {
                    "id": each.id,
                    "name": each.name,
                    "category": each.category,
                    "variant": each.variant,
                    "version": each.version,
                    "fields": each.fields,
                    "created_at": rfc3339(each.created_at),
                    "picture_url": f"/certificates/templates/{each.id}/{each.source_version}/picture",
                }
                for each in found
            ],
            None,
        )


def _page(items: list[dict[str, Any]], next_cursor: str | None) -> Page:
    body = encode({"items": items, "next_cursor": next_cursor})
    return Page(body, f'"{sha256(body).hexdigest()[:20]}"')


async def list_public_certificates(conn: Connection, *, after: str | None, limit: int) -> list[Listed]:
    """Shown by their issuers or holders, and not revoked; the newest first."""
    return await many(conn, SQL.list_public, Listed, after=after, limit=limit)


async def list_held(conn: Connection, *, holder_id: int, after: str | None, limit: int) -> list[Listed]:
    """What somebody holds, the newest first."""
    return await many(conn, SQL.list_held, Listed, holder_id=holder_id, after=after, limit=limit)


async def list_issued_by(conn: Connection, *, issued_by: int, after: str | None, limit: int) -> list[Listed]:
    """What somebody has issued, the newest first."""
    return await many(conn, SQL.list_issued_by, Listed, issued_by=issued_by, after=after, limit=limit)


async def list_issued(conn: Connection, *, after: str | None, limit: int) -> list[Listed]:
    """Everybody's, the newest first."""
    return await many(conn, SQL.list_issued, Listed, after=after, limit=limit)


async def list_of_exam(conn: Connection, *, exam_id: int, after: str | None, limit: int) -> list[Listed]:
    """Of one exam, the newest first."""
    return await many(conn, SQL.list_of_exam, Listed, exam_id=exam_id, after=after, limit=limit)


async def search_issued(conn: Connection, text: str, *, limit: int) -> list[Listed]:
    """By serial, or by the beginnings of words of the holder's name; the newest first."""
    if (serial := read_serial(text)) is not None:
        return await many(conn, SQL.find_by_serial, Listed, serial=serial)
    typed = WORD.findall(text)
    if not typed:
        return []
    # Nothing but letters and digits is left of what was typed: no operator of the search's own language.
    words = " & ".join(f"{word}:*" for word in typed)
    return await many(conn, SQL.search, Listed, words=words, limit=limit)


async def set_public(conn: Connection, *, serial: str, holder_id: int, public: bool) -> None:
    """Show one's own certificate in the gallery, or hide it: the holder has the last word."""
    if not await run(conn, SQL.set_public, serial=serial, holder_id=holder_id, public=public):
        raise NoSuchCertificate
    await announce_change(conn)


def serial_of(cursor: str | None) -> str | None:
    """A cursor is the last certificate's serial: it tells nobody how many there are."""
    if not cursor:
        return None
    serial = read_serial(cursor)
    if serial is None:
        raise BadCursor
    return serial
