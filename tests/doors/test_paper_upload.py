"""An exam's paper through the front door: uploaded by its author, changed until somebody starts, swept."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from starlette.requests import ClientDisconnect

from examhall.accounts.tokens import Signer
from examhall.app import Hall
from examhall.base.errors import SomebodyWasFaster
from examhall.exams.paper_files import UNREAD_S, sweep_papers, upload_paper
from examhall.exams.papers import Upload, hold_paper, set_paper
from tests.pdfs import encrypted_pdf, make_pdf

from .conftest import SECRET, Caller
from .test_paper import PDF, change, files_of, olga, paper, paper_of, upload  # noqa: F401

# ruff: noqa: F811

pytestmark = pytest.mark.anyio

UPLOAD = Upload("other.pdf", 1, 1, "0" * 64, "papers/0/other.pdf")


async def test_only_authors_upload(call: Callable[..., Any], mallory: Caller, exam_id: int) -> None:
    assert (await upload(mallory, exam_id)).status_code == 403
    assert (await upload(await call("ivo", "invigilator"), exam_id)).status_code == 403
    assert (await upload(await call(None), exam_id)).status_code == 401


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>", "no_pdf"),
        (b"", "no_pdf"),
        (PDF[:-100], "broken_pdf"),
        (PDF[:5000] + PDF[-30:], "broken_pdf"),
        (encrypted_pdf(), "protected_pdf"),
    ],
)
async def test_what_is_no_paper_is_refused_and_leaves_nothing(
    hall: Hall, olga: Caller, exam_id: int, content: bytes, code: str
) -> None:
    reply = await upload(olga, exam_id, content)
    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert files_of(hall) == []
    assert list((hall.settings.data / "incoming").iterdir()) == []


async def test_a_file_that_is_too_large_is_refused_announced_or_not(
    hall: Hall, olga: Caller, exam_id: int
) -> None:
    large = bytes(hall.settings.paper_mb * 1_000_000 + 100_000)

    async def unannounced() -> AsyncIterator[bytes]:
        yield PDF[:2000]
        for start in range(0, len(large), 1_000_000):
            yield large[start : start + 1_000_000]

    for content in (large, unannounced()):
        assert (await upload(olga, exam_id, content)).status_code == 413
    assert files_of(hall) == []


async def test_a_replaced_paper_is_no_longer_read_and_its_file_goes_after_a_day(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    other = make_pdf(2, words="Another")
    assert (await upload(olga, exam_id, other, version=1)).json()["version"] == 2
    assert (await olga.get(paper_of(exam_id))).content == other
    listed = (await olga.get(f"/api/v1/exams/{exam_id}/papers")).json()["items"]
    assert [(each["version"], each["ended_at"] is None) for each in listed] == [(2, True), (1, False)]
    assert await sweep_papers(hall.database, hall.storage) == 0
    await change(
        hall,
        "UPDATE exam_papers SET ended_at = now() - interval '25 h' WHERE version = 1 AND exam_id = %s",
        exam_id,
    )
    assert await sweep_papers(hall.database, hall.storage) == 1
    assert await sweep_papers(hall.database, hall.storage) == 0
    assert (await olga.get(paper_of(exam_id))).content == other
    assert len(files_of(hall)) == 1


async def test_a_version_that_is_not_the_newest_or_not_said_changes_nothing(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    assert (await upload(olga, exam_id)).status_code == 412
    assert (await olga.client.put(paper_of(exam_id), content=PDF)).status_code == 428
    assert (await olga.client.delete(paper_of(exam_id), params={"version": 2})).status_code == 412
    assert len(files_of(hall)) == 1
    assert (await olga.client.delete(paper_of(exam_id), headers={"If-Match": '"1"'})).status_code == 204
    assert (await olga.get(paper_of(exam_id))).json()["code"] == "no_paper"


async def test_of_uploads_at_once_one_wins_and_the_others_leave_nothing(
    hall: Hall, olga: Caller, exam_id: int
) -> None:
    contents = [make_pdf(1, words=f"Paper {n}") for n in range(4)]
    replies = await asyncio.gather(*(upload(olga, exam_id, content) for content in contents))
    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412]
    [winner] = [n for n, reply in enumerate(replies) if reply.status_code == 200]
    assert (await olga.get(paper_of(exam_id))).content == contents[winner]
    assert len(files_of(hall)) == 1


async def test_once_somebody_has_started_the_paper_stays(
    olga: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    reply = await upload(olga, exam_id, version=1)
    assert (reply.status_code, reply.json()["code"]) == (409, "exam_under_way")
    assert (await olga.client.delete(paper_of(exam_id), params={"version": 1})).status_code == 409


async def waits_for(dsn: str, holder: psycopg.AsyncConnection[Any]) -> None:
    """Until somebody waits for a lock that this connection has."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn, asyncio.timeout(20):
        pid = holder.info.backend_pid
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        while await (await conn.execute(blocked, (pid,))).fetchone() == (0,):
            await asyncio.sleep(0.02)


