"""What nginx makes of us, with the configuration that operators are given."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from examhall.accounts.people import create_person
from examhall.accounts.tokens import Signer
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from tests.pdfs import make_pdf

from .conftest import SECRET, Behind

pytestmark = pytest.mark.anyio

DEMO = Path(__file__).parents[2] / "examhall" / "demo"
# More than a body may have elsewhere.
PDF = make_pdf(4, padding=4_000_000)


@pytest.fixture
async def olga(behind: Behind) -> AsyncIterator[httpx.AsyncClient]:
    async with client(behind, await person(behind, "author"), "author") as olga:
        yield olga


@pytest.fixture
async def alice(behind: Behind) -> AsyncIterator[httpx.AsyncClient]:
    async with client(behind, await person(behind, "candidate"), "candidate") as alice:
        yield alice


async def person(behind: Behind, role: str) -> int:
    async with await psycopg.AsyncConnection.connect(behind.dsn) as conn:
        return await create_person(conn, username=uuid4().hex, full_name="Somebody", roles=[role])


def client(behind: Behind, person_id: int, role: str) -> httpx.AsyncClient:
    token = Signer(SECRET).access_token(person_id, uuid4(), [role])
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=behind.url, verify=behind.tls, headers=headers)


@pytest.fixture
async def paper(behind: Behind, olga: httpx.AsyncClient) -> str:
    """The address of an exam's paper."""
    async with await psycopg.AsyncConnection.connect(behind.dsn) as conn:
        exam = read_exam_file((DEMO / "paper.yaml").read_bytes(), folder=DEMO)
        exam_id = await import_exam(conn, exam, created_by=None)
    reply = await olga.put(f"/api/v1/exams/{exam_id}/paper?version=0", content=PDF)
    assert reply.status_code == 200, reply.text
    return f"/api/v1/exams/{exam_id}/paper"


async def test_a_paper_comes_from_nginx_once_the_server_has_said_so(
    behind: Behind, alice: httpx.AsyncClient, paper: str
) -> None:
    refused = await alice.get(paper)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_active_session")
    assert (await alice.post(paper.removesuffix("paper") + "sessions")).status_code == 200
    reply = await alice.get(paper)
    assert (reply.status_code, reply.content) == (200, PDF)
    assert reply.headers["content-type"] == "application/pdf"
    assert reply.headers["cache-control"] == "private, max-age=3600"
    assert 'filename="Entrance examination' in reply.headers["content-disposition"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert "x-accel-redirect" not in reply.headers
    # What the server itself said had not a byte of it.
    async with httpx.AsyncClient(base_url=behind.direct_url, headers=alice.headers) as direct:
        said = await direct.get(paper)
    assert said.content == b""
    assert (behind.files / said.headers["x-accel-redirect"].removeprefix("/stored/")).read_bytes() == PDF


async def test_ranges_and_conditions_are_nginxs(olga: httpx.AsyncClient, paper: str) -> None:
    whole = await olga.get(paper)
    parts = {"bytes=10-19": PDF[10:20], "bytes=-7": PDF[-7:], "bytes=4000000-": PDF[4_000_000:]}
    for wanted, part in parts.items():
        reply = await olga.get(paper, headers={"Range": wanted})
        assert (reply.status_code, reply.content) == (206, part)
        assert reply.headers["content-range"].endswith(f"/{len(PDF)}")
    assert (await olga.get(paper, headers={"Range": f"bytes={len(PDF)}-"})).status_code == 416
    known = {"If-None-Match": whole.headers["etag"]}
    assert (await olga.get(paper, headers=known)).status_code == 304
    head = await olga.head(paper)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(PDF)), b"")


async def test_nobody_reaches_the_files_themselves(
    behind: Behind, olga: httpx.AsyncClient, paper: str
) -> None:
    [file] = [path for path in behind.files.rglob("*.pdf") if f"/{paper.split('/')[4]}/" in str(path)]
    inside = f"/stored/{file.relative_to(behind.files)}"
    for address in (inside, f"/{inside}", f"/x/..{inside}", inside.replace("stored", "%73tored"), "/stored/"):
        reply = await olga.get(address)
        assert reply.status_code in (400, 404), address
        assert b"%PDF" not in reply.content


async def test_an_event_stream_is_not_held_back(behind: Behind) -> None:
    async with (
        httpx.AsyncClient(base_url=behind.url, verify=behind.tls, timeout=10) as reader,
        reader.stream("GET", "/api/v1/leaderboard/events") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        # A few bytes, while the stream goes on: whoever gathers would wait for more.
        assert (await anext(stream.aiter_raw())).startswith(b"retry:")


async def test_bodies_are_as_large_as_they_may_be(olga: httpx.AsyncClient, paper: str) -> None:
    assert (await olga.post("/api/v1/exams/import", content=bytes(3_000_000))).status_code == 413
    reply = await olga.put(f"{paper}?version=1", content=bytes(3_000_000))
    assert (reply.status_code, reply.json()["code"]) == (400, "no_pdf")


async def test_static_files_are_kept_by_nginx(behind: Behind) -> None:
    async with httpx.AsyncClient(base_url=behind.url, verify=behind.tls) as stranger:
        page = await stranger.get("/sign-in")
        [style] = re.findall(r'href="(/static/[^"]+/css/app\.css)"', page.text)
        answers = [await stranger.get(style) for _ in range(2)]
    assert [reply.headers["x-cache-status"] for reply in answers] == ["MISS", "HIT"]
    assert {reply.headers["content-encoding"] for reply in answers} == {"gzip"}
    assert "immutable" in answers[1].headers["cache-control"]


async def test_the_server_knows_who_is_behind_the_proxy_and_that_it_is_https(behind: Behind) -> None:
    claimed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    async with httpx.AsyncClient(base_url=behind.url, verify=behind.tls, headers=claimed) as stranger:
        reply = await stranger.post("/sign-in", data={"username": "nobody", "password": "wrong"})
        assert reply.status_code in (200, 401)
        # An address that a client made up is not believed.
        log = (behind.files.parent.parent / "log").read_text(encoding="utf-8")
        assert "203.0.113.9" not in log
        assert "127.0.0.1" in log


async def test_metrics_are_for_this_machine(behind: Behind) -> None:
    async with httpx.AsyncClient(base_url=behind.url, verify=behind.tls) as here:
        assert (await here.get("/metrics")).status_code == 200
