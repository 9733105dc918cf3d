"""Server-Sent Events: streams that stay open, and announcements told to many of them at once.

A stream is a response of its own: one task, a bounded queue, no framework around it. It ends in order when
the server is told to stop (base/bounded.py tells it), when its reader cannot keep up, and after a while in
any case; a browser comes back by itself each time, and signs in anew as it does.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Final, Protocol
from weakref import WeakSet, WeakValueDictionary

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from examhall.base.db import Connection
from examhall.base.errors import Overloaded
from examhall.base.listen import Listener

# In one process: at some 20 KB each with their connections.
STREAMS_LIMIT = 5_000
# Of these, as many are never given to the public: who looks after the server sees what goes on.
RESERVED = 100
# By one person, or one address of strangers: a school behind it, but not all that there are.
STREAMS_EACH = 300
# By one who is signed in: tabs and devices, but not so many that twenty people have all that there are.
STREAMS_OF_ONE = 20
# A reader who is cut off is found out by what it does not acknowledge: within this and `UNHEARD_S`, in ten
# seconds. (What a proxy in between allows to be silent is 60 s as a rule.)
HEARTBEAT_S = 4.0
# So long what was sent may stay without an acknowledgement; then the kernel ends the connection.
UNHEARD_S = 5.0
# Then the browser comes again, and is asked again who it is.
LIFETIME_S = 600.0
# Beyond what the sockets hold. A reader so far behind is better served by coming again.
QUEUE_BYTES = 256 * 1024
# When to come back, drawn for each stream: after a restart not all of them in the same instant.
RETRY_MS = (1_000, 4_000)
# Streams written to before other requests have their turn: some milliseconds.
AT_ONCE = 100
# How base/bounded.py names the connection in a request's scope.
LINE: Final = "examhall.line"
# How the outermost layer (base/front.py) is given what goes on for minutes. Run from there, each stream takes
# 20 KB of memory and not 35: the frames of some twenty layers are gone, and what these keep for a request.
GOES_ON: Final = "examhall.goes_on"

HEARTBEAT = b": \n\n"


class TooManyStreams(Overloaded):
    """Too many live views are open at this moment. The page works without; please try again in a minute."""

    retry_after_s = 60


def encoded(data: str, *, name: str | None = None, event_id: str | None = None) -> bytes:
    """One event as it goes over the wire; encode once what many are told. Names and ids have one line."""
    lines = [f"event: {name}"] if name else []
    if event_id is not None:
        lines.append(f"id: {event_id}")
    # By the line ends that the format knows; str.splitlines knows more.
    lines += [f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


# Clients that are told this have missed announcements, and ask anew for what they show.
MISSED = encoded("", name="missed")


class Line(Protocol):
    """The connection under a stream, as base/bounded.py puts it into the scope."""

    # Ended when the connection is lost, or the server stops.
    stream: "EventStream | None"

    def hang_up(self) -> None: ...

    def hang_up_when_unheard(self, seconds: float) -> None: ...


class EventStream(Response):
    """One reader's stream. What is sent before it is served is kept for it."""

    media_type = "text/event-stream"

    def __init__(self, ended: "Callable[[EventStream], None]") -> None:
        self.status_code = 200
        self.background = None
        # Neither kept nor gathered nor compressed on the way: each event is seen at once.
        self.init_headers({"cache-control": "no-store, no-transform", "x-accel-buffering": "no"})
        self.since = asyncio.get_running_loop().time()
        retry_ms = RETRY_MS[0] + secrets.randbelow(RETRY_MS[1] - RETRY_MS[0])
        self._queue = deque([b"retry: %d\n\n" % retry_ms])
        self._queued_bytes = 0
        self._woken: asyncio.Future[None] | None = None
        self._line: Line | None = None
        self._is_sending = False
        self._ended = ended
        self.is_over = False
        self.is_dropped = False
        # All streams of whoever reads this one.
        self.theirs: WeakSet[EventStream] | None = None
        # Called when its reader is there, and when it has gone.
        self.came: Callable[[], None] | None = None
        self.went: Callable[[], None] | None = None

    def send(self, event: bytes) -> None:
        """Queue an event (see `encoded`). A reader for whom too much is queued is dropped: it comes back."""
        if self.is_over:
            return
        if self._queue and self._queued_bytes + len(event) > QUEUE_BYTES:
            self.is_dropped = True
            self._queue.clear()
            self.end()
            return
        self._queue.append(event)
        self._queued_bytes += len(event)
        self._wake()

    def beat(self) -> None:
        """A sign of life, if nothing else is on its way."""
        if not self._queue:
            self.send(HEARTBEAT)

    def end(self) -> None:
        """The stream ends after what was sent; a reader who takes nothing is hung up on."""
        self.is_over = True
        if self._is_sending and self._line is not None:
            self._line.hang_up()
        self._wake()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        # There is none, or none any more: then `receive` tells that its reader is gone.
        self._line = scope.get(LINE)
        if self._line is not None:
            self._line.stream = self
            self._line.hang_up_when_unheard(UNHEARD_S)
        if GOES_ON in scope:
            scope[GOES_ON] = self.go_on
        else:
            await self.go_on(receive, send)

    async def go_on(self, receive: Receive, send: Send) -> None:
        """What follows the head, until the end. No layer inside sees it: none changes an event stream."""
        if self.came is not None:
            self.came()
        gone = None
        if self._line is None:
            gone = asyncio.create_task(self._wait_until_gone(receive), name="stream")
        try:
            await self._write(send)
        finally:
            if gone is not None:
                gone.cancel()
            if self._line is not None:
                self._line.stream = None
            self._finish()
        await send({"type": "http.response.body", "body": b""})

    async def _write(self, send: Send) -> None:
        while self._queue or not self.is_over:
            if self._queue:
                body = b"".join(self._queue)
                self._queue.clear()
                self._queued_bytes = 0
                # Returns when the sockets have room again, or the reader is gone.
                self._is_sending = True
                await send({"type": "http.response.body", "body": body, "more_body": True})
                self._is_sending = False
            else:
                self._woken = asyncio.get_running_loop().create_future()
                await self._woken

    async def _wait_until_gone(self, receive: Receive) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self.end()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _finish(self) -> None:
        self.is_over = True
        if self.went is not None:
            self.went()
        self._ended(self)


