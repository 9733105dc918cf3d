"""The table of contents of background work: which job runs which operation, and the schedule."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import psycopg
import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status

from examhall import __version__
from examhall.accounts.sign_in import forget_old_sign_ins
from examhall.analyses.running import keep_calculating
from examhall.base.actor import ACTOR, Actor
from examhall.base.db import BACKGROUND_LIMIT_S, Database, Unavailable
from examhall.base.partitions import ensure_partitions
from examhall.base.statements import STATEMENTS
from examhall.base.tracing import Tracing
from examhall.base.typesetting import Typesetter
from examhall.certificates.issue import Issuer
from examhall.certificates.pdf import Prints
from examhall.certificates.revalidate import Revalidated, revalidate_certificates
from examhall.certificates.rules import follow_new_pass_mark, follow_rules
from examhall.certificates.signing import Signer as CertificateSigner
from examhall.events.activity import roll_up_activity, roll_up_exam
from examhall.events.log import EventLog
from examhall.exams.paper_files import sweep_papers
from examhall.exams.sealing import sweep_sealed
from examhall.forms.files import discard_loose_files
from examhall.ops.counting import counts_of_jobs
from examhall.ops.maintain import MaintenanceUnderWay, liveliness, maintain
from examhall.ops.watch import Watch
from examhall.recording import on_behalf, seal_record
from examhall.reports.feedback import write_drafts
from examhall.reports.reports import Failed, make_due_reports
from examhall.reports.text_model import TextModel
from examhall.scoring.calibrate import calibrate_exam
from examhall.scoring.conclude import conclude_by_hand, keep_conclusions
from examhall.scoring.rescore import rescore_sittings
from examhall.scoring.results import score_sittings
from examhall.settings import Settings
from examhall.sittings.deadlines import keep_deadlines
from examhall.sittings.presence import forget_old_presence
from examhall.standings.achievements import award_due
from examhall.standings.levels import settle_streak_levels
from examhall.standings.ratings import list_exams_to_settle, rate_exam
from examhall.standings.streaks import follow_series
from examhall.standings.topics import summarise_topics
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
# Pauses of 2, 4, 8, ... s: over half an hour in all, so a job outlives a restart of the database.
# Not for what comes again every minute by itself: the next waits under the same queueing lock by then, a try
# could not be queued beside it, and the job would stay 'doing' and hold its lock for ever.
TRIES = RetryStrategy(max_attempts=10, exponential_wait=2)
# Marked in one transaction. The longest exams have a thousand items: 500 such sittings took 10 s, the limit
# of a statement; on a slower machine every try would fail.
SCORED_AT_ONCE = 100
# Reports in chunks of 50, some 15 ms each: ten seconds, then others have their turn.
REPORT_CHUNKS = 12
# A report that could not be made is tried again in the first minute of each hour, or by the next worker.
TRIED_AGAIN_S = 3600
# A text model takes seconds for each.
DRAFTS_AT_ONCE = 10
# A job whose worker was killed stays 'doing': after this it is given to another.
STALLED_AFTER_S = 60
# Over a weekend, for whoever asks on Monday what was done.
FINISHED_JOBS_KEPT_H = 72
RESTART_PAUSE_S = 1.0
# What runs when the worker is told to stop may end; a text model may think for minutes, and is asked again.
LONGEST_END_S = 600.0
END_S = {"text_model": 5.0}
# What follows once an exam is over and marked, in any order and side by side: jobs that take its exam_id and
# key_version, may be repeated, and do nothing when a newer version of the key is there.
FOLLOW_UPS: tuple[str, ...] = ("calibrate_exam", "rate_exam", "roll_up_exam", "issue_certificates")


def create_jobs(settings: Settings, database: Database, marked: asyncio.Event | None = None) -> App:
    """The jobs and their operations. `marked` is set whenever sittings have been marked."""
    assert settings.database_url is not None
    connector = PsycopgConnector(
        conninfo=settings.direct_url or settings.database_url, min_size=1, max_size=QUEUE_POOL_SIZE
    )
    jobs = App(connector=connector)
    storage = settings.open_storage()
    failed_reports: Failed = set()

    @jobs.task(name="score_sittings", queue="marking", retry=TRIES)
    async def _score_sittings(sittings: list[tuple[int, int]]) -> None:
        for start in range(0, len(sittings), SCORED_AT_ONCE):
            async with database.transaction() as conn:
                await score_sittings(conn, sittings[start : start + SCORED_AT_ONCE])
        if marked is not None:
            marked.set()

    @jobs.task(name="calibrate_exam", retry=TRIES)
    async def _calibrate_exam(exam_id: int, key_version: int) -> None:
        done = await calibrate_exam(database, exam_id=exam_id, key_version=key_version)
        if done is not None:
            log.info("calibrated an exam", **vars(done))

    @jobs.task(name="conclude_exam")
    async def _conclude_exam(exam_id: int) -> None:
        async with database.transaction() as conn:
            await conclude_by_hand(conn, FOLLOW_UPS, exam_id=exam_id)

    @jobs.task(name="rescore_sittings", queue="marking", retry=TRIES)
    async def _rescore_sittings(exam_id: int, key_version: int, first_id: int, last_id: int) -> None:
        chunk = {"exam_id": exam_id, "key_version": key_version, "first_id": first_id, "last_id": last_id}
        more = True
        while more:
            async with database.transaction() as conn:
                more = await rescore_sittings(conn, **chunk) > 0
        if marked is not None:
            marked.set()

    @jobs.task(name="rate_exam", retry=TRIES)
    async def _rate_exam(exam_id: int, key_version: int) -> None:
        # First, for achievements are given once, for streaks as well.
        await _follow_series(exam_id)
        async with database.transaction() as conn:
            await rate_exam(conn, exam_id=exam_id, key_version=key_version)
        await _award_achievements()

    async def _follow_series(exam_id: int) -> None:
        async with database.transaction() as conn:
            if await follow_series(conn, exam_id):
                await settle_streak_levels(conn, exam_id=exam_id)
        async with database.transaction() as conn:
            await summarise_topics(conn, exam_id)

    async def _award_achievements() -> None:
        looked_at = 1
        while looked_at:
            async with database.transaction() as conn:
                looked_at = await award_due(conn)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="rate_what_was_released", queueing_lock="rate_what_was_released")
    async def _rate_what_was_released(timestamp: int) -> None:
        async with database.connection() as conn:
            exams = await list_exams_to_settle(conn)
        for exam in exams:
            try:
                async with database.transaction() as conn:
                    await rate_exam(conn, exam_id=exam.exam_id, key_version=exam.key_version)
            except (Unavailable, psycopg.Error) as error:
                # In a minute again; the others are not to wait for it.
                log.warning("an exam could not be rated", exam_id=exam.exam_id, error=str(error).strip())
        # After a start with another table of rules, of all past exams.
        await _award_achievements()

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="make_reports", queueing_lock="make_reports", lock="make_reports")
    async def _make_reports(timestamp: int) -> None:
        if timestamp % TRIED_AGAIN_S == 0:
            failed_reports.clear()
        typesetter = Typesetter(FONTS)
        try:
            # A few hundred at a time: what else waits comes in between, and the next minute goes on.
            for _ in range(REPORT_CHUNKS):
                if await make_due_reports(database, typesetter, failed=failed_reports) == 0:
                    break
        finally:
            await typesetter.close()

    @jobs.task(name="issue_certificates", retry=TRIES)
    async def _issue_certificates(exam_id: int, key_version: int = 0) -> None:
        await _look_again(exam_id)
        issued = await follow_rules(database, _issuer(settings), exam_id=exam_id)
        if issued:
            log.info("issued certificates", exam_id=exam_id, count=issued)

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="issue_due_certificates", queueing_lock="issue_due_certificates")
    async def _issue_due_certificates(timestamp: int) -> None:
        # What was settled, calibrated or released after its exam was over.
        await _look_again()
        await follow_rules(database, _issuer(settings))

    async def _look_again(exam_id: int | None = None) -> None:
        """First, for who earns one again after it was revoked by itself is given one."""
        done = await revalidate_certificates(database, _issuer(settings), exam_id=exam_id)
        if done != Revalidated():
            log.info("looked at certificates again after a correction", exam_id=exam_id, **vars(done))

    @jobs.task(name="follow_pass_mark", retry=TRIES)
    async def _follow_pass_mark(exam_id: int) -> None:
        async with database.transaction() as conn:
            await follow_new_pass_mark(conn, exam_id)

    @jobs.task(name="print_certificates", retry=TRIES)
    async def _print_certificates(serials: list[str]) -> None:
        prints = Prints.of(database, storage, FONTS, _issuer(settings))
        try:
            await prints.make(serials)
        finally:
            await prints.close()

    @jobs.task(name="write_feedback", queue="text_model", lock="write_feedback", retry=TRIES)
    async def _write_feedback(exam_id: int, after_sitting_id: int = 0) -> None:
        if settings.feedback_url is None:
            return
        model = TextModel(settings.feedback_url, key=settings.feedback_key, model=settings.feedback_model)
        try:
            drafted = await write_drafts(
                database,
                model,
                exam_id=exam_id,
                tokens_a_day=settings.feedback_tokens_a_day,
                limit=DRAFTS_AT_ONCE,
                after_sitting_id=after_sitting_id,
            )
        finally:
            await model.close()
        if drafted.next_after is not None:
            await _write_feedback.defer_async(exam_id=exam_id, after_sitting_id=drafted.next_after)

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

    @jobs.task(name="discard_loose_files", retry=TRIES)
    async def _discard_loose_files() -> None:
        await discard_loose_files(database, storage)

    @jobs.periodic(cron="*/10 * * * *")
    @jobs.task(name="discard_abandoned_files", queueing_lock="discard_abandoned_files")
    async def _discard_abandoned_files(timestamp: int) -> None:
        await discard_loose_files(database, storage)

    @jobs.task(name="roll_up_exam", retry=TRIES)
    async def _roll_up_exam(exam_id: int, key_version: int) -> None:
        async with database.transaction() as conn:
            await roll_up_exam(conn, exam_id=exam_id)

    @jobs.periodic(cron="*/3 * * * *")
    @jobs.task(name="roll_up_activity", queueing_lock="roll_up_activity", lock="roll_up_activity")
    async def _roll_up_activity(timestamp: int) -> None:
        await roll_up_activity(database)

    @jobs.periodic(cron="23 * * * *")
    @jobs.task(name="maintain", queueing_lock="maintain", lock="maintain")
    async def _maintain(timestamp: int) -> None:
        async with database.connection() as conn:
            found = await liveliness(conn)
        if not (found.is_due and found.is_quiet):
            return
        address = settings.direct_url or settings.database_url
        assert address is not None
        try:
            did = await maintain(address, events_kept_months=settings.events_kept_months)
        except MaintenanceUnderWay:
            return
        log.info("maintained the database", did=did)

    @jobs.periodic(cron="41 * * * *")
    @jobs.task(name="forget_old_sign_ins", queueing_lock="forget_old_sign_ins", retry=TRIES)
    async def _forget_old_sign_ins(timestamp: int) -> None:
        async with database.transaction() as conn:
            await forget_old_sign_ins(conn)

    @jobs.periodic(cron="7 2 * * *")
    @jobs.task(name="seal_audit", queueing_lock="seal_audit", retry=TRIES)
    async def _seal_audit(timestamp: int) -> None:
        await seal_record(database, CertificateSigner(settings.certificate_key))

    @jobs.periodic(cron="17 3 * * *")
    @jobs.task(name="keep_house", queueing_lock="keep_house", retry=TRIES)
    async def _keep_house(timestamp: int) -> None:
        async with database.transaction() as conn:
            await ensure_partitions(conn)
        async with database.transaction() as conn:
            await forget_old_presence(conn)
        await jobs.job_manager.delete_old_jobs(nb_hours=FINISHED_JOBS_KEPT_H)
        await storage.sweep()
        await sweep_papers(database, storage)
        await sweep_sealed(database, storage)

    return jobs


def _issuer(settings: Settings) -> Issuer:
    return Issuer(CertificateSigner(settings.certificate_key), settings.issuer_name, settings.url)


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
    events = EventLog(database)
    events.open()
    marked = asyncio.Event()
    deadlines = asyncio.create_task(keep_deadlines(database, stopping, events.note), name="deadlines")
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
        await events.close()
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
        worker_middleware=[on_behalf],
    )
