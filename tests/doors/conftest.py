"""The whole application, through its front door: Olga wrote the exam, Alice sits it, Mallory does not."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from examhall.accounts.people import create_person
from examhall.accounts.tokens import Signer
from examhall.app import Hall, create_app
from examhall.base.db import Database
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.settings import Settings

SECRET = "a secret for the tests, of some length"
FOLDER = Path(__file__).parents[2] / "examhall" / "demo"
EXAM = (Path(__file__).parents[2] / "examhall" / "demo" / "every-type.yaml").read_bytes()


@dataclass(frozen=True)
class Caller:
    """Somebody with a token, or a stranger without."""

    id: int
    client: httpx.AsyncClient

    async def post(self, path: str, body: object = None, **how: Any) -> httpx.Response:
        return await self.client.post(path, **({"json": body} | how if "content" not in how else how))

    async def get(self, path: str, **how: Any) -> httpx.Response:
        return await self.client.get(path, **how)


@pytest.fixture
async def hall(dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    settings = replace(Settings(data=tmp_path, given_secret=SECRET), database_url=dsn)
    hall = Hall(settings)
    async with hall.opened():
        yield hall


@pytest.fixture
async def call(hall: Hall) -> AsyncIterator[Callable[..., Any]]:
    """`await call("alice")`, `await call("olga", "author")`, `await call(None)` for a stranger."""
    app = create_app(hall)
    clients: list[httpx.AsyncClient] = []

    async def caller(username: str | None, *roles: str) -> Caller:
        headers, person_id = {}, 0
        if username is not None:
            async with hall.database.transaction() as conn:
                person_id = await create_person(
                    conn, username=username, full_name=username.title(), roles=list(roles) or ["candidate"]
                )
            token = Signer(SECRET).access_token(person_id, uuid4(), roles or ["candidate"])
            headers["Authorization"] = f"Bearer {token}"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://testserver", headers=headers
        )
        clients.append(client)
        return Caller(person_id, client)

    yield caller
    for client in clients:
        await client.aclose()


@pytest.fixture
async def exam_id(hall: Hall) -> int:
    async with hall.database.transaction() as conn:
        return await import_exam(conn, read_exam_file(EXAM, folder=FOLDER), created_by=None)


@pytest.fixture
async def alice(call: Callable[..., Any]) -> Caller:
    return await call("alice")


@pytest.fixture
async def mallory(call: Callable[..., Any]) -> Caller:
    return await call("mallory")


@pytest.fixture
async def session(alice: Caller, exam_id: int) -> dict[str, Any]:
    """Alice's session, as the API gave it to her."""
    reply = await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture
async def database(hall: Hall) -> Database:
    return hall.database
