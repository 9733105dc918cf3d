"""The operator's page: for admins alone, of the whole server, each second."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import uvicorn

from examhall.accounts.access import COOKIE
from examhall.accounts.tokens import Signer
from examhall.app import Hall, create_app
from examhall.base.board import Board
from examhall.base.bounded import BoundedProtocol
from examhall.base.db import Database
from examhall.base.embedded import Postgres
from examhall.base.statements import STATEMENTS
from examhall.ops.bottlenecks import find_bottlenecks
from examhall.ops.sampling import Statement, look_at_storage
from examhall.ops.snapshot import SlowRun, Snapshot, encode
from examhall.ops.tick import Tick
from examhall.web.staff.operator import in_words

from ..doors.conftest import SECRET, Caller

pytestmark = pytest.mark.anyio
PATIENCE_S = 30


def at_a_browser(hall: Hall, caller: Caller, *roles: str) -> Caller:
    """The same person, signed in by cookie: pages know no other way."""
    token = Signer(SECRET).cookie_token(caller.id, uuid4(), roles or ("candidate",))
    caller.client.cookies.set(COOKIE, token)
    return caller


@pytest.fixture
async def ada(hall: Hall, call: Callable[..., Any]) -> Caller:
    return at_a_browser(hall, await call("ada", "admin"), "admin")


@pytest.fixture
async def address(hall: Hall) -> AsyncIterator[str]:
    """The hall behind a server: streams do not end, and a client in memory would wait for that."""
    config = uvicorn.Config(
        create_app(hall), port=0, http=BoundedProtocol, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_who_may_see_what(hall: Hall, call: Callable[..., Any], ada: Caller) -> None:
    alice = at_a_browser(hall, await call("alice"))
    olga = at_a_browser(hall, await call("olga", "author"), "author")
    stranger = await call(None)
    for path in ("/operator", "/operator/events"):
        assert (await alice.get(path)).status_code == 403
        assert (await olga.get(path)).status_code == 403
        assert (await stranger.get(path)).headers["location"].startswith("/sign-in")
    assert (await ada.get("/operator")).status_code == 200
    assert (await stranger.get("/api/contests/health")).json()["status"] == "ok"
    assert (await alice.get("/api/contests/performance")).status_code == 403
    assert (await olga.get("/api/contests/performance")).status_code == 200


async def test_each_second_is_told_with_what_was_missed_before(hall: Hall, ada: Caller, address: str) -> None:
    hall.watch.ticks.append(Tick(at=1.0, requests=77))
    async with httpx.AsyncClient(timeout=PATIENCE_S, cookies=ada.client.cookies.jar) as client:
        async with client.stream("GET", f"{address}/operator/events?after=0.5") as stream:
            lines = stream.aiter_lines()
            first = await news(lines)
            assert first["columns"]["requests"][0] == 77
            second = await news(lines)
        assert second["at"][0] > 1
        # As a browser that comes back asks.
        came_back = {"Last-Event-ID": str(first["at"][0])}
        async with client.stream("GET", f"{address}/operator/events?after=0", headers=came_back) as stream:
            again = await news(stream.aiter_lines())
        assert 1.0 not in again["at"]
        assert (await client.get(f"{address}/operator/events?after=soon")).status_code == 422


async def news(lines: AsyncIterator[str]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line.startswith("data: {"):
                return json.loads(line[6:])
    raise AssertionError("the stream ended")


async def test_what_another_process_counted_is_on_the_page_of_this_one(hall: Hall, ada: Caller) -> None:
    other = Snapshot(name="web-9")
    other.gauge("save_queue_depth", 123, "web-9")
    Board(hall.settings.metrics_folder, "web-9").tell(encode(other))
    performance = (await ada.get("/api/v1/contests/performance")).json()
    assert performance["saves"]["queue_depth"] == 123
    assert "web-9" in performance["processes"]
    assert performance["database"]["pool"]["max"] == hall.settings.pool_size


async def test_the_page_names_statements_tables_and_indexes(
    ada: Caller, session: dict[str, Any], alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of those that took most time, the page has the first: not what other tests did in this process.
    monkeypatch.setattr(STATEMENTS, "timings", {})
    await alice.post(f"/sessions/{session['session_id']}/answers/", {"question_number": 1, "answer": "A"})
    page = (await ada.get("/operator")).text
    for name in ("autosave.save_batch", "answer_history", "sittings_due", "/operator/events"):
        assert name in page


async def test_the_page_is_there_when_the_database_is_not(hall: Hall, ada: Caller) -> None:
    await hall.database.close()
    page = await ada.get("/operator")
    assert page.status_code == 200
    assert "The database does not answer" in page.text
    assert (await ada.get("/metrics")).status_code == 200
    assert (await ada.get("/api/contests/health")).status_code == 503


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where PostgreSQL may be started by whom it runs as."""
    found = Path(tempfile.mkdtemp(prefix="examhall-test-"))
    found.chmod(0o711)
    yield found
    shutil.rmtree(found)


