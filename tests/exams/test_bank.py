"""The bank: saved once, taken with pictures, versions that stay, and exams that learn of newer ones."""

import asyncio
import base64
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.errors import NotFound
from examhall.base.wire import LARGEST_ID
from examhall.exams import bank_pictures
from examhall.exams.bank import (
    NewerVersion,
    NotInTheBank,
    Search,
    UnknownTerm,
    add_bank_question,
    archive_bank_question,
    change_bank_question,
    find_bank_question,
    links_of,
    pictures_of,
    search_bank,
    versions_of,
    with_pictures_named,
)
from examhall.exams.bank_pictures import (
    ShownByVersion,
    TooManyBankPictures,
    add_bank_picture,
    delete_bank_picture,
    find_bank_picture,
    list_bank_pictures,
)
from examhall.exams.bank_use import NotOfTheBank, save_to_bank, take_from_bank, take_newer
from examhall.exams.editing import HasStarted
from examhall.exams.question_document import BadQuestion
from examhall.exams.question_pictures import UnfitPicture
from examhall.exams.questions import find_exam, list_questions

from .test_exam_file import PNG
from .test_sections import add_draft, add_olga

pytestmark = pytest.mark.anyio

ESSAY: dict[str, Any] = {"prompt": "Why is 100% of *it* so?", "type": "essay", "points": "2"}
SUM: dict[str, Any] = {"prompt": "What is $2 + 2$?", "type": "number", "points": "1", "answer": "4"}
PICTURED = (
    f"title: T\nduration: 1 h\npictures: {{a.png: {{data: {PNG}}}}}\n"
    "questions: [{prompt: '![a](a.png) is what?', options: ['![x](a.png)', y], answer: A}]\n"
)


async def ids_found(conn: Connection, **wanted: Any) -> list[int]:
    return [each.id for each in await search_bank(conn, Search(**wanted), before=LARGEST_ID, limit=50)]


async def test_a_question_is_found_by_what_it_is_about_and_what_it_says(conn: Connection) -> None:
    olga = await add_olga(conn)
    essay = (await add_bank_question(conn, ESSAY, subject="english", topic="writing", by=olga)).id
    number = (await add_bank_question(conn, SUM, subject="mathematics", topic=None, by=olga)).id
    assert await ids_found(conn) == [number, essay]
    assert await ids_found(conn, subject="english") == [essay]
    assert await ids_found(conn, topic="writing") == [essay]
    assert await ids_found(conn, kind="number") == [number]
    assert await ids_found(conn, text="is WHAT") == [number]
    # Words that mean something to LIKE mean themselves.
    assert await ids_found(conn, text="100%") == [essay]
    assert await ids_found(conn, text="1_0") == []
    with pytest.raises(UnknownTerm):
        await add_bank_question(conn, SUM, subject="alchemy", topic=None, by=olga)
    with pytest.raises(BadQuestion):
        await add_bank_question(conn, {"prompt": "?", "type": "number"}, subject=None, topic=None, by=olga)


async def test_what_is_archived_is_found_only_by_who_asks_for_it(conn: Connection) -> None:
    olga = await add_olga(conn)
    found = await add_bank_question(conn, SUM, subject=None, topic=None, by=olga)
    assert (await archive_bank_question(conn, found.id, archived=True)).archived_at
    assert await ids_found(conn) == []
    assert await ids_found(conn, archived=True) == await ids_found(conn, archived=None) == [found.id]
    await archive_bank_question(conn, found.id, archived=False)
    assert await ids_found(conn) == [found.id]
    with pytest.raises(NotInTheBank):
        await archive_bank_question(conn, 10**9, archived=True)


async def test_versions_stay_and_of_two_who_change_one_the_second_is_told(conn: Connection) -> None:
    olga = await add_olga(conn)
    found = await add_bank_question(conn, SUM, subject=None, topic=None, by=olga)
    what: dict[str, Any] = {"subject": None, "topic": None, "by": olga}
    changed = await change_bank_question(conn, found.id, SUM | {"answer": "5"}, **what, seen=1)
    assert changed.version == 2
    # The same again is a repeat; anything else comes too late.
    again = await change_bank_question(conn, found.id, SUM | {"answer": "5"}, **what, seen=1)
    assert again.version == 2
    with pytest.raises(NewerVersion) as late:
        await change_bank_question(conn, found.id, ESSAY, **what, seen=1)
    [change] = late.value.details["changes"]
    sides = [change[side]["document"]["answer"] for side in ("before", "after")]
    assert (change["version"], sides) == (2, ["4", "5"])
    assert [each.document["answer"] for each in await versions_of(conn, found.id)] == ["5", "4"]


