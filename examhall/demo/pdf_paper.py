"""The demo's exam with a PDF paper: questions on three pages, an answer sheet beside them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from examhall.base.db import Database, maybe
from examhall.base.sqlfile import beside
from examhall.base.storage import Storage
from examhall.base.typesetting import Typesetter
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.paper_files import upload_paper
from examhall.web.vendoring import VENDOR

SQL = beside(__file__)

FOLDER = Path(__file__).parent
TITLE = "Entrance examination: geometry and physics"
FILE_NAME = "Entrance examination.pdf"
LARGEST_BYTES = 5_000_000
# What the PDF says when it was made; the same bytes in every demo.
MADE_AT = 1_767_225_600


@dataclass(frozen=True)
class _Here:
    exam_id: int
    # Or somebody has sat it without one: then it stays so.
    is_done: bool


async def add_pdf_paper(database: Database, storage: Storage, *, scratch: Path) -> None:
    """Add the exam, and then its paper; what is there already stays. Seconds at the first time, then none."""
    async with database.transaction() as conn:
        here = await maybe(conn, SQL.what_is_here, _Here, title=TITLE)
    if here is None:
        exam = read_exam_file((FOLDER / "paper.yaml").read_bytes(), folder=FOLDER)
        async with database.transaction() as conn:
            here = _Here(await import_exam(conn, exam, None), is_done=False)
    if here.is_done:
        return
    typesetter = Typesetter(VENDOR / "fonts")
    try:
        source = (FOLDER / "paper.typ").read_text(encoding="utf-8")
        content = await typesetter.pdf(source, {}, timestamp=MADE_AT)
    finally:
        await typesetter.close()
    await upload_paper(
        database,
        storage,
        _whole(content),
        exam_id=here.exam_id,
        version=0,
        file_name=FILE_NAME,
        uploaded_by=None,
        largest_bytes=LARGEST_BYTES,
        scratch=scratch,
    )


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
