"""`rehearse`: an exam day against a copy of a real exam, from the refusals at the door to the report."""

import asyncio
import csv
import json
import os
import secrets
import shutil
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from examhall.accounts.tokens import Signer
from examhall.base.db import Connection
from examhall.commands import reached
from examhall.exams.copying import Original, read_exam
from examhall.ops.clock import database_time
from examhall.ops.rehearse import stage
from examhall.ops.rehearse.human import Item, write_scripts
from examhall.ops.rehearse.ledger import Findings, compare, compare_from_outside
from examhall.ops.rehearse.machine import Machine, memory_mb, tree_of
from examhall.ops.rehearse.plan import Plan
from examhall.ops.rehearse.play import end, play, share_out, start_server, until
from examhall.ops.rehearse.report import Setting, in_words, write_report
from examhall.ops.rehearse.stage import CannotRehearse
from examhall.ops.rehearse.verdict import Limits, Played, Verdict, judge_play
from examhall.settings import Settings

MOST_CANDIDATES = 20_000
# Arriving faster than this is a rush of its own, which no exam day has before the bell.
ARRIVALS_A_SECOND = 50
SHORTEST_ENTRANCE_S = 5.0
# Until the processes of candidates have loaded Locust.
WARM_UP_S = 4.0
# The exam's own grace makes everybody wait; its length changes nothing.
LONGEST_GRACE_S = 5
START_S = 60.0
STOP_S = 45.0
AFTERMATH_S = 60.0
# The worker's connections, ours, and the listener's.
OTHER_CONNECTIONS = 12
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
HELD, NOT_HELD, LOST = 0, 1, 3
SERVER = (sys.executable, "-P", "-m", "examhall.rehearsal_server")
MADE_UP = "rehearsal-"


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    exam_id: int
    candidates: int
    # None: all start together.
    ramp_s: float | None
    minutes: float
    although_live: bool
    processes: int
    seed: int
    pace: float
    url: str | None = None
    tickets: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def work_s(self) -> int:
        return max(5, round(self.minutes * 60))

    @property
    def entrance_s(self) -> float:
        return max(SHORTEST_ENTRANCE_S, self.candidates / ARRIVALS_A_SECOND)

    @property
    def lasts(self) -> timedelta:
        return timedelta(seconds=WARM_UP_S + self.entrance_s + (self.ramp_s or 0) + self.work_s + AFTERMATH_S)


def rehearse(settings: Settings, wish: Wish) -> int:
    """Rehearse, write the report, say the verdict; the exit code: 0 held, 1 not, 3 an answer was lost."""
    if find_spec("locust") is None:
        raise CannotRehearse(
            "a rehearsal needs Locust, which is not installed with the server: `make rehearse`, or "
            "`pip install --require-hashes -r requirements/rehearse.txt`"
        )
    if not 1 <= wish.candidates <= MOST_CANDIDATES:
        raise CannotRehearse(f"--candidates must be from 1 to {MOST_CANDIDATES:,}")
    if wish.url is not None:
        verdict = asyncio.run(_against_staging(settings, wish, wish.url))
    else:
        with reached(settings) as known:
            verdict = asyncio.run(_beside(known, wish))
    return LOST if not verdict.findings.is_right else HELD if verdict.holds else NOT_HELD


def folder_of(settings: Settings) -> Path:
    """Where reports are kept, and what rehearsals need while they run: for the server's user alone."""
    folder = settings.data / "rehearsals"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # It may be an older version's.
    folder.chmod(0o700)
    return folder