async def test_a_question_that_many_save_at_once_is_in_the_bank_once(database: Database) -> None:
    async with database.transaction() as conn:
        olga = await add_olga(conn)
        exam_id, ids = await add_draft(conn)

    async def save() -> int:
        async with database.transaction() as conn:
            saved = await save_to_bank(
                conn, exam_id=exam_id, question_id=ids[0], subject="physics", topic=None, by=olga
            )
            return saved.id

    assert len(set(await asyncio.gather(*(save() for _ in range(8))))) == 1
    async with database.connection() as conn:
        [found] = await search_bank(conn, Search(), before=LARGEST_ID, limit=9)
        assert (found.version, found.exams) == (1, 1)


async def test_a_question_goes_from_exam_to_exam_with_its_pictures(conn: Connection) -> None:
    olga = await add_olga(conn)
    first, ids = await add_draft(conn, PICTURED)
    saved = await save_to_bank(conn, exam_id=first, question_id=ids[0], subject=None, topic=None, by=olga)
    second, _ = await add_draft(conn)
    # Another picture has that name there.
    await conn.execute(
        "INSERT INTO pictures (exam_id, name, media_type, content) VALUES (%s, 'a.png', 'image/png', %s)",
        (second, base64.b64decode(PNG) + b"other"),
    )
    taken = await take_from_bank(conn, exam_id=second, bank_id=saved.id, by=olga)
    assert taken.number == 6
    exam = await find_exam(conn, second)
    [name] = {*exam.pictures} - {"a.png"}
    assert taken.document["prompt"] == f"![a]({name}) is what?"
    assert taken.document["options"][0] == f"![x]({name})"
    assert (await find_bank_question(conn, saved.id)).exams == 2


async def test_a_picture_is_brought_for_a_question_and_kept_with_the_versions_that_show_it(
    conn: Connection,
) -> None:
    olga = await add_olga(conn)
    what: dict[str, Any] = {"subject": None, "topic": None, "by": olga}
    bank_id = (await add_bank_question(conn, SUM, **what)).id
    content = base64.b64decode(PNG)
    kept = await add_bank_picture(conn, question_id=bank_id, file_name="Zwei.png", content=content)
    again = await add_bank_picture(conn, question_id=bank_id, file_name="other.png", content=content)
    assert kept.name == again.name
    assert kept.name.startswith("zwei-")
    # Somebody else makes a version without it first: it is not lost.
    await change_bank_question(conn, bank_id, SUM | {"answer": "5"}, **what, seen=1)
    shows = SUM | {"prompt": f"![two]({kept.name})"}
    changed = await change_bank_question(conn, bank_id, shows, **what, seen=2)
    assert [each.name for each in await pictures_of(conn, bank_id, changed.version)] == [kept.name]
    assert (await find_bank_picture(conn, bank_id, kept.name)).content == content
    # One that nothing shows does not come along into an exam.
    other = await add_bank_picture(conn, question_id=bank_id, file_name="x.gif", content=b"GIF89a" + content)
    exam_id, _ = await add_draft(conn)
    await take_from_bank(conn, exam_id=exam_id, bank_id=bank_id, by=olga)
    assert [name.partition("-")[0] for name in (await find_exam(conn, exam_id)).pictures] == ["zwei"]
    with pytest.raises(BadQuestion):
        await change_bank_question(conn, bank_id, SUM | {"prompt": "![a](b.png)"}, **what, seen=3)
    with pytest.raises(UnfitPicture):
        await add_bank_picture(conn, question_id=bank_id, file_name="x.png", content=b"x")
    with pytest.raises(NotFound):
        await find_bank_picture(conn, bank_id + 1, other.name)
    with pytest.raises(NotInTheBank):
        await add_bank_picture(conn, question_id=10**9, file_name="x.png", content=content)


async def test_a_picture_that_no_version_shows_can_be_deleted_and_no_other(conn: Connection) -> None:
    olga = await add_olga(conn)
    what: dict[str, Any] = {"subject": None, "topic": None, "by": olga}
    bank_id = (await add_bank_question(conn, SUM, **what)).id
    content = base64.b64decode(PNG)
    once, unused = [
        (await add_bank_picture(conn, question_id=bank_id, file_name="x.png", content=each)).name
        for each in (content, b"GIF89a1")
    ]
    await change_bank_question(conn, bank_id, SUM | {"prompt": f"![x]({once})"}, **what, seen=1)
    await change_bank_question(conn, bank_id, SUM, **what, seen=2)
    listed = {each.name: each for each in await list_bank_pictures(conn, bank_id)}
    assert {name: (each.is_shown, each.was_ever_shown) for name, each in listed.items()} == {
        once: (False, True),
        unused: (False, False),
    }
    # An earlier version shows it still.
    with pytest.raises(ShownByVersion):
        await delete_bank_picture(conn, question_id=bank_id, name=once)
    await delete_bank_picture(conn, question_id=bank_id, name=unused)
    assert [each.name for each in await list_bank_pictures(conn, bank_id)] == [once]
    with pytest.raises(NotFound):
        await delete_bank_picture(conn, question_id=bank_id, name=unused)
    # Nor one of another question, which shows it nowhere.
    other = (await add_bank_question(conn, ESSAY, **what)).id
    with pytest.raises(NotFound):
        await delete_bank_picture(conn, question_id=other, name=once)
    # Brought again, it is there again.
    again = await add_bank_picture(conn, question_id=bank_id, file_name="x.gif", content=b"GIF89a1")
    assert again.name == unused
    assert (await find_bank_picture(conn, bank_id, unused)).content == b"GIF89a1"


