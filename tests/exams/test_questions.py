"""Questions one by one: made, changed, moved, deleted; two authors at once; what is refused and why."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.exams.content import arrange, load_content
from examhall.exams.editing import ChangedMeanwhile, HasStarted
from examhall.exams.exam_file_items import MOST_QUESTIONS
from examhall.exams.question_document import BadQuestion, read_document
from examhall.exams.question_pictures import (
    add_picture,
    delete_picture,
)
from examhall.exams.question_warnings import warnings_in
from examhall.exams.questions import (
    BadOrder,
    EditedQuestion,
    NoSuchQuestion,
    OtherQuestions,
    TooManyQuestions,
    change_question,
    create_question,
    delete_question,
    duplicate_question,
    find_exam,
    find_question,
    list_questions,
    move_question,
    reorder_questions,
)
from tests.exams.test_editing import add_author
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio

FAR = datetime(2100, 1, 1, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
OF_EVERY_KIND: dict[str, dict[str, Any]] = {
    "single_choice": {"options": ["red", "blue"], "answer": "B"},
    "multiple_choice": {"options": ["2", "3", "4"], "answer": ["A", "B"], "partial": False},
    "true_false": {"answer": False},
    "number": {"answer": ["12.5", "25/2"], "tolerance": "0.01", "unit": "cm"},
    "short_text": {"answer": ["Paris", "Lutetia"], "case_sensitive": True},
    "ordering": {"options": ["c", "a", "b"], "answer": ["B", "C", "A"]},
    "matching": {"left": ["one", "two"], "right": ["2", "1", "3"], "answer": {"1": "B", "2": "A"}},
    "best_worst": {"options": {"X": "help", "Y": "run"}, "answer": {"best": "X", "worst": "Y"}},
    "essay": {"max_chars": 500},
}


def about(prompt: str, **fields: object) -> dict[str, Any]:
    return {"prompt": prompt, "type": "short_text", "answer": "x", **fields}


async def empty_exam(conn: Connection, **columns: Any) -> int:
    exam_id = await add_exam(conn, **{"opens_at": FAR, **columns})
    await conn.execute("DELETE FROM questions WHERE exam_id = %s", (exam_id,))
    return exam_id


async def add(conn: Connection, exam_id: int, by: int, *prompts: str) -> list[EditedQuestion]:
    return [await create_question(conn, exam_id=exam_id, document=about(each), by=by) for each in prompts]


async def prompts_of(conn: Connection, exam_id: int) -> list[str]:
    found = await list_questions(conn, exam_id)
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    return [each.question.prompt for each in found]


async def prepared(database: Database, *prompts: str) -> tuple[int, int, int, list[int]]:
    """An exam with these questions: its id, Olga's, Pavel's, the questions'."""
    async with database.transaction() as conn:
        exam_id = await empty_exam(conn)
        olga, pavel = await add_author(conn, "Olga"), await add_author(conn, "Pavel")
        made = await add(conn, exam_id, olga, *prompts)
    return exam_id, olga, pavel, [each.id for each in made]


@pytest.mark.parametrize("kind", OF_EVERY_KIND)
async def test_what_is_written_is_what_is_read(conn: Connection, kind: str) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    document = {"prompt": "Which?", "topic": "Words", "type": kind, "points": "2.5", **OF_EVERY_KIND[kind]}
    made = await create_question(conn, exam_id=exam_id, document=document, by=olga)
    assert made.document == document
    [shown] = arrange(await load_content(conn, exam_id), None)
    assert (shown["prompt"], shown["items"][0]["kind"]) == ("Which?", kind)


