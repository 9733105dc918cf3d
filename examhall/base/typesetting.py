"""Makes PDFs and pictures with typst in a process of its own: nice to others, bounded in memory and time.

It has no files and no network: once its fonts are read it can open nothing, whatever a document asks.

`python -m examhall.base.typesetting FONTS` is that process. It reads jobs from its standard input until that
ends, and so ends with whoever started it.
"""

import asyncio
import json
import os
import re
import resource
import struct
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from examhall.base.children import bare_environment
from examhall.base.errors import Overloaded

LENGTH = struct.Struct("!I")
DONE, REFUSED = b"+", b"-"
# A page takes milliseconds; the first, with its fonts, a few hundred on a busy machine.
LIMIT_S = 20.0
MEMORY_BYTES = 1_500_000_000
# Behind everything that somebody waits for.
NICENESS = 10
LARGEST_BYTES = 50_000_000
# The file that the source itself is, among those beside it.
MAIN = "main.typ"
# Every face of every family is asked for once, so that none has to be opened later.
READ_FONTS = """#for family in json(bytes(sys.inputs.families)) {
  for weight in range(1, 10) {
    for style in ("normal", "italic") { text(font: family, weight: weight * 100, style: style)[a] }
  }
}"""
SAID = re.compile(r"^(error|help|warning): ", re.MULTILINE)
PLACE = re.compile(r"┌─ \S*?([^/\s]+):(\d+):(\d+)$", re.MULTILINE)
# No file, line and column.
NOWHERE: tuple[str | None, int | None, int | None] = (None, None, None)
HINT = re.compile(r"= hint: (.+)")
# What the typesetter's own machine is called is nobody's business.
SEARCHED = re.compile(r" \(searched at [^)]*\)")


class Problem(NamedTuple):
    """One thing that is wrong with a document, and in which of its files, if it is in one."""

    file: str | None
    line: int | None
    column: int | None
    reason: str
    hint: str


class BadDocument(Exception):
    """The source cannot be set: the message is the typesetter's, with the line."""

    def problems(self, file: str = MAIN) -> list[Problem]:
        """One for each error, with the place in `file` where it is, or that led there."""
        return list(_problems(str(self), file))


class TypesetterGone(Overloaded):
    """The document could not be made just now. Please try again."""


class Typesetter:
    """One process that sets one document after the other; started when first needed, again when it dies.

    With `idle_s` it ends when nobody has come for so long: it holds 65 MB.
    """

    def __init__(self, fonts: Path, *, limit_s: float = LIMIT_S, idle_s: float | None = None) -> None:
        self._fonts = fonts
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._retiring: asyncio.TimerHandle | None = None
        self._retired: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def pdf(
        self,
        source: str,
        inputs: Mapping[str, str],
        *,
        timestamp: int,
        files: Mapping[str, str] | None = None,
    ) -> bytes:
        """The document as PDF; `inputs` are its `sys.inputs`, `timestamp` the second it says it was made.

        `files` are sources beside it, by name, that it can import; it can read nothing else. The same
        arguments give the same bytes. Raises `BadDocument` for a source that cannot be set, and
        `TypesetterGone` when it takes too long or too much memory: the process is ended, the next gets a new.
        """
        return await self._set(source, inputs, files, format="pdf", timestamp=timestamp)

    async def png(
        self,
        source: str,
        inputs: Mapping[str, str],
        *,
        timestamp: int,
        files: Mapping[str, str] | None = None,
        ppi: float = 72.0,
    ) -> bytes:
        """The document's first page as a picture; otherwise as `pdf`."""
        return await self._set(source, inputs, files, format="png", timestamp=timestamp, ppi=ppi)

    async def _set(
        self, source: str, inputs: Mapping[str, str], files: Mapping[str, str] | None, **how: object
    ) -> bytes:
        job = json.dumps({"files": {MAIN: source, **(files or {})}, "inputs": dict(inputs), **how}).encode()
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
            self._retire_later()
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
                env=bare_environment(os.environ),
            )
        return self._process

    def _retire_later(self) -> None:
        if self._retiring is not None:
            self._retiring.cancel()
        if self._idle_s is not None:
            self._retiring = asyncio.get_running_loop().call_later(self._idle_s, self._retire)

    def _retire(self) -> None:
        # Whoever has the turn sets the clock anew; who comes after this starts another process.
        if not self._turn.locked() and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._retired, self._process = self._process, None

    async def close(self) -> None:
        """End the process; a document under way is not made."""
        if self._retiring is not None:
            self._retiring.cancel()
        if self._retired is not None:
            # It has heard that nothing more comes.
            await self._retired.wait()
            self._retired = None
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
        # Nothing to read and nowhere to find packages: a document is its sources and its inputs.
        compiler = typst.Compiler(
            root=empty, font_paths=fonts, package_path=empty, package_cache_path=f"{empty}/none"
        )
    compiler.compile(READ_FONTS.encode(), sys_inputs={"families": json.dumps(list(fonts.families()))})
    # From here on no file can be opened and no connection made: typst would fetch packages.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    while header := sys.stdin.buffer.read(LENGTH.size):
        job = json.loads(sys.stdin.buffer.read(LENGTH.unpack(header)[0]))
        kind, reply = _set(compiler, typst.TypstError, job)
        sys.stdout.buffer.write(kind + LENGTH.pack(len(reply)) + reply)
        sys.stdout.buffer.flush()


def _set(compiler: Any, refused: type[Exception], job: Mapping[str, Any]) -> tuple[bytes, bytes]:
    try:
        made: bytes | list[bytes] = compiler.compile(
            {name: source.encode() for name, source in job["files"].items()},
            format=job["format"],
            ppi=job.get("ppi"),
            sys_inputs=job["inputs"],
            timestamp=job["timestamp"],
        )
    except refused as error:
        return REFUSED, SEARCHED.sub("", str(getattr(error, "diagnostic", "") or error)).encode()
    document = made[0] if isinstance(made, list) else made
    if len(document) > LARGEST_BYTES:
        return REFUSED, b"the document is larger than 50 MB"
    return DONE, document


def _problems(said: str, file: str) -> Iterator[Problem]:
    # "error: ..." and, for how it came to that, several "help: while calling ...", each with its place.
    _, *parts = SAID.split(said)
    if not parts:
        yield Problem(None, None, None, said.strip(), "")
    reason, hint, place = "", "", NOWHERE
    for kind, part in zip(parts[::2], parts[1::2], strict=True):
        if kind == "error":
            if reason:
                yield Problem(*place, reason, hint)
            reason = part.partition("\n")[0].strip()
            found = HINT.search(part)
            hint, place = found[1].strip() if found else "", NOWHERE
        for name, line, column in PLACE.findall(part) if kind != "warning" else ():
            if place is NOWHERE and name == file:
                place = name, int(line), int(column)
    if reason:
        yield Problem(*place, reason, hint)


if __name__ == "__main__":
    main()
