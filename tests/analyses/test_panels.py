"""Standard setting: who leads and who judges, rounds, what is kept, and what the panel finds."""

import asyncio
import math
from decimal import Decimal

import pytest

from examhall.analyses.judging import (
    NewRating,
    NoSuchItem,
    NoSuchPage,
    NotAJudge,
    OtherMethod,
    RoundOver,
    own_ratings,
    place_bookmark,
    rate_items,
)
from examhall.analyses.panels import (
    CannotJudge,
    HasJudged,
    LastRound,
    NobodyJudged,
    NoSuchPanel,
    NotCalibrated,
    NothingToJudge,
    PanelClosed,
    close_panel,
    dismiss_judge,
    edit_panel,
    find_panel,
    invite_judges,
    list_judges,
    list_panels,
    may_see_result,
    next_round,
    open_panel,
    panel_to_lead,
)
from examhall.analyses.standards import find_result
from examhall.base.db import Connection, Database
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

from .panelled import SLOTS, a_panel, a_person, an_exam, calibrated, rate

pytestmark = pytest.mark.anyio

POOL = """
title: One of four
duration: 1 h
sections: [{title: Pool, draw: 1}]
questions:
  - {prompt: one, type: number, answer: 1}
  - {prompt: two, type: number, answer: 1, section: Pool}
  - {prompt: three, type: number, answer: 1, section: Pool}
  - {prompt: four, type: number, answer: 1, section: Pool}
  - {prompt: five, type: number, answer: 1, section: Pool}
"""


async def percents_of(conn: Connection, panel_id: int, judge: object, leader: object) -> list[int | None]:
    panel = await find_panel(conn, panel_id, leader)  # type: ignore[arg-type]
    return [rating.percent for rating in await own_ratings(conn, panel, judge.id)]  # type: ignore[attr-defined]


async def test_the_cut_is_the_mean_of_the_judges_sums_worked_by_hand(conn: Connection) -> None:
    panel_id, leader, (one, two, three) = await a_panel(conn)
    # Points are 1, 2, 1, 1: sums 0.8 + 1 + 0.5 + 0.3 = 2.6; 0.9 + 1.2 + 0.6 + 0.3 = 3.0; and 3.4.
    await rate(conn, panel_id, one, [80, 50, 50, 30])
    await rate(conn, panel_id, two, [90, 60, 60, 30])
    await rate(conn, panel_id, three, [100, 70, 60, 40])
    found = await find_result(conn, await find_panel(conn, panel_id, leader))
    assert [judge.points for judge in found.judges] == pytest.approx([2.6, 3.0, 3.4])
    assert found.cut.points == pytest.approx(3.0)
    assert found.cut.percent == pytest.approx(60.0)
    assert found.cut.se_points == pytest.approx(0.4 / math.sqrt(3), abs=1e-4)
    assert found.pass_percent == Decimal("60.00")
    assert [item.mean_percent for item in found.items] == pytest.approx([90, 60, 56.6667, 33.3333])
    assert (found.items[0].lowest_percent, found.items[0].highest_percent) == (80, 100)
    assert found.impact is None


async def test_who_has_not_rated_everything_does_not_count_yet(conn: Connection) -> None:
    panel_id, leader, (one, two, _three) = await a_panel(conn)
    await rate(conn, panel_id, one, [80, 50, 50, 30])
    await rate(conn, panel_id, two, [10, 10, 10])
    panel = await find_panel(conn, panel_id, leader)
    found = await find_result(conn, panel)
    assert [judge.is_complete for judge in found.judges] == [True, False, False]
    assert (found.cut.points, found.cut.judges, found.cut.se_points) == (pytest.approx(2.6), 1, None)
    assert [(each.judged, each.items, each.is_done) for each in await list_judges(conn, panel_id)] == [
        (4, 4, True), (3, 4, False), (0, 4, False)
    ]  # fmt: skip


async def test_of_each_item_the_highest_revision_stays_in_whatever_order_they_arrive(
    conn: Connection,
) -> None:
    panel_id, leader, (judge, *_rest) = await a_panel(conn)
    for revision in (3, 1, 2, 3):
        await rate(conn, panel_id, judge, [revision * 10] * 4, revision=revision)
    assert await percents_of(conn, panel_id, judge, leader) == [30] * 4
    batch = [NewRating(1, "", 55, 9), NewRating(1, "", 44, 8)]
    await rate_items(conn, panel_id, person_id=judge.id, round=1, ratings=batch)
    assert (await percents_of(conn, panel_id, judge, leader))[0] == 55
    await rate(conn, panel_id, judge, [None] * 4, revision=10)
    assert await percents_of(conn, panel_id, judge, leader) == [None] * 4


