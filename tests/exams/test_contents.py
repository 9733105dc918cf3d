"""What a process keeps of an exam, and how it hears that the exam changed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from examhall.base.db import Database
from examhall.base.listen import Listener
from examhall.exams.contents import CHANNEL, Contents, announce_change
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.release import release_results

pytestmark = pytest.mark.anyio


@pytest.fixture
async def heard(dsn: str, database: Database) -> AsyncIterator[tuple[Contents, "asyncio.Queue[str]"]]:
    """A process's contents, and what was announced to it."""
    contents, announced = Contents(database), asyncio.Queue[str]()
    listener = Listener(dsn)
    listener.on(CHANNEL, contents.drop)
    listener.on(CHANNEL, announced.put_nowait)
    listener.on_reconnect(contents.forget_all)
    listener.open()
    async with asyncio.timeout(20):
        await listener.connected.wait()
    yield contents, announced
    await listener.close()


async def new_exam(database: Database) -> int:
    text = (
        "{title: Old, duration: 1 h, release: by_hand, questions: [{prompt: Q, options: [x, y], answer: A}]}"
    )
    exam = read_exam_file(text)
    async with database.transaction() as conn:
        return await import_exam(conn, exam, created_by=None)


async def test_a_changed_exam_is_forgotten_with_the_commit_and_not_before(
    database: Database, heard: tuple[Contents, "asyncio.Queue[str]"]
) -> None:
    contents, announced = heard
    exam_id = await new_exam(database)
    async with asyncio.timeout(20):
        assert await announced.get() == str(exam_id)
    assert (await contents.of(exam_id)).title == "Old"
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET title = 'New' WHERE id = %s", (exam_id,))
        await announce_change(conn, exam_id)
        assert (await contents.of(exam_id)).title == "Old"
        assert announced.empty()
    async with asyncio.timeout(20):
        assert await announced.get() == str(exam_id)
    assert (await contents.of(exam_id)).title == "New"


async def test_the_release_of_results_is_announced(
    database: Database, heard: tuple[Contents, "asyncio.Queue[str]"]
) -> None:
    exam_id = await new_exam(database)
    async with database.transaction() as conn:
        await release_results(conn, exam_id=exam_id)
    async with asyncio.timeout(20):
        assert [await heard[1].get() for _ in range(2)] == [str(exam_id)] * 2


async def test_a_thousand_who_start_together_cost_one_look(database: Database) -> None:
    contents, exam_id = Contents(database), await new_exam(database)
    found = await asyncio.gather(*(contents.of(exam_id) for _ in range(1000)))
    assert len({id(each) for each in found}) == 1
