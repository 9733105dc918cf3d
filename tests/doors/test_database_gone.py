"""PostgreSQL goes away under the running application, and comes back."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from examhall.app import Hall
from examhall.base.db import Database, Unavailable
from examhall.base.embedded import Postgres
from tests.conftest import make_template

from .conftest import Caller

pytestmark = pytest.mark.anyio


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server of this test's own: it is stopped and started."""
    folder = Path(tempfile.mkdtemp(prefix="examhall-gone-"))
    folder.chmod(0o711)
    server = Postgres(folder / "data", durable=False)
    server.start()
    yield server
    server.stop(quick=True)
    shutil.rmtree(folder)


@pytest.fixture
def dsn(postgres: Postgres) -> str:
    make_template(postgres)
    return postgres.dsn("template")


@pytest.fixture
def everything(alice: Caller, session: dict[str, Any], exam_id: int) -> list[Any]:
    """One request of each manner: a save, a read, a start, a page, a sign-in."""
    url = f"/api/v1/sessions/{session['session_id']}"

    def save() -> Any:
        return alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A", "revision": 5})

    return [
        save,
        lambda: alice.get(url),
        lambda: alice.post(f"/api/v1/exams/{exam_id}/sessions"),
        lambda: alice.post("/auth/ticket", {"ticket": "x" * 43}),
        lambda: alice.post("/auth/login", {"username": "alice", "password": "x"}),
        lambda: alice.get("/t/" + "x" * 43),
    ]


async def test_while_it_is_gone_everything_says_so_and_recovers_by_itself(
    hall: Hall, postgres: Postgres, alice: Caller, session: dict[str, Any], everything: list[Any]
) -> None:
    save, *_ = everything
    assert (await save()).status_code == 200
    postgres.stop(quick=True)

    # A ticket that we did not issue is refused without the database.
    for ask in everything:
        reply: httpx.Response = await ask()
        if reply.status_code == 401:
            continue
        assert reply.status_code == 503, reply.text
        assert int(reply.headers["retry-after"]) >= 1
    health = await alice.get("/health")
    assert (health.status_code, health.json()["checks"]["database"]) == (503, False)

    postgres.start()
    while (await alice.get("/health")).status_code != 200:
        await asyncio.sleep(0.05)
    while (again := await save()).status_code == 503:
        await asyncio.sleep(0.05)
    assert again.status_code == 200
    for ask in everything[1:3]:
        assert (await ask()).status_code == 200
    async with hall.database.connection() as conn:
        cursor = await conn.execute("SELECT answer, revision FROM answers")
        assert await cursor.fetchall() == [("A", 5)]


async def test_what_was_acknowledged_before_a_crash_is_there_after_it(
    postgres: Postgres, alice: Caller, session: dict[str, Any], dsn: str
) -> None:
    """An immediate stop, like a crash of PostgreSQL. Crashes of the machine are for tests/crash."""
    url = f"/api/v1/sessions/{session['session_id']}/answers/"
    acknowledged: set[int] = set()

    async def save(revision: int) -> None:
        body = {"question_number": 1, "answer": "A", "revision": revision}
        while (reply := await alice.post(url, body)).status_code != 200:
            assert reply.status_code == 503, reply.text
            await asyncio.sleep(0.05)
        acknowledged.add(revision)

    saves = [asyncio.create_task(save(revision)) for revision in range(1, 301)]
    await asyncio.sleep(0.05)
    postgres.stop(quick=True)
    await asyncio.sleep(0.2)
    postgres.start()
    await asyncio.gather(*saves)
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        cursor = await conn.execute("SELECT DISTINCT revision FROM answer_history")
        stored = {revision for [revision] in await cursor.fetchall()}
    assert acknowledged - stored == set()
    assert len(acknowledged) == 300


async def test_a_server_that_has_become_a_standby_is_left(dsn: str) -> None:
    database = Database(dsn, pool_size=1)
    await database.open()
    async with database.connection() as conn:
        # What a standby says: 25006, on a connection that stays open.
        await conn.execute("SET default_transaction_read_only = on")
    with pytest.raises(Unavailable):
        async with database.transaction() as conn:
            await conn.execute("CREATE TABLE written (at timestamptz)")
    async with database.transaction() as conn:
        await conn.execute("CREATE TABLE written (at timestamptz)")
    await database.close()
