"""Makes PDFs with typst in a process of its own: nice to others, bounded in memory and time, without files.

`python -m examhall.base.typesetting FONTS` is that process. It reads jobs from its standard input until that
ends, and so ends with whoever started it.
"""

import asyncio
import json
import os
import resource
import struct
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examhall.base.errors import Overloaded

LENGTH = struct.Struct("!I")
DONE, REFUSED = b"+", b"-"
# A page takes milliseconds; the first, with its fonts, a few hundred on a busy machine.
LIMIT_S = 20.0
MEMORY_BYTES = 1_500_000_000
# Behind everything that somebody waits for.
NICENESS = 10
LARGEST_BYTES = 50_000_000


class BadDocument(Exception):
    """The source cannot be set: the message is the typesetter's, with the line."""


class TypesetterGone(Overloaded):
    """The document could not be made just now. Please try again."""


class Typesetter:
    """One process that sets one document after the other; started when first needed, again when it dies."""

    def __init__(self, fonts: Path, *, limit_s: float = LIMIT_S) -> None:
        self._fonts = fonts
        self._limit_s = limit_s
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def pdf(self, source: str, inputs: Mapping[str, str], *, timestamp: int) -> bytes:
        """The document as PDF; `inputs` are its `sys.inputs`, `timestamp` the second it says it was made.

        The same arguments give the same bytes. Raises `BadDocument` for a source that cannot be set, and
        `TypesetterGone` when it takes too long or too much memory: the process is ended, the next gets a new.
        """
        job = json.dumps({"source": source, "inputs": dict(inputs), "timestamp": timestamp}).encode()
        async with self._turn:
            try:
                async with asyncio.timeout(self._limit_s):
                    kind, reply = await self._ask(job)
            except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
                await self.close()
                raise TypesetterGone from error
            except asyncio.CancelledError:
                # Its reply would be taken for the next one's.
                await self.close()
                raise
        if kind == REFUSED:
            raise BadDocument(reply.decode())
        return reply

    async def _ask(self, job: bytes) -> tuple[bytes, bytes]:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(LENGTH.pack(len(job)) + job)
        await process.stdin.drain()
        kind = await process.stdout.readexactly(1)
        (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
        return kind, await process.stdout.readexactly(length)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "examhall.base.typesetting", str(self._fonts)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # When memory ends the typesetter says so in a hundred lines.
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process

    async def close(self) -> None:
        """End the process; a document under way is not made."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._process = None


def main() -> None:
    """The process: jobs in, documents out."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    import typst

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[sys.argv[1]])
    with tempfile.TemporaryDirectory(prefix="examhall-typeset-") as empty:
        # Nothing to read and nowhere to find packages: a document is its source and its inputs.
        compiler = typst.Compiler(
            root=empty, font_paths=fonts, package_path=empty, package_cache_path=f"{empty}/none"
        )
        while header := sys.stdin.buffer.read(LENGTH.size):
            job = json.loads(sys.stdin.buffer.read(LENGTH.unpack(header)[0]))
            kind, reply = _set(compiler, typst.TypstError, job)
            sys.stdout.buffer.write(kind + LENGTH.pack(len(reply)) + reply)
            sys.stdout.buffer.flush()


def _set(compiler: Any, refused: type[Exception], job: Mapping[str, Any]) -> tuple[bytes, bytes]:
    try:
        pdf: bytes = compiler.compile(
            job["source"].encode(), format="pdf", sys_inputs=job["inputs"], timestamp=job["timestamp"]
        )
    except refused as error:
        return REFUSED, str(getattr(error, "diagnostic", "") or error).encode()
    if len(pdf) > LARGEST_BYTES:
        return REFUSED, b"the document is larger than 50 MB"
    return DONE, pdf


if __name__ == "__main__":
    main()