async def _beside(settings: Settings, wish: Wish) -> Verdict:
    """In a database and behind a server of its own, beside whatever runs here."""
    # Around PgBouncer, which knows nothing of new databases.
    address = settings.direct_url or settings.database_url
    assert address is not None
    rehearsals = folder_of(settings)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as source:
        await _clear_up(source, rehearsals)
        if not wish.although_live:
            await stage.refuse_near_real_exams(source, lasts=wish.lasts)
        original = await read_exam(source, exam_id=wish.exam_id)
        needed = settings.workers * (settings.pool_size + 2) + OTHER_CONNECTIONS
        place = await stage.make_place(source, address, connections_needed=needed)
        folder = rehearsals / place.database
        folder.mkdir(parents=True)
        server = None
        try:
            _say(f"Copying “{original.title}” into a database of its own, {place.database}")
            served = _served(settings, place.address, folder)
            server = await _serve(served, address, place.database, folder)
            url = (folder / "url").read_text(encoding="utf-8")
            async with await psycopg.AsyncConnection.connect(place.address, autocommit=True) as conn:
                played, setting = await _play_here(source, conn, served, wish, original, url, server.pid)
        finally:
            if server is not None:
                # It drops the database and the folder by itself, even when we are killed here.
                await end(server, STOP_S)
            stage.drop_place(address, place.database)
            shutil.rmtree(folder, ignore_errors=True)
    return _conclude(rehearsals, wish, played, setting)


async def _clear_up(conn: Connection, rehearsals: Path) -> None:
    """Whatever rehearsals left behind whose machine stopped under them."""
    living = await stage.clear_up(conn)
    for folder in rehearsals.glob(f"{stage.PREFIX}_*"):  # noqa: ASYNC240
        if folder.name not in living:
            shutil.rmtree(folder, ignore_errors=True)


def _served(settings: Settings, address: str, folder: Path) -> Settings:
    """The operator's settings, but for what would reach the real exam."""
    return replace(
        settings,
        host="127.0.0.1",
        port=0,
        data=folder,
        database_url=address,
        direct_url=None,
        given_secret=secrets.token_urlsafe(48),
        given_url=None,
        # All candidates come from this machine.
        rate_limit_trusted=LOOPBACK,
        trusted_proxies=(),
        # Redis holds the real exam's caches under the same names; the others would be told of made-up people.
        redis_url=None,
        metrics_port=None,
        otlp_endpoint=None,
        feedback_url=None,
        feedback_key=None,
    )


async def _serve(served: Settings, admin: str, database: str, folder: Path) -> Process:
    told = {"environment": served.environment(), "admin": admin, "database": database}
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EXAMHALL_") and name != "DATABASE_URL"
    }
    log = folder / "server.log"
    server = await start_server(SERVER, json.dumps(told).encode(), log, environment)
    ready = (folder / "url").exists
    if not await until(lambda: ready() or server.returncode is not None, patience_s=START_S) or not ready():
        said = log.read_text(encoding="utf-8", errors="replace")
        await end(server, STOP_S)
        raise CannotRehearse(f"the rehearsal's server did not start:\n{said[-2000:]}")
    return server


async def _play_here(
    source: Connection,
    conn: Connection,
    served: Settings,
    wish: Wish,
    original: Original,
    url: str,
    server: int,
) -> tuple[Played, Setting]:
    assert served.database_url is not None
    ahead = (await database_time(conn)).timestamp() - time.time()
    opens_at = time.time() + WARM_UP_S + wish.candidates / 2000 + wish.entrance_s
    grace_s = min(original.grace_s, LONGEST_GRACE_S)
    over_s = (wish.ramp_s or 0) + wish.work_s + 30
    window = {
        # By the database's clock, which the exam is judged by.
        "opens_at": datetime.fromtimestamp(opens_at + ahead, UTC),
        "closes_at": datetime.fromtimestamp(opens_at + ahead + over_s, UTC),
        "duration_s": wish.work_s,
        "grace_s": grace_s,
    }
    tickets = await stage.furnish(
        source,
        served.database_url,
        original,
        Signer(served.secret),
        candidates=wish.candidates,
        window=window,
    )
    items = await stage.read_items(conn, exam_id=original.id)
    plans = _plans(wish, url, tickets, items, served.data, opens_at, over_s)
    machine = Machine(conn, server, served.data)
    opening = datetime.fromtimestamp(opens_at).astimezone()
    _say(f"{wish.candidates} candidates come in, and start at {opening:%H:%M:%S}")
    seconds, samples = await play(plans, machine, opens_at, _say)

    async def is_marked() -> bool:
        outcome = await stage.read_outcome(conn)
        return outcome.open == 0 and outcome.marked == outcome.sittings

    await until(is_marked, patience_s=AFTERMATH_S, every_s=0.5)
    played = Played(
        candidates=wish.candidates,
        opens_at=opens_at,
        ramp_s=wish.ramp_s or 0.0,
        ends_at=opens_at + (wish.ramp_s or 0) + wish.work_s,
        seconds=seconds,
        samples=samples,
        findings=await compare(conn, [Path(plan.ledger) for plan in plans]),
        outcome=await stage.read_outcome(conn),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        workers=served.workers,
        most_connections=served.workers * (served.pool_size + 1),
        memory_mb=memory_mb([*tree_of(server), *machine.pids]),
    )
    return played, Setting.of(wish, original.title, workers=served.workers, pool_size=served.pool_size)


