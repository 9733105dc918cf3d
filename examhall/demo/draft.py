"""An exam that is still being written: a copy of another, with its window a week from now."""

from dataclasses import replace
from datetime import timedelta

from examhall.base import clock
from examhall.base.db import Connection
from examhall.exams.authoring import edit_settings, find_exam
from examhall.exams.duplicating import duplicate_exam

TITLE = "Judgement at work and study: next round"
OPENS_IN = timedelta(days=7)
OPEN_FOR = timedelta(hours=3)


async def add_draft(conn: Connection, author: int, *, like: int) -> None:
    made = await duplicate_exam(conn, like, title=TITLE, by=author)
    settings = (await find_exam(conn, made.id)).settings
    opens_at = clock.now().replace(minute=0, second=0) + OPENS_IN
    settings = replace(settings, opens_at=opens_at, closes_at=opens_at + OPEN_FOR)
    await edit_settings(conn, made.id, settings, by=author, seen=1)
