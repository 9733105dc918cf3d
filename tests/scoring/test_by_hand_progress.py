import math
from decimal import Decimal
from itertools import product

import pytest

from examhall.base.db import Connection
from examhall.scoring.by_hand_finish import reopen_task
from examhall.scoring.by_hand_progress import agree, agreement_of, list_opinions, progress_of_items
from examhall.scoring.by_hand_told import feedback_on, marking_history

from .essays import add_essays, by_two, mark_next, people, write_essay

pytestmark = pytest.mark.anyio


def test_kappa_is_that_of_the_textbook() -> None:
    """Cohen (1968), by weighted disagreements seen and by chance."""
    counts = {(0, 0): 10, (0, 1): 4, (1, 1): 8, (1, 2): 3, (2, 1): 2, (2, 2): 9, (2, 0): 1}
    pairs = [(Decimal(a) / 2, Decimal(b) / 2) for (a, b), n in counts.items() for _ in range(n)]
    total = sum(counts.values())
    rows = [sum(n for (a, _), n in counts.items() if a == k) / total for k in range(3)]
    columns = [sum(n for (_, b), n in counts.items() if b == k) / total for k in range(3)]
    seen = sum(n / total * (a - b) ** 2 for (a, b), n in counts.items())
    by_chance = sum(rows[a] * columns[b] * (a - b) ** 2 for a, b in product(range(3), repeat=2))
    found = agree(pairs)
    assert found.kappa == pytest.approx(1 - seen / by_chance)
    assert (found.step, found.pairs) == (0.5, total)
    assert found.exact == pytest.approx(27 / total)
    assert found.adjacent == pytest.approx(36 / total)


def test_one_pair_that_agrees_says_nothing_beyond_chance() -> None:
    found = agree([(Decimal(3), Decimal(3))])
    assert math.isnan(found.kappa)
    assert (found.exact, found.apart) == (1, 0)


async def test_what_was_done_is_told_to_the_office_in_its_order(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id)
    alice, mina, karel = await people(conn, 3)
    sitting = await write_essay(conn, exam_id, alice)
    task = (await mark_next(conn, exam_id, mina, 2, comment="Short.", note="Copied?")).task_id
    [progress] = await progress_of_items(conn, exam_id)
    assert (progress.answers, progress.settled, progress.opinions, progress.finished) == (1, 0, 2, 1)
    assert await feedback_on(conn, sitting_id=sitting, candidate_id=alice) == {}
    await mark_next(conn, exam_id, karel, 3)
    told = await feedback_on(conn, sitting_id=sitting, candidate_id=alice)
    assert told[2, ""].comments == ["Short."]
    assert await feedback_on(conn, sitting_id=sitting, candidate_id=karel) == {}
    await reopen_task(conn, task, by=karel, is_author=True, reason="Look again.")
    history = await marking_history(conn, sitting)
    assert [(each.what, each.full_name, each.points) for each in history] == [
        ("finished", "Person 1", 2),
        ("finished", "Person 2", 3),
        ("settled", None, Decimal("2.5")),
        ("reopened", "Person 2", 2),
    ]
    assert history[0].details == {"levels": {}, "comment": "Short.", "note": "Copied?"}
    assert history[3].reason == "Look again."
    # While a mark is looked at again, nothing of it is told.
    assert await feedback_on(conn, sitting_id=sitting, candidate_id=alice) == {}


async def test_markers_lean_by_how_they_differ_from_the_others(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id)
    alice, mina, karel = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    await mark_next(conn, exam_id, mina, 2)
    await mark_next(conn, exam_id, karel, "3.5")
    agreement, leans = await agreement_of(conn, exam_id, reader_id=mina)
    assert agreement[2, ""].apart == 1.5
    assert [(lean.person_id, lean.difference) for lean in leans] == [(mina, -1.5), (karel, 1.5)]
    opinions = await list_opinions(conn, exam_id, reader_id=mina, apart=True, limit=10)
    assert [each.opinion for each in opinions] == [1, 2, 3]


async def test_who_may_still_mark_an_answer_sees_no_opinion_on_it(conn: Connection) -> None:
    """Neither points, nor figures that tell them of a single answer; who has marked it sees all of it."""
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id)
    alice, mina, karel, olga = await people(conn, 4)
    sitting = await write_essay(conn, exam_id, alice)
    first = (await mark_next(conn, exam_id, mina, 2)).task_id

    async def seen(reader_id: int) -> tuple[set[Decimal | None], set[bool], int, int]:
        found = await list_opinions(conn, exam_id, reader_id=reader_id, apart=False, limit=10)
        agreement, leans = await agreement_of(conn, exam_id, reader_id=reader_id)
        return {each.points for each in found}, {each.is_blind for each in found}, len(agreement), len(leans)

    assert await seen(olga) == ({None}, {True}, 0, 0)
    assert await seen(mina) == ({2, None}, {False}, 0, 0)
    # The two differ: somebody gives a third opinion, and it may be Olga.
    await mark_next(conn, exam_id, karel, 5)
    assert await seen(olga) == ({None}, {True}, 0, 0)
    assert await seen(karel) == ({2, 5, None}, {False}, 1, 2)
    await mark_next(conn, exam_id, olga, 4)
    assert await seen(olga) == ({2, 5, 4}, {False}, 1, 2)
    assert await seen(alice) == ({2, 5, 4}, {False}, 1, 2)
    # Whoever looks again does so without the others' points, and without what they came to.
    await reopen_task(conn, first, by=mina, is_author=True, reason="Too strict?")
    assert await seen(mina) == ({None}, {True}, 0, 0)
    found = await list_opinions(conn, exam_id, reader_id=mina, apart=False, limit=10)
    assert {each.by_hand for each in found} == {None}
    assert len(await marking_history(conn, sitting)) == 6
