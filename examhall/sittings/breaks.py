"""Whose page was away long enough to be told of: who was cut off, and who is back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from examhall.base.db import Connection, Database, many
from examhall.base.noting import Note
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Away for less is no break that the event log is told of: a page loaded anew, another device.
BREAK_S = 3.0


class Whose(NamedTuple):
    person_id: int
    exam_id: int


@dataclass(frozen=True)
class _Sitting:
    id: int


class Breaks:
    """One process's part of it. To one not heard of for `process_gone_s` nobody is connected any more."""

    def __init__(self, database: Database, note: Note | None, *, process_gone_s: float) -> None:
        self._database = database
        self._note = note
        self._process_gone_s = process_gone_s
        self._whose: dict[int, Whose] = {}
        # When the last tab went, on the loop's clock, of those of whom the log was not told yet.
        self._gone: dict[int, float] = {}

    def came(self, sitting_id: int, whose: Whose | None) -> None:
        self._gone.pop(sitting_id, None)
        if whose is not None:
            self._whose[sitting_id] = whose

    def went(self, sitting_id: int) -> None:
        self._gone[sitting_id] = asyncio.get_running_loop().time()

    def list_due(self) -> list[int]:
        """Those who went from here so long ago that it is a break, unless they are elsewhere."""
        since = asyncio.get_running_loop().time() - BREAK_S
        return [sitting_id for sitting_id, gone_at in self._gone.items() if gone_at < since]

    async def list_back(self, conn: Connection, came: Sequence[int]) -> list[int]:
        """Those who were away, of those who come now: to be asked before it is written that they came."""
        if not came:
            return []
        back = await many(
            conn,
            SQL.were_away,
            _Sitting,
            sitting_ids=list(came),
            gone_s=self._process_gone_s,
            break_s=BREAK_S,
        )
        return [sitting.id for sitting in back]

    def tell_back(self, sitting_ids: Sequence[int]) -> None:
        for sitting_id in sitting_ids:
            self._tell("back_again", sitting_id, 0.0)

    async def tell_cut(self, due: Sequence[int]) -> None:
        """Of those whose break is due, tell who sits it still and is nowhere else; each is told of once."""
        whose = {sitting_id: self._whose[sitting_id] for sitting_id in due if sitting_id in self._whose}
        cut: list[_Sitting] = []
        if whose:
            async with self._database.connection() as conn:
                cut = await many(
                    conn,
                    SQL.are_away,
                    _Sitting,
                    candidate_ids=[each.person_id for each in whose.values()],
                    sitting_ids=list(whose),
                    gone_s=self._process_gone_s,
                )
        now = asyncio.get_running_loop().time()
        for sitting in cut:
            # Unless they came back while it was asked.
            if sitting.id in self._gone:
                self._tell("cut_off", sitting.id, now - self._gone[sitting.id])
        for sitting_id in due:
            if self._gone.pop(sitting_id, None) is not None:
                self._whose.pop(sitting_id, None)

    def _tell(self, what: str, sitting_id: int, age_s: float) -> None:
        whose = self._whose.get(sitting_id)
        if self._note is not None and whose is not None:
            self._note(what, age_s=age_s, sitting_id=sitting_id, **whose._asdict())
