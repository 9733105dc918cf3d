import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.base.db import Connection
from examhall.base.errors import NotFound
from examhall.exams.content import Content, Exam, arrange, build_content, load_content, shuffled
from examhall.exams.exam_file import ExamFile, read_exam_file
from examhall.exams.importing import AssignedToNobody, import_exam

from .demos import demo, items_of

pytestmark = pytest.mark.anyio


def content_of(exam: ExamFile, *, questions: bool = False, options: bool = False) -> Content:
    """As load_content would build it, without a database."""
    row = Exam(7, 1, exam.title, exam.kind, exam.instructions, questions, options, ["triangle"])
    return build_content(row, items_of(exam))


EVERY_TYPE = demo("every-type.yaml")


async def rows(conn: Connection, query: str, *params: object) -> list[Any]:
    return await (await conn.execute(query.encode(), params)).fetchall()


async def test_an_imported_exam_is_all_there(conn: Connection) -> None:
    exam_id = await import_exam(conn, EVERY_TYPE, created_by=None)
    content = await load_content(conn, exam_id)
    assert content.title == "One of each"
    assert content.instructions_html.startswith("<p>Nine types")
    assert [number for number, _ in content.questions] == list(range(1, 11))
    questions = arrange(content, seed=1)
    assert [question["number"] for question in questions] == list(range(1, 11))
    assert f'<img src="/exams/{exam_id}/pictures/triangle"' in questions[3]["prompt_html"]
    keys = await rows(
        conn,
        "SELECT kind, key, points FROM items WHERE exam_id = %s ORDER BY question_number, sub_part",
        exam_id,
    )
    assert keys[0] == ("single_choice", {"correct": ["C"]}, Decimal(1))
    assert keys[3] == ("number", {"value": "10", "tolerance": "0.01"}, Decimal(1))
    pictures = await rows(conn, "SELECT name, media_type FROM pictures WHERE exam_id = %s", exam_id)
    assert pictures == [("triangle", "image/svg+xml")]


async def test_the_settings_are_stored(conn: Connection) -> None:
    exam = read_exam_file(
        "{title: T, kind: test, test_type: SJT, duration: 1 h, grace: 5 s, attempts: 3,"
        " shuffle: {options: true}, window: {opens: 2026-12-01 09:00 Z, closes: 2026-12-01 12:00 Z},"
        " release: {at: 2026-12-02 09:00 Z},"
        " questions: [{prompt: Q, type: essay}]}"
    )
    exam_id = await import_exam(conn, exam, created_by=None)
    (stored,) = await rows(
        conn,
        "SELECT kind, test_type, duration_s, grace_s, attempts_allowed, shuffle_questions, shuffle_options,"
        " opens_at, closes_at, release, release_at FROM exams WHERE id = %s",
        exam_id,
    )
    opens, closes, release = (
        datetime(2026, 12, day, hour, tzinfo=UTC) for day, hour in ((1, 9), (1, 12), (2, 9))
    )
    assert stored[:7] == ("test", "SJT", 3600, 5, 3, False, True)
    assert stored[7:] == (opens, closes, "at_time", release)


async def test_people_are_assigned_by_username_whatever_the_capitals(conn: Connection) -> None:
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('Alice', 'Alice'), ('bob', 'Bob')")
    exam = read_exam_file(
        "{title: T, duration: 1 h, assigned: [alice, bob], questions: [{prompt: Q, type: essay}]}"
    )
    exam_id = await import_exam(conn, exam, created_by=None)
    assigned = await rows(
        conn,
        "SELECT username FROM assignments JOIN people ON id = person_id WHERE exam_id = %s ORDER BY 1",
        exam_id,
    )
    assert assigned == [("Alice",), ("bob",)]


async def test_nothing_is_imported_when_somebody_assigned_is_unknown(conn: Connection) -> None:
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('alice', 'Alice')")
    exam = read_exam_file(
        "{title: T, duration: 1 h, assigned: [alice, mallory, eve], questions: [{prompt: Q, type: essay}]}"
    )
    with pytest.raises(AssignedToNobody) as refused:
        await import_exam(conn, exam, created_by=None)
    assert refused.value.details == {"missing": ["mallory", "eve"]}
    assert await rows(conn, "SELECT id FROM exams") == []


