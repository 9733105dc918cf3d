"""Releasing results by hand: candidates may see them, and whoever keeps something of them hears of it."""

from examhall.base.db import Connection
from examhall.exams.release import release_results
from examhall.scoring.conclude import announce_results


async def publish_results(conn: Connection, exam_id: int) -> None:
    """As `release_results`, and every process is told with the commit."""
    await release_results(conn, exam_id=exam_id)
    await announce_results(conn, exam_id)
