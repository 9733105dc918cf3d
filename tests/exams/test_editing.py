"""Two authors and one exam: who changes the same part is told of the other, who changes another is not."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.exams.correcting import correct_key
from examhall.exams.correction import Correction
from examhall.exams.editing import (
    Change,
    ChangedMeanwhile,
    Editable,
    ExamNotFound,
    HasStarted,
    begin_edit,
    changes_since,
    end_edit,
    note_edits,
    part_version,
)
from examhall.exams.pass_mark import set_pass_mark
from examhall.exams.questions import change_question, list_questions, part_of
from examhall.sittings.start import start_sitting
from tests.sittings.seats import ALICE, add_exam, add_seat

pytestmark = pytest.mark.anyio

FAR = datetime(2100, 1, 1, tzinfo=UTC)


async def add_author(conn: Connection, name: str = "Olga") -> int:
    cursor = await conn.execute(
        """INSERT INTO people (username, full_name, roles) VALUES (%s, %s, '{author}') RETURNING id""",
        (name.lower(), name),
    )
    author_id: int = (await cursor.fetchone())[0]  # type: ignore[index]
    return author_id


async def add_future_exam(database: Database) -> tuple[int, int, int]:
    """The exam, Olga, Pavel."""
    async with database.transaction() as conn:
        return (
            await add_exam(conn, opens_at=FAR),
            await add_author(conn, "Olga"),
            await add_author(conn, "Pavel"),
        )


async def set_title(
    database: Database, exam_id: int, title: str, *, by: int, part: str = "settings", seen: int | None = 1
) -> int:
    async with database.transaction() as conn:
        editable = await begin_edit(conn, exam_id, by=by, part=part, seen=seen, wanted={"title": title})
        if editable.is_repeat:
            return editable.version
        before = await title_of(conn, exam_id)
        await conn.execute("UPDATE exams SET title = %s WHERE id = %s", (title, exam_id))
        return await end_edit(conn, editable, before={"title": before}, after={"title": title})


async def title_of(conn: Connection, exam_id: int) -> str:
    cursor = await conn.execute("SELECT title FROM exams WHERE id = %s", (exam_id,))
    title: str = (await cursor.fetchone())[0]  # type: ignore[index]
    return title


async def edits(database: Database, exam_id: int) -> list[tuple[Any, ...]]:
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT version, part, after ->> 'title' FROM exam_edits WHERE exam_id = %s ORDER BY version",
            (exam_id,),
        )
        return await cursor.fetchall()


async def test_of_two_who_change_the_same_part_at_once_one_is_told_what_the_other_changed(
    database: Database,
) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    outcomes = await asyncio.gather(
        set_title(database, exam_id, "Olga's", by=olga),
        set_title(database, exam_id, "Pavel's", by=pavel),
        return_exceptions=True,
    )
    [refused] = [each for each in outcomes if isinstance(each, ChangedMeanwhile)]
    assert [each for each in outcomes if each is not refused] == [2]
    [stored] = await edits(database, exam_id)
    changes: Any = refused.details["changes"]
    [told] = changes
    assert (told["edited_by"], told["before"], told["after"]) == (
        {"Olga's": "Olga", "Pavel's": "Pavel"}[stored[2]],
        {"title": "Algebra"},
        {"title": stored[2]},
    )


async def test_the_second_waits_for_the_first_and_then_sees_what_it_changed(database: Database) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    async with database.transaction() as conn:
        editable = await begin_edit(conn, exam_id, by=olga, part="settings", seen=1)
        second = asyncio.create_task(set_title(database, exam_id, "Pavel's", by=pavel))
        await until_somebody_waits(conn, second)
        await conn.execute("UPDATE exams SET title = 'First' WHERE id = %s", (exam_id,))
        await end_edit(conn, editable, before={"title": "Algebra"}, after={"title": "First"})
    with pytest.raises(ChangedMeanwhile):
        await second
    assert await edits(database, exam_id) == [(2, "settings", "First")]


async def test_who_was_told_may_save_over_it_and_nothing_is_forgotten(database: Database) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    await set_title(database, exam_id, "Olga's", by=olga)
    with pytest.raises(ChangedMeanwhile) as caught:
        await set_title(database, exam_id, "Pavel's", by=pavel)
    version = caught.value.details["version"]
    assert await set_title(database, exam_id, "Pavel's", by=pavel, seen=version) == 3  # type: ignore[arg-type]
    assert [each[2] for each in await edits(database, exam_id)] == ["Olga's", "Pavel's"]


async def test_authors_who_change_different_parts_all_get_through(database: Database) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    versions = await asyncio.gather(
        *(
            set_title(database, exam_id, f"Title {n}", by=by, part=f"question:{n}")
            for n, by in enumerate([olga, pavel] * 5)
        )
    )
    assert sorted(versions) == list(range(2, 12))


async def test_the_same_change_sent_again_is_no_conflict_and_no_second_change(database: Database) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    versions = await asyncio.gather(*(set_title(database, exam_id, "Once", by=olga) for _ in range(4)))
    assert versions == [2, 2, 2, 2]
    assert len(await edits(database, exam_id)) == 1
    with pytest.raises(ChangedMeanwhile):
        await set_title(database, exam_id, "Once", by=pavel)


async def test_a_change_cut_off_half_way_has_changed_nothing_and_holds_up_nobody(database: Database) -> None:
    exam_id, olga, pavel = await add_future_exam(database)
    half_way, never = asyncio.Event(), asyncio.Event()

    async def cut_off() -> None:
        async with database.transaction() as conn:
            await begin_edit(conn, exam_id, by=olga, part="settings", seen=1)
            await conn.execute("UPDATE exams SET title = 'Half' WHERE id = %s", (exam_id,))
            half_way.set()
            await never.wait()

    cut = asyncio.create_task(cut_off())
    await half_way.wait()
    waiting = asyncio.create_task(set_title(database, exam_id, "Whole", by=pavel))
    cut.cancel()
    assert await waiting == 2
    assert await edits(database, exam_id) == [(2, "settings", "Whole")]


async def test_who_starts_while_an_author_changes_starts_the_changed_exam_or_none(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id, olga = await add_exam(conn, opens_at=FAR), await add_author(conn)
        await conn.execute("UPDATE exams SET opens_at = now() - interval '1 s' WHERE id = %s", (exam_id,))
    async with database.transaction() as conn:
        editable = await begin_edit(conn, exam_id, by=olga, part="settings", seen=1, after_opening=True)
        assert (editable.has_opened, editable.has_sittings) == (True, False)
        starting = asyncio.create_task(start(database, exam_id))
        await until_somebody_waits(conn, starting)
        await conn.execute("UPDATE exams SET is_draft = true WHERE id = %s", (exam_id,))
        await end_edit(conn, editable, before={"is_draft": False}, after={"is_draft": True})
    [refusal] = await asyncio.gather(starting, return_exceptions=True)
    assert type(refusal).__name__ == "ExamNotFound"
    async with database.transaction() as conn:
        assert await (await conn.execute("SELECT FROM sittings")).fetchall() == []


async def start(database: Database, exam_id: int) -> object:
    async with database.transaction() as conn:
        return await start_sitting(conn, exam_id=exam_id, candidate_id=ALICE)


async def until_somebody_waits(conn: Connection, who: asyncio.Task[Any]) -> None:
    """Or has done what should have waited."""
    while not who.done():
        cursor = await conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        if (await cursor.fetchone())[0]:  # type: ignore[index]
            return
        await asyncio.sleep(0.01)


async def begin(conn: Connection, exam_id: int, **how: Any) -> Editable:
    asked: dict[str, Any] = {"by": 1, "part": "settings", "seen": 1} | how
    return await begin_edit(conn, exam_id, **asked)


@pytest.mark.parametrize(
    ("columns", "sits", "starts"),
    [
        ({"opens_at": FAR}, False, False),
        ({"opens_at": datetime(2020, 1, 1, tzinfo=UTC)}, False, True),
        ({"opens_at": None}, False, True),
        ({"opens_at": None, "is_draft": True}, False, False),
        ({"opens_at": FAR, "is_draft": True}, True, True),
    ],
)
async def test_an_exam_that_opened_or_is_sat_takes_only_changes_that_are_safe(
    conn: Connection, columns: dict[str, Any], sits: bool, starts: bool
) -> None:
    exam_id = await add_exam(conn, **columns)
    if sits:
        await add_seat(conn, exam_id=exam_id)
    if starts:
        with pytest.raises(HasStarted):
            await begin(conn, exam_id)
    else:
        await begin(conn, exam_id)
    assert (await begin(conn, exam_id, after_opening=True)).has_started is starts


async def test_a_change_that_changes_nothing_makes_no_version(conn: Connection) -> None:
    exam_id = await add_exam(conn, is_draft=True)
    editable = await begin(conn, exam_id)
    assert await end_edit(conn, editable, before={"a": 1}, after={"a": 1}) == 1
    assert await changes_since(conn, exam_id, "settings", 0) == []


async def test_a_part_has_the_version_that_last_changed_it(conn: Connection) -> None:
    exam_id, olga = await add_exam(conn, is_draft=True), await add_author(conn)
    assert await part_version(conn, exam_id, "question:7") == 1
    for part in ("question:7", "settings", "question:7", "order"):
        editable = await begin(conn, exam_id, by=olga, part=part, seen=None)
        await end_edit(conn, editable, before=None, after={"is": editable.version})
    assert await part_version(conn, exam_id, "question:7") == 4
    assert await part_version(conn, exam_id, "settings") == 3
    [first, second] = await changes_since(conn, exam_id, "question:7", 1)
    assert (first.version, first.before, first.after, second.edited_by_name) == (2, None, {"is": 1}, "Olga")
    assert isinstance(first, Change)


async def test_what_is_changed_by_another_way_is_noted_by_part(conn: Connection) -> None:
    exam_id = await add_exam(conn, is_draft=True)
    await note_edits(
        conn, exam_id, version=2, by=None, edits={"question:1": ({"k": 1}, {"k": 2}), "question:2": (0, 1)}
    )
    with pytest.raises(ChangedMeanwhile) as caught:
        await begin(conn, exam_id, part="question:1")
    assert caught.value.details["changes"][0]["edited_by"] is None  # type: ignore[index]


async def test_a_pass_mark_set_elsewhere_is_told_to_whoever_has_the_settings_open(conn: Connection) -> None:
    exam_id, olga = await add_exam(conn, is_draft=True), await add_author(conn)
    await set_pass_mark(conn, exam_id=exam_id, version=1, percent=Decimal("62.50"), by=olga)
    with pytest.raises(ChangedMeanwhile) as caught:
        await begin(conn, exam_id)
    changes: Any = caught.value.details["changes"]
    assert (changes[0]["before"], changes[0]["after"]) == ({"pass_percent": None}, {"pass_percent": "62.5"})


async def test_a_corrected_key_is_told_to_whoever_has_the_question_open(conn: Connection) -> None:
    exam_id, olga = await add_exam(conn, is_draft=True), await add_author(conn)
    [question] = await list_questions(conn, exam_id)
    correction = Correction.model_validate(
        {"reason": "B.", "changes": [{"change": "key", "question_number": 1, "answer": "B"}]}
    )
    await correct_key(conn, exam_id=exam_id, version=1, correction=correction, corrected_by=olga)
    with pytest.raises(ChangedMeanwhile):
        await change_question(
            conn, exam_id=exam_id, question_id=question.id, document=question.document, by=olga, seen=1
        )
    [change] = await changes_since(conn, exam_id, part_of(question.id), 1)
    assert (change.before["answer"], change.after["answer"]) == ("A", "B")


async def test_what_is_not_there_cannot_be_changed(conn: Connection) -> None:
    with pytest.raises(ExamNotFound):
        await begin(conn, 0)
