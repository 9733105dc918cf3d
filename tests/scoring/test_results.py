"""Marking closed sittings: right, repeatable, set-based, and shown only when it may be."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.release import NotReleasedByHand, release_results
from examhall.scoring.results import (
    ResultsNotReleased,
    StillInProgress,
    find_result,
    score_sittings,
)
from examhall.sittings.autosave import SessionNotFound
from examhall.sittings.close import submit_sitting
from examhall.sittings.start import start_sitting
from tests.sittings.seats import ALICE, MALLORY

pytestmark = pytest.mark.anyio

DEMO = Path(__file__).parents[2] / "examhall" / "demo"


@pytest.fixture
async def mathematics(conn: Connection) -> int:
    """The demo's mock exam: 45 questions, 55 answers."""
    exam = read_exam_file((DEMO / "mathematics.yaml").read_bytes(), folder=DEMO)
    return await import_exam(conn, exam, created_by=None)


RIGHT = """
    INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
    SELECT %(candidate)s, %(sitting)s, question_number, sub_part,
           CASE kind WHEN 'single_choice' THEN key #> '{correct,0}'
                     WHEN 'number' THEN to_jsonb(key ->> 'value')
                     WHEN 'short_text' THEN key #> '{accept,0}' END, 1, now()
      FROM items
     WHERE exam_id = %(exam)s AND question_number <= %(until)s
"""


async def sit(conn: Connection, exam_id: int, candidate_id: int = ALICE, *, right_until: int = 45) -> int:
    """Start, answer the first questions rightly and the others not at all, hand in; give the sitting's id."""
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=candidate_id)).sitting
    await conn.execute(
        RIGHT, {"candidate": candidate_id, "sitting": sitting.id, "exam": exam_id, "until": right_until}
    )
    await submit_sitting(conn, sitting_id=sitting.id, candidate_id=candidate_id)
    return sitting.id


async def test_55_of_55_right_answers_are_full_marks(conn: Connection, mathematics: int) -> None:
    sitting_id = await sit(conn, mathematics)
    await score_sittings(conn, [(ALICE, sitting_id)])
    result, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    assert len(marked) == 55
    assert {item.verdict for item in marked} == {"right"}
    assert result.points == result.max_points
    assert result.unmarked == 0


async def test_what_is_not_answered_is_blank_and_worth_nothing(conn: Connection, mathematics: int) -> None:
    sitting_id = await sit(conn, mathematics, right_until=35)
    await score_sittings(conn, [(ALICE, sitting_id)])
    result, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    assert [item.verdict for item in marked].count("blank") == 20
    assert result.points == sum((i.max_points for i in marked if i.verdict == "right"), Decimal(0))


async def test_marking_again_changes_nothing(conn: Connection, mathematics: int) -> None:
    sitting_id = await sit(conn, mathematics, right_until=20)
    seen = []
    for _ in range(3):
        await score_sittings(conn, [(ALICE, sitting_id)])
        seen.append((await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE))[1])
    assert seen[0] == seen[1] == seen[2]
    cursor = await conn.execute("SELECT count(*) FROM results")
    assert await cursor.fetchone() == (1,)


async def test_an_open_sitting_is_not_marked(conn: Connection, mathematics: int) -> None:
    sitting = (await start_sitting(conn, exam_id=mathematics, candidate_id=ALICE)).sitting
    assert await score_sittings(conn, [(ALICE, sitting.id)]) == 0
    with pytest.raises(StillInProgress):
        await find_result(conn, sitting_id=sitting.id, candidate_id=ALICE)


async def test_a_corrected_key_counts_from_the_next_marking(conn: Connection, mathematics: int) -> None:
    sitting_id = await sit(conn, mathematics)
    await score_sittings(conn, [(ALICE, sitting_id)])
    await conn.execute("UPDATE items SET key = '{\"correct\": []}' WHERE question_number = 1")
    await score_sittings(conn, [(ALICE, sitting_id)])
    _, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    assert marked[0].verdict == "wrong"


async def test_an_essay_waits_for_a_person_and_keeps_the_mark_it_was_given(conn: Connection) -> None:
    exam = read_exam_file((DEMO / "every-type.yaml").read_bytes(), folder=DEMO)
    exam_id = await import_exam(conn, exam, created_by=None)
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
    await conn.execute(
        """INSERT INTO answers
                  (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
           SELECT %s, %s, question_number, sub_part, '"Suppose it could."', 1, now()
             FROM items WHERE exam_id = %s AND kind = 'essay'""",
        (ALICE, sitting.id, exam_id),
    )
    await submit_sitting(conn, sitting_id=sitting.id, candidate_id=ALICE)
    await score_sittings(conn, [(ALICE, sitting.id)])
    result, marked = await find_result(conn, sitting_id=sitting.id, candidate_id=ALICE)
    assert result.unmarked == 1
    [essay] = [item for item in marked if item.kind == "essay"]
    assert essay.verdict == "unmarked"

    await conn.execute("UPDATE marks SET by_hand = 4 WHERE question_number = %s", (essay.question_number,))
    await score_sittings(conn, [(ALICE, sitting.id)])
    result, _ = await find_result(conn, sitting_id=sitting.id, candidate_id=ALICE)
    assert (result.points, result.unmarked) == (4, 0)


async def test_the_number_of_statements_does_not_grow_with_the_sittings(
    conn: Connection, mathematics: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sittings = [(n, await sit(conn, mathematics, n, right_until=n % 45)) for n in range(1, 41)]
    counts = []
    execute = psycopg.AsyncCursor.execute

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        counts[-1] += 1
        return await execute(self, *args, **kwargs)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
    for some in (sittings[:1], sittings):
        counts.append(0)
        await score_sittings(conn, some)
    assert counts[0] == counts[1]


async def test_somebody_elses_result_does_not_exist(conn: Connection, mathematics: int) -> None:
    sitting_id = await sit(conn, mathematics)
    await score_sittings(conn, [(ALICE, sitting_id)])
    with pytest.raises(SessionNotFound):
        await find_result(conn, sitting_id=sitting_id, candidate_id=MALLORY)


@pytest.mark.parametrize(
    ("release", "moment", "shown"),
    [
        ("at_once", None, True),
        ("at_time", "1 h", False),
        ("at_time", "-1 h", True),
        ("by_hand", None, False),
    ],
)
async def test_a_result_is_shown_when_the_exam_says_so(
    conn: Connection, mathematics: int, release: str, moment: str | None, shown: bool
) -> None:
    await conn.execute(
        "UPDATE exams SET release = %s, release_at = now() + %s::interval WHERE id = %s",
        (release, moment, mathematics),
    )
    sitting_id = await sit(conn, mathematics)
    await score_sittings(conn, [(ALICE, sitting_id)])
    if shown:
        await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    else:
        with pytest.raises(ResultsNotReleased):
            await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    if release == "by_hand":
        await release_results(conn, exam_id=mathematics)
        await release_results(conn, exam_id=mathematics)
        await find_result(conn, sitting_id=sitting_id, candidate_id=ALICE)
    else:
        with pytest.raises(NotReleasedByHand):
            await release_results(conn, exam_id=mathematics)
