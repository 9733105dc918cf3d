"""Leaderboards: ranks as plain SQL gives them, pages that meet everybody once; who is hidden stays so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from examhall.base.db import Connection
from examhall.sittings.availability import ExamNotFound
from examhall.standings.exam_standing import (
    StandingNotShown,
    Viewer,
    find_my_place,
    find_standing,
    list_latest,
    list_places,
    place_near,
)
from examhall.standings.leaderboard import (
    ROWS_ABOVE,
    BadCursor,
    Cursor,
    Entry,
    Listing,
    Tab,
    cursor_near,
    find_my_entry,
    list_leaders,
)
from examhall.standings.levels import settle_streak_levels
from examhall.standings.ratings import rate_exam

from .field import add_held, add_people, mark_all

pytestmark = pytest.mark.anyio

STAFF = Viewer(1, is_staff=True)
NOW = datetime.now(UTC)
PLAIN = """
    SELECT person_id, rank() OVER (ORDER BY rating DESC) FROM ratings
"""


async def rated(conn: Connection, people: list[int], rounds: int = 4) -> None:
    random = np.random.default_rng(11)
    for number in range(rounds):
        sat = [one for one in people if random.random() < 0.8]
        exam_id = await add_held(conn, {one: int(random.integers(0, 9)) for one in sat}, on=number)
        await rate_exam(conn, exam_id=exam_id, key_version=1)


async def ranks(conn: Connection, query: str = PLAIN) -> dict[int, int]:
    return dict(await (await conn.execute(query.encode())).fetchall())


async def walk(conn: Connection, tab: Tab, *, limit: int) -> AsyncIterator[Listing]:
    cursor: str | None = str(Cursor())
    while cursor is not None:
        page = await list_leaders(conn, tab, after=Cursor.read(cursor), limit=limit)
        yield page
        cursor = page.next_cursor


async def everybody(conn: Connection, tab: Tab = "top_rated", *, limit: int = 7) -> list[Entry]:
    return [entry async for page in walk(conn, tab, limit=limit) for entry in page.entries]


async def test_ranks_are_those_of_plain_sql(conn: Connection) -> None:
    people = await add_people(conn, 50)
    await rated(conn, people)
    found = await everybody(conn)
    assert {entry.person_id: entry.rank for entry in found} == await ranks(conn)
    assert [entry.rating for entry in found] == sorted((e.rating or 0 for e in found), reverse=True)
    # There are ties, or the test would show little.
    assert len({entry.rank for entry in found}) < len(found)


async def test_ranks_by_gain_are_those_of_plain_sql(conn: Connection) -> None:
    await rated(conn, await add_people(conn, 50))
    found = await everybody(conn, "most_improved")
    assert {entry.person_id: entry.rank for entry in found} == await ranks(
        conn, "SELECT person_id, rank() OVER (ORDER BY gain DESC) FROM ratings WHERE gain > 0"
    )
    assert len(found) > 10


@pytest.mark.parametrize("limit", [1, 3, 10, 200])
@pytest.mark.parametrize("tab", ["top_rated", "most_improved"])
async def test_a_walk_by_cursor_meets_everybody_once(conn: Connection, tab: Tab, limit: int) -> None:
    await rated(conn, await add_people(conn, 30))
    met = [entry.person_id for entry in await everybody(conn, tab, limit=limit)]
    assert len(met) == len(set(met))
    assert met == [entry.person_id for entry in await everybody(conn, tab, limit=100)]


async def test_a_walk_that_a_round_interrupts_misses_nobody_who_stayed(conn: Connection) -> None:
    people = await add_people(conn, 30)
    await rated(conn, people)
    met: list[int] = []
    async for page in walk(conn, "top_rated", limit=5):
        met += [entry.person_id for entry in page.entries]
        if len(met) == 10:
            others = dict(zip(await add_people(conn, 3, first=31), [3, 2, 1], strict=True))
            await rate_exam(conn, exam_id=await add_held(conn, others, on=9), key_version=1)
    assert set(people) & set(await ranks(conn)) <= set(met)
    assert len(met) == len(set(met))


async def test_a_trend_is_the_change_of_rank_since_the_last_rated_exam(conn: Connection) -> None:
    people = await add_people(conn, 20)
    await rated(conn, people)
    before = await ranks(conn)
    sat, new = people[:8], await add_people(conn, 2, first=21)
    points = {one: 8 - place for place, one in enumerate(reversed(sat))} | dict.fromkeys(new, 4)
    await rate_exam(conn, exam_id=await add_held(conn, points, on=8), key_version=1)
    after = await ranks(conn)
    trends = {entry.person_id: entry.trend for entry in await everybody(conn)}
    assert trends == {one: before[one] - rank if one in before else None for one, rank in after.items()}
    assert {trends[one] for one in new} == {None}
    assert any(trends.values())


async def test_my_entry_is_the_line_that_the_list_has(conn: Connection) -> None:
    people = await add_people(conn, 30)
    await rated(conn, people)
    for entry in await everybody(conn):
        mine = await find_my_entry(conn, "top_rated", entry.person_id)
        assert mine is not None
        assert (mine.rank, mine.trend, mine.rating) == (entry.rank, entry.trend, entry.rating)
        near = await list_leaders(
            conn, "top_rated", after=await cursor_near(conn, "top_rated", mine), limit=ROWS_ABOVE + 1
        )
        assert entry.person_id in [each.person_id for each in near.entries]


async def test_who_did_not_improve_has_no_rank_for_it(conn: Connection) -> None:
    people = await add_people(conn, 10)
    await rated(conn, people)
    listed = {entry.person_id: entry.rank for entry in await everybody(conn, "most_improved")}
    for one in await ranks(conn):
        mine = await find_my_entry(conn, "most_improved", one)
        assert mine is not None
        assert mine.rank == listed.get(one)
    assert len(listed) < 10


async def test_who_has_no_rating_has_no_entry(conn: Connection) -> None:
    [newcomer] = await add_people(conn, 1)
    assert await find_my_entry(conn, "top_rated", newcomer) is None
    assert await everybody(conn) == []


async def test_streaks_are_ranked_by_each_persons_best_that_goes_on(conn: Connection) -> None:
    people = await add_people(conn, 12)
    exam_id = await add_held(conn, {})
    for name, streaks in (("Weekly", [5, 4, 4, 1, 3, 2, 0, 4]), ("Monthly", [1, 6, 4, 1])):
        await conn.execute(
            """WITH added AS (INSERT INTO series (name) VALUES (%s) RETURNING id)
               INSERT INTO streaks (series_id, person_id, current, longest, sat, followed_at)
               SELECT added.id, given.person_id, given.current, given.current + 1, 9, now()
                 FROM added, unnest(%s::bigint[], %s::integer[]) AS given (person_id, current)""",
            (name, people[: len(streaks)], streaks),
        )
    await settle_streak_levels(conn, exam_id=exam_id)
    found = await everybody(conn, "streaks", limit=2)
    assert [(entry.rank, entry.current) for entry in found] == [
        (1, 6),
        (2, 5),
        (3, 4),
        (3, 4),
        (5, 3),
        (6, 2),
    ]
    assert found[0].series == "Monthly"
    for entry in found:
        mine = await find_my_entry(conn, "streaks", entry.person_id)
        assert mine is not None
        assert (mine.rank, mine.current) == (entry.rank, entry.current)
        await cursor_near(conn, "streaks", mine)
    single = await find_my_entry(conn, "streaks", people[3])
    assert single is not None
    assert (single.rank, single.current) == (None, 1)
    assert await find_my_entry(conn, "streaks", people[11]) is None


async def test_who_is_hidden_or_has_left_is_not_listed_and_keeps_the_rank(conn: Connection) -> None:
    people = await add_people(conn, 20)
    await rated(conn, people)
    before = {entry.person_id: entry.rank for entry in await everybody(conn)}
    hidden, left = [entry.person_id for entry in await everybody(conn)][:2]
    await conn.execute("UPDATE people SET hidden_from_standings = true WHERE id = %s", (hidden,))
    await conn.execute("UPDATE people SET active = false WHERE id = %s", (left,))
    after = {entry.person_id: entry.rank for entry in await everybody(conn)}
    assert after == {one: rank for one, rank in before.items() if one not in (hidden, left)}
    mine = await find_my_entry(conn, "top_rated", hidden)
    assert mine is not None
    assert (mine.rank, mine.hidden) == (before[hidden], True)


async def test_a_cursor_never_tells_of_somebody_who_is_hidden_or_has_left(conn: Connection) -> None:
    """Clients see cursors: with the rating and the id of whoever stands there."""
    people = await add_people(conn, ROWS_ABOVE + 4)
    exam_id = await add_held(conn, {one: 50 - place for place, one in enumerate(people)})
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    await conn.execute("UPDATE ratings SET gain = rating")
    last = people[-1]
    for change in ("hidden_from_standings = true", "active = false"):
        unseen = people[-2 - ROWS_ABOVE]
        await conn.execute(f"UPDATE people SET {change} WHERE id = %s".encode(), (unseen,))
        for tab in ("top_rated", "most_improved"):
            mine = await find_my_entry(conn, tab, last)
            assert mine is not None
            assert (await cursor_near(conn, tab, mine)).person_id == people[-3 - ROWS_ABOVE]
        standing = await find_standing(conn, exam_id=exam_id, viewer=STAFF)
        place = await find_my_place(conn, standing, last)
        assert place is not None
        assert (await place_near(conn, standing, place)).person_id == people[-3 - ROWS_ABOVE]
        await conn.execute("UPDATE people SET hidden_from_standings = false, active = true")


@pytest.mark.parametrize("text", ["", "nonsense", "nan_1", "1500", "1500_-1", "1_99999999999999999999"])
def test_a_cursor_that_nobody_gave_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.read(text)


@pytest.mark.parametrize("text", ["-inf_1", "1e300_5", "-1e300_5", "inf_0"])
async def test_a_cursor_from_beyond_the_list_does_no_harm(conn: Connection, text: str) -> None:
    await rated(conn, await add_people(conn, 5))
    tabs: tuple[Tab, ...] = ("top_rated", "most_improved", "streaks")
    for tab in tabs:
        await list_leaders(conn, tab, after=Cursor.read(text), limit=5)
    exam_id = await add_held(conn, {1: 1}, on=7)
    standing = await find_standing(conn, exam_id=exam_id, viewer=STAFF)
    await list_places(conn, standing, after=Cursor.read(text), limit=5)


async def places(conn: Connection, exam_id: int, viewer: Viewer, *, limit: int = 3) -> list[tuple[int, int]]:
    """Person and place of everybody, page by page."""
    standing = await find_standing(conn, exam_id=exam_id, viewer=viewer)
    found: list[tuple[int, int]] = []
    cursor: str | None = str(Cursor())
    while cursor is not None:
        page = await list_places(conn, standing, after=Cursor.read(cursor), limit=limit)
        found += [(entry.person_id, entry.rank or 0) for entry in page.entries]
        cursor = page.next_cursor
    return found


async def test_places_in_an_exam_are_shown_when_they_are_final(conn: Connection) -> None:
    people = await add_people(conn, 6)
    exam_id = await add_held(conn, dict(zip(people, [5, 9, 5, 7, 5, 1], strict=True)), release="by_hand")
    viewer = Viewer(people[0])
    with pytest.raises(StandingNotShown):
        await find_standing(conn, exam_id=exam_id, viewer=viewer)
    assert len(await places(conn, exam_id, STAFF)) == 6
    await conn.execute("UPDATE exams SET released_at = now()")
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    a, b, c, d, e, f = people
    assert await places(conn, exam_id, viewer) == [(b, 1), (d, 2), (a, 3), (c, 3), (e, 3), (f, 6)]
    standing = await find_standing(conn, exam_id=exam_id, viewer=viewer)
    mine = await find_my_place(conn, standing, e)
    assert mine is not None
    assert (mine.rank, mine.points) == (3, Decimal(5))
    assert await place_near(conn, standing, mine) == Cursor()
    assert [each.exam_id for each in await list_latest(conn, viewer)] == [exam_id]


async def test_an_exam_that_is_assigned_has_no_standing_for_others(conn: Connection) -> None:
    people = await add_people(conn, 3)
    exam_id = await add_held(conn, {people[0]: 5})
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert len(await places(conn, exam_id, Viewer())) == 1
    await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (exam_id, people[1]))
    for outsider in (Viewer(), Viewer(people[2])):
        with pytest.raises(ExamNotFound):
            await find_standing(conn, exam_id=exam_id, viewer=outsider)
        assert await list_latest(conn, outsider) == []
    for insider in (Viewer(people[0]), Viewer(people[1]), STAFF):
        assert len(await places(conn, exam_id, insider)) == 1


async def running(conn: Connection, people: list[int], **columns: object) -> int:
    """A contest with half an hour to go; the first handed in an hour ago, the second a minute ago."""
    exam_id = await add_held(
        conn,
        dict(zip(people, [5, 9], strict=True)),
        **({"kind": "contest", "closes_at": NOW + timedelta(minutes=30), "live_standing": True} | columns),
    )
    for one, ago in zip(people, (60, 1), strict=True):
        await conn.execute(
            "UPDATE sittings SET closed_at = %s WHERE candidate_id = %s AND exam_id = %s",
            (NOW - timedelta(minutes=ago), one, exam_id),
        )
    return exam_id


async def test_a_live_standing_shows_what_was_handed_in_so_far(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await running(conn, [a, b])
    assert await places(conn, exam_id, Viewer(a)) == [(b, 1), (a, 2)]
    standing = await find_standing(conn, exam_id=exam_id, viewer=Viewer(a))
    assert standing.state == "live"
    assert (await list_places(conn, standing, after=Cursor(), limit=1)).people == 2


async def test_without_a_live_standing_only_staff_see_one(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await running(conn, [a, b], live_standing=False)
    with pytest.raises(StandingNotShown):
        await find_standing(conn, exam_id=exam_id, viewer=Viewer(a))
    assert await places(conn, exam_id, STAFF) == [(b, 1), (a, 2)]


async def test_a_freeze_hides_what_is_handed_in_after_it_until_the_end(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    # Frozen ten minutes ago.
    exam_id = await running(conn, [a, b], freeze_minutes=40)
    standing = await find_standing(conn, exam_id=exam_id, viewer=Viewer(a))
    assert standing.state == "frozen"
    assert await places(conn, exam_id, Viewer(a)) == [(a, 1)]
    assert (await list_places(conn, standing, after=Cursor(), limit=9)).people == 1
    mine = await find_my_place(conn, standing, a)
    assert mine is not None
    # Nor does one's own place tell what came after.
    assert mine.rank == 1
    assert await find_my_place(conn, standing, b) is None
    assert await places(conn, exam_id, STAFF) == [(b, 1), (a, 2)]
    # The end reveals it, once the results are settled.
    await conn.execute("UPDATE exams SET opens_at = NULL, closes_at = %s", (NOW - timedelta(minutes=5),))
    assert await places(conn, exam_id, Viewer(a)) == [(a, 1)]
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert await places(conn, exam_id, Viewer(a)) == [(b, 1), (a, 2)]


async def test_staff_who_try_an_exam_out_are_not_in_its_field(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    await conn.execute("UPDATE people SET roles = '{author}' WHERE id = %s", (b,))
    exam_id = await running(conn, [a, b])
    assert await places(conn, exam_id, STAFF) == [(a, 1)]
    standing = await find_standing(conn, exam_id=exam_id, viewer=STAFF)
    assert (await list_places(conn, standing, after=Cursor(), limit=9)).people == 1
    assert await find_my_place(conn, standing, b) is None
    mine = await find_my_place(conn, standing, a)
    assert mine is not None
    assert mine.rank == 1
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 1


async def test_a_later_attempt_does_not_move_a_live_standing(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await running(conn, [a, b])
    await mark_all(conn, exam_id, {a: 50}, attempt=2)
    assert await places(conn, exam_id, Viewer(a)) == [(b, 1), (a, 2)]
