"""Checks of the database server: that it loses nothing, that it is fast enough, that it has room for us."""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from examhall.base.clock import now
from examhall.base.db import Connection, many, one, run
from examhall.base.migrate import MIGRATIONS, revisions
from examhall.base.sqlfile import beside
from examhall.ops.clock import database_time
from examhall.ops.preflight.finding import Finding, failed, graded, passed, warned

SQL = beside(__file__)

SCHEMA = (MIGRATIONS.parent / "schema.sql").read_text(encoding="utf-8")
# A worker's save lane and its listener.
BESIDE_POOL = 2
COMMITS = 25
# Each batch of saves waits for one commit.
SLOW_COMMIT_MS, TOO_SLOW_COMMIT_MS = 10, 50
# Tokens live 15 minutes, and the countdown is the database's: a second shows, half a minute locks out.
CLOCK_S, CLOCK_TOO_FAR_S = 1.0, 30.0
# As often as once a day, and some hours to be late.
BACKUP_AGE = timedelta(hours=30)
SILENT_S = 60.0
MAINTAINED_DAYS = 15.0


@dataclass(frozen=True)
class Facts:
    # Beside those kept for superusers.
    connections: int
    connections_of_others: int
    synchronous_commit: str
    fsync: str
    full_page_writes: str
    autovacuum: str
    log_statement: str
    # -1: none is logged for its length.
    log_from_ms: int
    archive_mode: str
    archived_at: datetime | None
    bytes: int
    now: datetime


@dataclass(frozen=True)
class _Named:
    name: str


@dataclass(frozen=True)
class _Revision:
    revision: str


@dataclass(frozen=True)
class Jobs:
    # Since a job worker was last heard of; None: never.
    silent_s: float | None
    late: int
    failed: int
    maintained_days_ago: float | None


async def read_facts(conn: Connection) -> Facts:
    return await one(conn, SQL.facts, Facts)


async def read_jobs(conn: Connection) -> Jobs:
    return await one(conn, SQL.jobs, Jobs)


def check_connections(
    facts: Facts, *, workers: int, pool_size: int, job_connections: int, nodes: int, own: bool
) -> Finding:
    """Pool size times workers, on all nodes, against what the server allows."""
    needed = nodes * (workers * (pool_size + BESIDE_POOL) + job_connections)
    if own:
        return passed("connections", f"{needed} needed; our own PostgreSQL is started with as many")
    left = facts.connections - facts.connections_of_others
    found = (
        f"{needed} needed by {nodes} node(s) of {workers} workers; the server allows {facts.connections}, "
        f"others use {facts.connections_of_others}"
    )
    mend = (
        "raise max_connections, or lower EXAMHALL_WORKERS or EXAMHALL_POOL_SIZE, or put PgBouncer before it"
    )
    return graded("connections", found, mend, fails=needed > left, warns=needed > 0.8 * left)


def check_durability(facts: Facts) -> Finding:
    """An acknowledged answer survives a crash only with all three."""
    wrong = [
        f"{name} is off"
        for name, value in (
            ("synchronous_commit", facts.synchronous_commit),
            ("fsync", facts.fsync),
            ("full_page_writes", facts.full_page_writes),
        )
        if value == "off"
    ]
    if not wrong:
        return passed("durability", "synchronous_commit, fsync and full_page_writes are on")
    mend = "ALTER SYSTEM SET ... = on and restart; for synchronous_commit look at the role's settings as well"
    return failed("durability", f"{', '.join(wrong)}: acknowledged answers can be lost", mend)


def check_autovacuum(facts: Facts) -> Finding:
    if facts.autovacuum == "on":
        return passed("autovacuum", "is on")
    return failed("autovacuum", "is off: tables grow and plans go wrong", "ALTER SYSTEM SET autovacuum = on")


def check_statement_log(facts: Facts) -> Finding:
    """What the seed of all this called SQL echo: each save written to a log costs more than the save."""
    if facts.log_statement in ("mod", "all") or 0 <= facts.log_from_ms < 50:
        mend = "SET log_statement = 'ddl' or 'none', and log_min_duration_statement = 250 or more"
        return warned("statement_log", "the database logs every statement, answers included", mend)
    return passed("statement_log", "statements are not logged one by one")


async def check_revision(conn: Connection) -> Finding:
    here = (await one(conn, SQL.revision, _Revision)).revision
    if here == revisions()[-1]:
        return passed("schema", f"is at revision {here}, as this program is")
    return failed("schema", f"is at {here}, this program at {revisions()[-1]}", "run `examhall migrate`")


