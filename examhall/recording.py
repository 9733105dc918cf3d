"""The record of what was done, where it meets the server's key and its jobs: on whose behalf, and sealed."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from procrastinate import App
from procrastinate.job_context import JobContext
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from examhall.audit.sealing import (
    Seal,
    Signer,
    Verdict,
    days_without_seal,
    last_digest,
    seal_days,
    verify_seals,
)
from examhall.base.actor import Actor, acting
from examhall.base.db import Connection, Database
from examhall.base.jobs import ON_BEHALF_OF
from examhall.base.tries import TRIES
from examhall.certificates.signing import Signer as CertificateSigner
from examhall.certificates.signing import is_genuine, list_keys, publish_key

log = structlog.get_logger()


async def on_behalf(call_next: AsyncCallNext, context: JobContext, worker: Worker) -> object:
    """What a job changes is on record as done by whoever caused it, or by the worker alone."""
    caused_by = context.job.task_kwargs.pop(ON_BEHALF_OF, None)
    person_id = caused_by if isinstance(caused_by, int) else None
    with acting(Actor(person_id, "worker", is_staff=person_id is not None, trace=f"job-{context.job.id}")):
        return await call_next()


def add_jobs(jobs: App, database: Database, *, signer: Callable[[], CertificateSigner]) -> None:
    @jobs.periodic(cron="7 2 * * *")
    @jobs.task(name="seal_audit", queueing_lock="seal_audit", retry=TRIES)
    async def _seal_audit(timestamp: int) -> None:
        await seal_record(database, signer())


async def seal_record(database: Database, key: CertificateSigner) -> None:
    """Seal the days that are over; what is logged stays comparable where whoever alters a database is not."""
    async with database.transaction() as conn:
        await publish_key(conn, key)
        seals = await seal_days(conn, Signer(key.key_id, key.sign_bytes), now=datetime.now(UTC))
    for seal in seals:
        log.info(
            "sealed a day of the record", day=f"{seal.day}", entries=seal.entries, digest=seal.digest.hex()
        )


async def verify_record(conn: Connection) -> bool:
    """Print what became of each sealed day; give whether the record is as it was sealed."""
    keys = {key.id: key.public_key for key in await list_keys(conn)}

    def genuine(seal: Seal) -> bool:
        key = keys.get(seal.key_id)
        return key is not None and is_genuine(seal.signed.decode(), seal.signature, key)

    verdicts: list[Verdict] = await verify_seals(conn, genuine)
    for verdict in verdicts:
        print(f"{verdict.day}  {verdict.entries:>9,} entries  {verdict.found}")
    loose = await days_without_seal(conn)
    for day in loose:
        print(f"{day}  has entries and no seal")
    if verdicts:
        print(f"Last seal: {await last_digest(conn)}")
    else:
        print("Nothing is sealed yet: a day is, in the night after it")
    return not loose and all(verdict.found == "intact" for verdict in verdicts)
