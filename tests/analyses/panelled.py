"""An exam, a panel and its judges: what the tests of standard setting share."""

from collections.abc import Sequence

from examhall.accounts.access import Person
from examhall.accounts.people import create_person
from examhall.analyses.judging import NewRating, rate_items
from examhall.analyses.panels import Method, find_panel, invite_judges, open_panel
from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

EXAM = """
title: Four questions
duration: 1 h
questions:
  - {prompt: easy, options: [w, x, y, z], answer: A}
  - {prompt: middling, type: number, answer: 2, points: 2}
  - prompt: in parts
    parts: {a: {type: number, answer: 1}, b: {type: short_text, answer: two}}
"""
SLOTS = [(1, ""), (2, ""), (3, "a"), (3, "b")]


async def an_exam(conn: Connection) -> int:
    return await import_exam(conn, read_exam_file(EXAM), created_by=None)


async def a_person(conn: Connection, name: str, *roles: str) -> Person:
    person_id = await create_person(conn, username=name, full_name=name.title(), roles=list(roles))
    return Person(person_id, tuple(roles))


async def calibrated(conn: Connection, exam_id: int, difficulty: Sequence[float | None]) -> None:
    """As if the exam had been sat: difficulties and facilities of its items."""
    await conn.execute(
        "INSERT INTO calibrations (exam_id, key_version, calibrated_at, persons, items, items_estimated,"
        " found, read_s, compute_s) VALUES (%s, 1, now(), 100, 4, 4, '{}', 0, 0)",
        (exam_id,),
    )
    for (number, part), logits in zip(SLOTS, difficulty, strict=True):
        share = None if logits is None else 1 / (1 + 2.718281828459045**logits)
        await conn.execute(
            "INSERT INTO item_calibrations (exam_id, key_version, question_number, sub_part, presented,"
            " mean_share, difficulty, details) VALUES (%s, 1, %s, %s, 100, %s, %s, '{}')",
            (exam_id, number, part, share, logits),
        )


async def a_panel(
    conn: Connection, *, method: Method = "angoff", judges: int = 3, exam_id: int | None = None
) -> tuple[int, Person, list[Person]]:
    """The panel's id, the analyst who leads it, and its judges."""
    exam_id = exam_id or await an_exam(conn)
    leader = await a_person(conn, "anna", "analyst")
    panel_id = await open_panel(
        conn, exam_id=exam_id, method=method, name="Pass mark", description="", created_by=leader.id
    )
    people = [await a_person(conn, f"judge{number}", "author") for number in range(1, judges + 1)]
    if people:
        panel = await find_panel(conn, panel_id, leader)
        await invite_judges(conn, panel, [f"JUDGE{number}" for number in range(1, judges + 1)])
    return panel_id, leader, people


async def rate(
    conn: Connection,
    panel_id: int,
    judge: Person,
    percents: Sequence[int | None],
    *,
    round: int = 1,
    revision: int = 1,
) -> None:
    ratings = [NewRating(*slot, percent, revision) for slot, percent in zip(SLOTS, percents, strict=False)]
    await rate_items(conn, panel_id, person_id=judge.id, round=round, ratings=ratings)
