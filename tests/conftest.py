"""One real PostgreSQL per pytest process, the schema in a template database, a copy where a test commits."""

import faulthandler
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from examhall.base import shared_store
from examhall.base.db import Connection, Database
from examhall.base.embedded import Postgres

from .chromium import find_chromium
from .valkey import Valkey

SCHEMA = Path(__file__).parents[1] / "schema.sql"


# More than pytest-timeout gives a test. That speaks up once: what hangs again in a clean-up hangs for good.
STUCK_S = 420.0

# For the databases that are there at once, and the largest that a test fills.
ROOM_BYTES = 4_000_000_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """End the process of a test that nothing else ends: pytest-xdist names it, and goes on with another."""
    ending = threading.Timer(STUCK_S, _end, [item])
    ending.daemon = True
    ending.start()
    try:
        return (yield)
    finally:
        ending.cancel()


def _end(item: pytest.Item) -> None:
    item.config.pluginmanager.getplugin("capturemanager").suspend_global_capture(in_=True)
    print(f"{item.nodeid} hangs, its clean-up too: its process ends", file=sys.__stderr__, flush=True)
    faulthandler.dump_traceback(2)
    os._exit(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server that all tests of this process share. It may forget: no test of durability uses it."""
    folder = Path(tempfile.mkdtemp(prefix="examhall-test-", dir=_memory()))
    # Started by root, PostgreSQL runs as somebody else, who must be able to walk through.
    folder.chmod(0o711)
    server = Postgres(folder / "data", durable=False)
    server.start()
    make_template(server)
    yield server
    server.stop(quick=True)
    shutil.rmtree(folder)


def _memory() -> Path | None:
    """Where a thousand small files are made in a moment, as many as each test's database has; else None."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM_BYTES:
        return None
    return memory


def make_template(server: Postgres) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("CREATE DATABASE template")
    with psycopg.connect(server.dsn("template"), autocommit=True) as conn:
        conn.execute(SCHEMA.read_bytes())
        # psycopg would take the % signs for parameters if it were given any.
        conn.execute(SchemaManager.get_schema().encode())


@pytest.fixture(scope="session")
def shared_dsn(postgres: Postgres) -> str:
    """A copy of the template for the tests that leave nothing behind."""
    return _copy(postgres)


@pytest.fixture
async def conn(shared_dsn: str) -> AsyncIterator[Connection]:
    """A connection inside a transaction that is always rolled back."""
    async with await psycopg.AsyncConnection.connect(shared_dsn) as conn:
        yield conn
        await conn.rollback()


@pytest.fixture
def dsn(postgres: Postgres) -> Iterator[str]:
    """A fresh copy of the template, for a test that commits or races. It is dropped afterwards."""
    name = f"test_{uuid4().hex}"
    yield _copy(postgres, name)
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """An open pool on a database of the test's own."""
    database = Database(dsn)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A shared store of the test's own."""
    server = Valkey()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a store that is well may take longer than requests would wait for it."""
    monkeypatch.setattr(shared_store, "ASK_S", 1)
    monkeypatch.setattr(shared_store, "PING_S", 2)


def _copy(postgres: Postgres, name: str = "shared") -> str:
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template".encode())
    return postgres.dsn(name)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the browser tests are skipped, but never in CI."""
    found = find_chromium()
    if found is None:
        reason = "no Chromium: install one, or set EXAMHALL_CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
