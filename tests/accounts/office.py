"""What the tests of accounts share beside fixtures."""

import pytest

from examhall.accounts.failures import TooManySignIns
from examhall.accounts.sign_in import WrongCredentials, sign_in_with_password
from examhall.base.db import Connection, Database

SECRET = "a secret of the tests and of nobody else"
PASSWORD = "correct horse battery staple"
ADDRESS = "192.0.2.7"


async def make_exam(conn: Connection, title: str = "Algebra") -> int:
    cursor = await conn.execute(
        "INSERT INTO exams (title, kind, duration_s) VALUES (%s, 'mock_exam', 3600) RETURNING id", (title,)
    )
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def count(database: Database, table: str, where: str = "true") -> int:
    async with database.transaction() as conn:
        cursor = await conn.execute(f"SELECT count(*) FROM {table} WHERE {where}".encode())
        row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def sign_in(database, passwords, name="alice", password=PASSWORD, address=ADDRESS, **more):
    return await sign_in_with_password(
        database, passwords, name=name, password=password, address=address, **more
    )


async def fail(database, passwords, times, **how):
    """Fail as often, and say how each was refused."""
    refused = []
    for _ in range(times):
        with pytest.raises((WrongCredentials, TooManySignIns)) as caught:
            await sign_in(database, passwords, **{"password": "wrong", **how})
        refused.append(caught.type)
    return refused
