"""Streams over real sockets, by the server that serves them: told, kept alive, dropped, ended."""

import asyncio
import gc
import resource
from collections.abc import AsyncIterator, Callable
from typing import Any
from weakref import WeakSet

import psycopg
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from examhall.base import event_stream, problem
from examhall.base.bounded import BoundedProtocol
from examhall.base.errors import Refusal
from examhall.base.event_stream import MISSED, Broadcast, Streams, TooManyStreams, encoded
from examhall.base.front import Front
from examhall.base.listen import Listener

pytestmark = pytest.mark.anyio

MANY = 1_000
PATIENCE_S = 30


class Reader:
    """A client that reads a stream's events, without their framing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader, self._writer, self.head = reader, writer, head

    async def chunk(self) -> bytes:
        """What the server sent in one go; empty at the end, and None where it was cut off."""
        async with asyncio.timeout(PATIENCE_S):
            size = int(await self._reader.readline(), 16)
            return (await self._reader.readexactly(size + 2))[:-2]

    async def until(self, wanted: bytes) -> bytes:
        """Everything up to the end of what is wanted."""
        found = b""
        while wanted not in found:
            chunk = await self.chunk()
            assert chunk, f"ended after {found!r}"
            found += chunk
        return found

    async def rest(self) -> bytes:
        """All until the end; IncompleteReadError or ConnectionError if it was cut off."""
        found = b""
        while chunk := await self.chunk():
            found += chunk
        return found

    def leave(self) -> None:
        self._writer.close()


class _Held:
    """Something that a layer holds while it waits for the one inside."""


class Hall:
    """A server with a stream of the topic that the path names, within our layers or without any."""

    def __init__(self, streams: Streams, *, layers: bool = True) -> None:
        self.streams = streams
        self.broadcast = Broadcast(streams)
        app = Starlette(
            routes=[
                Route("/broken", self._break),
                Route("/late", self._follow_late),
                Route("/{topic}", self._follow),
            ],
            exception_handlers={Refusal: problem.render_refusal},
        )
        # What each request of the layers inside held, as long as it is held.
        self.held: WeakSet[_Held] = WeakSet()
        # Lets those in who wait at /late.
        self.late = asyncio.Event()
        config = uvicorn.Config(
            Front(GZipMiddleware(self._holding(app))) if layers else app,
            port=0,
            http=BoundedProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            # Without a limit: a stream that does not end keeps the server from stopping.
            timeout_graceful_shutdown=None,
        )
        self.server = uvicorn.Server(config)
        self.readers: list[Reader] = []

    async def _follow(self, request: Request) -> Response:
        return self.broadcast.follow(request.path_params["topic"])

    async def _follow_late(self, request: Request) -> Response:
        stream = self.broadcast.follow("late")
        await self.late.wait()
        return stream

    def _holding(self, app: ASGIApp) -> ASGIApp:
        async def held(scope: Scope, receive: Receive, send: Send) -> None:
            scope["held"] = something = _Held()
            self.held.add(something)
            await app(scope, receive, send)

        return held

    async def _break(self, request: Request) -> Response:
        self.broadcast.follow("broken")
        raise Refusal

    async def ask(self, path: str, method: str = "GET", **how: Any) -> Reader:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **how)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: hall\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.readers.append(Reader(reader, writer, head))
        return self.readers[-1]

    async def stop(self) -> None:
        """As SIGTERM does."""
        self.server.should_exit = True
        async with asyncio.timeout(PATIENCE_S):
            await self.serving

    async def __aenter__(self) -> "Hall":
        self.serving = asyncio.create_task(self.server.serve())
        while not self.server.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self.streams.close()
        for reader in self.readers:
            reader.leave()


@pytest.fixture(params=["within layers", "alone"])
async def hall(request: pytest.FixtureRequest) -> AsyncIterator[Hall]:
    async with Hall(Streams(), layers=request.param == "within layers") as hall:
        yield hall


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_an_event_has_its_name_its_id_and_each_line_of_its_data() -> None:
    event = encoded("one\r\ntwo\rthree\n\u2028four", name="saved", event_id="7")
    assert event.decode() == "event: saved\nid: 7\ndata: one\ndata: two\ndata: three\ndata: \u2028four\n\n"


async def test_a_stream_is_neither_kept_nor_gathered_nor_compressed_on_the_way(hall: Hall) -> None:
    reader = await hall.ask("/a")
    assert "text/event-stream" in reader.head
    assert "cache-control: no-store, no-transform" in reader.head
    assert "x-accel-buffering: no" in reader.head
    assert "content-encoding" not in reader.head
    assert (await reader.chunk()).startswith(b"retry: ")


async def test_who_follows_hears_its_topic_alone_and_in_order(hall: Hall) -> None:
    one, other = await hall.ask("/one"), await hall.ask("/other")
    for number in range(300):
        hall.broadcast.tell("one", encoded(str(number)))
    hall.broadcast.tell("other", encoded("another"))
    heard = await one.until(b"data: 299\n\n")
    numbers = [int(line[6:]) for line in heard.split(b"\n") if line.startswith(b"data: ")]
    assert numbers == list(range(300))
    assert b"data: 0\n" not in await other.until(b"another")


async def test_one_announcement_reaches_a_thousand_streams_which_all_end_when_the_server_stops() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * MANY + 200:
        if hard < 2 * MANY + 200:
            pytest.skip("too few files may be open")
        resource.setrlimit(resource.RLIMIT_NOFILE, (2 * MANY + 200, hard))
    async with Hall(Streams()) as hall:
        readers = [await hall.ask("/results") for _ in range(MANY)]
        assert hall.broadcast.followers("results") == len(hall.streams) == MANY
        hall.broadcast.tell("results", encoded("first"))
        hall.broadcast.tell("results", encoded("second"))
        heard = [await reader.until(b"second") for reader in readers]
        assert all(each.index(b"first") < each.index(b"second") for each in heard)
        await hall.stop()
        # In order: the last chunk is there, nobody was cut off.
        assert [await reader.rest() for reader in readers] == [b""] * MANY
        assert len(hall.streams) == 0


async def test_a_reader_who_takes_nothing_does_not_keep_the_server_from_stopping(hall: Hall) -> None:
    await _stuff(hall, await hall.ask("/a", limit=1024))
    await hall.stop()


async def _stuff(hall: Hall, reader: Reader) -> None:
    """Tell more than the sockets hold to a reader who takes nothing."""
    [stream] = hall.streams._open
    while not stream._is_sending:
        stream.send(encoded("x" * 100_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_a_slow_reader_is_dropped_and_nobody_else_notices(hall: Hall) -> None:
    await _stuff(hall, await hall.ask("/a", limit=1024))
    other = await hall.ask("/a")
    for _ in range(event_stream.QUEUE_BYTES // 10_000 + 1):
        hall.broadcast.tell("a", encoded("x" * 10_000))
        await asyncio.sleep(0.01)
    hall.broadcast.tell("a", encoded("last"))
    await other.until(b"last")
    await eventually(lambda: len(hall.streams) == 1)
    assert hall.streams.dropped == 1


async def test_who_leaves_is_forgotten(hall: Hall) -> None:
    reader = await hall.ask("/a")
    await reader.chunk()
    reader.leave()
    await eventually(lambda: len(hall.streams) == 0)
    assert hall.broadcast.followers("a") == 0


async def test_who_left_before_the_stream_began_is_forgotten(hall: Hall) -> None:
    port = hall.server.servers[0].sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /late HTTP/1.1\r\nHost: hall\r\n\r\n")
    await eventually(lambda: len(hall.streams) == 1)
    writer.close()
    await eventually(lambda: not hall.server.server_state.connections)
    hall.late.set()
    await eventually(lambda: len(hall.streams) == 0)


async def test_while_a_stream_goes_on_nothing_is_held_of_the_layers_inside() -> None:
    async with Hall(Streams()) as hall:
        reader = await hall.ask("/a")
        await reader.chunk()
        await eventually(lambda: len(hall.held) == 0)
        hall.broadcast.tell("a", encoded("still there"))
        await reader.until(b"still there")


async def test_a_handler_that_fails_leaves_no_stream_behind(hall: Hall) -> None:
    reader = await hall.ask("/broken")
    assert reader.head.startswith("HTTP/1.1 400 ")
    assert hall.broadcast.followers("broken") == len(hall.streams) == 0


async def test_a_question_for_the_head_alone_opens_no_stream(hall: Hall) -> None:
    reader = await hall.ask("/a", "HEAD")
    assert "text/event-stream" in reader.head
    await eventually(lambda: len(hall.streams) == 0)


async def test_more_streams_than_the_limit_are_refused_until_one_ends() -> None:
    async with Hall(Streams(limit=1)) as hall:
        first = await hall.ask("/a")
        await first.chunk()
        refused = await hall.ask("/a")
        assert refused.head.startswith("HTTP/1.1 503 ")
        assert "retry-after: 60" in refused.head
        first.leave()
        await eventually(lambda: len(hall.streams) == 0)
        assert (await hall.ask("/a")).head.startswith("HTTP/1.1 200 ")


def test_no_reader_of_what_is_public_has_all_streams_and_some_are_left_for_the_house() -> None:
    async def open_them() -> None:
        streams = Streams(limit=6, reserved=2, each=3)
        mallorys = [streams.open(666) for _ in range(3)]
        with pytest.raises(TooManyStreams):
            streams.open(666)
        alices = streams.open(1)
        with pytest.raises(TooManyStreams):
            streams.open(2)
        house = [streams.open(), streams.open()]
        with pytest.raises(TooManyStreams):
            streams.open()
        del mallorys, house
        gc.collect()
        assert [streams.open(666), len(streams)][1] == 2
        del alices
        streams.close()

    asyncio.run(open_them())


async def test_a_silent_stream_gives_signs_of_life_and_an_old_one_ends() -> None:
    async with Hall(Streams(heartbeat_s=0.05, lifetime_s=0.5)) as hall:
        reader = await hall.ask("/a")
        await reader.until(b": \n\n")
        await reader.rest()
        await eventually(lambda: len(hall.streams) == 0)


async def test_what_was_sent_before_a_stream_was_served_comes_first_and_its_end_comes_last() -> None:
    streams = Streams()
    stream = streams.open()
    stream.send(encoded("state"))
    stream.end()
    sent: list[bytes] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    await stream({"type": "http", "method": "GET"}, receive, send)
    streams.close()
    assert sent[1].endswith(b"data: state\n\n")
    assert sent[2:] == [b""]


async def test_what_the_database_announces_reaches_the_streams_and_a_break_is_told(
    hall: Hall, shared_dsn: str
) -> None:
    listener = Listener(shared_dsn)
    hall.broadcast.relay(
        listener, "test_results", lambda payload: hall.broadcast.tell(payload, encoded("news"))
    )
    also: list[str] = []
    listener.on("test_results", also.append)
    listener.open()
    try:
        await listener.connected.wait()
        reader = await hall.ask("/12")
        async with await psycopg.AsyncConnection.connect(shared_dsn, autocommit=True) as conn:
            await conn.execute("NOTIFY test_results, '12'")
            await reader.until(b"news")
            assert also == ["12"]
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query ~ '^(LISTEN|SELECT 1)'"
            )
            await reader.until(MISSED)
    finally:
        await listener.close()
