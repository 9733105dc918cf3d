import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.languages import gettext_for
from examhall.events import evidence as module
from examhall.events.evidence import (
    Change,
    Happening,
    Item,
    NoSuchSitting,
    Sitting,
    put_together,
    read_evidence,
    without_answers,
)
from examhall.events.evidence_words import Part, more_of, parts_of, plain, said
from examhall.sittings.autosave import save_batch
from examhall.sittings.papers import WindowClosed
from tests.sittings.saving import save
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def same(message: str) -> str:
    return message


def sitting(minutes: int = 60, **changes: Any) -> Sitting:
    values: dict[str, Any] = {
        "id": 1, "candidate_id": 2, "username": "alice", "full_name": "Alice", "exam_id": 3,
        "title": "Algebra", "attempt_number": 1, "started_at": NOON, "deadline_at": NOON + timedelta(hours=1),
        "closes_at": NOON + timedelta(hours=1), "closed_at": NOON + timedelta(minutes=minutes),
        "closed_by": "candidate", "granted_s": 0, "paused_at": None, "drawn": None, "points": None,
        "max_points": None, "key_version": None, "unmarked": None,
    }  # fmt: skip
    return Sitting(**values | changes)


def change(after_s: float, answer: Any = "A", revision: int = 1, number: int = 1) -> Change:
    at = NOON + timedelta(seconds=after_s)
    return Change(number, "", answer, revision, at, at)


def item(number: int = 1, kind: str = "single_choice", **presented: Any) -> Item:
    return Item(number, "", kind, "", "?", presented)


OPTIONS = [{"key": "A", "text": "four"}, {"key": "B", "text": "$5^2$"}]


async def test_every_accepted_save_is_in_the_history_and_nothing_else(conn: Connection) -> None:
    """Late, repeated and refused ones among them, of two candidates in the same batches."""
    exam_id = await add_exam(conn)
    alice = await add_seat(conn, exam_id=exam_id)
    bob = await add_seat(conn, candidate_id=77, exam_id=exam_id)
    generator = random.Random(4)
    for _ in range(60):
        saves = [
            save(generator.choice((alice, alice, bob)), generator.choice("ABC"), generator.randint(0, 40))
            for _ in range(generator.randint(1, 12))
        ]
        await save_batch(conn, saves)
    stored = await (
        await conn.execute(
            "SELECT revision, answer #>> '{}' FROM answer_history WHERE sitting_id = %s ORDER BY 1, 2",
            (alice.sitting_id,),
        )
    ).fetchall()
    found = await read_evidence(conn, alice.sitting_id)
    told = [(step.change.revision, step.change.answer) for step in found.steps if step.change]
    assert sorted(told) == stored
    assert len(told) == found.changes > 200
    assert [step.number for step in found.steps] == list(range(1, len(found.steps) + 1))
    assert sum(bucket.changes for bucket in found.strip) == found.changes


async def test_what_stands_in_the_end_is_the_last_that_the_history_calls_changed(conn: Connection) -> None:
    alice = await add_seat(conn)
    generator = random.Random(7)
    for _ in range(80):
        await save_batch(conn, [save(alice, generator.choice("AB"), generator.randint(0, 20))])
    [[answer]] = await (
        await conn.execute("SELECT answer #>> '{}' FROM answers WHERE sitting_id = %s", (alice.sitting_id,))
    ).fetchall()
    steps = (await read_evidence(conn, alice.sitting_id)).steps
    told = [step.change.answer for step in steps if step.change and step.effect != "late"]
    assert told[-1] == answer
    assert {step.effect for step in steps if step.change} == {"changed", "repeated", "late"}


async def test_ten_thousand_changes_are_all_read(conn: Connection) -> None:
    alice = await add_seat(conn)
    await conn.execute(
        """INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer, revision,
                                       received_at, saved_at)
           SELECT %s, %s, 1, '', '"A"', n, at, at
             FROM generate_series(1, 10000) AS n, LATERAL (SELECT now() + n * interval '1 ms') AS t (at)""",
        (alice.candidate_id, alice.sitting_id),
    )
    found = await read_evidence(conn, alice.sitting_id)
    assert (found.changes, found.is_cut) == (10_000, False)


