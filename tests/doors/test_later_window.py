"""Where results are decided on, authors are told that somebody may still sit the exam."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examhall.app import Hall
from examhall.exams.accommodations import Terms, give_accommodation

from .conftest import Caller
from .test_corrections import text_of, with_cookie

pytestmark = pytest.mark.anyio

GOES_ON = "Somebody's own window goes on until"
AT_ONCE = "those who sit it early see theirs"
NOT_OVER = "The exam is not over yet: somebody may still start it."


@pytest.fixture
async def olga(hall: Hall, call: Any) -> Caller:
    return await with_cookie(hall, await call("olga", "author"), "author")


async def closed(hall: Hall, exam_id: int, release: str) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(
            """UPDATE exams SET opens_at = now() - interval '2 hours', closes_at = now() - interval '1 hour',
                                release = %s WHERE id = %s""",
            (release, exam_id),
        )


async def own_window(hall: Hall, exam_id: int, who: Caller) -> None:
    terms = Terms(closes_at=datetime.now(UTC) + timedelta(days=1))
    async with hall.database.transaction() as conn:
        await give_accommodation(conn, terms, by=None, exam_id=exam_id, person_id=who.id)


async def test_the_settings_say_what_waits_for_a_later_window_and_what_does_not(
    hall: Hall, olga: Caller, alice: Caller, exam_id: int
) -> None:
    path = f"/staff/exams/{exam_id}/edit"
    await closed(hall, exam_id, "at_once")
    assert GOES_ON not in text_of(await olga.get(path))
    await own_window(hall, exam_id, alice)
    page = text_of(await olga.get(path))
    assert GOES_ON in page
    assert AT_ONCE in page
    await closed(hall, exam_id, "by_hand")
    page = text_of(await olga.get(path))
    assert GOES_ON in page
    assert AT_ONCE not in page


async def test_whoever_releases_results_by_hand_is_told_that_the_exam_is_not_over(
    hall: Hall, olga: Caller, alice: Caller, exam_id: int
) -> None:
    path = f"/staff/exams/{exam_id}"
    await closed(hall, exam_id, "by_hand")
    page = text_of(await olga.get(path))
    assert "Release the results…" in page
    assert NOT_OVER not in page
    await own_window(hall, exam_id, alice)
    assert NOT_OVER in text_of(await olga.get(path))
