"""Sealed papers as files: sealed once however many processes ask, kept by any cache, swept, and missed."""

import asyncio
import os
import zlib
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from examhall.app import Hall, create_app
from examhall.base import clock
from examhall.base.storage import StorageUnavailable
from examhall.exams.seal import open_document, open_file
from examhall.exams.sealing import SealedPapers, path_of, sweep_sealed
from examhall.settings import Settings
from examhall.web.sealed import pages_of
from tests.pdfs import make_pdf

from .conftest import SECRET, Caller
from .test_sealed import change, download, open_now, opened, rows, sealed_exam  # noqa: F401

# ruff: noqa: F811

pytestmark = pytest.mark.anyio


async def test_a_pdf_is_sealed_beside_the_questions(
    hall: Hall, call: Any, alice: Caller, sealed_exam: int
) -> None:
    olga = await call("olga", "author")
    content = make_pdf(3, words="Nobody knows this yet")
    path = f"/api/v1/exams/{sealed_exam}/paper"
    assert (await olga.client.put(f"{path}?version=0", content=content)).status_code == 200
    await change(hall, sealed_exam)
    found, sealed = await download(alice, sealed_exam)
    assert sum(found["parts"]) == found["size"] == len(sealed)
    assert len(zlib.compress(sealed, 9)) >= len(sealed)
    assert b"PDF" not in sealed
    await open_now(hall, sealed_exam)
    reply = await alice.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")
    how: Any = {"exam_id": sealed_exam, "version": found["version"]}
    key = urlsafe_b64decode(reply.json()["sealed"]["key"] + "=")
    questions, pdf = sealed[: found["parts"][0]], sealed[found["parts"][0] :]
    assert open_file(pdf, key=key, **how) == content
    assert "Which number is" in open_document(questions, key=key, **how).decode()


async def test_another_pdf_makes_another_paper(hall: Hall, call: Any, sealed_exam: int) -> None:
    olga = await call("olga", "author")
    versions = {(await hall.sealed_papers.current(sealed_exam)).version}
    for version in (0, 1):
        content = make_pdf(1, words=f"Edition {version}")
        path = f"/api/v1/exams/{sealed_exam}/paper?version={version}"
        assert (await olga.client.put(path, content=content)).status_code == 200
        await change(hall, sealed_exam)
        versions.add((await hall.sealed_papers.current(sealed_exam)).version)
    assert len(versions) == 3


@pytest.fixture
async def another(hall: Hall, dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """Another process of the same server."""
    settings = replace(Settings(data=tmp_path, given_secret=SECRET), database_url=dsn)
    hall = Hall(settings)
    async with hall.opened():
        yield hall


async def test_a_thousand_lobbies_at_two_processes_have_one_paper_sealed(
    hall: Hall, another: Hall, alice: Caller, sealed_exam: int, tmp_path: Path
) -> None:
    clients = [
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(each)),
            base_url="http://testserver",
            headers=dict(alice.client.headers),
        )
        for each in (hall, another)
    ]
    replies = await asyncio.gather(
        *(clients[n % 2].get(f"/api/v1/exams/{sealed_exam}/sealed") for n in range(1000))
    )
    for client in clients:
        await client.aclose()
    assert {reply.status_code for reply in replies} == {200}
    assert len({(reply.json()["url"], reply.json()["version"]) for reply in replies}) == 1
    assert await rows(hall, "SELECT count(*) FROM sealed_papers") == [(1,)]
    # What the slower process had sealed is gone: nobody was told of it.
    files = [path for path in (tmp_path / "files" / "sealed").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [replies[0].json()["url"].rpartition("/")[2]]


async def test_whoever_dies_between_the_file_and_the_row_leaves_nothing_that_opens(
    hall: Hall, alice: Caller, sealed_exam: int
) -> None:
    paper = await hall.sealed_papers.current(sealed_exam)
    async with hall.database.transaction() as conn:
        await conn.execute("DELETE FROM sealed_papers")
    hall.sealed_papers.drop(str(sealed_exam))
    again = await hall.sealed_papers.current(sealed_exam)
    assert (again.key != paper.key, again.version != paper.version, again.url != paper.url) == (True,) * 3
    found, _ = await download(alice, sealed_exam)
    assert found["version"] == again.version


async def test_files_that_nobody_can_use_any_more_are_swept(
    hall: Hall, tmp_path: Path, sealed_exam: int
) -> None:
    paper = await hall.sealed_papers.current(sealed_exam)
    await hall.storage.put(f"sealed/{'0' * 32}.bin", b"of a process that died before its row")
    assert await sweep_sealed(hall.database, hall.storage) == 0
    for path in (tmp_path / "files" / "sealed").iterdir():
        os.utime(path, (0, 0))
    assert await sweep_sealed(hall.database, hall.storage) == 1
    assert await hall.storage.size(path_of(paper.version)) == paper.size
    over = clock.now() - timedelta(days=2)
    await change(hall, sealed_exam, opens_at=over - timedelta(days=1), closes_at=over)
    assert await sweep_sealed(hall.database, hall.storage) == 1
    assert await sweep_sealed(hall.database, hall.storage) == 0
    assert await rows(hall, "SELECT version FROM sealed_papers") == [(paper.version,)]


async def test_any_cache_may_keep_the_sealed_paper(hall: Hall, call: Any, sealed_exam: int) -> None:
    paper = await hall.sealed_papers.current(sealed_exam)
    stranger = await call(None)
    whole = await stranger.get(paper.url)
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable, no-transform"
    assert "set-cookie" not in whole.headers
    assert whole.headers["content-length"] == str(len(whole.content)) == str(paper.size)
    etag = whole.headers["etag"]
    assert (await stranger.get(paper.url, headers={"if-none-match": etag})).status_code == 304
    for asked, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=65000-", 65_000, 65_535),
        ("bytes=-10", 65_526, 65_535),
    ):
        part = await stranger.get(paper.url, headers={"range": asked, "if-range": etag})
        assert (part.status_code, part.headers["content-range"]) == (206, f"bytes {first}-{last}/65536")
        assert part.content == whole.content[first : last + 1]
    changed = await stranger.get(paper.url, headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, 65_536)
    beyond = await stranger.get(paper.url, headers={"range": "bytes=65536-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */65536")
    for odd in ("bytes=9-1", "bytes=0-1,4-5", "pages=1-2", "bytes=-"):
        assert (await stranger.get(paper.url, headers={"range": odd})).status_code in (200, 416)
    for path in (
        f"/sealed/{'0' * 32}.bin",
        "/sealed/..%2f..%2fsecret.bin",
        f"/sealed/{'g' * 32}.bin",
        "/sealed/x",
    ):
        assert (await stranger.get(path)).status_code == 404


class Gone:
    """A storage that does not answer."""

    async def put(self, path: str, parts: bytes) -> None:
        raise StorageUnavailable


async def test_a_storage_that_is_gone_keeps_nobody_from_the_exam(
    hall: Hall, alice: Caller, sealed_exam: int
) -> None:
    found, _ = await download(alice, sealed_exam)
    storage: Any = Gone()
    hall.sealed_papers = SealedPapers(hall.database, storage, hall.contents, pages_of)
    # The app has the other one by its name.
    app = create_app(hall)
    await open_now(hall, sealed_exam)
    path = f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver", headers=dict(alice.client.headers)
    ) as client:
        # The key of what was sealed before is in the database.
        assert (await client.post(path)).json()["sealed"]["key"]
        await change(hall, sealed_exam, title="Changed just now")
        assert len((await client.post(path)).json()["questions"]) == 10
