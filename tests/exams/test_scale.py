"""The scale of scaled scores, from the exam file into the exam."""

import pytest

from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import LinkedToNothing, import_exam

pytestmark = pytest.mark.anyio

SMALLEST = "title: T\nduration: 1 h\nquestions:\n  - {prompt: Q, options: [x, y], answer: A}\n"


async def imported(conn: Connection, more: str) -> tuple[int, object]:
    exam_id = await import_exam(conn, read_exam_file(SMALLEST + more), created_by=None)
    cursor = await conn.execute(
        "SELECT scale_mean, scale_sd, scale_linked_to FROM exams WHERE id = %s", (exam_id,)
    )
    return exam_id, await cursor.fetchone()


async def test_the_file_sets_mean_and_spread_or_links_to_an_earlier_exam(conn: Connection) -> None:
    first, scale = await imported(conn, "scale: {mean: 50, sd: 10}")
    assert scale == (50, 10, None)
    assert (await imported(conn, ""))[1] == (None, None, None)
    assert (await imported(conn, f"scale: {{linked_to: {first}}}"))[1] == (None, None, first)


async def test_a_link_to_an_exam_that_is_not_here_is_refused(conn: Connection) -> None:
    with pytest.raises(LinkedToNothing):
        await imported(conn, "scale: {linked_to: 999999}")
