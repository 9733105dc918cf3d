"""Background work on certificates: earned ones are issued and printed, earlier ones looked at again."""

from collections.abc import Callable

import structlog
from procrastinate import App

from examhall.base.db import Database
from examhall.base.tries import TRIES
from examhall.certificates.issue import Issuer
from examhall.certificates.pdf import Prints
from examhall.certificates.revalidate import Revalidated, revalidate_certificates
from examhall.certificates.rules import follow_new_pass_mark, follow_rules

log = structlog.get_logger()


def add_jobs(
    jobs: App, database: Database, *, issuer: Callable[[], Issuer], prints: Callable[[], Prints]
) -> None:
    """Whoever issues is asked for by each job that needs one; `prints` gives new ones, to be closed."""

    @jobs.task(name="issue_certificates", retry=TRIES)
    async def _issue_certificates(exam_id: int, key_version: int = 0) -> None:
        await _look_again(exam_id)
        issued = await follow_rules(database, issuer(), exam_id=exam_id)
        if issued:
            log.info("issued certificates", exam_id=exam_id, count=issued)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="issue_due_certificates", queueing_lock="issue_due_certificates")
    async def _issue_due_certificates(timestamp: int) -> None:
        # What was settled, calibrated or released after its exam was over.
        await _look_again()
        await follow_rules(database, issuer())

    async def _look_again(exam_id: int | None = None) -> None:
        """First, for who earns one again after it was revoked by itself is given one."""
        done = await revalidate_certificates(database, issuer(), exam_id=exam_id)
        if done != Revalidated():
            log.info("looked at certificates again after a correction", exam_id=exam_id, **vars(done))

    @jobs.task(name="follow_pass_mark", retry=TRIES)
    async def _follow_pass_mark(exam_id: int) -> None:
        async with database.transaction() as conn:
            await follow_new_pass_mark(conn, exam_id)

    @jobs.task(name="print_certificates", retry=TRIES)
    async def _print_certificates(serials: list[str]) -> None:
        made = prints()
        try:
            await made.make(serials)
        finally:
            await made.close()
