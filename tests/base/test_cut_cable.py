"""A cable that is cut says nothing: the kernel finds out by what is not acknowledged any more.

The reader sits in a network namespace of its own, made by the test, and its end of the link goes down.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.base.bounded import BoundedProtocol
from examhall.base.event_stream import Streams

pytestmark = pytest.mark.anyio

# Addresses for documentation (RFC 5737): nobody's.
HERE, THERE = "198.51.100.1", "198.51.100.2"
# A reader that says when it has read something, and goes on reading.
READER = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: hall\\r\\n\\r\\n")
    while connection.recv(4096):
        print("heard", flush=True)
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def link() -> Iterator[tuple[str, str]]:
    """A namespace's name, and of its end of the link."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and iproute2")
    name = uuid4().hex[:8]
    space, here, there = f"examhall-{name}", f"eh{name}", f"et{name}"
    try:
        ip("netns", "add", space)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine makes no network namespaces: {error.stderr.decode().strip()}")
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
        ip("address", "add", f"{HERE}/30", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", space, "address", "add", f"{THERE}/30", "dev", there)
        ip("-n", space, "link", "set", there, "up")
        yield space, there
    finally:
        ip("netns", "delete", space)
        subprocess.run(["ip", "link", "delete", here], check=False, capture_output=True)


@pytest.fixture
async def hall(link: tuple[str, str]) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """The server's port, and an event: the stream's reader has gone."""
    streams, gone = Streams(), asyncio.Event()

    async def follow(request: Request) -> Response:
        stream = streams.open()
        stream.went = gone.set
        return stream

    config = uvicorn.Config(
        Starlette(routes=[Route("/", follow)]),
        host=HERE,
        port=0,
        http=BoundedProtocol,
        loop="uvloop",
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1], gone
    streams.close()
    server.should_exit = True
    await serving


async def test_a_reader_whose_cable_is_cut_is_found_out(
    link: tuple[str, str], hall: tuple[int, asyncio.Event]
) -> None:
    (space, there), (port, gone) = link, hall
    reader = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", space, sys.executable, "-c", READER, HERE, str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert reader.stdout is not None
    try:
        async with asyncio.timeout(20):
            await reader.stdout.readline()
        assert not gone.is_set()
        ip("-n", space, "link", "set", there, "down")
        # Without the option Linux tries for a quarter of an hour.
        async with asyncio.timeout(60):
            await gone.wait()
    finally:
        reader.kill()
        await reader.wait()
