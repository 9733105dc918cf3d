"""A small real HTTP server that answers as a text model does, or as badly as one can."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

GOOD = {"choices": [{"message": {"content": "Well done."}}], "usage": {"total_tokens": 700}}


@dataclass
class Endpoint:
    """Gives `replies` in turn, the last for ever: status and body, bytes as they are, or None for silence."""

    replies: list[Any] = field(default_factory=lambda: [(200, GOOD)])
    headers: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                values = dict(line.split(": ", 1) for line in lines[1:] if line)
                self.asked.append(json.loads(await reader.readexactly(int(values["content-length"]))))
                self.authorizations.append(values.get("authorization", ""))
                self.encodings.append(values.get("accept-encoding", ""))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                if reply is None:
                    await asyncio.sleep(60)
                elif isinstance(reply, bytes):
                    writer.write(reply)
                    break
                else:
                    status, body = reply
                    content = body if isinstance(body, bytes) else json.dumps(body).encode()
                    head_out = f"HTTP/1.1 {status} X\r\n{self.headers}Content-Length: {len(content)}\r\n\r\n"
                    writer.write(head_out.encode() + content)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(**given: Any) -> AsyncIterator[Endpoint]:
    endpoint = Endpoint(**given)
    server = await asyncio.start_server(endpoint.answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    endpoint.url = f"http://{host}:{port}/v1"
    async with server:
        yield endpoint
