"""Topics: one's own points beside everybody's, and nothing before the results are released."""

import pytest

from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.scoring.results import score_sittings
from examhall.standings.topics import LATEST_EXAMS, Topic, summarise_topics, topics_of
from tests.scoring.test_results import sit
from tests.standings.field import add_held
from tests.standings.test_streaks import person

pytestmark = pytest.mark.anyio

QUESTION = (
    "  - {{topic: {topic}, type: true_false, answer: true, prompt: True or false?, points: {points}}}\n"
)


async def exam(conn: Connection, *, release: str = "at_once") -> int:
    """Six questions of arithmetic and six of geometry, of which the arithmetic comes first."""
    text = f"title: Topics\nduration: 1 h\nrelease: {release}\nquestions:\n"
    text += (
        QUESTION.format(topic="Arithmetic", points=1) * 6 + QUESTION.format(topic="Geometry", points=2) * 6
    )
    return await import_exam(conn, read_exam_file(text), created_by=None)


ANSWERS = """
    INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
    SELECT %s, %s, number, '', '"true"', 1, now() FROM generate_series(%s::int, %s::int) AS number
"""


async def sat(conn: Connection, exam_id: int, who: int, *, right: range) -> None:
    sitting_id = await sit(conn, exam_id, who, right_until=0)
    if right:
        await conn.execute(ANSWERS, (who, sitting_id, right.start, right.stop - 1))
    await score_sittings(conn, [(who, sitting_id)])


async def test_strengths_and_weaknesses_are_beside_everybody_in_the_same_exam(conn: Connection) -> None:
    exam_id = await exam(conn)
    alice = await person(conn, "alice")
    await sat(conn, exam_id, alice, right=range(1, 7))
    for n in range(3):
        await sat(conn, exam_id, await person(conn, f"other{n}"), right=range(4, 10))
    await summarise_topics(conn, exam_id)
    arithmetic, geometry = await topics_of(conn, alice)
    assert (arithmetic.name, arithmetic.items, arithmetic.share) == ("Arithmetic", 6, 1)
    assert arithmetic.mean_share == pytest.approx((1 + 3 * 0.5) / 4)
    assert (geometry.name, geometry.share) == ("Geometry", 0)
    assert geometry.mean_share == pytest.approx((0 + 3 * 0.5) / 4)
    assert (arithmetic.verdict, geometry.verdict) == ("strength", "weakness")


async def test_a_summary_follows_a_new_marking(conn: Connection) -> None:
    exam_id = await exam(conn)
    alice = await person(conn, "alice")
    await sat(conn, exam_id, alice, right=range(0))
    await summarise_topics(conn, exam_id)
    await conn.execute("UPDATE marks SET points = 1 WHERE question_number <= 3")
    await summarise_topics(conn, exam_id)
    by_name = {topic.name: topic for topic in await topics_of(conn, alice)}
    assert by_name["Arithmetic"].mean_share == pytest.approx(0.5)


async def test_exams_that_name_no_topics_push_no_others_out(conn: Connection) -> None:
    alice = await person(conn, "alice")
    await sat(conn, await exam(conn), alice, right=range(1, 7))
    for number in range(LATEST_EXAMS):
        await add_held(conn, {alice: 1}, on=number)
    assert {topic.name for topic in await topics_of(conn, alice)} == {"Arithmetic", "Geometry"}


async def test_nothing_is_told_before_the_results_are_released(conn: Connection) -> None:
    exam_id = await exam(conn, release="by_hand")
    alice = await person(conn, "alice")
    await sat(conn, exam_id, alice, right=range(1, 13))
    assert await topics_of(conn, alice) == []
    await conn.execute("UPDATE exams SET released_at = now() WHERE id = %s", (exam_id,))
    assert [topic.share for topic in await topics_of(conn, alice)] == [1, 1]


def test_few_items_and_an_unknown_mean_give_no_verdict() -> None:
    assert Topic("t", 3, 1, 0.9, 1, 0.2).verdict == "open"
    assert Topic("t", 9, 1, 0.9, 1, None).verdict == "open"
    assert Topic("t", 9, 0.6, 0.4, 0.8, 0.5).verdict == "usual"
