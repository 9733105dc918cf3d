"""Courses: their codes, their editors, and the word that goes out."""

import asyncio

import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.courses.courses import (
    CHANNEL,
    CourseCodeTaken,
    NoSuchCourse,
    create_course,
    edit_course,
    find_course,
    list_courses,
)

from .rows import add_course, add_people, enrol_people

pytestmark = pytest.mark.anyio

EVERYTHING = {"title": "Algebra", "description": "", "active": True}


async def test_a_code_is_taken_in_any_case(conn: Connection) -> None:
    await add_course(conn, "ALG-1")
    with pytest.raises(CourseCodeTaken):
        await create_course(conn, code="alg-1", title="Another", description="", created_by=None)


async def test_of_two_edits_of_one_version_the_second_is_refused(database: Database) -> None:
    async with database.transaction() as conn:
        course_id = await add_course(conn)

    async def edit(title: str) -> str | None:
        async with database.transaction() as conn:
            try:
                await edit_course(conn, course_id, version=1, code="A", **EVERYTHING | {"title": title})  # type: ignore[arg-type]
            except SomebodyWasFaster:
                return None
        return title

    outcomes = await asyncio.gather(*(edit(f"Algebra {number}") for number in range(4)))
    [winner] = [title for title in outcomes if title]
    async with database.transaction() as conn:
        assert (await find_course(conn, course_id)).title == winner


async def test_a_course_that_is_not_there_is_not_found(conn: Connection) -> None:
    with pytest.raises(NoSuchCourse):
        await find_course(conn, 10**9)
    with pytest.raises(NoSuchCourse):
        await edit_course(conn, 10**9, version=1, code="A", **EVERYTHING)  # type: ignore[arg-type]


async def test_a_list_counts_those_who_are_active_and_is_searched(conn: Connection) -> None:
    algebra, logic = await add_course(conn, "ALG"), await add_course(conn, "LOG")
    people = await add_people(conn, "ann", "ben", "cy")
    await enrol_people(conn, logic, people[:2])
    await enrol_people(conn, logic, people[2:], active=False)
    found = await list_courses(conn, before_id=10**9, limit=10)
    assert [(course.id, course.enrolled) for course in found] == [(logic, 2), (algebra, 0)]
    assert [course.id for course in await list_courses(conn, before_id=10**9, limit=10, search="alg")] == [
        logic,
        algebra,
    ]
    assert [course.id for course in await list_courses(conn, before_id=10**9, limit=10, search="g-")] == []


async def test_an_edit_is_announced_with_its_commit(database: Database, dsn: str) -> None:
    async with database.transaction() as conn:
        course_id = await add_course(conn)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as listening:
        await listening.execute(f"LISTEN {CHANNEL}".encode())
        async with database.transaction() as conn:
            await edit_course(conn, course_id, version=1, code="A", **EVERYTHING)  # type: ignore[arg-type]
        [notice] = [notice async for notice in listening.notifies(timeout=5, stop_after=1)]
        assert notice.payload == str(course_id)
