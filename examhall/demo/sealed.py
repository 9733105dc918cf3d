"""An exam that opens soon and whose paper is sealed until then, for the lobby to be seen at work."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from examhall.base import clock
from examhall.base.db import Connection
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

FILE = Path(__file__).with_suffix(".yaml")
TITLE = "Geography: the sealed round"
OPENS_IN = timedelta(minutes=15)


async def add_sealed(conn: Connection, author: int) -> None:
    exam = read_exam_file(FILE.read_bytes(), folder=FILE.parent)
    await import_exam(conn, replace(exam, opens_at=clock.now() + OPENS_IN), author)
