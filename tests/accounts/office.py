"""What the tests of accounts share beside fixtures."""

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
