"""Pools: each candidate's questions are drawn at the start, all sets equally likely, and kept for ever."""

import asyncio
import json
from collections import Counter
from decimal import Decimal
from io import StringIO
from itertools import combinations
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.wire import LARGEST_ID
from examhall.exams.answers import UnknownQuestion
from examhall.exams.content import arrange, load_content
from examhall.exams.correction import Correction
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.scoring.export import export_csv
from examhall.scoring.matrix import NOT_PRESENTED, read_matrix
from examhall.scoring.preview import preview_correction
from examhall.scoring.rescore import apply_correction
from examhall.scoring.results import find_result, score_sittings
from examhall.sittings.autosave import save_batch
from examhall.sittings.close import submit_sitting
from examhall.sittings.monitor import read_view
from examhall.sittings.save_route import read_answers
from examhall.sittings.start import Starts, Wanted, find_sitting, start_sitting, start_sittings

from .saving import save
from .seats import ALICE, Seat

pytestmark = pytest.mark.anyio

POOL = 6
DRAWN = 2
# Questions 1 and 2 are everybody's, of 3 to 8 each candidate has two; those have two parts.
EXAM = """
title: Pools
duration: 1 h
sections:
  - title: Pool
    draw: 2
    instructions: Two of *six*.
questions:
  - {prompt: First, options: [x, y], answer: A}
  - {prompt: Second, options: [x, y], answer: A}
""" + "".join(
    f"  - {{section: Pool, prompt: Pooled {n}, parts: {{a: {{options: [x, y], answer: A}}, b: "
    "{type: essay}}}\n"
    for n in range(POOL)
)


async def add_pools(conn: Connection, text: str = EXAM, **columns: object) -> int:
    exam_id = await import_exam(conn, read_exam_file(text), created_by=None)
    for name, value in columns.items():
        await conn.execute(f"UPDATE exams SET {name} = %s WHERE id = %s".encode(), (value, exam_id))
    return exam_id


async def draws(conn: Connection, exam_id: int, people: range) -> list[tuple[int, ...]]:
    started = await start_sittings(conn, [Wanted(person, exam_id) for person in people])
    return [tuple(each.sitting.drawn or ()) for each in started if each is not None]


async def one_value(conn: Connection, query: str, *params: object) -> Any:
    return (await (await conn.execute(query.encode(), params)).fetchone() or [None])[0]