async def test_pg_stat_statements_is_shown_when_it_is_there(folder: Path) -> None:
    server = Postgres(folder / "data", durable=False)
    server.start()
    try:
        assert (await statements(server)) is None
        with psycopg.connect(server.dsn(user="postgres"), autocommit=True) as conn:
            # Installed, but only loaded with the next start.
            conn.execute("CREATE EXTENSION pg_stat_statements")
            conn.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        assert (await statements(server)) is None
        server.stop()
        server.start()
        assert (await statements(server)) is not None
        assert any("AS table_name" in each.query for each in await statements(server) or [])
    finally:
        server.stop(quick=True)


async def statements(server: Postgres) -> list[Statement] | None:
    database = Database(server.dsn())
    await database.open()
    try:
        return (await look_at_storage(database)).statements
    finally:
        await database.close()


async def test_indexes_are_shown_with_how_often_they_were_used(database: Database) -> None:
    storage = await look_at_storage(database)
    assert {"sittings", "answers"} <= {index.table_name for index in storage.indexes}
    assert len(storage.tables) > 5


def test_bottlenecks_are_named_in_words_and_nothing_is_named_when_all_is_well() -> None:
    calm = Snapshot(at=100.0)
    calm.gauge("sessions_live", 3)
    assert find_bottlenecks([Tick(at=99.0), Tick(at=100.0)], calm) == []
    assert find_bottlenecks([], calm) == []
    worst = Tick(
        at=100.0, pool_waits=12, pool_max=8, queue=1500, queue_limit=2048, cpu=1.9, cpu_busiest=0.99,
        loop_lag_ms=300, overdue_s=4, oldest_job_s=90, errors=2, lost_events=5, hits=0.1, asked=1000,
        connections=99, connections_max=100,
    )  # fmt: skip
    wrong = Snapshot(at=100.0, slow=[SlowRun("autosave.save_batch", 99.0, 1.5, 10)])
    bottlenecks = find_bottlenecks([worst] * 10, wrong)
    found = {each.code: each.detail for each in bottlenecks}
    assert found.keys() == {
        "database_silent", "pool_waits", "slow_statements", "connections", "save_queue", "cpu", "held_up",
        "closing_late", "jobs_wait", "errors", "events_lost", "few_hits",
    }  # fmt: skip
    assert "autosave.save_batch" in found["slow_statements"]
    assert "12 requests a second wait for a database connection" in found["pool_waits"]
    assert not any("%(" in sentence for sentence in found.values())
    for language, cores, saves in (("en", "1.9", "1,500"), ("ru", "1,9", "1\u00a0500")):
        told = {each.code: in_words(each, language) for each in bottlenecks}
        assert cores in told["cpu"]
        assert saves in told["save_queue"]
        assert not any("%" in sentence for sentence in told.values())
