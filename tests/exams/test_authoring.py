"""An exam is made, set, published, made a draft again, deleted; who comes second is told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.made_once import KeyUsedForAnother, RequestKey
from examhall.exams.authoring import (
    BadSettings,
    NotADraft,
    NotReady,
    SettingsFixed,
    SomebodyHasStarted,
    StillNeeded,
    create_exam,
    delete_draft,
    edit_settings,
    find_exam,
    make_draft,
    publish_exam,
)
from examhall.exams.editing import ChangedMeanwhile, ExamNotFound, HasStarted
from examhall.exams.questions import create_question
from examhall.exams.settings import Settings
from tests.courses.rows import add_course
from tests.exams.test_editing import add_author
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

FAR = datetime(2090, 1, 1, tzinfo=UTC)
PLAIN = Settings(title="Algebra", duration_s=3600)
QUESTION = {"prompt": "2 + 2?", "options": ["4", "5"], "answer": "A"}


async def make(conn: Connection, **settings: Any) -> tuple[int, int]:
    """A draft of Olga's, and Olga."""
    olga = await add_author(conn)
    return (await create_exam(conn, replace(PLAIN, **settings), by=olga)).id, olga


async def test_a_new_exam_is_a_draft_with_the_settings_that_were_given(conn: Connection) -> None:
    course_id = await add_course(conn, "ALG-1")
    olga = await add_author(conn)
    settings = Settings(
        title="Final", duration_s=5400, kind="test", test_type="SJT", instructions="Read $x$.",
        timezone="Asia/Tashkent", opens_at=FAR, closes_at=FAR + timedelta(hours=2), grace_s=5,
        attempts_allowed=3, shuffle_questions=True, shuffle_options=True, release="at_time", release_at=FAR,
        show_key=True, pass_percent=Decimal("62.5"), course_id=course_id, series="Spring", rated=True,
        freeze_minutes=10, reports=True, scale_mean=500, scale_sd=100, sealed_before_s=3600,
    )  # fmt: skip
    made = await create_exam(conn, settings, by=olga)
    found = await find_exam(conn, made.id)
    assert found.settings == settings
    assert (found.is_draft, found.version, found.settings_version, found.questions) == (True, 1, 1, 0)
    assert not found.has_started


async def test_everything_that_is_wrong_is_told_beside_its_field(conn: Connection) -> None:
    olga = await add_author(conn)
    wrong = Settings(
        title=" ", duration_s=0, kind="test", closes_at=FAR, opens_at=FAR, release="at_time",
        pass_percent=Decimal(101), course_id=99, scale_linked_to=98, timezone="Mars",
    )  # fmt: skip
    with pytest.raises(BadSettings) as caught:
        await create_exam(conn, wrong, by=olga)
    assert {trouble.field for trouble in caught.value.troubles} == {
        "title", "duration_s", "test_type", "closes_at", "release_at", "pass_percent", "course_id",
        "scale_linked_to", "timezone",
    }  # fmt: skip
    assert await (await conn.execute("SELECT FROM exams")).fetchall() == []


async def test_a_time_that_no_exam_file_can_write_is_refused(conn: Connection) -> None:
    olga = await add_author(conn)
    for year in (2000, 2099):
        with pytest.raises(BadSettings):
            await create_exam(conn, replace(PLAIN, opens_at=datetime(year, 1, 1, tzinfo=UTC)), by=olga)


