"""`serve`: PostgreSQL, migrations, web workers and the job worker, from the first line to the last."""

import asyncio
import errno
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import cycle

import psycopg

from examhall.base.board import wipe
from examhall.base.embedded import CannotStart, Postgres
from examhall.base.hindrance import Hindrance
from examhall.base.migrate import migrate
from examhall.base.partitions import ensure_partitions
from examhall.base.supervisor import Child, Say, Supervisor
from examhall.base.tracing import require_tracing
from examhall.certificates.designs import ensure_designs
from examhall.settings import Settings

APP = "examhall.app:create_app"
JOBS = "examhall.worker:run"
BACKLOG = 2048
# The job worker's, those of the command line, and what PostgreSQL keeps for its superuser.
OTHER_CONNECTIONS = 28
# A node that starts before its database waits this long for it.
DATABASE_WAIT_S = 60

Prepare = Callable[[Settings], Coroutine[None, None, None]]


class CannotServe(Hindrance):
    """The server cannot be started. The message says why."""


def say(line: str) -> None:
    print(line, flush=True)


def serve(
    settings: Settings,
    *,
    prepare: Prepare | None = None,
    announce: Callable[[Settings], None] = lambda settings: None,
    app: str = APP,
    jobs: str = JOBS,
) -> int:
    """Run until told to stop; give the exit code.

    `prepare` fills the migrated database before anybody is let in; `announce` speaks once it answers.
    Raises `CannotServe`, `CannotStart` and `CannotMigrate` before anything is left running.
    """
    with _listening(settings) as listening, _listening_privately(settings) as private:
        settings = replace(settings, port=listening[0].getsockname()[1])
        if private:
            settings = replace(settings, metrics_port=private[0].getsockname()[1])
        if settings.otlp_endpoint is not None:
            require_tracing()
        # Made here, so that the workers only read it.
        _ = settings.secret
        postgres = None if settings.database_url else _postgres(settings)
        supervisor = Supervisor(postgres, say)
        supervisor.listen_to_signals()
        groups: list[list[Child]] = []
        try:
            if postgres is not None:
                say(f"Starting PostgreSQL in {settings.data / 'postgres'}")
                settings = replace(settings, database_url=postgres.start(lambda: supervisor.stopping))
            bring_up_to_date(settings, say)
            wipe(settings.metrics_folder)
            if prepare is not None:
                asyncio.run(prepare(settings))
            groups = _children(settings, supervisor.lifeline, listening, app, jobs, private)
            count = "1 web worker" if settings.workers == 1 else f"{settings.workers} web workers"
            say(f"Starting {count} and the job worker")
            supervisor.start([child for group in groups for child in group])
            if supervisor.wait_until(lambda: _answers(settings)):
                say(f"Examhall answers on {settings.url}")
                if private:
                    place = f"{settings.metrics_host}:{settings.metrics_port}"
                    say(f"/metrics and /health answer on {place} alone")
                # For `examhall tickets`, which has to know the port.
                (settings.data / "url").write_text(settings.url, encoding="utf-8")
                announce(settings)
                supervisor.run()
            elif not supervisor.stopping:
                raise CannotServe("a worker ended again and again before it answered; see above")
        except CannotStart:
            # To be told to stop while PostgreSQL was starting is no failure.
            if not supervisor.stopping:
                raise
        finally:
            if supervisor.stopping:
                say("Stopping: requests in flight are answered first")
            supervisor.stop(groups, close=lambda: _close([*listening, *private]))
    say("Stopped")
    return 0


def bring_up_to_date(settings: Settings, say: Say) -> None:
    """Migrate; make the partitions of the coming months and have our own designs of certificates at hand.

    Waits for a database that is still starting.
    """
    address = settings.direct_url or settings.database_url
    assert address is not None
    _wait_for(address, say)
    migrate(address, say)
    asyncio.run(_ensure_what_belongs(address))


async def _ensure_what_belongs(address: str) -> None:
    async with await psycopg.AsyncConnection.connect(address) as conn:
        await ensure_partitions(conn)
        await ensure_designs(conn)


