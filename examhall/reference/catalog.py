"""The master data: entries by kind and code, each with all the versions that it ever had."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.base.wire import Body
from examhall.reference import values

SQL = beside(__file__)

# Whoever changes an entry announces its kind here, in the same transaction.
CHANNEL = "examhall_master_data_changed"

Kind: TypeAlias = Literal[
    "subjects", "topics", "scales", "grade_bands", "rating_tiers", "question_types", "organisation_kinds"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHAPES: Mapping[str, type[Body]] = MappingProxyType(
    {
        "subjects": values.Subject,
        "topics": values.Topic,
        "scales": values.Scale,
        "grade_bands": values.GradeBands,
        "rating_tiers": values.RatingTier,
        "question_types": values.QuestionType,
        "organisation_kinds": values.OrganisationKind,
    }
)
# The program itself knows what these are: they can get other names, but neither be added nor change.
FIXED = frozenset(("rating_tiers", "question_types"))


class NoSuchEntry(NotFound):
    """There is no such entry in the master data."""


class CodeTaken(Conflict):
    """There is an entry with this code already."""


class FixedKind(Conflict):
    """The program itself defines these. Their names can be changed, nothing else."""


class BadValue(Malformed):
    """This is not what an entry of this kind says."""


@dataclass(frozen=True)
class Entry:
    kind: str
    code: str
    name: str
    value: dict[str, Any]
    version: int
    active: bool


@dataclass(frozen=True)
class EntryVersion(Entry):
    saved_by: str | None
    saved_at: datetime


@dataclass(frozen=True)
class _Version:
    version: int


async def list_entries(conn: Connection, kind: str | None = None) -> list[Entry]:
    """Every entry as it is now, or those of one kind; in the order in which they were added."""
    return await many(conn, SQL.list_entries, Entry, kind=kind)


async def find_entry(conn: Connection, kind: str, code: str, version: int | None = None) -> EntryVersion:
    """The entry as it is now, or as it was in a version."""
    found = await maybe(conn, SQL.find_entry, EntryVersion, kind=kind, code=code, version=version)
    if found is None:
        raise NoSuchEntry
    return found


async def entry_versions(conn: Connection, kind: str, code: str) -> list[EntryVersion]:
    """The newest first; none where there is no such entry."""
    return await many(conn, SQL.entry_versions, EntryVersion, kind=kind, code=code)


async def add_entry(
    conn: Connection, *, kind: str, code: str, name: str, value: Mapping[str, Any], saved_by: int
) -> None:
    """Add an entry. Of two with the same code one is added."""
    if kind in FIXED:
        raise FixedKind
    written = await _checked(conn, kind, value)
    try:
        await run(
            conn, SQL.add_entry, kind=kind, code=code, name=name, value=Jsonb(written), saved_by=saved_by
        )
    except UniqueViolation as error:
        raise CodeTaken from error
    await _announce(conn, kind)


async def change_entry(
    conn: Connection,
    *,
    kind: str,
    code: str,
    version: int,
    name: str,
    value: Mapping[str, Any],
    active: bool,
    saved_by: int,
) -> None:
    """Make the next version of an entry. Of any number who saw the same version one succeeds.

    The others get SomebodyWasFaster, and so does who sends the same again.
    """
    # Claims the version: the second waits here and finds no such version.
    if not await run(conn, SQL.take_version, kind=kind, code=code, version=version):
        raise SomebodyWasFaster(version=(await find_entry(conn, kind, code)).version)
    before = await find_entry(conn, kind, code, version)
    if kind in FIXED and (dict(value), active) != (before.value, before.active):
        raise FixedKind
    written = await _checked(conn, kind, value)
    await run(
        conn,
        SQL.insert_version,
        kind=kind,
        code=code,
        version=version + 1,
        name=name,
        value=Jsonb(written),
        active=active,
        saved_by=saved_by,
    )
    await _announce(conn, kind)


def read_value(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The value held to what its kind says. Raises BadValue."""
    try:
        return SHAPES[kind].model_validate(value).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        raise BadValue(
            fields=[
                {"path": ".".join(("value", *map(str, each["loc"]))), "message": each["msg"]}
                for each in error.errors(include_url=False)
            ]
        ) from None


async def _checked(conn: Connection, kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    written = read_value(kind, value)
    if (
        kind == "topics"
        and await maybe(
            conn, SQL.find_entry, EntryVersion, kind="subjects", code=written["subject"], version=None
        )
        is None
    ):
        raise BadValue(fields=[{"path": "value.subject", "message": said("There is no such subject.")}])
    return written


async def _announce(conn: Connection, kind: str) -> None:
    await run(conn, SQL.announce, channel=CHANNEL, kind=kind)
