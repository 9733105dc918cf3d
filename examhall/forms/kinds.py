"""What organisations are, as the master data says."""

from collections.abc import Mapping

from examhall.base.db import Connection
from examhall.base.errors import Malformed
from examhall.reference.catalog import list_entries

KIND = "organisation_kinds"


class UnknownKind(Malformed):
    """There is no such kind of organisation in the master data."""


async def kinds_of_organisations(conn: Connection) -> Mapping[str, str]:
    """Code -> name of every kind that is in use."""
    return {entry.code: entry.name for entry in await list_entries(conn, KIND) if entry.active}


async def require_kind(conn: Connection, code: str) -> None:
    if code not in await kinds_of_organisations(conn):
        raise UnknownKind
