"""A project with a scenario and people in it, in the fewest rows; and a worker until all is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from examhall.analyses import running
from examhall.analyses.document import read_scenario
from examhall.analyses.projects import create_project, set_member
from examhall.analyses.scenarios import create_scenario
from examhall.base.db import Connection, Database


async def add_person(conn: Connection, username: str, *roles: str) -> int:
    cursor = await conn.execute(
        "INSERT INTO people (username, full_name, roles) VALUES (%s, %s, %s) RETURNING id",
        (username, username.title(), list(roles) or ["analyst"]),
    )
    return (await cursor.fetchone())[0]  # type: ignore[index]


async def add_project(conn: Connection, owner: int, **members: str) -> int:
    """`members` are usernames with their roles."""
    project_id = await create_project(conn, name="Mock exam", description="", created_by=owner)
    for username, role in members.items():
        await set_member(conn, project_id, by=owner, username=username, role=role)  # type: ignore[arg-type]
    return project_id


async def add_scenario(conn: Connection, project_id: int, by: int, exam_id: int, **document: Any) -> int:
    said = {"format": "examhall-scenario/1", "exams": [exam_id], **document}
    return await create_scenario(
        conn, project_id, by=by, name="What if", description="", scenario=read_scenario(said)
    )


async def statuses(database: Database) -> list[tuple[str, int]]:
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT status, tries FROM calculations ORDER BY id")
        return [(status, tries) for status, tries in await cursor.fetchall()]


@asynccontextmanager
async def a_worker(database: Database, *, at_once: int = 1, **how: Any) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    task = asyncio.create_task(running.keep_calculating(database, stopping, at_once=at_once, **how))
    try:
        yield
    finally:
        stopping.set()
        await task


async def until(database: Database, *wanted: str) -> list[tuple[str, int]]:
    """Wait until all calculations have one of these statuses."""
    async with asyncio.timeout(90):
        while True:
            found = await statuses(database)
            if all(status in wanted for status, _ in found):
                return found
            await asyncio.sleep(0.02)


async def worked_out(database: Database, **how: Any) -> list[tuple[str, int]]:
    """Everything that waits, worked out by a worker that stops then."""
    async with a_worker(database, **how):
        return await until(database, "done", "failed", "cancelled")