async def test_what_is_not_to_be_rated_is_refused_and_nothing_of_it_kept(database: Database) -> None:
    async with database.transaction() as conn:
        panel_id, leader, (judge, *_rest) = await a_panel(conn)

    async def rate_unknown(number: int, part: str) -> None:
        async with database.transaction() as conn:
            batch = [NewRating(1, "", 50, 1), NewRating(number, part, 50, 1)]
            await rate_items(conn, panel_id, person_id=judge.id, round=1, ratings=batch)

    for number, part in ((9, ""), (3, ""), (1, "a")):
        with pytest.raises(NoSuchItem):
            await rate_unknown(number, part)
    async with database.transaction() as conn:
        assert await percents_of(conn, panel_id, judge, leader) == []
        for person in (leader, await a_person(conn, "mallory", "author")):
            with pytest.raises(NotAJudge):
                await rate(conn, panel_id, person, [50] * 4)
        panel = await find_panel(conn, panel_id, leader)
        with pytest.raises(OtherMethod):
            await place_bookmark(conn, panel, person_id=judge.id, round=1, page=1, revision=1)


async def test_a_round_begins_with_what_the_last_one_ended_with(conn: Connection) -> None:
    panel_id, leader, (one, two, _three) = await a_panel(conn)
    await rate(conn, panel_id, one, [80, 50, 50, 30], revision=1_700_000_000_000)
    await rate(conn, panel_id, two, [90, 60, 60, 30])
    panel = await find_panel(conn, panel_id, leader)
    await next_round(conn, panel, version=panel.version)
    assert await percents_of(conn, panel_id, one, leader) == [80, 50, 50, 30]
    with pytest.raises(RoundOver):
        await rate(conn, panel_id, one, [10] * 4, round=1, revision=2)
    await rate(conn, panel_id, one, [70, 50, 50, 30], round=2, revision=1)
    found = await find_result(conn, await find_panel(conn, panel_id, leader))
    assert (found.cut.round, found.cut.points) == (2, pytest.approx((2.5 + 3.0) / 2))
    assert [(cut.round, cut.points) for cut in found.earlier] == [(1, pytest.approx(2.8))]


@pytest.mark.parametrize("judges", [0, 2])
async def test_a_round_in_which_nobody_has_judged_does_not_end(database: Database, judges: int) -> None:
    async with database.transaction() as conn:
        panel_id, leader, people = await a_panel(conn, judges=judges)
        panel = await find_panel(conn, panel_id, leader)
    with pytest.raises(NobodyJudged):
        async with database.transaction() as conn:
            await next_round(conn, panel, version=panel.version)
    async with database.transaction() as conn:
        assert await find_panel(conn, panel_id, leader) == panel
        for judge in people[:1]:
            await rate(conn, panel_id, judge, [None] * 4)
            with pytest.raises(NobodyJudged):
                await next_round(conn, panel, version=panel.version)


async def test_there_are_five_rounds_at_most(conn: Connection) -> None:
    panel_id, leader, (judge,) = await a_panel(conn, judges=1)
    await rate(conn, panel_id, judge, [50])
    for _ in range(4):
        panel = await find_panel(conn, panel_id, leader)
        await next_round(conn, panel, version=panel.version)
    panel = await find_panel(conn, panel_id, leader)
    with pytest.raises(LastRound):
        await next_round(conn, panel, version=panel.version)


async def test_a_closed_panel_takes_nothing_more(conn: Connection) -> None:
    panel_id, leader, (judge, *_rest) = await a_panel(conn)
    panel = await find_panel(conn, panel_id, leader)
    await close_panel(conn, panel, version=panel.version)
    closed = await find_panel(conn, panel_id, leader)
    await close_panel(conn, closed, version=1)
    with pytest.raises(PanelClosed):
        await rate(conn, panel_id, judge, [50] * 4)
    for act in (
        next_round(conn, closed, version=closed.version),
        edit_panel(conn, closed, version=closed.version, name="x", description=""),
        invite_judges(conn, closed, ["anna"]),
        dismiss_judge(conn, closed, judge.id),
    ):
        with pytest.raises(PanelClosed):
            await act


