"""The dashboard: six queries, everything that is mine, nothing that is not released."""

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.standings.achievements import award_due
from examhall.standings.dashboard import dashboard_of
from examhall.standings.ratings import rate_exam
from examhall.standings.streaks import follow_series
from examhall.standings.topics import summarise_topics
from tests.standings.test_streaks import number, person, weekly
from tests.standings.test_topics import exam, sat

pytestmark = pytest.mark.anyio


async def a_past_exam(conn: Connection, alice: int, *, release: str = "at_once") -> int:
    """Rated, of a series, concluded; Alice did better than Bob."""
    exam_id = await exam(conn, release=release)
    bob = await person(conn, f"bob{exam_id}")
    await sat(conn, exam_id, alice, right=range(1, 13))
    await sat(conn, exam_id, bob, right=range(1, 3))
    series = await number(
        conn,
        "INSERT INTO series (name) VALUES ('Monthly')"
        " ON CONFLICT (lower(name)) DO UPDATE SET name = excluded.name RETURNING id",
    )
    await conn.execute(
        "UPDATE exams SET opens_at = now() - interval '3 h', closes_at = now() - interval '1 h',"
        " rated = true, series_id = %s WHERE id = %s",
        (series, exam_id),
    )
    await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    return exam_id


async def follow(conn: Connection, exam_id: int) -> None:
    """What the worker does after an exam is concluded."""
    await follow_series(conn, exam_id)
    await summarise_topics(conn, exam_id)
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    await award_due(conn)


async def test_everything_about_how_somebody_goes_on(conn: Connection) -> None:
    alice = await person(conn, "alice")
    exam_id = await a_past_exam(conn, alice)
    await follow(conn, exam_id)
    mine = await dashboard_of(conn, alice)
    [recent] = mine.recent
    assert (recent.exam_id, recent.points, recent.place, recent.participants) == (exam_id, 18, 1, 2)
    [rated] = mine.ratings
    assert (rated.exam_id, rated.place, rated.number) == (exam_id, 1, 1)
    assert rated.rating > rated.rating_before
    [streak] = mine.streaks
    assert (streak.series, streak.current, streak.longest) == ("Monthly", 1, 1)
    assert {each.rule.name for each in mine.achievements} == {"first_exam", "full_marks", "ninety"}
    assert {topic.name: topic.share for topic in mine.topics} == {"Arithmetic": 1, "Geometry": 1}


async def test_what_comes_is_what_i_may_still_sit(conn: Connection) -> None:
    alice, olga = await person(conn, "alice"), await person(conn, "olga")
    await weekly(conn, 1)
    mine, others = await exam(conn), await exam(conn)
    await conn.execute("INSERT INTO assignments (exam_id, person_id) VALUES (%s, %s)", (others, olga))
    assert [each.exam_id for each in (await dashboard_of(conn, alice)).upcoming] == [mine]
    await sat(conn, mine, alice, right=range(0))
    assert (await dashboard_of(conn, alice)).upcoming == []


async def test_nothing_of_a_result_is_told_before_it_is_released(conn: Connection) -> None:
    alice = await person(conn, "alice")
    exam_id = await a_past_exam(conn, alice, release="by_hand")
    await follow(conn, exam_id)
    mine = await dashboard_of(conn, alice)
    [recent] = mine.recent
    assert (recent.points, recent.place) == (None, None)
    assert (mine.ratings, mine.achievements, mine.topics) == ([], [], [])


async def test_however_much_there_is_it_takes_six_queries(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await person(conn, "alice")
    await follow(conn, await a_past_exam(conn, alice))
    counted = []
    execute = psycopg.AsyncCursor.execute

    async def counting(self: object, query: object, *args: object, **more: object) -> object:
        counted.append(query)
        return await execute(self, query, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counting)
    await dashboard_of(conn, alice)
    assert len(counted) == 6
