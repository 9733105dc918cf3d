"""Achievements: what the table of rules says, once, and for the past too."""

import asyncio
import re

import pytest

from examhall.base.db import Connection, Database
from examhall.base.sqlfile import beside
from examhall.standings import achievements
from examhall.standings.achievements import achievements_of, award_due
from examhall.standings.rules import BY_NAME, RULES, Rule
from tests.standings.test_streaks import number, person

pytestmark = pytest.mark.anyio


async def settled(
    conn: Connection, points: dict[int, int], *, most: int = 10, participants: int | None = None
) -> int:
    """An exam with places by these points, as `settle` would have left it."""
    exam_id = await number(
        conn, "INSERT INTO exams (title, kind, duration_s) VALUES ('Exam', 'mock_exam', 60) RETURNING id"
    )
    await conn.execute(
        "INSERT INTO exam_standings (exam_id, key_version, rated, participants, happened_at, settled_at)"
        " VALUES (%s, 1, false, %s, now(), now())",
        (exam_id, participants or len(points)),
    )
    await conn.execute(
        "INSERT INTO exam_places (exam_id, person_id, place, points, max_points)"
        " SELECT %s, person, rank() OVER (ORDER BY points DESC), points, %s"
        "   FROM unnest(%s::bigint[], %s::int[]) AS given (person, points)",
        (exam_id, most, list(points), list(points.values())),
    )
    await conn.execute(
        "INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked,"
        " marked_at) SELECT person, %s, %s, 1, points, %s, 0, now()"
        "   FROM unnest(%s::bigint[], %s::int[]) AS given (person, points)",
        (exam_id, exam_id, most, list(points), list(points.values())),
    )
    return exam_id


async def names_of(conn: Connection, who: int) -> set[str]:
    return {each.rule.name for each in await achievements_of(conn, who)}


def test_every_rule_measures_something_that_is_counted() -> None:
    counted = set(re.findall(r"\('(\w+)', ", beside(achievements.__file__).give.text))
    assert {rule.measure for rule in RULES} == counted
    assert len(BY_NAME) == len(RULES)


async def test_full_marks_are_nine_tenths_as_well_and_the_first_exam(conn: Connection) -> None:
    alice, bob = await person(conn, "alice"), await person(conn, "bob")
    await settled(conn, {alice: 10, bob: 8})
    assert await award_due(conn) == 1
    assert await names_of(conn, alice) == {"first_exam", "full_marks", "ninety"}
    assert await names_of(conn, bob) == {"first_exam"}


@pytest.mark.parametrize(("participants", "given"), [(19, set()), (20, {"first_place", "top_ten"})])
async def test_a_place_counts_in_a_field_of_twenty(
    conn: Connection, participants: int, given: set[str]
) -> None:
    alice = await person(conn, "alice")
    await settled(conn, {alice: 5}, participants=participants)
    await award_due(conn)
    assert await names_of(conn, alice) == {"first_exam", *given}


async def test_the_longest_streak_counts_even_when_it_is_broken(conn: Connection) -> None:
    alice = await person(conn, "alice")
    series = await number(conn, "INSERT INTO series (name) VALUES ('Weekly') RETURNING id")
    await conn.execute("INSERT INTO streaks VALUES (%s, %s, 0, 3, 3, now())", (series, alice))
    await settled(conn, {alice: 5})
    await award_due(conn)
    assert "streak_3" in await names_of(conn, alice)


async def test_an_exam_is_looked_at_once_and_nothing_is_given_twice(conn: Connection) -> None:
    alice = await person(conn, "alice")
    await settled(conn, {alice: 10})
    assert await award_due(conn) == 1
    before = await achievements_of(conn, alice)
    assert await award_due(conn) == 0
    await conn.execute("UPDATE exam_standings SET key_version = 2")
    assert await award_due(conn) == 1
    assert await achievements_of(conn, alice) == before


async def test_a_new_rule_is_given_for_the_past(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = await person(conn, "alice")
    await settled(conn, {alice: 6})
    await award_due(conn)
    half = Rule("half", "Half", "Half of the points", "star", "best_percent", 50)
    monkeypatch.setitem(BY_NAME, "half", half)
    assert await award_due(conn, rules=[*RULES, half], digest="another") == 1
    assert "half" in await names_of(conn, alice)


async def test_what_a_correction_of_the_key_takes_back_stays_given(conn: Connection) -> None:
    alice = await person(conn, "alice")
    exam_id = await settled(conn, {alice: 10})
    await award_due(conn)
    await conn.execute("UPDATE exam_places SET points = 1 WHERE exam_id = %s", (exam_id,))
    await conn.execute("UPDATE exam_standings SET key_version = 2")
    await award_due(conn)
    assert "full_marks" in await names_of(conn, alice)


async def test_workers_at_once_give_each_achievement_once(database: Database) -> None:
    async with database.transaction() as conn:
        people = [await person(conn, f"person{n}") for n in range(30)]
        for _ in range(3):
            await settled(conn, dict.fromkeys(people, 10))

    async def award() -> int:
        async with database.transaction() as conn:
            return await award_due(conn)

    assert sum(await asyncio.gather(*[award() for _ in range(4)])) == 3
    async with database.transaction() as conn:
        assert await number(conn, "SELECT count(*) FROM achievements WHERE name = 'full_marks'") == 30