async def test_judges_see_nothing_of_the_others_before_the_panel_is_closed(conn: Connection) -> None:
    panel_id, leader, (judge, *_rest) = await a_panel(conn)
    anna_too = await a_person(conn, "andrew", "analyst")
    panel = await find_panel(conn, panel_id, leader)
    await invite_judges(conn, panel, ["andrew"])
    assert may_see_result(await find_panel(conn, panel_id, leader), leader)
    for who in (judge, anna_too):
        assert not may_see_result(await find_panel(conn, panel_id, who), who)
    assert await panel_to_lead(conn, panel_id, anna_too)
    with pytest.raises(NoSuchPanel):
        await panel_to_lead(conn, panel_id, judge)
    await close_panel(conn, panel, version=panel.version)
    assert may_see_result(await find_panel(conn, panel_id, judge), judge)


async def test_a_panel_is_found_by_analysts_and_its_judges_alone(conn: Connection) -> None:
    panel_id, leader, (judge, *_rest) = await a_panel(conn)
    exam_id = (await find_panel(conn, panel_id, leader)).exam_id
    stranger = await a_person(conn, "olga", "author")
    for who, sees in ((leader, 1), (judge, 1), (stranger, 0)):
        assert len(await list_panels(conn, exam_id=exam_id, me=who, before_id=2**60, limit=9)) == sees
    with pytest.raises(NoSuchPanel):
        await find_panel(conn, panel_id, stranger)


async def test_judges_are_staff_and_are_invited_all_or_none(database: Database) -> None:
    async with database.transaction() as conn:
        panel_id, leader, _judges = await a_panel(conn, judges=1)
        await a_person(conn, "pupil", "candidate")
        await a_person(conn, "olga", "author")

    async def invite(*names: str) -> None:
        async with database.transaction() as conn:
            await invite_judges(conn, await find_panel(conn, panel_id, leader), names)

    with pytest.raises(CannotJudge):
        await invite("olga", "pupil")
    async with database.transaction() as conn:
        panel = await find_panel(conn, panel_id, leader)
        await invite_judges(conn, panel, ["Olga", "olga", "judge1"])
        assert [(each.number, each.username) for each in await list_judges(conn, panel_id)] == [
            (1, "judge1"), (2, "olga")
        ]  # fmt: skip


async def test_a_judge_who_has_judged_stays(conn: Connection) -> None:
    panel_id, leader, (one, two, _three) = await a_panel(conn)
    await rate(conn, panel_id, one, [50])
    panel = await find_panel(conn, panel_id, leader)
    with pytest.raises(HasJudged):
        await dismiss_judge(conn, panel, one.id)
    await dismiss_judge(conn, panel, two.id)
    await dismiss_judge(conn, panel, two.id)
    assert [each.number for each in await list_judges(conn, panel_id)] == [1, 3]


async def test_a_bookmark_is_an_ability_and_its_points(conn: Connection) -> None:
    exam_id = await an_exam(conn)
    await calibrated(conn, exam_id, [-1.0, 0.0, 1.0, None])
    panel_id, leader, judges = await a_panel(conn, method="bookmark", exam_id=exam_id)
    panel = await find_panel(conn, panel_id, leader)
    for judge, page in zip(judges, (1, 2, 2), strict=True):
        await place_bookmark(conn, panel, person_id=judge.id, round=1, page=page, revision=1)
    with pytest.raises(NoSuchPage):
        await place_bookmark(conn, panel, person_id=judges[0].id, round=1, page=4, revision=2)
    found = await find_result(conn, panel)
    at = math.log(0.67 / 0.33)
    assert found.cut.logits == pytest.approx(at, abs=1e-4)
    chances = [1 / (1 + math.exp(-(at - logits))) for logits in (-1, 0, 1)]
    points = chances[0] + 2 * chances[1] + chances[2]
    assert found.cut.points == pytest.approx(points, abs=1e-4)
    assert found.cut.percent == pytest.approx(100 * points / 4, abs=1e-3)
    assert [(item.label, item.page, item.bookmarks) for item in found.items] == [
        ("1", 1, 1), ("2", 2, 2), ("3a", 3, 0)
    ]  # fmt: skip


async def test_of_a_pool_the_cut_counts_what_a_candidate_gets_of_it(conn: Connection) -> None:
    """One question at 40 percent for everybody, one of four at 80: sixty, not seventy-two."""
    exam_id = await import_exam(conn, read_exam_file(POOL), created_by=None)
    panel_id, leader, (one, _, _) = await a_panel(conn, exam_id=exam_id)
    ratings = [NewRating(number, "", 40 if number == 1 else 80, 1) for number in range(1, 6)]
    await rate_items(conn, panel_id, person_id=one.id, round=1, ratings=ratings)
    found = await find_result(conn, await find_panel(conn, panel_id, leader))
    assert found.max_points == pytest.approx(2.0)
    assert found.cut.points == pytest.approx(1.2)
    assert found.pass_percent == Decimal("60.00")


