"""The reply that everybody gets: the same on every node, and shared between them."""

from collections.abc import Awaitable, Callable

import pytest

from examhall.accounts.people import create_person
from examhall.base.db import Database
from examhall.base.shared_store import SharedStore
from examhall.reference.catalog import change_entry
from examhall.reference.master_data import MasterData
from tests.base.test_second_level import opened

__all__ = ["opened"]

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("patience")]


async def test_nodes_share_the_reply_and_forget_it_together(
    database: Database,
    opened: Callable[..., Awaitable[SharedStore]],
) -> None:
    one = MasterData(database, await opened())
    other = MasterData(database, await opened())
    first = await one.reply()
    assert await other.reply() == first
    assert (other._kept.stats.shared, other._kept.stats.misses) == (1, 0)
    async with database.transaction() as conn:
        ada = await create_person(conn, username="ada", full_name="Ada", roles=["admin"])
        await change_entry(
            conn,
            kind="subjects",
            code="physics",
            version=1,
            name="Nature",
            value={},
            active=True,
            saved_by=ada,
        )
    # As the announcement would have it, at whichever comes first.
    one.drop("subjects")
    other.drop("subjects")
    changed = await other.reply()
    assert changed.etag != first.etag
    assert b"Nature" in changed.body
    assert await one.reply() == changed


async def test_the_same_entries_have_the_same_etag_after_a_restart(database: Database) -> None:
    assert (await MasterData(database).reply()) == (await MasterData(database).reply())