def _wait_for(address: str, say: Say) -> None:
    give_up_at = time.monotonic() + DATABASE_WAIT_S
    waiting = False
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > give_up_at:
                raise CannotServe(f"DATABASE_URL: the database cannot be reached: {error}") from error
            if not waiting:
                say(f"Waiting for the database: {str(error).strip().splitlines()[-1]}")
                waiting = True
            time.sleep(0.5)
        else:
            return


def _postgres(settings: Settings) -> Postgres:
    # Each web worker has its pool, its save lane and its listener. One that found no slot left for its lane
    # could save nothing.
    connections = settings.workers * (settings.pool_size + 2) + OTHER_CONNECTIONS
    return Postgres(settings.data, binaries=settings.postgres_bin, connections=connections)


def _children(
    settings: Settings,
    lifeline: int,
    listening: list[socket.socket],
    app: str,
    jobs: str,
    private: Sequence[socket.socket] = (),
) -> list[list[Child]]:
    """The web workers, and the job worker that may be needed as long as one of them runs."""
    environment = {**os.environ, **settings.environment()}
    # -P: without it, Python files that lie where the server was started would be run before ours.
    python = [sys.executable, "-P", "-m", "examhall.child"]
    web = []
    for number, each in zip(range(1, settings.workers + 1), cycle(listening), strict=False):
        fds = [one.fileno() for one in (each, *private)]
        command = [*python, "web", app, *map(str, fds), str(lifeline)]
        named = {**environment, "EXAMHALL_PROCESS": f"web-{number}"}
        web.append(Child(f"web worker {number}", command, named, [*fds, lifeline]))
    named = {**environment, "EXAMHALL_PROCESS": "jobs"}
    return [web, [Child("job worker", [*python, "jobs", jobs, str(lifeline)], named, [lifeline])]]


@contextmanager
def _listening(settings: Settings) -> Iterator[list[socket.socket]]:
    """A socket for each web worker. Bound first of all: a taken port is known at once.

    On Linux each worker accepts from its own, and the kernel deals connections out evenly: from a shared
    one a worker that wakes first takes all that wait (61 of 64 in a trial). We keep them open, so that
    connections which arrive while a worker is started again wait for it, and none is refused.
    """
    # Elsewhere one socket is shared by all: SO_REUSEPORT does not deal out there.
    own = sys.platform == "linux"
    with ExitStack() as opened:
        # Alone at first: beside another server of ours, a shared one would be let in.
        with _bound(settings.host, settings.port, shared=False) as probe:
            port = probe.getsockname()[1]
        count = settings.workers if own else 1
        sockets = [opened.enter_context(_bound(settings.host, port, shared=own)) for _ in range(count)]
        for each in sockets:
            each.listen(BACKLOG)
        yield sockets


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


@contextmanager
def _listening_privately(settings: Settings) -> Iterator[list[socket.socket]]:
    """One socket for all web workers, where /metrics and /health are asked: whichever accepts, answers."""
    with ExitStack() as opened:
        sockets = []
        if settings.metrics_port is not None:
            host, port = settings.metrics_host, settings.metrics_port
            sockets = [opened.enter_context(_bound(host, port, shared=False, setting="EXAMHALL_METRICS"))]
            sockets[0].listen(BACKLOG)
        yield sockets


def _bound(host: str, port: int, *, shared: bool, setting: str = "EXAMHALL") -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CannotServe(f"{setting}_HOST: {host!r} is no address of this machine") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        reason = {
            errno.EADDRINUSE: f"is taken; choose another with {setting}_PORT",
            errno.EACCES: "may not be opened by this user; choose one above 1023",
            errno.EADDRNOTAVAIL: f"cannot be opened: {host} is no address of this machine",
        }.get(error.errno or 0, str(error))
        raise CannotServe(f"{setting}_PORT: port {port} {reason}") from error
    return bound


def _answers(settings: Settings) -> bool:
    """Whether a web worker answers a request, whatever it says."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, settings.port, timeout=0.5)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
