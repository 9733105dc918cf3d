import pytest

from examhall.accounts.tokens import Signer
from examhall.analyses.projects import list_projects
from examhall.analyses.scenarios import find_scenario, list_scenarios
from examhall.base.db import Database
from examhall.base.wire import LARGEST_ID
from examhall.demo.filling import fill

pytestmark = pytest.mark.anyio


async def test_the_account_of_the_clients_finds_a_project_with_scenarios(database: Database) -> None:
    for _ in range(2):
        await fill(database, Signer("s" * 40), candidates=2)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT id, roles FROM people WHERE email = 'test@example.com'")
        tess, roles = await cursor.fetchone() or (0, [])
        assert set(roles) == {"candidate", "analyst"}
        [project] = await list_projects(conn, tess, before_id=LARGEST_ID, limit=5)
        assert (project.role, project.scenarios) == ("editor", 3)
        found = await list_scenarios(conn, project.id, before_id=LARGEST_ID, limit=5)
        newest = await find_scenario(conn, found[0].id, tess, needs="editor")
        assert [change.change for change in newest.scenario.questions] == ["key", "drop"]


async def test_a_demo_of_an_earlier_release_gets_it_too(database: Database) -> None:
    await fill(database, Signer("s" * 40), candidates=2)
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET roles = '{candidate}' WHERE username = 'test'")
        await conn.execute("TRUNCATE projects CASCADE")
    await fill(database, Signer("s" * 40), candidates=2)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM people WHERE email = 'test@example.com'")
        [tess] = await cursor.fetchone() or (0,)
        assert len(await list_projects(conn, tess, before_id=LARGEST_ID, limit=5)) == 1