async def test_every_set_of_questions_is_drawn_equally_often(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    found = await draws(conn, exam_id, range(10_000, 16_000))
    assert len(found) == 6_000
    assert {draw[:2] for draw in found} == {(1, 2)}
    counts = Counter(draw[2:] for draw in found)
    sets = list(combinations(range(3, 3 + POOL), DRAWN))
    assert set(counts) == set(sets)
    expected = len(found) / len(sets)
    chi_squared = sum((counts[each] - expected) ** 2 / expected for each in sets)
    # 14 degrees of freedom: a fair draw is beyond this once in a hundred thousand times.
    assert chi_squared < 49


async def test_a_draw_has_exactly_so_many_and_none_twice(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    for draw in await draws(conn, exam_id, range(1, 300)):
        assert len(draw) == len(set(draw)) == 2 + DRAWN
        assert list(draw) == sorted(draw)


async def test_two_pools_are_drawn_independently(conn: Connection) -> None:
    pools = "".join(f"  - {{section: {s}, prompt: q, type: essay}}\n" for s in "AABB")
    sections = "sections: [{title: A, draw: 1}, {title: B, draw: 1}]"
    text = f"title: T\nduration: 1 h\n{sections}\nquestions:\n{pools}"
    counts = Counter(await draws(conn, await add_pools(conn, text), range(1, 2001)))
    assert set(counts) == {(1, 3), (1, 4), (2, 3), (2, 4)}
    assert min(counts.values()) > 400


async def test_500_who_start_at_once_each_have_a_draw_that_stays(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_pools(conn)
    doors = [Starts(database) for _ in range(2)]
    people = range(100, 600)

    async def start(person: int) -> tuple[int, list[int] | None]:
        started = await doors[person % 2].start(exam_id=exam_id, candidate_id=person)
        return started.sitting.id, started.sitting.drawn

    first = await asyncio.gather(*(start(person) for person in people))
    again = await asyncio.gather(*(start(person) for person in people))
    assert first == again
    assert all(drawn is not None and len(drawn) == 2 + DRAWN for _, drawn in first)
    assert len({tuple(drawn or ()) for _, drawn in first}) == 15
    async with database.connection() as conn:
        for person, (sitting_id, drawn) in zip(people, first, strict=True):
            assert (await find_sitting(conn, sitting_id=sitting_id, candidate_id=person)).drawn == drawn


async def test_who_starts_while_an_author_changes_the_pool_draws_from_the_changed_one(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        exam_id = await add_pools(conn)
    starts = Starts(database)
    async with database.transaction() as author:
        await author.execute("SELECT FROM exams WHERE id = %s FOR UPDATE", (exam_id,))
        waiting = asyncio.create_task(starts.start(exam_id=exam_id, candidate_id=ALICE))
        async with database.connection() as watching:
            while not await one_value(watching, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
        await author.execute("UPDATE sections SET draw = 5 WHERE exam_id = %s", (exam_id,))
        await author.execute("UPDATE exams SET version = version + 1 WHERE id = %s", (exam_id,))
    assert len((await waiting).sitting.drawn or ()) == 2 + 5


async def test_an_exam_without_pools_draws_nothing(conn: Connection) -> None:
    exam_id = await add_pools(conn, EXAM.replace("    draw: 2\n", ""))
    started = await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)
    assert started.sitting.drawn is None
    content = await load_content(conn, exam_id)
    assert len(arrange(content, started.sitting.seed, None)) == content.question_count == 2 + POOL


async def test_the_room_has_what_was_drawn_and_nothing_else(conn: Connection) -> None:
    exam_id = await add_pools(conn, shuffle_questions=True)
    content = await load_content(conn, exam_id)
    assert content.question_count == 2 + DRAWN
    for person in range(1, 30):
        sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=person)).sitting
        numbers = [each["number"] for each in arrange(content, sitting.seed, sitting.drawn)]
        assert sorted(numbers) == sitting.drawn
        # Sections stay one after the other.
        assert {*numbers[:2]} == {1, 2}
        order = content.order(sitting.seed, sitting.drawn)
        assert order is not None
        assert [number for number, _ in order] == numbers


async def test_an_answer_to_an_undrawn_question_is_to_an_unknown_one(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)).sitting
    rules = (await load_content(conn, exam_id)).rules(sitting.drawn)
    assert sitting.drawn is not None
    for number in range(-1, 12):
        body = json.dumps({"question_number": number, "sub_part": "a", "answer": "A"}).encode()
        if number in sitting.drawn[2:]:
            assert read_answers(body, rules)
        else:
            with pytest.raises(UnknownQuestion):
                read_answers(body, rules)
    assert len(rules) == len(list(rules)) == 2 + 2 * DRAWN


async def handed_in(conn: Connection, exam_id: int, person: int) -> tuple[int, list[int]]:
    sitting = (await start_sitting(conn, exam_id=exam_id, candidate_id=person)).sitting
    assert sitting.drawn is not None
    seat = Seat(person, sitting.id)
    saves = [save(seat, number=number, part="" if number <= 2 else "a") for number in sitting.drawn]
    await save_batch(conn, saves)
    await submit_sitting(conn, sitting_id=sitting.id, candidate_id=person)
    await score_sittings(conn, [(person, sitting.id)])
    return sitting.id, sitting.drawn


async def test_a_result_is_of_ones_own_draw(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    for person in range(1, 6):
        sitting_id, drawn = await handed_in(conn, exam_id, person)
        result, marked = await find_result(conn, sitting_id=sitting_id, candidate_id=person)
        # Two for everybody, and of the pool two with two parts each, of which an essay nobody wrote.
        assert (result.points, result.max_points, result.unmarked) == (Decimal(4), Decimal(6), 0)
        assert sorted({item.question_number for item in marked}) == drawn
        assert len(marked) == 2 + 2 * DRAWN


async def test_what_was_not_drawn_is_not_presented(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id = await add_pools(conn)
        drawn = {person: (await handed_in(conn, exam_id, person))[1] for person in range(1, 9)}
    async with database.transaction() as conn:
        matrix = await read_matrix(conn, exam_id)
    for row, person in enumerate(matrix.candidate_ids.tolist()):
        for column, item in enumerate(matrix.items):
            missing = matrix.shares[row, column] == NOT_PRESENTED
            assert missing == (item.question_number not in drawn[person])


async def test_an_export_has_a_line_for_each_item_that_somebody_had(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    await conn.execute(
        "INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE VALUES (1, 'alice', 'Alice')"
    )
    await handed_in(conn, exam_id, ALICE)
    file = StringIO()
    await export_csv(conn, exam_id, file)
    assert len(file.getvalue().splitlines()) == 1 + 2 + 2 * DRAWN


async def test_a_monitor_counts_of_what_was_drawn(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    await conn.execute(
        "INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE VALUES (1, 'alice', 'Alice')"
    )
    await handed_in(conn, exam_id, ALICE)
    view = await read_view(conn, exam_id)
    [seat] = [json.loads(told) for told in view.seats.values()]
    assert (seat["answered"], seat["items"], view.overall.items) == (4, 6, 6)


async def test_a_correction_moves_those_who_had_the_question_alone(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    drawn = {person: await handed_in(conn, exam_id, person) for person in range(1, 13)}
    correction = Correction.model_validate(
        {
            "reason": "Wrong",
            "changes": [{"change": "drop", "question_number": 3, "sub_part": "a", "award": "nobody"}],
        }
    )
    had = sum(3 in numbers for _, numbers in drawn.values())
    assert 0 < had < 12
    preview = await preview_correction(conn, exam_id=exam_id, correction=correction)
    assert (preview.sittings, preview.up, preview.down) == (12, 0, had)
    version = await one_value(conn, "SELECT version FROM exams WHERE id = %s", exam_id)
    await conn.execute(
        "INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE VALUES (99, 'olga', 'Olga')"
    )
    await apply_correction(conn, exam_id=exam_id, version=version, correction=correction, corrected_by=99)
    await score_sittings(conn, [(person, sitting_id) for person, (sitting_id, _) in drawn.items()])
    for person, (sitting_id, numbers) in drawn.items():
        result, _ = await find_result(conn, sitting_id=sitting_id, candidate_id=person)
        expected = (Decimal(3), Decimal(5)) if 3 in numbers else (Decimal(4), Decimal(6))
        assert (result.points, result.max_points) == expected
    assert preview.after is not None
    mean = await one_value(conn, "SELECT avg(points)::float FROM results WHERE exam_id = %s", exam_id)
    assert preview.after.mean_points == pytest.approx(mean)


async def test_what_a_candidate_gets_of_an_exam_is_counted_once(conn: Connection) -> None:
    exam_id = await add_pools(conn)
    size = await (await conn.execute("SELECT * FROM exam_size(%s)", (exam_id,))).fetchone()
    assert size == (2 + DRAWN, 2 + 2 * DRAWN, Decimal("6.000"))
    assert await one_value(conn, "SELECT questions FROM exam_size(%s)", LARGEST_ID) == 0
