"""One more exam like another: with its questions, keys and pictures, as a draft of its own."""

from dataclasses import dataclass

from examhall.base.db import Connection, many, maybe, run
from examhall.base.made_once import Made, RequestKey
from examhall.base.sqlfile import beside
from examhall.courses.courses import announce_course
from examhall.exams.authoring import find_exam, made_before
from examhall.exams.editing import ExamNotFound
from examhall.exams.exam_file import TITLE_CHARS
from examhall.exams.schemes import copy_schemes

SQL = beside(__file__)


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Copied:
    original_id: int
    id: int


async def duplicate_exam(
    conn: Connection, exam_id: int, *, title: str | None = None, by: int, request: RequestKey | None = None
) -> Made:
    """A draft with the same settings, sections, questions, keys, marking schemes and pictures.

    It has no times, people (nor markers) and PDF of its own yet.

    The original may be sat meanwhile, but not changed: FOR SHARE makes its authors wait, so that the copy is
    one version of it. A repeat of the same `request` is given the copy that the first made.
    """
    if await maybe(conn, SQL.hold_original, _Id, exam_id=exam_id) is None:
        raise ExamNotFound
    made = await maybe(
        conn,
        SQL.copy_exam,
        _Id,
        exam_id=exam_id,
        title=title[:TITLE_CHARS] if title else None,
        created_by=by,
        request_key=request.key if request else None,
        request_hash=request.hash if request else None,
    )
    if made is None:
        assert request is not None
        return await made_before(conn, request, by=by)
    for query in (SQL.copy_sections, SQL.copy_questions, SQL.copy_items, SQL.copy_pictures):
        await run(conn, query, exam_id=exam_id, copy_id=made.id)
    copied = await many(conn, SQL.copied_questions, _Copied, exam_id=exam_id, copy_id=made.id)
    await copy_schemes(conn, {each.original_id: each.id for each in copied})
    course_id = (await find_exam(conn, made.id)).settings.course_id
    if course_id is not None:
        await announce_course(conn, course_id)
    return Made(made.id, is_new=True)