class Streams:
    """All streams of one process: how many there may be, and their heartbeat."""

    def __init__(
        self,
        *,
        limit: int = STREAMS_LIMIT,
        reserved: int = RESERVED,
        each: int = STREAMS_EACH,
        heartbeat_s: float = HEARTBEAT_S,
        lifetime_s: float = LIFETIME_S,
    ) -> None:
        self._limit = limit
        self._reserved = reserved
        self._each = each
        self._heartbeat_s = heartbeat_s
        self._lifetime_s = lifetime_s
        # Weak: a handler that failed before it returned its stream leaves nothing behind.
        self._open: WeakSet[EventStream] = WeakSet()
        # Held by the streams themselves: with the last of somebody's, the set is gone.
        self._theirs: WeakValueDictionary[Hashable, WeakSet[EventStream]] = WeakValueDictionary()
        self._beating: asyncio.Task[None] | None = None
        self._is_closed = False
        self.opened = self.dropped = self.refused = 0

    def __len__(self) -> int:
        return len(self._open)

    def open(self, whose: Hashable = None, *, each: int | None = None, is_public: bool = True) -> EventStream:
        """A stream for a handler to return; it hears what is sent from now on. Refuses beyond the limit.

        What says `whose` it is, is limited for each: nobody has them all. Of what is open to the public some
        are left for others.
        """
        theirs = self._theirs.get(whose) if whose is not None else None
        most = self._limit if whose is None or not is_public else self._limit - self._reserved
        if self._is_closed or len(self._open) >= most or (theirs and len(theirs) >= (each or self._each)):
            self.refused += 1
            raise TooManyStreams
        stream = EventStream(self._end_of)
        self._open.add(stream)
        if whose is not None:
            stream.theirs = self._theirs.setdefault(whose, WeakSet())
            stream.theirs.add(stream)
        self.opened += 1
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat(), name="heartbeat of streams")
        return stream

    def close(self) -> None:
        """End them all; none is opened any more."""
        self._is_closed = True
        if self._beating is not None:
            self._beating.cancel()
        for stream in list(self._open):
            stream.end()

    def _end_of(self, stream: EventStream) -> None:
        self._open.discard(stream)
        if stream.theirs is not None:
            stream.theirs.discard(stream)
        self.dropped += stream.is_dropped

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._heartbeat_s)
            oldest = loop.time() - self._lifetime_s
            await _each(self._open, partial(_beat_or_end, oldest))


class Broadcast:
    """Tells each announcement to all streams that follow its topic."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._topics: dict[Hashable, _Topic] = {}
        self._is_relaying = False

    def follow(
        self, *topics: Hashable, whose: Hashable = None, each: int | None = None, is_public: bool = True
    ) -> EventStream:
        """A stream for a handler to return. It hears the topics from now on: whoever reads the state that
        the stream begins with after this call, and sends it, misses nothing in between."""
        stream = self._streams.open(whose, each=each, is_public=is_public)
        for topic in topics:
            self._topics.setdefault(topic, _Topic()).streams.add(stream)
        return stream

    def followers(self, topic: Hashable) -> int:
        """How many follow it here: with none, nothing need be read or encoded for them."""
        found = self._topics.get(topic)
        if found is None:
            return 0
        if not found.streams:
            del self._topics[topic]
        return len(found.streams)

    def tell(self, topic: Hashable, event: bytes) -> None:
        """Send it to all who follow the topic, in the order of the calls."""
        if self.followers(topic):
            self._topics[topic].tell(event)

    def relay(self, listener: Listener, channel: str, heard: Callable[[str], None]) -> None:
        """Before the listener opens: `heard` is called with each payload announced on the channel, and
        tells what follows from it. After a break of the listener all streams are told `MISSED`."""
        listener.on(channel, heard)
        if not self._is_relaying:
            self._is_relaying = True
            listener.on_reconnect(self._tell_missed)

    async def _tell_missed(self, conn: Connection) -> None:
        for topic in list(self._topics):
            self.tell(topic, MISSED)


class _Topic:
    def __init__(self) -> None:
        self.streams: WeakSet[EventStream] = WeakSet()
        self._untold: list[bytes] = []
        self._telling: asyncio.Task[None] | None = None

    def tell(self, event: bytes) -> None:
        self._untold.append(event)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(), name="broadcast")

    async def _tell_all(self) -> None:
        # One round after the other, or a stream could hear a later announcement first. What comes meanwhile
        # goes out together in the next.
        while self._untold:
            events = b"".join(self._untold)
            self._untold.clear()
            await _each(self.streams, partial(EventStream.send, event=events))


def _beat_or_end(oldest: float, stream: EventStream) -> None:
    if stream.since > oldest:
        stream.beat()
    else:
        stream.end()


async def _each(streams: Iterable[EventStream], act: Callable[[EventStream], None]) -> None:
    for number, stream in enumerate(list(streams), 1):
        act(stream)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