async def test_beyond_the_most_it_says_so(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CHANGES", 3)
    alice = await add_seat(conn)
    for number in range(1, 6):
        await save_batch(conn, [save(alice, "A", number)])
    found = await read_evidence(conn, alice.sitting_id)
    assert (found.changes, found.is_cut) == (3, True)


async def test_what_staff_and_the_connection_did_is_among_it_in_its_order(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO people (username, full_name) VALUES ('olga', 'Olga'), ('a', 'Alice')")
        exam_id = await add_exam(conn)
        alice = await add_seat(conn, candidate_id=2, exam_id=exam_id)
        other = await add_seat(conn, candidate_id=3, exam_id=exam_id)
        for kind, who in (("time", [alice.sitting_id]), ("announcement", None), ("time", [other.sitting_id])):
            await conn.execute(
                """INSERT INTO interventions (exam_id, kind, done_by, sitting_ids, seconds, reason)
                   VALUES (%s, %s, 1, %s, %s, 'a fire alarm')""",
                (exam_id, kind, who, 300 if kind == "time" else None),
            )
        for what, who in (("cut_off", alice), ("back_again", alice), ("cut_off", other)):
            await conn.execute(
                """INSERT INTO events (at, what, person_id, exam_id, sitting_id)
                   VALUES (clock_timestamp(), %s, %s, %s, %s)""",
                (what, who.candidate_id, exam_id, who.sitting_id),
            )
    async with database.transaction() as conn:
        await save_batch(conn, [save(alice, "A", 1)])
    async with database.transaction() as conn:
        await conn.execute("UPDATE sittings SET closed_at = clock_timestamp(), closed_by = 'staff'")
    async with database.transaction() as conn:
        found = await read_evidence(conn, alice.sitting_id, exam_id=exam_id)
        with pytest.raises(NoSuchSitting):
            await read_evidence(conn, alice.sitting_id, exam_id=exam_id + 1)
    steps = [(step.what, step.full_name) for step in found.steps]
    assert steps == [
        ("started", None), ("time", "Olga"), ("announcement", "Olga"), ("cut_off", None),
        ("back_again", None), ("saved", None), ("closed", None),
    ]  # fmt: skip
    assert (found.answered, len(found.items)) == (1, 1)
    assert said(found.steps[1], same, with_answers=True) == "Was given 5:00 min more"
    assert said(found.steps[-1], same, with_answers=True) == "Handed in by staff"


async def test_an_invigilator_sees_when_and_not_what(conn: Connection) -> None:
    alice = await add_seat(conn)
    await save_batch(conn, [save(alice, "SECRET", 1)])
    found = without_answers(await read_evidence(conn, alice.sitting_id))
    assert "SECRET" not in repr(found)
    [step] = [step for step in found.steps if step.change]
    assert said(step, same, with_answers=False) == "An answer to question 1 was saved"


def test_of_who_was_let_in_again_each_end_is_told_once() -> None:
    noted = [(10, "submitted"), (11, "submitted"), (15, "readmit"), (40, "closed"), (45, "readmit")]
    noted += [(60, "submitted"), (61, "submitted")]
    happenings = [Happening(NOON + timedelta(minutes=at), what, {}, None) for at, what in noted]
    steps = put_together(sitting(minutes=60), [item()], [], happenings, read_at=NOON).steps
    told = [said(step, same, with_answers=True) for step in steps]
    handed_in, again = "Handed in by the candidate", "Was let in again"
    assert told == [
        "Started", handed_in, again, "Handed in by the server: time was up", again, handed_in
    ]  # fmt: skip


def test_gaps_and_the_last_minutes_are_counted() -> None:
    changes = [change(30), change(20 * 60, "B", 2), change(59 * 60, "A", 3), change(59.5 * 60, "B", 4)]
    found = put_together(sitting(), [item()], changes, [], read_at=NOON)
    assert [(int((b - a).total_seconds())) for a, b in found.gaps] == [19 * 60 + 30, 39 * 60]
    assert found.last_minutes == 2
    assert found.time_of_question == {1: 59.5 * 60}


def test_the_strip_shows_where_the_connection_was_cut() -> None:
    cut = [
        Happening(NOON + timedelta(minutes=30), "cut_off", {}, None),
        Happening(NOON + timedelta(minutes=40), "back_again", {}, None),
        Happening(NOON + timedelta(minutes=59), "cut_off", {}, None),
    ]
    strip = put_together(sitting(), [item()], [], cut, read_at=NOON).strip
    assert [bucket.is_cut_off for bucket in strip] == [48 <= n <= 64 or n >= 94 for n in range(96)]


def test_a_sitting_that_ended_as_it_began_has_a_strip_too() -> None:
    found = put_together(sitting(minutes=0), [], [change(0)], [], read_at=NOON)
    assert sum(bucket.changes for bucket in found.strip) == 1


def test_a_cleared_answer_is_not_counted_as_answered() -> None:
    changes = [change(1), change(2, None, 2), change(3, "A", number=2)]
    found = put_together(sitting(), [item(1), item(2)], changes, [], read_at=NOON)
    assert found.answered == 1
    assert said(found.steps[2], same, with_answers=True) == "The answer to question 1 was cleared"


@pytest.mark.parametrize(
    ("kind", "presented", "answer", "words"),
    [
        ("single_choice", {"options": OPTIONS}, "B", "B $5^2$"),
        ("single_choice", {"options": OPTIONS}, "Z", "Z"),
        ("multiple_choice", {"options": OPTIONS}, ["A", "B"], "A four; B $5^2$"),
        ("ordering", {"options": OPTIONS}, ["B", "A"], "B $5^2$; A four"),
        ("true_false", {}, "false", "False"),
        ("number", {"unit": "cm"}, "12,5", "12,5 cm"),
        ("short_text", {}, "<b>paris", "<b>paris"),
        (
            "matching",
            {"left": [{"key": "1", "text": "one"}], "right": OPTIONS},
            {"1": "B"},
            "1 → B one → $5^2$",
        ),
        ("best_worst", {"options": OPTIONS}, {"best": "A"}, "Best: A four"),
        ("essay", {}, "a\nb", "a b"),
        ("essay", {}, ["not", {"text": 1}], "['not', {'text': 1}]"),
        ("single_choice", {"options": OPTIONS}, None, ""),
    ],
)
def test_answers_are_told_as_people_read_them(
    kind: str, presented: dict[str, Any], answer: Any, words: str
) -> None:
    assert plain(parts_of(item(1, kind, **presented), answer, same)) == words


def test_what_a_candidate_typed_is_never_taken_for_markup() -> None:
    assert parts_of(item(1, "short_text"), "**x**", same) == [Part("", "**x**", is_markdown=False)]


def test_figures_and_refusals_are_in_the_readers_language() -> None:
    uzbek = gettext_for("uz")
    marked = Happening(NOON, "marked", {"points": 2.5, "max_points": 3.0, "key": 1}, None)
    refused = Happening(NOON, "refused", {"detail": WindowClosed().code}, None)
    came = Happening(NOON, "signed_in", {"method": "password"}, None)
    steps = put_together(sitting(), [], [], [marked, refused, came], read_at=NOON).steps
    words = {step.what: (said(step, uzbek, with_answers=True), more_of(step, uzbek)) for step in steps}
    assert "2,5" in words["marked"][1][0]
    assert words["signed_in"][0] == "Tizimga kirildi (parol)"
    assert uzbek(WindowClosed.sentence()).removesuffix(".") in words["refused"][0]
    assert uzbek(WindowClosed.sentence()) != WindowClosed.sentence()


def test_a_refusal_that_is_no_more_keeps_its_code() -> None:
    gone = Happening(NOON, "refused", {"detail": "gone_long_ago"}, None)
    steps = put_together(sitting(), [], [], [gone], read_at=NOON).steps
    [step] = [step for step in steps if step.what == "refused"]
    assert said(step, same, with_answers=True) == "Was refused (gone_long_ago)"
