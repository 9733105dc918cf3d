"""Ratings: one update per round, the same whatever the way there, all of it or nothing."""

import asyncio
from typing import Any

import numpy as np
import psycopg
import pytest

from examhall.base.db import Connection, Database
from examhall.psychometrics.rating import Ratings, newcomers, rate
from examhall.standings.ratings import list_exams_to_settle, rate_exam

from .field import add_held, add_people, correct, day, mark_all

pytestmark = pytest.mark.anyio

HISTORY = """
    SELECT exam_id, person_id, happened_at, key_version, number, place, participants, mu_before, sigma_before,
           mu, sigma, rating_before, rating
      FROM rating_history ORDER BY happened_at, exam_id, person_id
"""
RATINGS = "SELECT * FROM ratings ORDER BY person_id"
LEVELS = "SELECT * FROM rating_levels ORDER BY board, level"


async def rows(conn: Connection, query: str, *params: object) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query.encode(), params)).fetchall()


async def all_of_it(conn: Connection) -> list[list[tuple[Any, ...]]]:
    return [await rows(conn, query) for query in (HISTORY, RATINGS, LEVELS)]


async def some_exams(conn: Connection, people: list[int], count: int) -> list[int]:
    """Rated exams, each sat by some of these people, with many ties."""
    random = np.random.default_rng(5)
    exams = []
    for number in range(count):
        sat = [one for one in people if random.random() < 0.7]
        exams.append(await add_held(conn, {one: int(random.integers(0, 12)) for one in sat}, on=number))
    return exams


async def rate_all(conn: Connection, exams: list[int]) -> None:
    for exam_id in exams:
        await rate_exam(conn, exam_id=exam_id, key_version=1)


async def start_again(conn: Connection) -> None:
    for table in ("exam_standings", "exam_places", "rating_history", "ratings", "rating_levels"):
        await conn.execute(f"DELETE FROM {table}".encode())


async def test_a_round_is_the_update_of_the_whole_field(conn: Connection) -> None:
    people = await add_people(conn, 12)
    points = dict(zip(people, [9, 9, 8, 7, 7, 7, 5, 4, 3, 2, 2, 0], strict=True))
    exam_id = await add_held(conn, points)
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 12
    after = rate(newcomers(12), -np.array(list(points.values())), counts_as=8)
    found = await rows(conn, HISTORY)
    assert [row[9:11] for row in found] == list(zip(*(part.tolist() for part in after), strict=True))
    assert [row[5] for row in found] == [1, 1, 3, 4, 4, 4, 7, 8, 9, 10, 10, 12]
    assert {row[6] for row in found} == {12}
    assert [row[12] for row in found] == np.round(1500 + 30 * (after.mu - 25), 2).tolist()


async def test_the_next_round_begins_where_the_last_one_ended(conn: Connection) -> None:
    people = await add_people(conn, 3)
    first = await add_held(conn, dict(zip(people, [3, 2, 1], strict=True)), on=0)
    second = await add_held(conn, dict(zip(people[:2], [1, 2], strict=True)), on=1)
    await rate_all(conn, [first, second])
    once = rate(newcomers(3), np.array([1, 2, 3]), counts_as=8)
    twice = rate(Ratings(once.mu[:2], once.sigma[:2]), np.array([2, 1]), counts_as=8)
    found = await rows(conn, "SELECT mu, sigma, rated_exams, last_exam_id FROM ratings ORDER BY person_id")
    assert found == [
        (twice.mu[0], twice.sigma[0], 2, second),
        (twice.mu[1], twice.sigma[1], 2, second),
        (once.mu[2], once.sigma[2], 1, first),
    ]