def indexes_of(schema: str) -> set[str]:
    """Names of the indexes that schema.sql makes: written out, unique constraints, primary keys."""
    named = set(re.findall(r"^CREATE (?:UNIQUE )?INDEX (\w+)", schema, re.MULTILINE))
    named |= set(re.findall(r"CONSTRAINT (\w+) (?:UNIQUE|PRIMARY KEY)", schema))
    tables = re.findall(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)^\)", schema, re.MULTILINE | re.DOTALL)
    # One without a name of its own has the table's.
    return named | {
        f"{table}_pkey"
        for table, body in tables
        if "PRIMARY KEY" in re.sub(r"CONSTRAINT \w+ PRIMARY KEY", "", body)
    }


async def check_indexes(conn: Connection) -> Finding:
    wanted = indexes_of(SCHEMA)
    missing = wanted - {each.name for each in await many(conn, SQL.valid_indexes, _Named)}
    if not missing:
        return passed("indexes", f"all {len(wanted)} are there and valid")
    mend = "make them as schema.sql has them, with CREATE INDEX CONCURRENTLY; REINDEX one that is not valid"
    return failed("indexes", f"missing or not valid: {', '.join(sorted(missing))}", mend)


async def check_commit(conn: Connection) -> Finding:
    """How long a commit takes that has hardly anything to write. On an autocommit connection."""
    took_ms = []
    for _ in range(COMMITS):
        began = time.perf_counter()
        await run(conn, SQL.emit_message)
        took_ms.append((time.perf_counter() - began) * 1000)
    typical = median(took_ms)
    return judge_commit(typical, max(took_ms))


def judge_commit(typical_ms: float, longest_ms: float) -> Finding:
    return graded(
        "commit",
        f"a commit takes {typical_ms:.1f} ms, the longest of {COMMITS} took {longest_ms:.1f} ms",
        "every save waits for one: use an SSD with power-loss protection, and no standby far away",
        fails=typical_ms > TOO_SLOW_COMMIT_MS,
        warns=typical_ms > SLOW_COMMIT_MS,
    )


async def check_clock(conn: Connection) -> Finding:
    before = now()
    theirs = await database_time(conn)
    return judge_clock((theirs - before).total_seconds(), (now() - before).total_seconds())


def judge_clock(ahead_s: float, round_trip_s: float) -> Finding:
    """The database's clock is the exam's; tokens are dated by this machine's."""
    apart = max(0.0, abs(ahead_s - round_trip_s / 2) - round_trip_s / 2)
    return graded(
        "clock",
        f"the database's clock and this machine's are {apart:.1f} s apart",
        "synchronise both by NTP (timedatectl set-ntp true)",
        fails=apart > CLOCK_TOO_FAR_S,
        warns=apart > CLOCK_S,
    )


def check_backups(facts: Facts, folder: Path | None) -> Finding:
    """An archive of the log that is fed, or a folder whose newest file is young."""
    if facts.archive_mode != "off" and facts.archived_at is not None:
        if facts.now - facts.archived_at < BACKUP_AGE:
            return passed("backups", f"the log was archived last at {facts.archived_at:%Y-%m-%d %H:%M} UTC")
        return warned(
            "backups",
            f"archive_mode is on, but nothing was archived since {facts.archived_at:%Y-%m-%d %H:%M} UTC",
            "look at pg_stat_archiver and at the archive_command",
        )
    if folder is None:
        mend = "docs/operators.md, Backups; then name their folder in EXAMHALL_BACKUPS"
        return warned("backups", "nothing is known of any backup", mend)
    newest = max((path.stat().st_mtime for path in folder.glob("*") if path.is_file()), default=None)
    if newest is None:
        return failed("backups", f"{folder} holds none", "make one before the exam")
    age = timedelta(seconds=max(0.0, time.time() - newest))
    found = f"the newest file in {folder} is {age.total_seconds() / 3600:.0f} h old"
    return graded(
        "backups", found, "make one before the exam", fails=age > 7 * BACKUP_AGE, warns=age > BACKUP_AGE
    )


def check_job_worker(jobs: Jobs) -> Finding:
    """Without it nothing is closed on time but by the save path's own judgement, and nothing marked."""
    mend = "start `examhall serve` or `examhall worker`; its log says why a job fails"
    if jobs.silent_s is None or jobs.silent_s > SILENT_S:
        return warned("job_worker", "no job worker was heard of in the last minute", mend)
    if jobs.late or jobs.failed:
        found = f"{jobs.late} jobs wait for more than 5 minutes, {jobs.failed} failed within a day"
        return warned("job_worker", found, mend)
    return passed("job_worker", "is at work, and nothing waits")


def check_maintained(jobs: Jobs) -> Finding:
    if jobs.maintained_days_ago is not None and jobs.maintained_days_ago < MAINTAINED_DAYS:
        return passed("maintenance", f"was done {jobs.maintained_days_ago:.0f} days ago")
    found = "was never done" if jobs.maintained_days_ago is None else "was done more than two weeks ago"
    return warned("maintenance", found, "run `examhall maintain`; it is safe while people sit exams")