async def test_a_question_of_two_parts_keeps_both(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    parts = {
        "a": {"type": "number", "points": "1", "answer": "4"},
        "b": {"prompt": "And why?", "type": "essay", "points": "3", "max_chars": 20000},
    }
    made = await create_question(conn, exam_id=exam_id, document={"prompt": "x?", "parts": parts}, by=olga)
    assert made.document == {"prompt": "x?", "parts": parts}


async def test_a_new_question_goes_where_it_is_wanted(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    await add(conn, exam_id, olga, "one", "three")
    for place, prompt in ((2, "two"), (1, "zero"), (99, "last")):
        await create_question(conn, exam_id=exam_id, document=about(prompt), by=olga, place=place)
    assert await prompts_of(conn, exam_id) == ["zero", "one", "two", "three", "last"]


async def test_a_question_keeps_its_id_its_items_and_its_version_when_it_is_moved(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    made = await add(conn, exam_id, olga, "one", "two", "three", "four")
    first = made[0]
    exam = await find_exam(conn, exam_id)
    version = await move_question(
        conn, exam_id=exam_id, question_id=first.id, place=3, by=olga, seen=exam.order_version
    )
    assert await prompts_of(conn, exam_id) == ["two", "three", "one", "four"]
    moved = await find_question(conn, exam_id, first.id)
    assert (moved.number, moved.version, moved.document) == (3, first.version, first.document)
    assert version == (await find_exam(conn, exam_id)).order_version > exam.order_version
    content = await load_content(conn, exam_id)
    assert [number for number, _ in content.questions] == [1, 2, 3, 4]


async def test_the_whole_order_may_be_turned_round(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    made = await add(conn, exam_id, olga, *map(str, range(9)))
    order = [each.id for each in reversed(made)]
    await reorder_questions(conn, exam_id=exam_id, order=order, by=olga, seen=None)
    assert await prompts_of(conn, exam_id) == list("876543210")
    with pytest.raises(BadOrder):
        await reorder_questions(conn, exam_id=exam_id, order=[*order, order[0]], by=olga, seen=None)
    with pytest.raises(OtherQuestions):
        await reorder_questions(conn, exam_id=exam_id, order=order[1:], by=olga, seen=None)


async def test_deleting_closes_the_gap_and_duplicating_opens_one(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    made = await add(conn, exam_id, olga, "one", "two", "three")
    await delete_question(conn, exam_id=exam_id, question_id=made[0].id, by=olga, seen=made[0].version)
    assert await prompts_of(conn, exam_id) == ["two", "three"]
    again = await duplicate_question(conn, exam_id=exam_id, question_id=made[1].id, by=olga)
    assert (again.number, again.document) == (2, made[1].document)
    assert await prompts_of(conn, exam_id) == ["two", "two", "three"]
    with pytest.raises(NoSuchQuestion):
        await find_question(conn, exam_id, made[0].id)


async def test_of_two_authors_of_one_question_the_second_is_told_what_the_first_changed(
    database: Database,
) -> None:
    exam_id, olga, pavel, [one] = await prepared(database, "one")
    async with database.transaction() as conn:
        seen = (await find_question(conn, exam_id, one)).version

    async def change(by: int, prompt: str) -> EditedQuestion:
        async with database.transaction() as conn:
            return await change_question(
                conn, exam_id=exam_id, question_id=one, document=about(prompt), by=by, seen=seen
            )

    outcomes = await asyncio.gather(change(olga, "Olga's"), change(pavel, "Pavel's"), return_exceptions=True)
    [lost] = [each for each in outcomes if isinstance(each, ChangedMeanwhile)]
    [won] = [each for each in outcomes if isinstance(each, EditedQuestion)]
    changes: Any = lost.details["changes"]
    [change_made] = changes
    assert change_made["before"]["prompt"] == "one"
    assert change_made["after"]["prompt"] == won.question.prompt
    # The same once more, after a reply that was lost, is no conflict with oneself.
    winner = olga if won.question.prompt == "Olga's" else pavel
    assert (await change(winner, won.question.prompt)).version == won.version


async def test_two_authors_of_two_questions_do_not_disturb_each_other(database: Database) -> None:
    exam_id, olga, pavel, [one, two] = await prepared(database, "one", "two")

    async def change(question_id: int, by: int) -> None:
        async with database.transaction() as conn:
            seen = (await find_question(conn, exam_id, question_id)).version
        async with database.transaction() as conn:
            await change_question(
                conn, exam_id=exam_id, question_id=question_id, document=about(f"by {by}"), by=by, seen=seen
            )

    await asyncio.gather(change(one, olga), change(two, pavel))
    async with database.transaction() as conn:
        assert await prompts_of(conn, exam_id) == [f"by {olga}", f"by {pavel}"]


async def test_of_two_who_reorder_at_once_one_succeeds_and_no_number_is_lost(database: Database) -> None:
    exam_id, olga, pavel, ids = await prepared(database, "one", "two", "three", "four")
    async with database.transaction() as conn:
        seen = (await find_exam(conn, exam_id)).order_version

    async def reorder(by: int, order: list[int]) -> int:
        async with database.transaction() as conn:
            return await reorder_questions(conn, exam_id=exam_id, order=order, by=by, seen=seen)

    wanted = [ids[::-1], [*ids[2:], *ids[:2]]]
    outcomes = await asyncio.gather(
        reorder(olga, wanted[0]), reorder(pavel, wanted[1]), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["ChangedMeanwhile", "int"]
    async with database.transaction() as conn:
        found = [each.id for each in await list_questions(conn, exam_id)]
        await prompts_of(conn, exam_id)
    assert found == wanted[0 if isinstance(outcomes[0], int) else 1]


async def test_who_add_questions_at_once_all_have_theirs(database: Database) -> None:
    exam_id, olga, _, _ = await prepared(database)

    async def add_one(number: int) -> None:
        async with database.transaction() as conn:
            await create_question(conn, exam_id=exam_id, document=about(str(number)), by=olga)

    await asyncio.gather(*map(add_one, range(8)))
    async with database.transaction() as conn:
        assert sorted(await prompts_of(conn, exam_id)) == list("01234567")


async def test_who_edits_a_deleted_question_is_told(database: Database) -> None:
    exam_id, olga, pavel, [one] = await prepared(database, "one")
    async with database.transaction() as conn:
        seen = (await find_question(conn, exam_id, one)).version
        await delete_question(conn, exam_id=exam_id, question_id=one, by=olga, seen=seen)
    with pytest.raises(ChangedMeanwhile) as refused:
        async with database.transaction() as conn:
            await change_question(
                conn, exam_id=exam_id, question_id=one, document=about("mine"), by=pavel, seen=seen
            )
    assert refused.value.details["changes"][0]["after"] is None  # type: ignore[index]


async def test_after_the_opening_nothing_of_it_changes(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    [one] = await add(conn, exam_id, olga, "one")
    await conn.execute("UPDATE exams SET opens_at = now() WHERE id = %s", (exam_id,))
    where = {"exam_id": exam_id, "by": olga}
    for refused in (
        create_question(conn, document=about("new"), **where),
        change_question(conn, question_id=one.id, document=about("else"), seen=one.version, **where),
        delete_question(conn, question_id=one.id, seen=one.version, **where),
        duplicate_question(conn, question_id=one.id, **where),
        reorder_questions(conn, order=[one.id], seen=None, **where),
        add_picture(conn, file_name="a.png", content=PNG, **where),
        delete_picture(conn, name="a.png", **where),
    ):
        with pytest.raises(HasStarted):
            await refused
    assert (await find_exam(conn, exam_id)).has_started


async def test_what_a_correction_added_to_a_key_stays_with_the_key(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    [one] = await add(conn, exam_id, olga, "one")
    await conn.execute("UPDATE items SET key = key || '{\"everybody\": true}' WHERE exam_id = %s", (exam_id,))
    changed = await change_question(
        conn, exam_id=exam_id, question_id=one.id, document=about("better"), by=olga, seen=one.version
    )
    assert changed.question.items[0].key["everybody"]
    other = about("better", answer="y")
    changed = await change_question(
        conn, exam_id=exam_id, question_id=one.id, document=other, by=olga, seen=changed.version
    )
    assert "everybody" not in changed.question.items[0].key


async def test_an_exam_has_a_bounded_number_of_questions(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    await conn.execute(
        "INSERT INTO questions (exam_id, number, prompt) SELECT %s, n, 'x' FROM generate_series(1, %s) AS n",
        (exam_id, MOST_QUESTIONS),
    )
    with pytest.raises(TooManyQuestions):
        await create_question(conn, exam_id=exam_id, document=about("one more"), by=olga)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"prompt": "x", "type": "shout"}, "type"),
        (about(""), "prompt"),
        (about("x" * 20_001), "prompt"),
        (about("nul \0"), "prompt"),
        (about("[" * 1_001), "prompt"),
        (about("x", points="-1"), "points"),
        (about("x", points="1e9"), "points"),
        (about("x", topic="two\nlines"), "topic"),
        (about("![p](nowhere.png)"), "prompt"),
        (about("x", options=["a", "b"]), "options"),
        ({"prompt": "x", "options": ["a", "b"], "answer": "C"}, "answer"),
        ({"prompt": "x", "options": ["a", "a"], "answer": "A"}, "options.2"),
        ({"prompt": "x", "type": "number", "answer": "much"}, "answer"),
        ({"prompt": "x", "type": "number", "answer": "1", "tolerance": "-1"}, "tolerance"),
        ({"prompt": "x", "type": "essay", "max_chars": "9" * 12}, "max_chars"),
        ({"prompt": "x", "parts": {"b": about("x")}}, "parts"),
        ({"prompt": "x", "parts": {"a": about("x", points="?")}}, "parts.a.points"),
        ({"prompt": "x", "parts": {"a": about("x"), "b": []}}, "parts.b"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(document: dict[str, Any], path: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        read_document(document)
    assert path in [each["path"] for each in refused.value.details["fields"]]  # type: ignore[attr-defined]


async def test_a_refused_change_leaves_everything_as_it_was(database: Database) -> None:
    exam_id, olga, _, [one] = await prepared(database, "one")
    with pytest.raises(BadQuestion):
        async with database.transaction() as conn:
            await change_question(
                conn, exam_id=exam_id, question_id=one, document=about(""), by=olga, seen=10
            )
    async with database.transaction() as conn:
        assert await prompts_of(conn, exam_id) == ["one"]


async def test_markup_of_an_author_stays_text(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    bad = "<script>alert(1)</script> [go](javascript:alert(1)) $<img src=x onerror=alert(1)>$"
    document = {"prompt": bad, "options": [bad, "fine"], "answer": "A", "topic": "<b>"}
    await create_question(conn, exam_id=exam_id, document=document, by=olga)
    [shown] = arrange(await load_content(conn, exam_id), None)
    for html in (shown["prompt_html"], shown["items"][0]["options"][0]["html"]):
        assert "<script" not in html
        assert "<img" not in html
        assert "href=" not in html


async def test_what_an_author_should_look_at_is_said(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    kept = await add_picture(conn, exam_id=exam_id, file_name="a.png", content=PNG, by=olga)
    for document in (
        about("Same?", topic="Words"),
        about("same?", topic="Words"),
        about(f"![]({kept.name})", topic="Words", points="0"),
        about("fine", topic="Words"),
        about("no topic"),
    ):
        await create_question(conn, exam_id=exam_id, document=document, by=olga)
    await conn.execute("UPDATE items SET key = '{}' WHERE exam_id = %s AND question_number = 4", (exam_id,))
    found = [each.question for each in await list_questions(conn, exam_id)]
    assert warnings_in(found) == [
        ["same_prompt"],
        ["same_prompt"],
        ["no_points", "nameless_picture"],
        ["no_key"],
        ["no_topic"],
    ]


async def test_a_question_that_people_mark_stays_so_whatever_its_key_becomes(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    [one] = await add(conn, exam_id, olga, "one")
    await conn.execute("UPDATE items SET key = key || '{\"by_hand\": true}' WHERE exam_id = %s", (exam_id,))
    changed = await change_question(
        conn, exam_id=exam_id, question_id=one.id, document=about("better"), by=olga, seen=one.version
    )
    assert changed.question.items[0].key["by_hand"]
    other = about("better", answer="y")
    changed = await change_question(
        conn, exam_id=exam_id, question_id=one.id, document=other, by=olga, seen=changed.version
    )
    assert "by_hand" in changed.question.items[0].key


async def test_the_same_question_once_more_is_marked_by_people_as_well(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    [one] = await add(conn, exam_id, olga, "one")
    await conn.execute("UPDATE items SET key = key || '{\"by_hand\": true}' WHERE exam_id = %s", (exam_id,))
    again = await duplicate_question(conn, exam_id=exam_id, question_id=one.id, by=olga)
    assert again.question.items[0].key["by_hand"]