def _plans(
    wish: Wish,
    url: str,
    tickets: Sequence[str],
    items: Sequence[Item],
    folder: Path,
    opens_at: float,
    over_s: float,
    *,
    from_outside: bool = False,
) -> list[Plan]:
    parts = urlsplit(url)
    scripts = write_scripts(
        tickets, seed=wish.seed, entrance_s=wish.entrance_s, ramp_s=wish.ramp_s, work_s=wish.work_s
    )
    return share_out(
        scripts,
        wish.processes,
        lambda number, mine: Plan(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (443 if parts.scheme == "https" else 80),
            tls=parts.scheme == "https",
            exam_id=wish.exam_id,
            items=list(items),
            scripts=mine,
            opens_at=opens_at,
            work_s=wish.work_s,
            ends_at=opens_at + over_s,
            pace=wish.pace,
            ledger=str(folder / f"ledger-{number}.jsonl"),
            from_outside=from_outside,
        ),
    )


async def _against_staging(settings: Settings, wish: Wish, url: str) -> Verdict:
    """Against a server elsewhere, as the made-up people whose tickets are given."""
    tickets = _made_up_tickets(wish)
    rehearsals = folder_of(settings)
    folder = rehearsals / f"outside-{secrets.token_hex(6)}"
    folder.mkdir(parents=True)
    try:
        opens_at = time.time() + WARM_UP_S + wish.entrance_s
        over_s = (wish.ramp_s or 0) + wish.work_s + 30
        plans = _plans(wish, url, tickets, [], folder, opens_at, over_s, from_outside=True)
        _say(f"{len(tickets)} candidates come in at {url}")
        seconds, samples = await play(plans, None, opens_at, _say)
        findings: Findings = compare_from_outside([Path(plan.ledger) for plan in plans])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    played = Played(
        len(tickets), opens_at, wish.ramp_s or 0.0, opens_at + (wish.ramp_s or 0) + wish.work_s, seconds,
        samples, findings, None, 1, None, None, None,
    )  # fmt: skip
    return _conclude(rehearsals, wish, played, Setting.of(wish, f"exam {wish.exam_id}"))


def _made_up_tickets(wish: Wish) -> list[str]:
    """Only of people made for it: whoever else is named in the file would have sat the exam afterwards."""
    if wish.tickets is None:
        raise CannotRehearse(
            f"--url needs --tickets FILE: what `examhall tickets` prints there, for people named {MADE_UP}..."
        )
    with wish.tickets.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    strangers = [row.get("username", "") for row in rows if not row.get("username", "").startswith(MADE_UP)]
    if strangers or not rows:
        whom = strangers[0] if strangers else "nobody"
        raise CannotRehearse(
            f"{wish.tickets} names {whom}: only people whose names begin with {MADE_UP} may rehearse"
        )
    return [row["ticket"] for row in rows[: wish.candidates]]


def _conclude(rehearsals: Path, wish: Wish, played: Played, setting: Setting) -> Verdict:
    verdict = judge_play(played, wish.limits)
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-exam-{wish.exam_id}-{wish.candidates}"
    report = write_report(rehearsals / name, played, verdict, setting)
    for line in in_words(verdict, setting):
        _say(line)
    _say(f"Report: {report}")
    return verdict


def _say(line: str) -> None:
    print(line, flush=True)
