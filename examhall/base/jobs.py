"""Background work is enqueued by name, in the transaction that causes it: no commit, no job."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)


async def enqueue(conn: Connection, task: str, arguments: Sequence[dict[str, object]]) -> None:
    """Enqueue one job per set of arguments. `worker.py` knows which operation the name stands for."""
    await run(conn, SQL.defer_jobs, task=task, arguments=[Jsonb(each) for each in arguments])