async def test_no_version_is_left_without_its_picture_when_both_come_at_once(database: Database) -> None:
    async with database.transaction() as conn:
        olga = await add_olga(conn)
    what: dict[str, Any] = {"subject": None, "topic": None, "by": olga}

    async def save(bank_id: int, name: str) -> bool:
        try:
            async with database.transaction() as conn:
                await change_bank_question(conn, bank_id, SUM | {"prompt": f"![x]({name})"}, **what, seen=1)
        except BadQuestion:
            return False
        return True

    async def delete(bank_id: int, name: str) -> bool:
        try:
            async with database.transaction() as conn:
                await delete_bank_picture(conn, question_id=bank_id, name=name)
        except ShownByVersion:
            return False
        return True

    for turn in range(20):
        async with database.transaction() as conn:
            bank_id = (await add_bank_question(conn, SUM, **what)).id
            name = (
                await add_bank_picture(
                    conn, question_id=bank_id, file_name="x.gif", content=b"GIF89a%d" % turn
                )
            ).name
        both = [save(bank_id, name), delete(bank_id, name)]
        outcomes = await asyncio.gather(*(both if turn % 2 else reversed(both)))
        assert sorted(outcomes) == [False, True]
        async with database.transaction() as conn:
            [*versions] = await versions_of(conn, bank_id)
            kept = await pictures_of(conn, bank_id, versions[0].version)
            assert len(versions) == 1 + len(kept)


async def test_a_question_of_the_bank_has_no_more_pictures_than_it_may(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = await add_olga(conn)
    bank_id = (await add_bank_question(conn, SUM, subject=None, topic=None, by=olga)).id
    monkeypatch.setattr(bank_pictures, "MOST_OF_A_QUESTION", 2)
    for byte in (b"1", b"2"):
        await add_bank_picture(conn, question_id=bank_id, file_name="x.gif", content=b"GIF89a" + byte)
    with pytest.raises(TooManyBankPictures):
        await add_bank_picture(conn, question_id=bank_id, file_name="x.gif", content=b"GIF89a3")


async def test_an_exam_learns_of_a_newer_version_and_takes_it_over(conn: Connection) -> None:
    olga = await add_olga(conn)
    bank = await add_bank_question(conn, SUM, subject=None, topic=None, by=olga)
    exam_id, ids = await add_draft(conn)
    taken = await take_from_bank(conn, exam_id=exam_id, bank_id=bank.id, by=olga)
    [link] = await links_of(conn, exam_id)
    assert (link.id, link.has_newer) == (taken.id, False)
    newer = SUM | {"prompt": "What is $2 + 3$?", "answer": "5"}
    await change_bank_question(conn, bank.id, newer, subject=None, topic=None, by=olga, seen=1)
    [link] = await links_of(conn, exam_id)
    assert link.has_newer
    # Nothing happens to the exam by itself.
    assert (await list_questions(conn, exam_id))[-1].document["answer"] == "4"
    now = await take_newer(conn, exam_id=exam_id, question_id=taken.id, by=olga, seen=taken.version)
    assert (now.document["prompt"], now.document["answer"]) == (newer["prompt"], "5")
    [link] = await links_of(conn, exam_id)
    assert not link.has_newer
    with pytest.raises(NotOfTheBank):
        await take_newer(conn, exam_id=exam_id, question_id=ids[0], by=olga, seen=1)


async def test_once_an_exam_has_opened_nothing_is_taken_into_it_but_questions_are_saved_from_it(
    conn: Connection,
) -> None:
    olga = await add_olga(conn)
    bank = await add_bank_question(conn, SUM, subject=None, topic=None, by=olga)
    exam_id, ids = await add_draft(conn)
    await conn.execute("UPDATE exams SET is_draft = false WHERE id = %s", (exam_id,))
    with pytest.raises(HasStarted):
        await take_from_bank(conn, exam_id=exam_id, bank_id=bank.id, by=olga)
    saved = await save_to_bank(conn, exam_id=exam_id, question_id=ids[0], subject=None, topic=None, by=olga)
    assert saved.version == 1


def test_pictures_are_renamed_where_they_are_shown_and_nowhere_else() -> None:
    document = {"prompt": "a.png ![a.png](a.png) ![b](ba.png) ![a](a.png 'a.png')", "options": ["![](a.png)"]}
    assert with_pictures_named(document, {"a.png": "n.png"}) == {
        "prompt": "a.png ![a.png](n.png) ![b](ba.png) ![a](n.png 'a.png')",
        "options": ["![](n.png)"],
    }