async def test_only_first_attempts_count(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await add_held(conn, {a: 5, b: 4}, attempts_allowed=2)
    await mark_all(conn, exam_id, {b: 9}, attempt=2)
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert await rows(conn, "SELECT person_id, place FROM exam_places ORDER BY place") == [(a, 1), (b, 2)]


async def test_an_unrated_exam_has_places_and_changes_no_rating(conn: Connection) -> None:
    people = await add_people(conn, 3)
    exam_id = await add_held(conn, dict.fromkeys(people, 5), rated=False)
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 3
    assert await rows(conn, "SELECT place FROM exam_places") == [(1,)] * 3
    assert await all_of_it(conn) == [[], [], []]


async def test_an_exam_that_nobody_sat_is_a_round_without_anybody(conn: Connection) -> None:
    exam_id = await add_held(conn, {})
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 0
    assert await rows(conn, "SELECT participants FROM exam_standings") == [(0,)]


async def test_a_repeat_and_an_older_key_change_nothing(conn: Connection) -> None:
    people = await add_people(conn, 4)
    exam_id = await add_held(conn, dict(zip(people, range(4), strict=True)))
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    before = await all_of_it(conn)
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert await all_of_it(conn) == before
    await correct(conn, exam_id, dict(zip(people, range(4, 0, -1), strict=True)))
    await rate_exam(conn, exam_id=exam_id, key_version=1)
    assert await all_of_it(conn) == before
    await rate_exam(conn, exam_id=exam_id, key_version=2)
    assert await all_of_it(conn) != before


async def test_a_replay_gives_the_bits_that_a_start_from_nothing_gives(conn: Connection) -> None:
    people = await add_people(conn, 40)
    exams = await some_exams(conn, people, 6)
    await rate_all(conn, exams)
    points = {one: float(place % 7) for place, one in enumerate(people[5:])}
    await correct(conn, exams[2], points)
    await rate_exam(conn, exam_id=exams[2], key_version=2)
    replayed = await all_of_it(conn)
    await start_again(conn)
    for exam_id in exams:
        await rate_exam(conn, exam_id=exam_id, key_version=2 if exam_id == exams[2] else 1)
    assert await all_of_it(conn) == replayed
    assert len(replayed[0]) > 100


@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), (2, 0, 4, 1, 3), (1, 0, 2, 4, 3)])
async def test_the_order_in_which_exams_are_concluded_does_not_matter(
    conn: Connection, order: tuple[int, ...]
) -> None:
    people = await add_people(conn, 25)
    exams = await some_exams(conn, people, 5)
    await rate_all(conn, exams)
    in_order = await all_of_it(conn)
    await start_again(conn)
    await rate_all(conn, [exams[place] for place in order])
    assert await all_of_it(conn) == in_order


async def test_exams_that_close_at_the_same_moment_have_an_order_too(conn: Connection) -> None:
    a, b, c = await add_people(conn, 3)
    first = await add_held(conn, {a: 3, b: 2, c: 1}, on=1)
    second = await add_held(conn, {a: 1, b: 2, c: 3}, on=1)
    await rate_all(conn, [second, first])
    assert await rows(conn, "SELECT exam_id, number FROM rating_history WHERE person_id = %s", a) == [
        (first, 1),
        (second, 2),
    ]


async def test_who_is_no_longer_in_any_field_is_not_rated(conn: Connection) -> None:
    a, b, c = await add_people(conn, 3)
    first = await add_held(conn, {a: 3, b: 2}, on=0)
    second = await add_held(conn, {a: 3, c: 2}, on=1)
    await rate_all(conn, [first, second])
    await correct(conn, second, {b: 4, a: 3})
    await rate_exam(conn, exam_id=second, key_version=2)
    assert await rows(conn, "SELECT person_id, rated_exams FROM ratings ORDER BY 1") == [(a, 2), (b, 2)]


async def test_an_exam_made_unrated_is_taken_out_of_all_that_followed(conn: Connection) -> None:
    people = await add_people(conn, 10)
    exams = await some_exams(conn, people, 3)
    await rate_all(conn, exams[1:])
    without = await all_of_it(conn)
    await rate_all(conn, exams)
    assert await all_of_it(conn) != without
    await conn.execute("UPDATE exams SET rated = false WHERE id = %s", (exams[0],))
    await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exams[0],))
    assert [each.exam_id for each in await list_exams_to_settle(conn)] == [exams[0]]
    await rate_exam(conn, exam_id=exams[0], key_version=1)
    assert await all_of_it(conn) == without
    assert await list_exams_to_settle(conn) == []