async def test_a_bookmark_needs_difficulties_and_any_panel_items(conn: Connection) -> None:
    exam_id = await an_exam(conn)
    for refusal, method in ((NotCalibrated, "bookmark"), (NothingToJudge, "angoff")):
        if refusal is NothingToJudge:
            await conn.execute("UPDATE items SET points = 0")
        with pytest.raises(refusal):
            await open_panel(
                conn,
                exam_id=exam_id,
                method=method,
                name="x",
                description="",
                created_by=1,  # type: ignore[arg-type]
            )
    with pytest.raises(NotFound):
        await open_panel(conn, exam_id=99, method="angoff", name="x", description="", created_by=1)


async def test_at_the_cut_as_many_pass_as_have_the_points(conn: Connection) -> None:
    panel_id, leader, (one, two, _three) = await a_panel(conn)
    exam_id = (await find_panel(conn, panel_id, leader)).exam_id
    await rate(conn, panel_id, one, [80, 50, 50, 30])
    await rate(conn, panel_id, two, [100, 70, 60, 40])
    # The cut is 3.0 of 5, its error 0.4.
    for candidate, (points, unmarked) in enumerate(
        [(2.5, 0), (2.6, 0), (3, 0), (3.4, 0), (3.5, 0), (5, 1)], 1
    ):
        await conn.execute(
            "INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points,"
            " unmarked, marked_at) VALUES (%s, %s, %s, 1, %s, 5, %s, now())",
            (candidate, candidate, exam_id, points, unmarked),
        )
    found = await find_result(conn, await find_panel(conn, panel_id, leader))
    assert found.impact is not None
    assert (found.impact.candidates, found.impact.passed) == (5, 3)
    assert (found.impact.passed_lower, found.impact.passed_higher) == (4, 2)


async def test_of_two_leaders_who_saw_the_same_version_one_begins_the_round(database: Database) -> None:
    async with database.transaction() as conn:
        panel_id, leader, (judge, *_rest) = await a_panel(conn)
        await rate(conn, panel_id, judge, [50] * 4)
        panel = await find_panel(conn, panel_id, leader)

    async def go_on() -> str:
        try:
            async with database.transaction() as conn:
                await next_round(conn, panel, version=panel.version)
        except SomebodyWasFaster:
            return "slower"
        return "began"

    assert sorted(await asyncio.gather(*(go_on() for _ in range(4)))) == [
        "began",
        "slower",
        "slower",
        "slower",
    ]
    async with database.transaction() as conn:
        assert (await find_panel(conn, panel_id, leader)).round == 2


async def test_a_save_and_the_end_of_a_round_have_an_order(database: Database) -> None:
    """Judges save while the round ends: what was acknowledged is in the next round, the others were told."""
    async with database.transaction() as conn:
        panel_id, leader, judges = await a_panel(conn, judges=6)
        panel = await find_panel(conn, panel_id, leader)
    saved: dict[int, int] = {}

    async def judge_on(number: int) -> None:
        for revision in range(1, 30):
            try:
                async with database.transaction() as conn:
                    await rate(conn, panel_id, judges[number], [revision] * 4, revision=revision)
            except RoundOver:
                return
            saved[number] = revision

    async def end() -> None:
        while len(saved) < 6:
            await asyncio.sleep(0.001)
        async with database.transaction() as conn:
            await next_round(conn, panel, version=panel.version)

    await asyncio.gather(end(), *(judge_on(number) for number in range(6)))
    async with database.transaction() as conn:
        for number, judge in enumerate(judges):
            assert await percents_of(conn, panel_id, judge, leader) == [saved[number]] * len(SLOTS)


async def test_invited_at_once_judges_have_numbers_of_their_own(database: Database) -> None:
    async with database.transaction() as conn:
        panel_id, leader, _judges = await a_panel(conn, judges=0)
        for name in ("ada", "bea", "cleo", "dora"):
            await a_person(conn, name, "author")
        panel = await find_panel(conn, panel_id, leader)

    async def invite(name: str) -> None:
        async with database.transaction() as conn:
            await invite_judges(conn, panel, [name])

    await asyncio.gather(*(invite(name) for name in ("ada", "bea", "cleo", "dora", "ada")))
    async with database.transaction() as conn:
        assert [each.number for each in await list_judges(conn, panel_id)] == [1, 2, 3, 4]
