"""An exam as the exam file that would make it again."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from examhall.audit.noting import note
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.exams.authoring import find_exam
from examhall.exams.exam_file_marking import marking_document
from examhall.exams.questions import list_questions
from examhall.exams.schemes import list_marked
from examhall.exams.sections import list_sections
from examhall.exams.settings import Settings

SQL = beside(__file__)

# Of a picture's base64.
LINE_CHARS = 76


@dataclass(frozen=True)
class _Picture:
    name: str
    content: bytes


@dataclass(frozen=True)
class _Names:
    course: str | None
    assigned: list[str]


async def download_document(conn: Connection, exam_id: int) -> dict[str, Any]:
    """`export_document` for somebody who takes it along: that they have the keys is on record."""
    document = await export_document(conn, exam_id)
    await note(conn, "exam_downloaded", kind="exams", thing=exam_id, label=document["title"], exam_id=exam_id)
    return document


async def export_document(conn: Connection, exam_id: int) -> dict[str, Any]:
    """The exam with its keys, as the values of an exam file. What is as everybody expects is left out.

    Not in it: the PDF paper, groups it is assigned to, accommodations, the people who mark it,
    and what a correction accepted beside the key. Raises ExamNotFound.
    """
    settings = (await find_exam(conn, exam_id)).settings
    [names] = await many(conn, SQL.names, _Names, exam_id=exam_id)
    document = _settings(settings, names.course)
    if names.assigned:
        document["assigned"] = names.assigned
    pictures = await many(conn, SQL.pictures, _Picture, exam_id=exam_id)
    if pictures:
        document["pictures"] = {picture.name: {"data": _wrapped(picture.content)} for picture in pictures}
    if sections := await list_sections(conn, exam_id):
        document["sections"] = [section.document for section in sections]
    document["questions"] = [
        each.document | ({"section": each.section} if each.section else {})
        for each in await list_questions(conn, exam_id)
    ]
    if marked := await list_marked(conn, exam_id):
        document["marking"] = marking_document(marked)
    return document


def _settings(settings: Settings, course: str | None) -> dict[str, Any]:
    zone = ZoneInfo(settings.timezone)
    document: dict[str, Any] = {"title": settings.title, "kind": settings.kind}
    optional = {
        "test_type": settings.test_type,
        "instructions": settings.instructions or None,
        "timezone": settings.timezone if settings.timezone != "UTC" else None,
        "window": {
            name: _moment(at, zone)
            for name, at in (("opens", settings.opens_at), ("closes", settings.closes_at))
            if at is not None
        }
        or None,
        "duration": _duration(settings.duration_s),
        "grace": _duration(settings.grace_s),
        "attempts": settings.attempts_allowed,
        "shuffle": {"questions": settings.shuffle_questions, "options": settings.shuffle_options},
        "release": ({"at": _moment(settings.release_at, zone)} if settings.release_at else settings.release),
        "show_key": settings.show_key,
        "pass_mark": None if settings.pass_percent is None else f"{settings.pass_percent.normalize():f}%",
        "course": course,
        "series": settings.series,
        "rated": settings.rated or None,
        "live_standing": settings.live_standing or None,
        "freeze_minutes": settings.freeze_minutes,
        "reports": settings.reports or None,
        "scale": _scale(settings),
        "sealed": None if settings.sealed_before_s is None else {"from": _duration(settings.sealed_before_s)},
    }
    return document | {name: value for name, value in optional.items() if value is not None}


def _scale(settings: Settings) -> dict[str, int] | None:
    if settings.scale_linked_to is not None:
        return {"linked_to": settings.scale_linked_to}
    if settings.scale_mean is None or settings.scale_sd is None:
        return None
    return {"mean": settings.scale_mean, "sd": settings.scale_sd}


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """As its authors read it, with the offset: no hour of the year means two moments."""
    local = at.astimezone(zone).isoformat(timespec="seconds")
    return f"{local[:10]} {local[11:19].removesuffix(':00')} {local[19:]}"


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{seconds} s" if rest or not minutes else f"{minutes} min"


def _wrapped(content: bytes) -> str:
    text = base64.b64encode(content).decode()
    return "\n".join(text[at : at + LINE_CHARS] for at in range(0, len(text), LINE_CHARS))
