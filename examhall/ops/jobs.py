"""Background work on the installation itself: maintenance, and what a worker that died had begun."""

from datetime import UTC, datetime, timedelta

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status

from examhall.base.db import Database
from examhall.base.jobs import SUCCEEDED_KEPT_FOR
from examhall.base.partitions import ensure_partitions
from examhall.base.storage import Storage
from examhall.base.tries import TRIES
from examhall.ops.maintain import MaintenanceUnderWay, liveliness, maintain

log = structlog.get_logger()

# A job whose worker was killed stays 'doing': after this it is given to another.
STALLED_AFTER_S = 60


def add_jobs(
    jobs: App, database: Database, storage: Storage, *, address: str, events_kept_months: int
) -> None:
    """`address` leads to the database directly: maintenance needs a connection of its own."""

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="retry_stalled_jobs", queue="marking", queueing_lock="retry_stalled_jobs")
    async def _retry_stalled_jobs(timestamp: int) -> None:
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            log.warning("a job is started again: its worker died", job=job.id, task=job.task_name)
            assert job.id is not None
            try:
                await jobs.job_manager.retry_job_by_id_async(job.id, datetime.now(UTC))
            except UniqueViolation:
                # The next of its kind waits already, perhaps for the lock that this one holds.
                await jobs.job_manager.finish_job_by_id_async(job.id, Status.ABORTED, delete_job=False)
            except ConnectorException as error:
                # It has ended after all; the others are not to wait for it.
                log.warning("a job could not be started again", job=job.id, error=str(error).strip())

    @jobs.periodic(cron="23 * * * *")
    @jobs.task(name="maintain", queueing_lock="maintain", lock="maintain")
    async def _maintain(timestamp: int) -> None:
        async with database.connection() as conn:
            found = await liveliness(conn)
        if not (found.is_due and found.is_quiet):
            return
        try:
            did = await maintain(address, events_kept_months=events_kept_months)
        except MaintenanceUnderWay:
            return
        log.info("maintained the database", did=did)

    @jobs.periodic(cron="17 3 * * *")
    @jobs.task(name="keep_house", queueing_lock="keep_house", retry=TRIES)
    async def _keep_house(timestamp: int) -> None:
        # Where no hour is quiet enough for maintenance, this much is done all the same.
        async with database.transaction() as conn:
            await ensure_partitions(conn)
        await jobs.job_manager.delete_old_jobs(nb_hours=SUCCEEDED_KEPT_FOR // timedelta(hours=1))
        await storage.sweep()
