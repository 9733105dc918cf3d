"""Ending sign-ins, so that their tokens die at once in every process.

Tokens are read without asking the database. An end is therefore announced with NOTIFY in the transaction
that causes it, and each web process keeps in memory which sign-ins ended while their tokens may still live.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from examhall.base import clock
from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

CHANNEL = "examhall_signed_out"
# The longest life of a token, a browser's: after that an ended sign-in needs no remembering.
REMEMBERED = timedelta(hours=12)

EndedBy: TypeAlias = Literal["person", "reuse", "staff"]


class EndedSignIns:
    """One process's memory of which sign-ins are over."""

    def __init__(self) -> None:
        # In the order of arrival, so the oldest come first.
        self._forget_at: dict[UUID, float] = {}

    def __contains__(self, sign_in_id: UUID) -> bool:
        return sign_in_id in self._forget_at

    def remember_ended(self, payload: str) -> None:
        """Take in one announcement: the id of a sign-in that is over."""
        now = clock.now().timestamp()
        while self._forget_at and self._forget_at[oldest := next(iter(self._forget_at))] < now:
            del self._forget_at[oldest]
        self._forget_at[UUID(payload)] = now + REMEMBERED.total_seconds()


@dataclass(frozen=True)
class _Ended:
    id: UUID


async def load_recently_ended(conn: Connection, ended: EndedSignIns) -> None:
    """Take in what was announced while nobody listened: at the start, and whenever LISTEN was interrupted."""
    for sign_in in await many(conn, SQL.recently_ended, _Ended, remembered=REMEMBERED):
        ended.remember_ended(str(sign_in.id))


async def end_sign_in(conn: Connection, sign_in_id: UUID, *, by: EndedBy) -> bool:
    """End a sign-in and all its tokens, and announce it with the commit. Only the first end counts."""
    return await run(conn, SQL.end_sign_in, sign_in_id=sign_in_id, ended_by=by) == 1


async def end_sign_ins_of(
    conn: Connection, person_ids: Sequence[int], *, by: EndedBy, ticket_for: int | None = None
) -> int:
    """End every sign-in of these people, or only those with a ticket for one exam; say how many."""
    return await run(
        conn, SQL.end_sign_ins_of, person_ids=list(person_ids), ended_by=by, ticket_for=ticket_for
    )
