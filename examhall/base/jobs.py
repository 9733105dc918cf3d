"""Background work is enqueued by name, in the transaction that causes it: no commit, no job."""

from collections.abc import Sequence
from datetime import timedelta

from psycopg.types.json import Jsonb

from examhall.base.actor import ACTOR
from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Over a weekend, for whoever asks on Monday what was done; and what went wrong for longer.
SUCCEEDED_KEPT_FOR = timedelta(days=3)
FAILED_KEPT_FOR = timedelta(days=30)
# Among a job's arguments: the member of staff who caused it. recording.py takes it out again.
ON_BEHALF_OF = "on_behalf_of"


async def enqueue(
    conn: Connection,
    task: str,
    arguments: Sequence[dict[str, object]],
    *,
    queue: str = "default",
    priority: int = 0,
) -> None:
    """Enqueue one job per set of arguments. A domain's `jobs.py` says which operation the name stands for.

    Within a queue those of a higher priority go first; queues do not wait for each other. What staff cause is
    done on their behalf.
    """
    actor = ACTOR.get()
    if actor is not None and actor.is_staff:
        arguments = [{**each, ON_BEHALF_OF: actor.person_id} for each in arguments]
    await run(
        conn,
        SQL.defer_jobs,
        task=task,
        queue=queue,
        priority=priority,
        arguments=[Jsonb(each) for each in arguments],
    )


async def enqueue_once(
    conn: Connection, task: str, arguments: dict[str, object], *, after_s: float, queue: str = "default"
) -> None:
    """Enqueue one job, due in `after_s` seconds, for all written until then; none if it waits already.

    The caller holds the lock that the job takes first. So a job that begins at this moment waits for the
    caller's commit and sees what it wrote, and nothing is written that no job sees. It is done on nobody's
    behalf, for it may be several people's.
    """
    await run(
        conn,
        SQL.defer_unless_waiting,
        task=task,
        queue=queue,
        after_s=after_s,
        arguments=Jsonb(arguments),
    )


async def forget_finished_jobs(conn: Connection) -> int:
    """Drop jobs that ended long enough ago; give how many."""
    return await run(conn, SQL.forget_finished_jobs, succeeded=SUCCEEDED_KEPT_FOR, failed=FAILED_KEPT_FOR)
