"""An exam's paper through the front door: read by who sits it, while they do."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from examhall.accounts.tickets import issue_tickets
from examhall.accounts.tokens import Signer
from examhall.app import Hall, create_app
from examhall.base.storage import Storage
from tests.pdfs import make_pdf
from tests.s3 import S3

from .conftest import SECRET, Caller

pytestmark = pytest.mark.anyio

PDF = make_pdf(3, padding=200_000)
CLOSED = (
    "UPDATE exams SET opens_at = now() - interval '2 h', closes_at = now() - interval '1 h' WHERE id = %s"
)


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    caller: Caller = await call("olga", "author")
    return caller


def paper_of(exam_id: int) -> str:
    return f"/api/v1/exams/{exam_id}/paper"


async def upload(
    olga: Caller, exam_id: int, content: Any = PDF, version: int = 0, name: str = "paper.pdf"
) -> httpx.Response:
    query = {"version": version, "file_name": name}
    return await olga.client.put(paper_of(exam_id), params=query, content=content)


@pytest.fixture
async def paper(olga: Caller, exam_id: int) -> dict[str, Any]:
    reply = await upload(olga, exam_id)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def change(hall: Hall, statement: str, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(statement.encode(), (exam_id,))


def files_of(hall: Hall) -> list[Path]:
    assert hall.storage.folder is not None
    return [path for path in hall.storage.folder.rglob("*") if path.is_file()]


async def test_who_sits_the_exam_reads_its_paper(
    alice: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.content) == (200, PDF)
    assert reply.headers["content-type"] == "application/pdf"
    assert reply.headers["cache-control"] == "private, max-age=3600"
    assert reply.headers["etag"] == f'"{paper["sha256"]}"'
    assert reply.headers["accept-ranges"] == "bytes"
    assert paper == paper | {"version": 1, "pages": 3, "size": len(PDF), "file_name": "paper.pdf"}


async def test_before_the_start_there_is_no_active_session(
    alice: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (403, "no_active_session")


async def test_after_handing_in_there_is_no_active_session(
    alice: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    await alice.post(f"/api/v1/sessions/{session['session_id']}/submit")
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (403, "no_active_session")


async def test_a_session_whose_time_is_over_is_not_active_though_nobody_has_closed_it(
    hall: Hall, alice: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    past = "UPDATE sittings SET deadline_at = now() - interval '9 s', closes_at = now() WHERE exam_id = %s"
    await change(hall, past, exam_id)
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (403, "no_active_session")


async def test_after_the_window_it_is_closed(
    hall: Hall, alice: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    await alice.post(f"/api/v1/sessions/{session['session_id']}/submit")
    await change(hall, CLOSED, exam_id)
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (403, "window_closed")


async def test_extra_time_after_the_window_still_counts(
    hall: Hall, alice: Caller, exam_id: int, paper: dict[str, Any], session: dict[str, Any]
) -> None:
    await change(hall, CLOSED, exam_id)
    assert (await alice.get(paper_of(exam_id))).status_code == 200


async def test_staff_read_it_at_any_time_but_strangers_and_mallory_never(
    hall: Hall, call: Callable[..., Any], olga: Caller, mallory: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    assert (await olga.get(paper_of(exam_id))).content == PDF
    assert (await (await call("ivo", "invigilator")).get(paper_of(exam_id))).status_code == 200
    assert (await (await call(None)).get(paper_of(exam_id))).status_code == 401
    assign = "INSERT INTO assignments (exam_id, person_id) SELECT %s, id FROM people WHERE username = 'olga'"
    await change(hall, assign, exam_id)
    assert (await mallory.get(paper_of(exam_id))).status_code == 404


async def test_staff_with_a_ticket_are_candidates(
    hall: Hall, call: Callable[..., Any], olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    async with hall.database.transaction() as conn:
        [ticket] = await issue_tickets(conn, Signer(SECRET), exam_id=exam_id, person_ids=[olga.id])
    stranger: Caller = await call(None)
    signed_in = await stranger.post("/api/v1/auth/ticket", {"ticket": ticket.token})
    stranger.client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
    reply = await stranger.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (403, "no_active_session")


async def test_an_exam_without_one_has_none(alice: Caller, exam_id: int, session: dict[str, Any]) -> None:
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (404, "no_paper")


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=100-", 100, len(PDF)),
        ("bytes=-1", len(PDF) - 1, len(PDF)),
        ("bytes=-999999999", 0, len(PDF)),
        ("bytes=7-99999999", 7, len(PDF)),
        ("Bytes = 5 - 9", 5, 10),
    ],
)
async def test_a_range_is_a_part(
    olga: Caller, exam_id: int, paper: dict[str, Any], wanted: str, start: int, end: int
) -> None:
    reply = await olga.get(paper_of(exam_id), headers={"Range": wanted})
    assert (reply.status_code, reply.content) == (206, PDF[start:end])
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PDF)}"
    assert reply.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("wanted", [f"bytes={len(PDF)}-", "bytes=-0", f"bytes={len(PDF)}-{len(PDF) + 5}"])
async def test_a_range_beyond_the_end_cannot_be_had(
    olga: Caller, exam_id: int, paper: dict[str, Any], wanted: str
) -> None:
    reply = await olga.get(paper_of(exam_id), headers={"Range": wanted})
    assert (reply.status_code, reply.json()["code"]) == (416, "range_not_satisfiable")
    assert reply.headers["content-range"] == f"bytes */{len(PDF)}"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-1,5-6", "bytes=" + "0-,0-," * 50 + "0-", "bytes=9-5", "lines=1-2", "bytes=a-b", "bytes=-"],
)
async def test_several_ranges_or_none_that_we_understand_get_the_whole(
    olga: Caller, exam_id: int, paper: dict[str, Any], wanted: str
) -> None:
    reply = await olga.get(paper_of(exam_id), headers={"Range": wanted})
    assert (reply.status_code, reply.content) == (200, PDF)


async def test_who_has_it_already_is_told_so_but_only_who_may_read_it(
    olga: Caller, mallory: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    etag = f'"{paper["sha256"]}"'
    for known in (etag, f'"other", W/{etag}', "*"):
        reply = await olga.get(paper_of(exam_id), headers={"If-None-Match": known})
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (304, b"", etag)
    assert (await olga.get(paper_of(exam_id), headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await mallory.get(paper_of(exam_id), headers={"If-None-Match": etag})).status_code == 403


async def test_a_range_of_a_paper_that_has_changed_is_the_whole_new_one(
    olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    etag = f'"{paper["sha256"]}"'
    ranged = {"Range": "bytes=0-9"}
    assert (await olga.get(paper_of(exam_id), headers=ranged | {"If-Range": etag})).status_code == 206
    await upload(olga, exam_id, make_pdf(1), version=1)
    reply = await olga.get(paper_of(exam_id), headers=ranged | {"If-Range": etag})
    assert (reply.status_code, reply.content) == (200, make_pdf(1))


async def test_head_tells_what_get_would(olga: Caller, exam_id: int, paper: dict[str, Any]) -> None:
    reply = await olga.client.head(paper_of(exam_id))
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == str(len(PDF))
    assert reply.headers["content-type"] == "application/pdf"


@pytest.mark.parametrize(
    "title", ['Say "hi"', "a\r\nSet-Cookie: x=1", "Matematika: oʻzbek 数学 امتحان", "../../etc"]
)
async def test_no_title_breaks_the_header(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any], title: str
) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET title = %s WHERE id = %s", (title, exam_id))
    reply = await olga.get(paper_of(exam_id))
    assert "set-cookie" not in reply.headers
    assert re.fullmatch(
        r"attachment; filename=\"[^\"/\\]+\.pdf\"; filename\*=UTF-8''[\w%.!~'()*+-]+",
        reply.headers["content-disposition"],
    )


async def test_behind_a_proxy_that_serves_files_it_is_told_which(
    hall: Hall, olga: Caller, mallory: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    hall.settings = replace(hall.settings, accel="/stored/")
    # The application has the settings it was made with.
    transport = olga.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    app = create_app(hall)
    for caller in (olga, mallory):
        caller.client._transport = httpx.ASGITransport(app)
    reply = await olga.get(paper_of(exam_id), headers={"Range": "bytes=0-9"})
    assert (reply.status_code, reply.content) == (200, b"")
    assert re.fullmatch(rf"/stored/papers/{exam_id}/[0-9a-f]{{32}}\.pdf", reply.headers["x-accel-redirect"])
    reply = await mallory.get(paper_of(exam_id))
    assert reply.status_code == 403
    assert "x-accel-redirect" not in reply.headers


async def test_a_storage_that_is_gone_is_a_503_and_a_file_that_is_gone_a_404(
    hall: Hall, olga: Caller, exam_id: int, paper: dict[str, Any]
) -> None:
    [file] = files_of(hall)
    content = file.read_bytes()
    file.unlink()
    reply = await olga.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (404, "missing_file")
    assert hall.storage.folder is not None
    hall.storage.folder.rename(hall.storage.folder.with_name("unmounted"))
    reply = await olga.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (503, "storage_unavailable")
    assert "retry-after" in reply.headers
    hall.storage.folder.write_text("in the way")
    reply = await upload(olga, exam_id, content, version=1)
    assert (reply.status_code, reply.json()["code"]) == (503, "storage_unavailable")


async def test_a_bucket_serves_it_as_well(hall: Hall, olga: Caller, alice: Caller, exam_id: int) -> None:
    s3 = S3()
    try:
        hall.storage = Storage.open(f"s3://{s3.make_bucket()}/examhall", s3.access)
        app = create_app(hall)
        for caller in (olga, alice):
            caller.client._transport = httpx.ASGITransport(app)
        assert (await upload(olga, exam_id)).status_code == 200
        await alice.post(f"/api/v1/exams/{exam_id}/sessions")
        reply = await alice.get(paper_of(exam_id), headers={"Range": "bytes=100000-150000"})
        assert (reply.status_code, reply.content) == (206, PDF[100_000:150_001])
    finally:
        s3.stop()
    reply = await alice.get(paper_of(exam_id))
    assert (reply.status_code, reply.json()["code"]) == (503, "storage_unavailable")
