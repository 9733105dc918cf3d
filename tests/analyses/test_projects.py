import asyncio

import pytest

from examhall.analyses import projects
from examhall.analyses.projects import CannotJoin, LastOwner, NoSuchProject, OnlyLooking, OwnersOnly
from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.base.wire import LARGEST_ID

from .written import add_analyst, add_project

pytestmark = pytest.mark.anyio


async def roles(conn: Connection, project_id: int) -> list[tuple[str, str]]:
    return [(each.username, each.role) for each in await projects.list_members(conn, project_id)]


async def test_whoever_begins_a_project_owns_it(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    project = await projects.find_project(conn, await add_project(conn, nora), nora, needs="owner")
    assert (project.name, project.role, project.members, project.scenarios) == ("Spring mock", "owner", 1, 0)
    assert (project.version, project.archived_at, project.may_edit) == (1, None, True)


async def test_nobody_else_sees_it_an_admin_neither(conn: Connection) -> None:
    nora, ada = await add_analyst(conn, "nora"), await add_analyst(conn, "ada", "admin")
    project_id = await add_project(conn, nora)
    with pytest.raises(NoSuchProject):
        await projects.find_project(conn, project_id, ada)
    assert await projects.list_projects(conn, ada, before_id=LARGEST_ID, limit=9) == []
    with pytest.raises(NoSuchProject):
        await projects.set_member(conn, project_id, by=ada, username="ada", role="owner")


async def test_a_viewer_looks_an_editor_changes_an_owner_decides_who_is_in(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    eve, vic = await add_analyst(conn, "eve", "author"), await add_analyst(conn, "vic")
    project_id = await add_project(conn, nora, eve="editor", vic="viewer")
    assert await roles(conn, project_id) == [("nora", "owner"), ("eve", "editor"), ("vic", "viewer")]
    await projects.find_project(conn, project_id, vic)
    edit = {"version": 1, "name": "Other", "description": "", "archived": False}
    with pytest.raises(OnlyLooking):
        await projects.edit_project(conn, project_id, person_id=vic, **edit)  # type: ignore[arg-type]
    for who, refusal in ((eve, OwnersOnly), (vic, OwnersOnly)):
        with pytest.raises(refusal):
            await projects.set_member(conn, project_id, by=who, username="vic", role="owner")
    with pytest.raises(OwnersOnly):
        await projects.edit_project(conn, project_id, person_id=eve, **edit | {"archived": True})  # type: ignore[arg-type]
    changed = await projects.edit_project(conn, project_id, person_id=eve, **edit)  # type: ignore[arg-type]
    assert (changed.name, changed.version) == ("Other", 2)


async def test_a_late_edit_is_told_what_the_project_is_called_now(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    project_id = await add_project(conn, nora)
    edit = {"description": "", "archived": False, "person_id": nora, "version": 1}
    await projects.edit_project(conn, project_id, name="First", **edit)  # type: ignore[arg-type]
    with pytest.raises(SomebodyWasFaster) as refused:
        await projects.edit_project(conn, project_id, name="Second", **edit)  # type: ignore[arg-type]
    assert refused.value.details == {"version": 2, "current": {"name": "First", "description": ""}}


async def test_an_archived_project_is_out_of_the_list_and_comes_back(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    project_id = await add_project(conn, nora)

    async def listed(archived: bool) -> list[int]:
        found = await projects.list_projects(conn, nora, before_id=LARGEST_ID, limit=9, archived=archived)
        return [each.id for each in found]

    for version, archived in ((1, True), (2, False)):
        await projects.edit_project(
            conn, project_id, person_id=nora, version=version, name="P", description="", archived=archived
        )
        assert (await listed(True), await listed(False)) == (
            ([project_id], []) if archived else ([], [project_id])
        )


async def test_only_analysts_authors_and_admins_join(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    await add_analyst(conn, "alice", "candidate")
    await add_analyst(conn, "ivo", "invigilator")
    project_id = await add_project(conn, nora)
    for username in ("alice", "ivo", "nobody", ""):
        with pytest.raises(CannotJoin):
            await projects.set_member(conn, project_id, by=nora, username=username, role="viewer")
    await add_analyst(conn, "Ada", "admin")
    await projects.set_member(conn, project_id, by=nora, username="aDA", role="viewer")
    assert ("Ada", "viewer") in await roles(conn, project_id)


async def test_a_project_keeps_an_owner(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    await add_analyst(conn, "eve")
    project_id = await add_project(conn, nora, eve="editor")
    with pytest.raises(LastOwner):
        await projects.remove_member(conn, project_id, by=nora, person_id=nora)
    with pytest.raises(LastOwner):
        await projects.set_member(conn, project_id, by=nora, username="nora", role="viewer")
    await projects.set_member(conn, project_id, by=nora, username="eve", role="owner")
    await projects.remove_member(conn, project_id, by=nora, person_id=nora)
    assert await roles(conn, project_id) == [("eve", "owner")]
    with pytest.raises(NoSuchProject):
        await projects.find_project(conn, project_id, nora)


async def test_anybody_may_leave_but_put_out_nobody(conn: Connection) -> None:
    nora = await add_analyst(conn, "nora")
    vic, eve = await add_analyst(conn, "vic"), await add_analyst(conn, "eve")
    project_id = await add_project(conn, nora, vic="viewer", eve="editor")
    with pytest.raises(OwnersOnly):
        await projects.remove_member(conn, project_id, by=vic, person_id=eve)
    await projects.remove_member(conn, project_id, by=vic, person_id=vic)
    assert ("vic", "viewer") not in await roles(conn, project_id)


async def test_owners_who_remove_each_other_at_once_leave_one(database: Database) -> None:
    async with database.transaction() as conn:
        owners = [await add_analyst(conn, f"owner{number}") for number in range(4)]
        project_id = await add_project(conn, owners[0])
        for number in range(1, 4):
            await projects.set_member(conn, project_id, by=owners[0], username=f"owner{number}", role="owner")

    async def remove(by: int, whom: int) -> None:
        async with database.transaction() as conn:
            await projects.remove_member(conn, project_id, by=by, person_id=whom)

    done = await asyncio.gather(
        *(remove(owners[at], owners[(at + 1) % 4]) for at in range(4)), return_exceptions=True
    )
    assert all(each is None or isinstance(each, NoSuchProject | LastOwner) for each in done), done
    async with database.connection() as conn:
        assert len(await roles(conn, project_id)) >= 1


async def test_of_many_edits_of_a_version_one_succeeds(database: Database) -> None:
    async with database.transaction() as conn:
        nora = await add_analyst(conn, "nora")
        project_id = await add_project(conn, nora)

    async def edit(name: str) -> object:
        async with database.transaction() as conn:
            return await projects.edit_project(
                conn, project_id, person_id=nora, version=1, name=name, description="", archived=False
            )

    done = await asyncio.gather(*(edit(f"Name {number}") for number in range(8)), return_exceptions=True)
    assert sum(not isinstance(each, SomebodyWasFaster) for each in done) == 1
