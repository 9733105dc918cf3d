import asyncio
from pathlib import Path

import pytest

from examhall.base.db import Database
from examhall.base.storage import Storage
from examhall.commands import attach_paper
from examhall.demo.pdf_paper import TITLE, add_pdf_paper
from examhall.exams.papers import find_paper, list_papers
from examhall.settings import Settings
from tests.pdfs import make_pdf

pytestmark = pytest.mark.anyio


async def exams(database: Database) -> list[int]:
    async with database.connection() as conn:
        found = await conn.execute("SELECT id FROM exams WHERE title = %s", (TITLE,))
        return [exam_id for (exam_id,) in await found.fetchall()]


async def test_the_demos_paper_is_made_once(database: Database, tmp_path: Path) -> None:
    storage = Storage.open(tmp_path / "files")
    for _ in range(2):
        await add_pdf_paper(database, storage, scratch=tmp_path / "incoming")
    [exam_id] = await exams(database)
    async with database.connection() as conn:
        [paper] = await list_papers(conn, exam_id)
    assert paper.pages == 3
    assert paper.path is not None
    assert await storage.size(paper.path) == paper.size
    assert (await storage.read(paper.path, at_most=10**6)).startswith(b"%PDF")


async def test_the_command_line_gives_it_another(
    database: Database, dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_pdf_paper(database, Storage.open(tmp_path / "files"), scratch=tmp_path / "incoming")
    [exam_id] = await exams(database)
    booklet = tmp_path / "booklet 08.pdf"
    booklet.write_bytes(make_pdf(2))
    settings = Settings(data=tmp_path, database_url=dsn)
    # A command has an event loop of its own.
    await asyncio.to_thread(attach_paper, settings, exam_id, booklet)
    assert capsys.readouterr().out.startswith("booklet 08.pdf: 2 page(s), ")
    async with database.connection() as conn:
        paper = await find_paper(conn, exam_id)
    assert paper is not None
    assert (paper.version, paper.file_name) == (2, "booklet 08.pdf")
