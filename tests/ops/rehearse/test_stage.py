"""The place of a rehearsal: made, found when nobody needs it any more, and cleared up."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from examhall.ops.rehearse.stage import CannotRehearse, address_beside, clear_up, make_place

pytestmark = pytest.mark.anyio


async def exists(conn: psycopg.AsyncConnection[tuple[object, ...]], database: str) -> bool:
    found = await conn.execute("SELECT FROM pg_database WHERE datname = %s", (database,))
    return await found.fetchone() is not None


async def test_what_a_dead_rehearsal_left_is_cleared_up_and_what_a_living_one_needs_is_not(dsn: str) -> None:
    dead = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
    left = await make_place(dead, dsn, connections_needed=1)
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as living,
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as next_one,
    ):
        needed = await make_place(living, dsn, connections_needed=1)
        assert await clear_up(next_one) == {left.database, needed.database}
        await dead.close()
        assert await clear_up(next_one) == {needed.database}
        assert not await exists(next_one, left.database)
        assert await exists(next_one, needed.database)
        await living.close()
        assert await clear_up(next_one) == set()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p@h:5/real?sslmode=disable",
        "postgresql:///real?host=/run/pg",
        "postgresql://u:p@h?dbname=real&sslmode=disable",
        "postgresql://u:p@h/x?sslmode=disable&%64bname=real",
    ],
)
def test_a_rehearsal_is_never_played_in_the_real_database(address: str) -> None:
    """libpq takes a name in the query before that in the path."""
    real, ours = conninfo_to_dict(address), conninfo_to_dict(address_beside(address, "rehearsal"))
    assert real["dbname"] == "real"
    assert ours == {**real, "dbname": "rehearsal"}
    assert address_beside(address, "rehearsal").startswith("postgresql://")


async def test_too_few_connections_are_said_before_anything_is_made(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        with pytest.raises(CannotRehearse, match="max_connections"):
            await make_place(conn, dsn, connections_needed=10_000)
        assert await clear_up(conn) == set()
