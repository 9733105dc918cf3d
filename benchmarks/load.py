"""Two ways to load a server: wrk for a while with as many requests as it answers, or each request once."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.servers import Address

SCRIPT = Path(__file__).with_name("load.lua")
THREADS = 2
# Revisions have ten digits, so that a request's length never changes; a run of wrk has a range of its own.
FIRST_REVISION = 1_000_000_000
REVISIONS_OF_A_RUN = 5_000_000
_runs = itertools.count()


@dataclass(frozen=True)
class Load:
    """What one run gave. Times in seconds; `errors` are replies that were no success, and lost ones."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class NotAsExpected(SystemExit):
    """A request that is about to be measured is not answered as it should be."""


def require_wrk() -> None:
    """Installs it where we may: it is a package of Debian's."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing wrk from the system's packages", flush=True)
        for command in (["update"], ["install", "-y", "wrk"]):
            subprocess.run(["apt-get", "-q", *command], check=False, stdout=subprocess.DEVNULL)
    if shutil.which("wrk") is None:
        raise SystemExit("the benchmarks need wrk; on Debian and Ubuntu: sudo apt-get install wrk")


@contextmanager
def file_of(requests: Sequence[bytes]) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="examhall-bench-", suffix=".requests") as file:
        file.write(b"\1".join(requests))
        file.flush()
        yield Path(file.name)


def wrk(address: Address, requests: Path, *, connections: int, seconds: float) -> Load:
    first = FIRST_REVISION + next(_runs) * REVISIONS_OF_A_RUN
    said = subprocess.run(
        ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(SCRIPT),
         f"http://{address.host}:{address.port}", "--", str(requests), str(first), str(THREADS)],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    found = json.loads(said.rsplit("\n", 2)[-2])
    return Load(
        requests=found["requests"],
        seconds=found["duration_us"] / 1e6,
        p50=found["p50_us"] / 1e6,
        p95=found["p95_us"] / 1e6,
        p99=found["p99_us"] / 1e6,
        errors=found["refused"] + found["socket_errors"] + found["timeouts"],
    )


def each_once(address: Address, requests: Sequence[bytes], *, connections: int) -> Load:
    """All of the requests, each once, over so many connections that are open already."""
    return uvloop.run(_each_once(address, requests, connections))


def ask(address: Address, request: bytes, *, expect: bytes) -> None:
    """Send one request; its reply must be a 200 that holds `expect`."""
    reply = uvloop.run(_ask(address, request.replace(b"\2", b"%d" % FIRST_REVISION)))
    if not reply.startswith(b"HTTP/1.1 200") or expect not in reply:
        raise NotAsExpected(f"asked {request[:300]!r}\ngot {reply[:600]!r}")


async def _ask(address: Address, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(_content_length(head))
    writer.close()
    return head + body


async def _each_once(address: Address, requests: Sequence[bytes], connections: int) -> Load:
    waiting = iter(requests)
    clients = [_Client(waiting) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    for client in clients:
        await loop.create_connection(lambda client=client: client, address.host, address.port)  # type: ignore[misc]
    began = time.perf_counter()
    for client in clients:
        client.send_next()
    await asyncio.gather(*(client.finished for client in clients))
    seconds = time.perf_counter() - began
    took = sorted(itertools.chain.from_iterable(client.took for client in clients))
    p50, p95, p99 = (took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.95, 0.99))
    return Load(len(took), seconds, p50, p95, p99, sum(client.errors for client in clients))


class _Client(asyncio.Protocol):
    """One connection: a request, its reply, the next request. As little Python a reply as will do."""

    def __init__(self, waiting: Iterator[bytes]) -> None:
        self._waiting = waiting
        self._received = bytearray()
        self._missing = -1
        self._sent_at = 0.0
        self.took: list[float] = []
        self.errors = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.finished.done():
            self.errors += 1
            self.finished.set_result(None)

    def send_next(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._missing = -1
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._received += data
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._received[: end + 4])
            self.errors += head[9:10] != b"2"
            self._missing = _content_length(head) - (len(self._received) - len(head))
            self._received.clear()
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self.took.append(time.perf_counter() - self._sent_at)
            self.send_next()


def _content_length(head: bytes) -> int:
    # Ours are in lower case.
    at = head.index(b"content-length:") + 15
    return int(head[at : head.index(b"\r", at)])
