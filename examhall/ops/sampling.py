"""What only the database knows: sittings open, deadlines coming, jobs, sizes, which indexes are used."""

from dataclasses import dataclass

from psycopg import errors

from examhall.base.db import Connection, Database, many, one
from examhall.base.sqlfile import beside
from examhall.ops.snapshot import Snapshot

SQL = beside(__file__)

# Of deadlines, on the operator's page.
MINUTES = 15
# Tables, indexes and statements shown.
SHOWN = 12


@dataclass(frozen=True)
class _Sittings:
    live: int
    within_60: int
    within_300: int
    within_900: int
    overdue_s: float | None


@dataclass(frozen=True)
class _Minute:
    minute: int
    sittings: int


@dataclass(frozen=True)
class _Jobs:
    todo: int
    doing: int
    oldest_s: float | None
    calculations_queued: int
    calculations_running: int


@dataclass(frozen=True)
class _Server:
    connections: int
    connections_max: int
    bytes: int
    jobs_failed: int


@dataclass(frozen=True)
class Table:
    name: str
    bytes: int
    rows: int
    # Row versions that a vacuum would free.
    dead: int
    whole_reads: int
    index_reads: int


@dataclass(frozen=True)
class Index:
    table_name: str
    name: str
    scans: int
    bytes: int
    is_unique: bool


@dataclass(frozen=True)
class Statement:
    query: str
    calls: int
    rows: int
    seconds: float
    mean_ms: float
    max_ms: float


@dataclass(frozen=True)
class _Known:
    known: bool


@dataclass(frozen=True)
class Storage:
    """Where the bytes are, and how they are reached. `statements` is None without pg_stat_statements."""

    tables: list[Table]
    indexes: list[Index]
    statements: list[Statement] | None


async def sample_now(conn: Connection, into: Snapshot) -> None:
    """Gauges that change from second to second; each is one look into an index of what is open."""
    sittings = await one(conn, SQL.sittings_now, _Sittings)
    into.gauge("sessions_live", sittings.live)
    into.gauge("deadlines_coming", sittings.within_60, "60")
    into.gauge("deadlines_coming", sittings.within_300, "300")
    into.gauge("deadlines_coming", sittings.within_900, "900")
    into.gauge("closing_lag_seconds", sittings.overdue_s or 0.0)
    jobs = await one(conn, SQL.jobs_now, _Jobs)
    into.gauge("jobs", jobs.todo, "todo")
    into.gauge("jobs", jobs.doing, "doing")
    into.gauge("oldest_job_seconds", jobs.oldest_s or 0.0)
    into.gauge("calculations", jobs.calculations_queued, "queued")
    into.gauge("calculations", jobs.calculations_running, "running")


async def sample_slowly(conn: Connection, into: Snapshot) -> None:
    """Gauges that cost more, and change less."""
    server = await one(conn, SQL.database_now, _Server)
    into.gauge("database_connections", server.connections)
    into.gauge("database_connections_max", server.connections_max)
    into.gauge("database_bytes", server.bytes)
    into.gauge("jobs", server.jobs_failed, "failed")


async def deadlines_by_minute(conn: Connection) -> list[int]:
    """How many sittings fall due in each of the coming minutes."""
    found = await many(conn, SQL.deadlines_by_minute, _Minute, minutes=MINUTES)
    return [each.sittings for each in found]


async def look_at_storage(database: Database) -> Storage:
    """The largest tables, the indexes by use, and what PostgreSQL itself counts of statements."""
    async with database.connection() as conn:
        tables = await many(conn, SQL.tables_by_size, Table, limit=SHOWN)
        indexes = await many(conn, SQL.indexes_by_use, Index, limit=200)
        return Storage(tables, indexes, await _statements(conn))


async def _statements(conn: Connection) -> list[Statement] | None:
    if not (await one(conn, SQL.statements_known, _Known)).known:
        return None
    try:
        return await many(conn, SQL.statements_by_time, Statement, limit=SHOWN)
    except (errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege):
        # Installed, but not loaded at the server's start; or not for our role to see.
        return None
