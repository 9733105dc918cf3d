"""The whole server as people run it, and browsers in front of it."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from examhall.accounts.access import COOKIE
from examhall.accounts.people import create_person
from examhall.accounts.tickets import issue_tickets, ticket_url
from examhall.accounts.tokens import Signer
from examhall.base.embedded import Postgres
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

SECRET = "a secret for the browser tests, of some length"
DEMO = Path(__file__).parents[2] / "examhall" / "demo"
ANSWERS = re.compile(r"Examhall answers on (http://\S+)")
PATIENCE_S = 20


@dataclass
class Served:
    """A running server and its database."""

    url: str
    dsn: str
    _count: "count[int]" = field(default_factory=lambda: count(1))

    async def person(self, *roles: str) -> int:
        """A new person's id: every test has people of its own."""
        number = next(self._count)
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            return await create_person(
                conn,
                username=f"alice{number}",
                full_name=f"Alice {number}",
                roles=list(roles) or ["candidate"],
            )

    async def exam(self, name: str = "every-type", **columns: object) -> int:
        """A new exam from the demo's files, with these columns changed."""
        text = (DEMO / f"{name}.yaml").read_bytes()
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            exam_id = await import_exam(conn, read_exam_file(text, folder=DEMO), created_by=None)
            for column, value in columns.items():
                await conn.execute(f"UPDATE exams SET {column} = %s WHERE id = %s".encode(), (value, exam_id))
            return exam_id

    async def ticket(self, exam_id: int, person_id: int) -> str:
        """Where this person's admission ticket leads."""
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            [ticket] = await issue_tickets(conn, Signer(SECRET), exam_id=exam_id, person_ids=[person_id])
        return ticket_url("", ticket.token)

    async def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.dsn) as conn:
            return await (await conn.execute(query.encode(), parameters)).fetchall()

    async def stored(self, sitting_id: int) -> dict[str, object]:
        """The answers that the database has, by question and part."""
        found = await self.rows(
            "SELECT question_number, sub_part, answer FROM answers WHERE sitting_id = %s", sitting_id
        )
        return {f"{number}{part}": answer for number, part, answer in found}

    async def has(self, sitting_id: int, answers: dict[str, object]) -> bool:
        """Whether the database has exactly these answers."""
        return await self.stored(sitting_id) == answers

    async def gives(self, query: str, parameter: object, wanted: list[tuple[object, ...]]) -> bool:
        return await self.rows(query, parameter) == wanted

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Look until it is so; how long that takes is not the question here."""
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(0.1)

    def cookie(self, person_id: int, *roles: str) -> Any:
        """What a browser holds after this person signed in."""
        token = Signer(SECRET).cookie_token(person_id, uuid4(), roles or ["candidate"])
        return {"name": COOKIE, "value": token, "domain": urlsplit(self.url).hostname, "path": "/"}


@pytest.fixture(scope="session")
def served(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute("CREATE DATABASE served")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EXAMHALL_")}
    data = tmp_path_factory.mktemp("served")
    dsn = postgres.dsn("served")
    server = subprocess.Popen(
        [sys.executable, "-m", "examhall.cli", "serve", "--port", "0", "--workers", "1", "--data", str(data)],
        env={
            **environment,
            "DATABASE_URL": dsn,
            "EXAMHALL_SECRET": SECRET,
            "EXAMHALL_RATE_LIMIT_TRUSTED": "127.0.0.1",
            "EXAMHALL_PSEUDO_LANGUAGES": "yes",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if found := ANSWERS.search(line):
                yield Served(found[1], dsn)
                break
        else:
            pytest.fail("the server did not start:\n" + "".join(said))
        server.terminate()
        # What it still says goes nowhere, so that it never waits for a reader.
        server.communicate()


async def close(what: Browser | BrowserContext) -> None:
    """Close it; a Chromium with windows now and then never answers, and is left to its end then."""
    closing = asyncio.ensure_future(what.close())
    # Left alone, it fails when the browser goes, and nobody asks it.
    closing.add_done_callback(lambda task: task.cancelled() or task.exception())
    done, _ = await asyncio.wait([closing], timeout=PATIENCE_S)
    for task in done:
        task.result()


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        # As root, in a container, Chromium's own sandbox cannot be had.
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await close(browser)


@dataclass
class Candidate:
    """Somebody with a browser."""

    id: int
    served: Served
    context: BrowserContext
    page: Page

    async def sign_in(self) -> None:
        await self.context.add_cookies([self.served.cookie(self.id)])

    async def sit(self, exam_id: int) -> int:
        """Through the lobby into the room; the sitting's id."""
        await self.page.goto(f"/exams/{exam_id}")
        await self.page.click("#start")
        await self.page.wait_for_url("**/sittings/*")
        await self.ready()
        return int(self.page.url.rpartition("/")[2])

    async def ready(self) -> None:
        await self.page.wait_for_selector("#grid [aria-current]", state="attached")

    async def turn_to(self, place: int) -> None:
        await self.page.click(f"#grid button >> nth={place - 1}")

    async def choose(self, option: int) -> None:
        await self.page.click(f".current .choice >> nth={option}")

    async def write(self, text: str, box: int = 0) -> None:
        await self.page.fill(f".current .input >> nth={box}", text)

    async def saved(self) -> None:
        await self.page.wait_for_selector('#overall [data-state="saved"]')


MakeCandidate = Callable[..., Awaitable[Candidate]]
MakePage = Callable[..., Awaitable[Page]]
MakeContext = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture
async def own_browser(served: Served, browser: Browser) -> AsyncIterator[MakeContext]:
    """`await own_browser()`: somebody's browser, with nothing in it; a mistake in a script fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def made(**options: Any) -> BrowserContext:
        context = await browser.new_context(base_url=served.url, **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        return context

    yield made
    for context in contexts:
        await close(context)
    assert errors == [], "JavaScript errors"


@pytest.fixture
def candidate(served: Served, own_browser: MakeContext) -> MakeCandidate:
    """`await candidate()`: a new person, signed in, with a browser of their own."""

    async def made(**options: Any) -> Candidate:
        context = await own_browser(**options)
        someone = Candidate(await served.person(), served, context, await context.new_page())
        await someone.sign_in()
        return someone

    return made


@pytest.fixture
def office(served: Served, own_browser: MakeContext) -> MakePage:
    """`await office("marker")`: a page of somebody new with this role, who has a browser of their own."""

    async def made(role: str, **options: Any) -> Page:
        context = await own_browser(**options)
        await context.add_cookies([served.cookie(await served.person(role), role)])
        return await context.new_page()

    return made


@pytest.fixture
def author(office: MakePage) -> MakePage:
    """`await author()`: somebody who writes exams, in a browser of their own."""

    async def made(**options: Any) -> Page:
        return await office("author", **options)

    return made
