"""Against a real server: connections that send too much beside a body, or too slowly, are closed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from examhall.base import bounded

pytestmark = pytest.mark.anyio

Exchange = Callable[[bytes, bytes, int], Awaitable[bytes]]
PIECE = b"a" * 16_384
PIECES = 200


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d bytes" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """Send a beginning, then pieces until the other side closes; give what it said."""
    config = uvicorn.Config(
        app,
        port=0,
        http=bounded.BoundedProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        # Not this one shall close what the tests see closed.
        timeout_keep_alive=3600,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    async def exchange(beginning: bytes, piece: bytes, pieces: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(beginning)
            for _ in range(pieces):
                writer.write(piece)
                await writer.drain()
            return await asyncio.wait_for(reader.read(), 20)
        except ConnectionError:
            return b"closed"
        finally:
            writer.close()

    yield exchange
    server.should_exit = True
    await serving


async def test_headers_without_end_are_refused(exchange: Exchange) -> None:
    said = await exchange(b"GET / HTTP/1.1\r\nHost: x\r\nA: ", PIECE, PIECES)
    assert said == b"closed" or said.startswith(b"HTTP/1.1 400")
    said = await exchange(b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: " + PIECE + b"\r\n", PIECES)
    assert said == b"closed" or said.startswith(b"HTTP/1.1 400")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_trailers_without_end_are_refused(exchange: Exchange) -> None:
    assert await exchange(CHUNKED + b"0\r\nA: ", PIECE, PIECES) in (b"closed", b"")


async def test_a_body_is_none_of_its_business(exchange: Exchange) -> None:
    size = len(PIECE) * PIECES
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
    assert (await exchange(head, PIECE, PIECES)).endswith(b"\r\n%d bytes" % size)
    chunk = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)
    head = CHUNKED.replace(b"Host", b"Connection: close\r\nHost")
    said = await exchange(head + chunk * (PIECES - 1), chunk + b"0\r\n\r\n", 1)
    assert said.endswith(b"\r\n%d bytes" % size)


@pytest.mark.parametrize(
    "beginning",
    [b"", b"GET / HTTP/1.1\r\nHost:", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_come_is_not_waited_for(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(bounded, "PATIENCE_S", 0.1)
    assert await exchange(beginning, b"", 0) == b""


async def test_the_second_request_of_a_connection_is_not_waited_for_either(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "PATIENCE_S", 0.1)
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert (await exchange(whole + whole[:-2], b"", 0)).count(b"0 bytes") == 1