async def test_a_request_that_is_repeated_makes_one_exam(database: Database) -> None:
    async with database.transaction() as conn:
        olga = await add_author(conn)

    async def create(title: str = "Once") -> tuple[int, bool]:
        async with database.transaction() as conn:
            settings = replace(PLAIN, title=title)
            made = await create_exam(conn, settings, by=olga, request=RequestKey("k", settings.as_json()))
            return made.id, made.is_new

    made = await asyncio.gather(*(create() for _ in range(4)))
    assert len({exam_id for exam_id, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False, False, False, True]
    with pytest.raises(KeyUsedForAnother):
        await create("Something else")


async def test_of_two_who_save_settings_at_once_one_is_told_field_by_field(database: Database) -> None:
    async with database.transaction() as conn:
        exam_id, olga = await make(conn)
        pavel = await add_author(conn, "Pavel")

    async def save(by: int, **changed: Any) -> int:
        async with database.transaction() as conn:
            _, after = await edit_settings(conn, exam_id, replace(PLAIN, **changed), by=by, seen=1)
            return after.version

    outcomes = await asyncio.gather(
        save(olga, title="Olga's", duration_s=60), save(pavel, title="Pavel's"), return_exceptions=True
    )
    [refused] = [each for each in outcomes if isinstance(each, ChangedMeanwhile)]
    changes: Any = refused.details["changes"]
    async with database.transaction() as conn:
        stored = (await find_exam(conn, exam_id)).settings
    assert changes[0]["after"]["title"] == stored.title
    assert changes[0]["before"].keys() == changes[0]["after"].keys()
    assert "kind" not in changes[0]["after"]
    # Who sends the same once more changes nothing, and is not refused.
    again = {"title": stored.title, "duration_s": stored.duration_s}
    assert await save(olga if stored.title == "Olga's" else pavel, **again) == 2


async def test_settings_that_stay_the_same_make_no_version(conn: Connection) -> None:
    exam_id, olga = await make(conn)
    before, after = await edit_settings(conn, exam_id, PLAIN, by=olga, seen=1)
    assert (before, after.version) == (after, 1)


async def test_once_it_has_opened_only_what_is_safe_can_change(conn: Connection) -> None:
    olga = await add_author(conn)
    exam_id = await add_exam(conn, closes_at=FAR, attempts_allowed=2, release="by_hand")
    await add_seat(conn, exam_id=exam_id)
    as_it_is = (await find_exam(conn, exam_id)).settings
    for changed in (
        {"title": "Other"},
        {"duration_s": 60},
        {"attempts_allowed": 1},
        {"release": "at_once"},
        {"shuffle_options": True},
        {"opens_at": FAR - timedelta(days=1)},
        {"course_id": await add_course(conn, "ALG-1")},
    ):
        with pytest.raises(SettingsFixed) as caught:
            await edit_settings(conn, exam_id, replace(as_it_is, **changed), by=olga, seen=1)
        assert {trouble.field for trouble in caught.value.troubles} == changed.keys()
    safe = replace(
        as_it_is, closes_at=FAR + timedelta(hours=1), duration_s=7200, attempts_allowed=3, release="at_time",
        release_at=FAR, show_key=True, pass_percent=Decimal(50), reports=True,
    )  # fmt: skip
    _, after = await edit_settings(conn, exam_id, safe, by=olga, seen=1)
    assert after.settings == safe


async def test_results_that_are_out_are_not_taken_back(conn: Connection) -> None:
    olga = await add_author(conn)
    exam_id = await add_exam(conn, closes_at=FAR)
    await add_seat(conn, exam_id=exam_id)
    await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'candidate'")
    held_back = replace((await find_exam(conn, exam_id)).settings, release="by_hand")
    with pytest.raises(SettingsFixed):
        await edit_settings(conn, exam_id, held_back, by=olga, seen=1)


async def test_an_exam_is_published_when_nothing_is_missing(conn: Connection) -> None:
    exam_id, olga = await make(conn, opens_at=FAR)
    with pytest.raises(NotReady) as caught:
        await publish_exam(conn, exam_id, by=olga)
    assert caught.value.details["fields"] == [{"path": "questions", "message": "It has no question yet."}]
    await create_question(conn, exam_id=exam_id, document=QUESTION, by=olga)
    await publish_exam(conn, exam_id, by=olga)
    await publish_exam(conn, exam_id, by=olga)
    published = await find_exam(conn, exam_id)
    assert (published.is_draft, published.version) == (False, 3)


async def test_a_window_that_is_over_is_missing_something(conn: Connection) -> None:
    exam_id, olga = await make(conn, closes_at=datetime(2020, 1, 1, tzinfo=UTC))
    await create_question(conn, exam_id=exam_id, document=QUESTION | {"points": 0}, by=olga)
    with pytest.raises(NotReady) as caught:
        await publish_exam(conn, exam_id, by=olga)
    fields: Any = caught.value.details["fields"]
    assert [field["path"] for field in fields] == ["questions", "closes_at"]


async def test_an_exam_that_nobody_has_started_can_be_a_draft_again_though_it_has_opened(
    conn: Connection,
) -> None:
    olga = await add_author(conn)
    exam_id = await add_exam(conn)
    with pytest.raises(HasStarted):
        await create_question(conn, exam_id=exam_id, document=QUESTION, by=olga)
    await make_draft(conn, exam_id, by=olga)
    await create_question(conn, exam_id=exam_id, document=QUESTION, by=olga)
    await publish_exam(conn, exam_id, by=olga)
    await add_seat(conn, exam_id=exam_id)
    with pytest.raises(SomebodyHasStarted):
        await make_draft(conn, exam_id, by=olga)


async def test_a_draft_is_deleted_by_who_has_seen_all_of_it(conn: Connection) -> None:
    exam_id, olga = await make(conn)
    question = await create_question(conn, exam_id=exam_id, document=QUESTION, by=olga)
    with pytest.raises(ChangedMeanwhile):
        await delete_draft(conn, exam_id, by=olga, seen=1)
    assert question.id
    await delete_draft(conn, exam_id, by=olga, seen=2)
    with pytest.raises(ExamNotFound):
        await find_exam(conn, exam_id)


async def test_what_is_published_or_needed_is_not_deleted(conn: Connection) -> None:
    olga = await add_author(conn)
    exam_id = await add_exam(conn, opens_at=FAR)
    with pytest.raises(NotADraft):
        await delete_draft(conn, exam_id, by=olga, seen=1)
    await make_draft(conn, exam_id, by=olga)
    await create_exam(conn, replace(PLAIN, scale_linked_to=exam_id), by=olga)
    with pytest.raises(StillNeeded):
        await delete_draft(conn, exam_id, by=olga, seen=2)


async def test_a_scale_is_not_linked_to_itself(conn: Connection) -> None:
    exam_id, olga = await make(conn)
    with pytest.raises(BadSettings):
        await edit_settings(conn, exam_id, replace(PLAIN, scale_linked_to=exam_id), by=olga, seen=1)
