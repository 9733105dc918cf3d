"""Accommodations given to somebody who sits already: what they are owed, and giving it to them when asked."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside
from examhall.sittings.interventions import Intervention, NobodySitsIt, Order, give_time

SQL = beside(__file__)


@dataclass(frozen=True)
class Owed:
    """A sitting that would have more time if it were started by what is given now."""

    sitting_id: int
    candidate_id: int
    full_name: str
    username: str
    exam_id: int
    exam_title: str
    started_at: datetime
    deadline_at: datetime
    owed_s: int


@dataclass(frozen=True)
class _Id:
    id: int


async def find_owed(
    conn: Connection, *, exam_id: int | None = None, person_id: int | None = None
) -> list[Owed]:
    """Whoever sits at this moment with less time than is theirs by now. Time given besides does not count."""
    return await many(conn, SQL.find_owed, Owed, exam_id=exam_id, person_id=person_id)


async def apply_owed(
    conn: Connection, *, exam_id: int, sitting_ids: Sequence[int], by: int, reason: str
) -> list[Intervention]:
    """Give these sittings what they are owed, as any time that is given: logged, and told to their pages.

    However often and by how many at once it is asked for, it is given once. Who has handed in keeps what they
    have; nothing is ever taken away. Raises NobodySitsIt if none of them is owed anything.
    """
    await many(conn, SQL.hold_exam, _Id, exam_id=exam_id)
    await many(conn, SQL.hold_sittings, _Id, exam_id=exam_id, sitting_ids=list(sitting_ids))
    by_seconds = defaultdict[int, list[int]](list)
    for owed in await find_owed(conn, exam_id=exam_id):
        if owed.sitting_id in sitting_ids:
            by_seconds[owed.owed_s].append(owed.sitting_id)
    if not by_seconds:
        raise NobodySitsIt
    given: list[Intervention] = []
    for seconds, ids in sorted(by_seconds.items()):
        given.append(await give_time(conn, Order(exam_id, by, reason, ids), seconds=seconds))
        await run(conn, SQL.allot, exam_id=exam_id, sitting_ids=ids, seconds=seconds)
    return given
