"""uvicorn's HTTP protocol with bounds that it lacks: how much may come beside a body, and how slowly.

Behind a proxy these are its business. Without one, a single connection that never ends its headers would
take all memory, and a few thousand that send nothing all connections.
"""

import asyncio
import os
import socket

from examhall.base.event_stream import LINE, EventStream
from examhall.base.one_write import OneWriteProtocol

# Of headers and of what frames a body in chunks. Proxies allow half of it; one read from the socket may
# come on top.
BESIDE_BODY_BYTES = 65_536
# A request that has begun, or the first of a connection, is here after so long. A megabyte over a bad
# mobile network takes half of it; between requests uvicorn's own timeout holds.
PATIENCE_S = 75.0
UNHEARD_OPTION: int = getattr(socket, "TCP_USER_TIMEOUT", 0)


class BoundedProtocol(OneWriteProtocol):
    # What would go on for ever when the server stops, or its reader has gone.
    stream: EventStream | None = None
    _beside_body = 0
    _has_head = False
    _is_complete = False
    _giving_up: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        if self.stream is not None:
            self.stream.end()
        # Or it would keep this object alive until the next search for cycles.
        if self.scope is not None:
            self.scope.pop(LINE, None)  # type: ignore[typeddict-item]

    def shutdown(self) -> None:
        """The server stops: what is in hand is finished, a stream is ended."""
        super().shutdown()
        if self.stream is not None:
            self.stream.end()

    def hang_up(self) -> None:
        """End the connection now, whatever has not been taken yet."""
        self.transport.abort()

    def hang_up_when_unheard(self, seconds: float) -> None:
        """From now on, data that nobody acknowledges for so long ends the connection. Linux alone can."""
        pseudo = self.transport.get_extra_info("socket")
        if pseudo is None or pseudo.family == getattr(socket, "AF_UNIX", None) or not UNHEARD_OPTION:
            return
        # uvloop's stand-in for the socket sets no options; another descriptor of the same socket does.
        with socket.socket(fileno=os.dup(pseudo.fileno())) as same:
            same.setsockopt(socket.IPPROTO_TCP, UNHEARD_OPTION, int(seconds * 1000))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(PATIENCE_S, self.hang_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def data_received(self, data: bytes) -> None:
        self._beside_body += len(data)
        super().data_received(data)
        if self._is_complete:
            self._stop_waiting()
        elif self._beside_body > BESIDE_BODY_BYTES:
            self._refuse()
        elif self._giving_up is None:
            self._wait()

    def on_message_begin(self) -> None:
        self._beside_body = 0
        self._has_head = self._is_complete = False
        super().on_message_begin()
        self.scope[LINE] = self  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._has_head = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_complete = True
        super().on_message_complete()

    def _refuse(self) -> None:
        self._stop_waiting()
        if self._has_head:
            # Somebody may be answering it already.
            self.transport.close()
        else:
            self.send_400_response("The head of this request is too large.")

    def _wait(self) -> None:
        self._giving_up = self.loop.call_later(PATIENCE_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
