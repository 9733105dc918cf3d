"""The table of contents of background work: whose jobs there are, and the process that runs them."""

import asyncio
import os
import signal

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from examhall import __version__, recording
from examhall.accounts import jobs as accounts
from examhall.analyses.running import keep_calculating
from examhall.base.actor import ACTOR, Actor
from examhall.base.db import BACKGROUND_LIMIT_S, Database
from examhall.base.statements import STATEMENTS
from examhall.base.tracing import Tracing
from examhall.certificates import jobs as certificates
from examhall.certificates.issue import Issuer
from examhall.certificates.pdf import Prints
from examhall.certificates.signing import Signer as CertificateSigner
from examhall.events import jobs as events
from examhall.events.log import EventLog
from examhall.exams import jobs as exams
from examhall.forms import jobs as forms
from examhall.ops import jobs as ops
from examhall.ops.counting import counts_of_jobs
from examhall.ops.watch import Watch
from examhall.reports import jobs as reports
from examhall.reports.text_model import TextModel
from examhall.scoring import jobs as scoring
from examhall.scoring.conclude import keep_conclusions
from examhall.settings import Settings
from examhall.sittings import jobs as sittings
from examhall.sittings.deadlines import keep_deadlines
from examhall.standings import jobs as standings
from examhall.web.vendoring import FONTS

log = structlog.get_logger()

# How many jobs of each queue run side by side. Marking never waits behind reports or calibrations, nor these
# behind a text model. Marking computes: more side by side would only take turns.
QUEUES = {"marking": 2, "default": 1, "text_model": 1}
# Connections: one for each job that computes, one for the deadlines, which must not wait for jobs, one for
# conclusions, what waits for a text model, and the one calculation that is being read; one for procrastinate
# to fetch by, and one for it to listen. Conclusions are short: these do not wait for each other for long.
POOL_SIZE = QUEUES["marking"] + QUEUES["default"] + 2
QUEUE_POOL_SIZE = 1
# Marking hears of its jobs at once; the others look this often, without a connection to listen by.
LOOK_EVERY_S = {"default": 1.0, "text_model": 5.0}
RESTART_PAUSE_S = 1.0
# What runs when the worker is told to stop may end; a text model may think for minutes, and is asked again.
LONGEST_END_S = 600.0
END_S = {"text_model": 5.0}
# What follows once an exam is over and marked, in any order and side by side: jobs that take its exam_id and
# key_version, may be repeated, and do nothing when a newer version of the key is there.
FOLLOW_UPS: tuple[str, ...] = ("calibrate_exam", "rate_exam", "roll_up_exam", "issue_certificates")


def create_jobs(settings: Settings, database: Database, marked: asyncio.Event | None = None) -> App:
    """The jobs of all domains. `marked` is set whenever sittings have been marked."""
    assert settings.database_url is not None
    address = settings.direct_url or settings.database_url
    jobs = App(connector=PsycopgConnector(conninfo=address, min_size=1, max_size=QUEUE_POOL_SIZE))
    storage = settings.open_storage()

    def signer() -> CertificateSigner:
        return CertificateSigner(settings.certificate_key)

    def issuer() -> Issuer:
        return Issuer(signer(), settings.issuer_name, settings.url)

    def prints() -> Prints:
        return Prints.of(database, storage, FONTS, issuer())

    def text_model() -> TextModel | None:
        if settings.feedback_url is None:
            return None
        return TextModel(settings.feedback_url, key=settings.feedback_key, model=settings.feedback_model)

    accounts.add_jobs(jobs, database)
    exams.add_jobs(jobs, database, storage)
    sittings.add_jobs(jobs, database)
    scoring.add_jobs(jobs, database, marked=marked, follow_ups=FOLLOW_UPS)
    standings.add_jobs(jobs, database)
    reports.add_jobs(
        jobs, database, fonts=FONTS, text_model=text_model, tokens_a_day=settings.feedback_tokens_a_day
    )
    certificates.add_jobs(jobs, database, issuer=issuer, prints=prints)
    forms.add_jobs(jobs, database, storage)
    events.add_jobs(jobs, database)
    ops.add_jobs(jobs, database, storage, address=address, events_kept_months=settings.events_kept_months)
    recording.add_jobs(jobs, database, signer=signer)
    return jobs


def run(settings: Settings) -> None:
    """The job worker's process: until SIGTERM or SIGINT."""
    asyncio.run(_until_told_to_stop(settings))


async def _until_told_to_stop(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await work(settings, stopping)


async def work(settings: Settings, stopping: asyncio.Event) -> None:
    """Close what is due and run jobs, until `stopping`; what is running is finished first."""
    assert settings.database_url is not None
    ACTOR.set(Actor(None, "worker", trace="by-itself"))
    database = Database(
        settings.database_url,
        pool_size=POOL_SIZE,
        pooled=settings.direct_url is not None,
        limit_s=BACKGROUND_LIMIT_S,
    )
    await database.open()
    STATEMENTS.slow_s = settings.slow_statement_ms / 1000
    name = settings.given_process_name or f"jobs-{os.getpid()}"
    watch = Watch(settings.metrics_folder, name, counts_of_jobs(database))
    watch.open()
    tracing = None
    if settings.otlp_endpoint is not None:
        tracing = Tracing(settings.otlp_endpoint, process=name, version=__version__)
    event_log = EventLog(database)
    event_log.open()
    marked = asyncio.Event()
    deadlines = asyncio.create_task(keep_deadlines(database, stopping, event_log.note), name="deadlines")
    conclusions = asyncio.create_task(
        keep_conclusions(database, stopping, marked, FOLLOW_UPS), name="conclusions"
    )
    calculations = asyncio.create_task(
        keep_calculating(database, stopping, at_once=settings.calculations_at_once), name="calculations"
    )
    running = asyncio.create_task(_run_jobs(settings, database, marked), name="jobs")
    stopped = asyncio.create_task(stopping.wait())
    try:
        # None ends by itself but by a bug: then the process ends too, is seen, and is started again.
        await asyncio.wait(
            {deadlines, conclusions, calculations, running, stopped}, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        stopping.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.gather(deadlines, conclusions, calculations)
        await event_log.close()
        await watch.close()
        if tracing is not None:
            await tracing.close()
        await database.close()


async def _run_jobs(settings: Settings, database: Database, marked: asyncio.Event) -> None:
    while True:
        jobs = create_jobs(settings, database, marked)
        try:
            async with jobs.open_async(), asyncio.TaskGroup() as queues:
                for queue in QUEUES:
                    queues.create_task(_run_queue(jobs, queue), name=f"queue {queue}")
        except* (psycopg.OperationalError, ConnectorException) as lost:
            log.warning("job worker lost the database", error=str(lost.exceptions[0]).strip())
        await asyncio.sleep(RESTART_PAUSE_S)


async def _run_queue(jobs: App, queue: str) -> None:
    await jobs.run_worker_async(
        queues=[queue],
        name=f"examhall-{os.getpid()}-{queue}",
        concurrency=QUEUES[queue],
        listen_notify=queue not in LOOK_EVERY_S,
        fetch_job_polling_interval=LOOK_EVERY_S.get(queue, 5.0),
        shutdown_graceful_timeout=END_S.get(queue, LONGEST_END_S),
        install_signal_handlers=False,
        worker_middleware=[recording.on_behalf],
    )
