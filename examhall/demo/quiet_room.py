"""A group of the demo's candidates who have half as much time again, and one with minutes of their own."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from examhall.base.db import Connection, one
from examhall.base.sqlfile import beside
from examhall.courses.groups import change_members, create_group
from examhall.exams.accommodations import Terms, give_accommodation, person_called

SQL = beside(__file__)

NAME = "Quiet room"
MEMBERS = ("candidate00001", "candidate00002", "candidate00003")
WITH_A_BROKEN_ARM = "candidate00004"


@dataclass(frozen=True)
class _There:
    is_there: bool


async def add_quiet_room(conn: Connection, author: int, *, exam_id: int, usernames: Collection[str]) -> None:
    """Once; a demo that has it already stays as it is, and one of too few people goes without."""
    if not {*MEMBERS, WITH_A_BROKEN_ARM} <= {*usernames}:
        return
    if (await one(conn, SQL.is_there, _There, name=NAME)).is_there:
        return
    group_id = await create_group(
        conn, name=NAME, description="A room of their own, and more time", created_by=author
    )
    await change_members(conn, group_id, MEMBERS, way="add")
    await give_accommodation(
        conn, Terms(factor=Decimal("1.5"), reason="By the doctors' word"), by=author, group_id=group_id
    )
    await give_accommodation(
        conn,
        Terms(extra_s=2700, reason="A broken arm"),
        by=author,
        exam_id=exam_id,
        person_id=await person_called(conn, WITH_A_BROKEN_ARM),
    )