async def test_an_exam_whose_window_was_moved_takes_its_new_turn(conn: Connection) -> None:
    people = await add_people(conn, 10)
    exams = await some_exams(conn, people, 3)
    await rate_all(conn, exams)
    await conn.execute("UPDATE exams SET closes_at = %s, key_version = 2 WHERE id = %s", (day(9), exams[0]))
    await rate_exam(conn, exam_id=exams[0], key_version=2)
    moved = await all_of_it(conn)
    await start_again(conn)
    await rate_all(conn, exams[1:])
    await rate_exam(conn, exam_id=exams[0], key_version=2)
    assert await all_of_it(conn) == moved


async def test_ratings_wait_until_results_are_released(conn: Connection) -> None:
    a, b = await add_people(conn, 2)
    exam_id = await add_held(conn, {a: 2, b: 1}, release="by_hand")
    await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 0
    assert await list_exams_to_settle(conn) == []
    await conn.execute("UPDATE exams SET released_at = now()")
    assert [each.exam_id for each in await list_exams_to_settle(conn)] == [exam_id]
    assert await rate_exam(conn, exam_id=exam_id, key_version=1) == 2


async def test_levels_say_how_many_are_ahead(conn: Connection) -> None:
    people = await add_people(conn, 60)
    await rate_all(conn, await some_exams(conn, people, 7))
    found = await rows(
        conn,
        """SELECT count(*), count(*) FILTER (WHERE levels.ahead + 1 = plain.rank)
             FROM (SELECT rating, rank() OVER (ORDER BY rating DESC) FROM ratings) AS plain
             JOIN rating_levels AS levels ON levels.board = 'rating' AND levels.level = plain.rating""",
    )
    [rated] = (await rows(conn, "SELECT count(*) FROM ratings"))[0]
    assert found == [(rated, rated)]


async def test_a_gain_is_over_five_rounds_and_leaves_the_first_exam_out(conn: Connection) -> None:
    a, b, c = await add_people(conn, 3)
    exams = [await add_held(conn, {a: n % 2, b: 1}, on=n) for n in range(6)]
    exams += [await add_held(conn, {a: 5, c: 1}, on=6)]
    await rate_all(conn, exams)
    history = await rows(conn, HISTORY)
    expected = sum(row[12] - row[11] for row in history if row[1] == a and row[0] in exams[-5:])
    gains = dict(await rows(conn, "SELECT person_id, gain FROM ratings"))
    assert gains[a] == pytest.approx(expected, abs=0.011)
    assert gains[c] is None
    assert gains[b] is not None


async def test_two_rounds_at_once_come_one_after_the_other(database: Database) -> None:
    async with database.transaction() as conn:
        people = await add_people(conn, 30)
        exams = await some_exams(conn, people, 6)

    async def rated(exam_id: int) -> None:
        async with database.transaction() as conn:
            await rate_exam(conn, exam_id=exam_id, key_version=1)

    # Each twice, as two workers would.
    await asyncio.gather(*(rated(exam_id) for exam_id in [*reversed(exams), *exams]))
    async with database.transaction() as conn:
        raced = await all_of_it(conn)
        await start_again(conn)
        await rate_all(conn, exams)
        assert await all_of_it(conn) == raced


async def test_readers_see_a_round_whole_or_not_at_all(database: Database, dsn: str) -> None:
    """A replay that dies half-way, at any of its statements, has never been."""
    async with database.transaction() as conn:
        people = await add_people(conn, 20)
        exams = await some_exams(conn, people, 4)
        await rate_all(conn, exams[1:])
    async with database.transaction() as conn:
        before = await all_of_it(conn)
    dying = await psycopg.AsyncConnection.connect(dsn)
    await rate_exam(dying, exam_id=exams[0], key_version=1)
    async with database.transaction() as conn:
        assert await all_of_it(conn) == before
    # As a killed process leaves it: the connection ends without a word.
    dying.pgconn.finish()
    async with database.transaction() as conn:
        await rate_exam(conn, exam_id=exams[0], key_version=1)
        assert await all_of_it(conn) != before