async def test_the_number_of_statements_does_not_grow_with_the_exam(conn: Connection) -> None:
    async def statements(questions: int) -> tuple[int, int]:
        exam = read_exam_file(
            "{title: T, duration: 1 h, questions: ["
            + "{prompt: Q, options: [x, y], answer: A}," * questions
            + "]}"
        )
        sent = 0
        real = conn.cursor

        def counting(**kwargs: Any) -> Any:
            nonlocal sent
            sent += 1
            return real(**kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(conn, "cursor", counting)
            exam_id = await import_exam(conn, exam, created_by=None)
            imported = sent
            await load_content(conn, exam_id)
        return imported, sent - imported

    assert await statements(1) == await statements(100)


async def test_an_exam_that_is_not_there_is_not_found(conn: Connection) -> None:
    with pytest.raises(NotFound):
        await load_content(conn, 404)


async def test_no_key_is_in_what_candidates_get(conn: Connection) -> None:
    exam = read_exam_file(
        "{title: T, duration: 1 h, questions: [{prompt: Q, type: short_text, answer: SECRET},"
        " {prompt: Q, type: number, answer: 424242, tolerance: 77}]}"
    )
    content = await load_content(conn, await import_exam(conn, exam, created_by=None))
    sent = content.questions_json(1) + repr(content).encode()
    for secret in (b"SECRET", b"424242", b"77", b"correct", b"accept", b"tolerance"):
        assert secret not in sent


def test_each_kind_has_the_fields_it_needs_and_no_others() -> None:
    fields = {
        item["kind"]: item.keys() - {"sub_part", "kind", "prompt", "prompt_html", "points"}
        for question in arrange(content_of(EVERY_TYPE), 1)
        for item in question["items"]
    }
    assert fields == {
        "single_choice": {"options"},
        "multiple_choice": {"options"},
        "true_false": set(),
        "number": {"unit"},
        "short_text": set(),
        "ordering": {"options"},
        "matching": {"left", "right"},
        "best_worst": {"options"},
        "essay": {"max_chars"},
    }


def test_the_save_path_knows_kind_options_and_limit_of_every_item() -> None:
    items = content_of(EVERY_TYPE).items
    assert len(items) == 11
    assert items[1, ""].options == frozenset("ABCD")
    assert (items[7, ""].options, items[7, ""].right) == (frozenset("123"), frozenset("ABCD"))
    assert items[9, "a"].max_chars == 500
    assert items[10, ""].max_chars == 3000


def test_without_shuffling_every_candidate_has_the_authors_order() -> None:
    content = content_of(EVERY_TYPE)
    assert content.questions_json(1) == content.questions_json(2)
    assert [question["number"] for question in arrange(content, 1)] == list(range(1, 11))


@given(st.integers(-(2**31), 2**31 - 1))
def test_shuffling_loses_and_invents_nothing(seed: int) -> None:
    content = content_of(EVERY_TYPE, questions=True, options=True)
    arranged = sorted(arrange(content, seed), key=lambda question: question["number"])
    plain = arrange(content_of(EVERY_TYPE), seed)
    for question in arranged + plain:
        for item in question["items"]:
            for column in ("options", "right"):
                item.get(column, []).sort(key=lambda option: option["key"])
    assert arranged == plain


def test_candidates_have_different_orders_and_each_keeps_their_own() -> None:
    content = content_of(EVERY_TYPE, questions=True, options=True)
    orders = {content.questions_json(seed) for seed in range(50)}
    assert len(orders) == 50
    again = content_of(EVERY_TYPE, questions=True, options=True)
    assert {again.questions_json(seed) for seed in range(50)} == orders


def test_the_order_is_the_same_in_every_process_and_version() -> None:
    # Written down once: a sitting begun before an upgrade must look the same after it.
    assert shuffled("ABCDEFGH", 2026, 1, 2) == list("FCAHBGED")


def test_questions_with_as_many_options_are_not_all_shuffled_alike() -> None:
    many = "{prompt: Q, options: [w, x, y, z], answer: A}," * 20
    exam = read_exam_file(f"{{title: T, duration: 1 h, questions: [{many}]}}")
    arranged = arrange(content_of(exam, options=True), seed=1)
    orders = {"".join(option["key"] for option in each["items"][0]["options"]) for each in arranged}
    assert len(orders) > 5


def test_every_option_comes_first_about_equally_often() -> None:
    first = [shuffled("ABCD", seed, 1)[0] for seed in range(4000)]
    assert all(900 < first.count(letter) < 1100 for letter in "ABCD")


def test_the_left_column_keeps_its_order() -> None:
    content = content_of(EVERY_TYPE, options=True)
    for seed in range(20):
        assert [left["key"] for left in arrange(content, seed)[6]["items"][0]["left"]] == ["1", "2", "3"]


def test_the_json_is_what_the_api_promises() -> None:
    (question,) = [
        each for each in json.loads(content_of(EVERY_TYPE).questions_json(1)) if each["number"] == 1
    ]
    assert question["prompt_html"] == "<p>Which number is <strong>prime</strong>?</p>\n"
    assert question["items"][0] == {
        "sub_part": "",
        "kind": "single_choice",
        "prompt": "",
        "prompt_html": "",
        "points": 1.0,
        "options": [
            {"key": "A", "text": "21", "html": "21"},
            {"key": "B", "text": "27", "html": "27"},
            {"key": "C", "text": "31", "html": "31"},
            {"key": "D", "text": "39", "html": "39"},
        ],
    }