async def test_who_starts_while_it_is_being_changed_reads_the_new_one(
    dsn: str, alice: Caller, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    """The change is decided on before the start, and the start waits for it."""
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        await hold_paper(conn, exam_id=exam_id, version=1)
        starting = asyncio.create_task(alice.post(f"/api/v1/exams/{exam_id}/sessions"))
        await waits_for(dsn, conn)
        changed = await set_paper(conn, exam_id=exam_id, version=1, upload=UPLOAD, uploaded_by=None)
    assert (await starting).status_code == 200
    assert changed.version == 2
    assert (await upload(olga, exam_id, version=2)).status_code == 409


async def test_of_two_changes_at_the_same_moment_the_second_waits_and_is_refused(
    dsn: str, exam_id: int, paper: dict[str, Any]
) -> None:
    async def second() -> None:
        async with await psycopg.AsyncConnection.connect(dsn) as other:
            await set_paper(other, exam_id=exam_id, version=1, upload=UPLOAD, uploaded_by=None)

    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        first = replace(UPLOAD, path="papers/0/first.pdf")
        await set_paper(conn, exam_id=exam_id, version=1, upload=first, uploaded_by=None)
        changing = asyncio.create_task(second())
        await waits_for(dsn, conn)
    with pytest.raises(SomebodyWasFaster):
        await changing


async def test_uploads_while_candidates_read_never_mix(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    contents = [PDF, *(make_pdf(n, padding=300_000 + n) for n in range(2, 6))]
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            reply = await olga.get(paper_of(exam_id))
            assert reply.content in contents
            assert len(reply.content) == int(reply.headers["content-length"])

    readers = [asyncio.create_task(read()) for _ in range(4)]
    for version, content in enumerate(contents[1:], 1):
        assert (await upload(olga, exam_id, content, version=version)).status_code == 200
    done.set()
    await asyncio.gather(*readers)


async def test_a_sender_who_goes_away_leaves_nothing(hall: Hall, olga: Caller, exam_id: int) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield PDF[:70_000]
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await upload_paper(
            hall.database,
            hall.storage,
            cut(),
            exam_id=exam_id,
            version=0,
            file_name="cut.pdf",
            uploaded_by=None,
            largest_bytes=10**6,
            scratch=hall.settings.data / "incoming",
        )
    assert files_of(hall) == []
    assert list((hall.settings.data / "incoming").iterdir()) == []
    assert (await olga.get(paper_of(exam_id))).json()["code"] == "no_paper"


async def test_a_file_whose_row_was_never_written_is_swept_when_it_is_old(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    """As a process leaves it that is killed between the storage and the commit."""
    await hall.storage.put(f"papers/{exam_id}/{'0' * 32}.pdf", PDF)
    assert await sweep_papers(hall.database, hall.storage) == 0, "it may be an upload under way"
    long_ago = time.time() - UNREAD_S - 60
    for file in files_of(hall):
        os.utime(file, (long_ago, long_ago))
    assert await sweep_papers(hall.database, hall.storage) == 1
    assert (await olga.get(paper_of(exam_id))).content == PDF


async def test_a_page_takes_it_as_a_form_shows_what_is_wrong_and_what_there_was(
    hall: Hall, call: Callable[..., Any], olga: Caller, mallory: Caller, exam_id: int
) -> None:
    page = f"/staff/exams/{exam_id}/paper"
    signer = Signer(SECRET)
    office: Caller = await call(None)
    token = signer.cookie_token(olga.id, uuid4(), ["author"])
    csrf = signer.csrf_token(signer.read_cookie(token))
    office.client.cookies.set("examhall", token)

    async def send(content: bytes, version: int) -> httpx.Response:
        form = {"csrf_token": csrf, "version": str(version)}
        return await office.client.post(page, data=form, files={"file": ("../a b.pdf", content)})

    reply = await send(b"<html>", 0)
    assert (reply.status_code, "This file is not a PDF." in reply.text) == (400, True)
    assert (await send(PDF, 0)).status_code == 303
    assert "a b.pdf" in (await office.get(page)).text
    assert (await send(PDF, 0)).status_code == 412
    assert (await send(make_pdf(), 1)).status_code == 303
    away = await office.client.post(f"{page}/away", data={"csrf_token": csrf, "version": "2"})
    assert away.status_code == 303
    assert (await olga.get(paper_of(exam_id))).status_code == 404


async def test_whoever_may_not_upload_is_refused_before_their_file_is_read(
    call: Callable[..., Any], mallory: Caller, exam_id: int
) -> None:
    token = Signer(SECRET).cookie_token(mallory.id, uuid4(), ["candidate"])
    stranger: Caller = await call(None)
    stranger.client.cookies.set("examhall", token)

    async def never_read() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    headers = {"content-type": "multipart/form-data; boundary=x"}
    reply = await stranger.client.post(f"/staff/exams/{exam_id}/paper", content=never_read(), headers=headers)
    assert reply.status_code == 403
    assert (await mallory.client.put(paper_of(exam_id), content=never_read())).status_code == 403
