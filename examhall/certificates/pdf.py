"""A certificate's PDF and its picture: made once, kept in the storage, the same bytes for everybody."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from examhall.base.db import Connection, Database, maybe
from examhall.base.errors import NotFound, Refusal
from examhall.base.sqlfile import beside
from examhall.base.storage import MissingFile, Storage, StorageUnavailable
from examhall.base.typesetting import BadDocument, Typesetter, TypesetterGone
from examhall.certificates.designs import PLAIN
from examhall.certificates.issue import Issuer
from examhall.certificates.printing import (
    EXAMPLE_ISSUED_AT,
    Printable,
    example_facts,
    print_pdf,
    print_picture,
)
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.signing import canonical_json
from examhall.certificates.verify import is_as_signed

log = structlog.get_logger()

SQL = beside(__file__)

LIMIT_S = 8.0
IDLE_S = 60.0
LARGEST_BYTES = 50_000_000
# A template that took too long is not tried again for so long: others wait behind it.
LEFT_ALONE_S = 60.0


class NoSuchPicture(NotFound):
    """There is no such picture."""


class CertificateDamaged(Refusal):
    """What is stored of this certificate is not what was signed. Please tell whoever runs this server."""

    status = 409


class Prints:
    """One process's way to certificates as files. Its typesetter sets nothing but templates of people."""

    def __init__(
        self, database: Database, storage: Storage, typesetter: Typesetter, *, issuer: str, url: str
    ) -> None:
        self._database = database
        self._storage = storage
        self._typesetter = typesetter
        self._issuer = issuer
        self._url = url
        self._making: dict[str, asyncio.Task[bytes]] = {}
        # Versions of templates that took too long, and until when they are left alone.
        self._left_alone: dict[tuple[int, int], float] = {}

    @classmethod
    def of(cls, database: Database, storage: Storage, fonts: Path, issuer: Issuer) -> "Prints":
        typesetter = Typesetter(fonts, limit_s=LIMIT_S, idle_s=IDLE_S)
        return cls(database, storage, typesetter, issuer=issuer.name, url=issuer.url)

    async def pdf(self, serial: str) -> bytes:
        """The PDF of a certificate. However many ask at once, it is set once."""
        return await self._kept(_path(serial, "pdf"), lambda: self._make_pdf(serial))

    async def make(self, serials: Sequence[str]) -> None:
        """Make what will be asked for soon. What fails now is made when somebody asks for it."""
        for serial in serials:
            try:
                await self.pdf(serial)
                await self.picture(serial)
            except (TypesetterGone, CertificateDamaged) as error:
                log.warning("a certificate is not made yet", serial=serial, error=str(error))

    async def picture(self, serial: str) -> bytes:
        """Its first page as PNG, for a card."""
        return await self._kept(_path(serial, "png"), lambda: self._make_picture(serial))

    async def template_picture(self, template_id: int, version: int, *, for_strangers: bool) -> bytes:
        """What a version of a template makes of its examples; strangers see the newest of public ones."""
        async with self._database.transaction() as conn:
            found = await maybe(
                conn, SQL.find_version, TemplateVersion, template_id=template_id, version=version
            )
        if found is None or (for_strangers and not found.is_shown):
            raise NoSuchPicture
        path = f"certificates/templates/{template_id}-{version}.png"
        return await self._kept(path, lambda: self._make_example(template_id, version, found))

    async def close(self) -> None:
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        await self._typesetter.close()

    async def _kept(self, path: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        try:
            return await self._storage.read(path, at_most=LARGEST_BYTES)
        except (MissingFile, StorageUnavailable):
            # Where nothing can be kept just now, it is made for whoever asks.
            pass
        if (making := self._making.get(path)) is None:
            making = asyncio.ensure_future(self._make(path, make))
            self._making[path] = making
            making.add_done_callback(lambda _done: self._making.pop(path, None))
        # Shielded: who goes away must not take it from the others.
        return await asyncio.shield(making)

    async def _make(self, path: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        made = await make()
        # Another process may be doing the same: both keep the same bytes, one after the other.
        try:
            await self._storage.put(path, made)
        except StorageUnavailable as error:
            log.warning("a certificate is not kept", path=path, error=str(error))
        return made

    async def _make_pdf(self, serial: str) -> bytes:
        its = await self._printable(serial)
        return await self._set(
            its, lambda its: print_pdf(self._typesetter, its.source, its.signed, its.issued_at)
        )

    async def _make_picture(self, serial: str) -> bytes:
        its = await self._printable(serial)
        return await self._set(
            its, lambda its: print_picture(self._typesetter, its.source, its.facts, its.issued_at)
        )

    async def _make_example(self, template_id: int, version: int, found: "TemplateVersion") -> bytes:
        facts = example_facts(found.name, found.fields, issuer=self._issuer, url=self._url)
        its = Printable(
            facts["serial"],
            canonical_json(facts),
            b"",
            "",
            EXAMPLE_ISSUED_AT,
            template_id,
            version,
            found.source,
        )
        return await self._set(
            its, lambda its: print_picture(self._typesetter, its.source, its.facts, its.issued_at)
        )

    async def _printable(self, serial: str) -> Printable:
        async with self._database.transaction() as conn:
            return await find_printable(conn, serial)

    async def _set(self, its: Printable, setting: Callable[[Printable], Awaitable[bytes]]) -> bytes:
        version = (its.template_id, its.template_version)
        clock = asyncio.get_running_loop().time
        if clock() < self._left_alone.get(version, 0):
            raise TypesetterGone
        try:
            return await setting(its)
        except BadDocument as error:
            # It could set its examples, and cannot set this: the certificate is as good on plain paper.
            log.error("a template cannot set a certificate", serial=its.serial, error=str(error))
            return await setting(replace(its, source=PLAIN.source))
        except TypesetterGone:
            log.error("a template takes too long", template=its.template_id, version=its.template_version)
            self._left_alone[version] = clock() + LEFT_ALONE_S
            raise


@dataclass(frozen=True)
class TemplateVersion:
    name: str
    fields: list[dict[str, Any]]
    source: str
    # To strangers.
    is_shown: bool


@dataclass(frozen=True)
class _Stored(Printable):
    public_key: bytes | None


async def find_printable(conn: Connection, serial: str) -> Printable:
    found = await maybe(conn, SQL.find_printable, _Stored, serial=serial)
    if found is None:
        raise NoSuchCertificate
    if not is_as_signed(
        serial=found.serial, facts=found.facts, signature=found.signature, public_key=found.public_key
    ):
        # On paper, anybody would believe it.
        raise CertificateDamaged
    return found


def _path(serial: str, ending: str) -> str:
    """In folders by the first characters: a million files are too many for one."""
    name = serial.lower()
    return f"certificates/{name[:2]}/{name}.{ending}"
