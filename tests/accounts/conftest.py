from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from examhall.accounts import api, people_api, staff_api
from examhall.accounts.passwords import Passwords
from examhall.accounts.people import create_person
from examhall.accounts.tokens import Signer
from examhall.accounts.turnstile import Turnstile
from examhall.base import problem
from examhall.base.db import Database
from examhall.base.errors import Refusal
from tests.accounts.office import ADDRESS, PASSWORD, SECRET, make_exam


@dataclass
class Settings:
    """What the handlers ask of the real settings."""

    url: str = "https://exams.example.org"
    rate_limit_trusted: tuple[object, ...] = (ip_network("10.0.0.0/8"),)
    telegram_bot_token: str | None = None
    sign_up: bool = True


@pytest.fixture(scope="session")
def passwords() -> Iterator[Passwords]:
    """Argon2 with next to no work in it."""
    passwords = Passwords(memory_kib=8, passes=1)
    yield passwords
    passwords.close()


@pytest.fixture
def signer() -> Signer:
    return Signer(SECRET)


@pytest.fixture
async def alice(database: Database, passwords: Passwords) -> int:
    async with database.transaction() as conn:
        return await create_person(
            conn,
            username="alice",
            full_name="Alice <A.> & Söhne",
            email="alice@example.com",
            password_hash=await passwords.hash(PASSWORD),
        )


@pytest.fixture
async def admin(database: Database) -> int:
    async with database.transaction() as conn:
        return await create_person(conn, username="adam", full_name="Adam Admin", roles=["admin"])


@pytest.fixture
async def exam(database: Database) -> int:
    async with database.transaction() as conn:
        return await make_exam(conn)


@pytest.fixture
async def app(database: Database, passwords: Passwords, signer: Signer) -> FastAPI:
    app = FastAPI(
        exception_handlers={
            Refusal: problem.render_refusal,
            RequestValidationError: problem.render_malformed,
        }
    )
    app.include_router(api.sign_in_router)
    app.include_router(api.router)
    app.include_router(staff_api.router)
    app.include_router(people_api.router)
    app.state.database = database
    app.state.passwords = passwords
    app.state.signer = signer
    app.state.turnstile = Turnstile(database, signer)
    app.state.settings = Settings()
    app.state.note = lambda *what, **ids: None
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(ADDRESS, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://exams.example.org") as client:
        yield client
