"""How many are ahead of each rating, gain and streak: what makes anybody's rank one look."""

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside
from examhall.scoring.conclude import announce_results

SQL = beside(__file__)

# Any number, as long as nobody else in this database takes the same.
LEVELS_LOCK = 4_730_155
# One exam is no streak yet.
SHORTEST_STREAK = 2


async def take_turn(conn: Connection) -> None:
    """Wait until nobody else changes ratings or levels; the turn ends with the transaction."""
    await run(conn, SQL.take_turn, lock=LEVELS_LOCK)


async def settle_rating_levels(conn: Connection) -> None:
    """Write the levels of ratings and gains anew. The caller has the turn."""
    await run(conn, SQL.forget_levels, boards=["rating", "rating_before", "gain"])
    await run(conn, SQL.settle_rating_levels)


async def settle_streak_levels(conn: Connection, *, exam_id: int) -> None:
    """Write the levels of streaks anew, after those of an exam's series were counted, and announce it."""
    await take_turn(conn)
    await run(conn, SQL.forget_levels, boards=["streak"])
    await run(conn, SQL.settle_streak_levels, shortest=SHORTEST_STREAK)
    await announce_results(conn, exam_id)
