"""Put the exam that an exam file describes into the database."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Refusal
from examhall.base.made_once import Made, RequestKey
from examhall.base.sqlfile import beside
from examhall.courses.courses import announce_course, course_of_code
from examhall.exams.authoring import made_before
from examhall.exams.contents import announce_change
from examhall.exams.exam_file import ExamFile, Item
from examhall.exams.questions import BY_HAND
from examhall.exams.schemes import insert_schemes

SQL = beside(__file__)

# A list of 20,000 wrong names is a wrong list; the first hundred show that.
MOST_NAMED = 100


class AssignedToNobody(Refusal):
    """The exam is assigned to people who have no account here. Nothing was imported."""


class LinkedToNothing(Refusal):
    """The scale is linked to an exam that is not here. Nothing was imported."""


class UnknownCourse(Refusal):
    """The exam names a course that is not here. Nothing was imported."""


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Assigned:
    id: int
    # As the file writes it.
    username: str


async def import_exam(
    conn: Connection, exam: ExamFile, created_by: int | None, *, is_draft: bool = False
) -> int:
    """A new exam with all that belongs to it; its id. All of it or, if a username is unknown, nothing.

    The number of statements does not depend on the number of questions, pictures or people.
    """
    made = await _import(conn, exam, created_by, is_draft=is_draft)
    assert made is not None
    return made


async def import_once(
    conn: Connection, exam: ExamFile, *, by: int, is_draft: bool, request: RequestKey | None
) -> Made:
    """`import_exam`; a repeat of the same `request` is given the exam that the first made."""
    made = await _import(conn, exam, by, is_draft=is_draft, request=request)
    if made is None:
        assert request is not None
        return await made_before(conn, request, by=by)
    return Made(made, is_new=True)


async def _import(
    conn: Connection,
    exam: ExamFile,
    created_by: int | None,
    *,
    is_draft: bool,
    request: RequestKey | None = None,
) -> int | None:
    person_ids = await _people(conn, exam)
    course_id = await _course(conn, exam.course)
    if exam.scale_linked_to is not None:
        await _require_exam(conn, exam.scale_linked_to)
    created = await maybe(
        conn,
        SQL.insert_exam,
        _Id,
        title=exam.title,
        kind=exam.kind,
        test_type=exam.test_type,
        instructions=exam.instructions,
        opens_at=exam.opens_at,
        closes_at=exam.closes_at,
        duration_s=exam.duration_s,
        grace_s=exam.grace_s,
        attempts_allowed=exam.attempts_allowed,
        shuffle_questions=exam.shuffle_questions,
        shuffle_options=exam.shuffle_options,
        release=exam.release,
        release_at=exam.release_at,
        show_key=exam.show_key,
        pass_percent=exam.pass_percent,
        series_id=await _series(conn, exam.series),
        course_id=course_id,
        rated=exam.rated,
        live_standing=exam.live_standing,
        freeze_minutes=exam.freeze_minutes,
        scale_mean=exam.scale_mean,
        scale_sd=exam.scale_sd,
        scale_linked_to=exam.scale_linked_to,
        reports=exam.reports,
        sealed_before_s=exam.sealed_before_s,
        timezone=exam.timezone,
        is_draft=is_draft,
        created_by=created_by,
        request_key=request.key if request else None,
        request_hash=request.hash if request else None,
    )
    if created is None:
        return None
    await _insert_questions(conn, created.id, exam)
    if exam.marking:
        await insert_schemes(conn, created.id, exam.marking)
    if exam.pictures:
        await run(
            conn,
            SQL.insert_pictures,
            exam_id=created.id,
            names=[picture.name for picture in exam.pictures],
            media_types=[picture.media_type for picture in exam.pictures],
            contents=[picture.content for picture in exam.pictures],
        )
    if person_ids:
        await run(conn, SQL.insert_assignments, exam_id=created.id, person_ids=person_ids)
    if course_id is not None:
        await announce_course(conn, course_id)
    await announce_change(conn, created.id)
    return created.id


async def _people(conn: Connection, exam: ExamFile) -> list[int]:
    if not exam.assigned:
        return []
    people = await many(conn, SQL.people_of, _Assigned, usernames=list(exam.assigned))
    known = {person.username for person in people}
    missing = [username for username in exam.assigned if username not in known]
    if missing:
        raise AssignedToNobody(missing=missing[:MOST_NAMED])
    return [person.id for person in people]


async def _series(conn: Connection, name: str | None) -> int | None:
    """The series of that name, made with its first exam."""
    return None if name is None else (await one(conn, SQL.find_or_make_series, _Id, name=name)).id


async def _require_exam(conn: Connection, exam_id: int) -> None:
    if await maybe(conn, SQL.find_exam, _Id, exam_id=exam_id) is None:
        raise LinkedToNothing


async def _course(conn: Connection, code: str | None) -> int | None:
    """The course of that code; one that is not there is a slip of the pen, and made by nobody."""
    if code is None:
        return None
    if (course_id := await course_of_code(conn, code)) is None:
        raise UnknownCourse(course=code)
    return course_id


async def _insert_questions(conn: Connection, exam_id: int, exam: ExamFile) -> None:
    if exam.sections:
        await run(
            conn,
            SQL.insert_sections,
            exam_id=exam_id,
            titles=[section.title for section in exam.sections],
            instructions=[section.instructions for section in exam.sections],
            shuffle=[section.shuffle for section in exam.sections],
            draw=[section.draw for section in exam.sections],
            unequal_points=[section.unequal_points for section in exam.sections],
        )
    await run(
        conn,
        SQL.insert_questions,
        exam_id=exam_id,
        numbers=[question.number for question in exam.questions],
        prompts=[question.prompt for question in exam.questions],
        topics=[question.topic for question in exam.questions],
        sections=[question.section for question in exam.questions],
    )
    items = [(question.number, item) for question in exam.questions for item in question.items]
    put_to_people = {(each.question_number, each.sub_part) for each in exam.marking}
    await run(
        conn,
        SQL.insert_items,
        exam_id=exam_id,
        numbers=[number for number, _ in items],
        sub_parts=[item.sub_part for _, item in items],
        kinds=[item.kind for _, item in items],
        prompts=[item.prompt for _, item in items],
        presented=[Jsonb(item.presented) for _, item in items],
        keys=[Jsonb(_key(item, (number, item.sub_part) in put_to_people)) for number, item in items],
        points=[item.points for _, item in items],
    )


def _key(item: Item, is_put_to_people: bool) -> dict[str, Any]:
    """Essays need no word of it."""
    return item.key | ({BY_HAND: True} if is_put_to_people and item.kind != "essay" else {})
