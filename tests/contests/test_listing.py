"""The list from memory: rendered once for all, and right at the very instant that a window turns."""

import asyncio
import json

import pytest

from examhall.accounts.access import Person
from examhall.base.db import Database
from examhall.base.wire import LARGEST_ID
from examhall.contests.contests import Contests
from examhall.contests.listing import ContestList
from examhall.exams.contents import Contents
from tests.courses.rows import enrol_people
from tests.sittings.seats import add_exam

from .rows import add_class

pytestmark = pytest.mark.anyio


async def titles(contests: ContestList, person_id: int, **how: int) -> list[tuple[str, str]]:
    asked = {"before_id": LARGEST_ID, "limit": 50} | how
    page = json.loads(await contests.page(Person(person_id), course_id=None, **asked))
    return [(each["title"], each["status"]) for each in page["items"]]


async def test_a_window_turns_in_memory(database: Database) -> None:
    async with database.transaction() as conn:
        group = await add_class(conn, "ann", title="Round one")
        await conn.execute(
            "UPDATE exams SET opens_at = now() + interval '0.3 s', closes_at = now() + interval '0.6 s'"
        )
    contests = ContestList(Contests(database, Contents(database)))
    seen = await titles(contests, group.students[0])
    async with asyncio.timeout(10):
        while seen[-1][1] != "closed":
            await asyncio.sleep(0.01)
            seen += await titles(contests, group.students[0])
    assert list(dict.fromkeys(seen)) == [
        ("Round one", "upcoming"),
        ("Round one", "open"),
        ("Round one", "closed"),
    ]


async def test_the_contests_of_several_courses_are_one_list(database: Database) -> None:
    async with database.transaction() as conn:
        first = await add_class(conn, "ann", code="A", title="A1")
        second = await add_class(conn, code="B", title="B1")
        await enrol_people(conn, second.course_id, first.students)
        await add_exam(conn, kind="contest", course_id=first.course_id, title="A2")
    contests = ContestList(Contests(database, Contents(database)))
    [ann] = first.students
    assert [title for title, _ in await titles(contests, ann)] == ["A2", "B1", "A1"]
    assert [title for title, _ in await titles(contests, ann, limit=2)] == ["A2", "B1"]
    assert [title for title, _ in await titles(contests, ann, before_id=second.contest_id)] == ["A1"]


async def test_a_class_that_asks_at_once_costs_one_look(database: Database) -> None:
    async with database.transaction() as conn:
        group = await add_class(conn, *(f"s{n}" for n in range(50)))
    memory = Contests(database, Contents(database))
    assert await memory.warm(group.contest_id) == 53
    contests = ContestList(memory)
    async with database.transaction() as conn:
        # Nothing that is asked for now is read any more.
        await conn.execute("ALTER TABLE courses RENAME TO gone")
        await conn.execute("ALTER TABLE enrolments RENAME TO gone_too")
    seen = await asyncio.gather(*(titles(contests, student) for student in group.students))
    assert seen == [[("Algebra", "open")]] * 50
