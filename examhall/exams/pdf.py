"""Whether a file is a PDF that an exam can show: by its two ends, then by a process with limits."""

import asyncio
import json
import os
import re
import sys
from typing import IO
from weakref import WeakKeyDictionary

from examhall.base.children import bare_environment
from examhall.base.errors import Refusal

# Readers look for the header here, and for the trailer so near the end.
HEAD_BYTES, TAIL_BYTES = 1024, 2048
HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
TRAILER = re.compile(rb"startxref\s+[0-9]+\s+%%EOF")
MOST_PAGES = 1000
# Beyond the processor time that the process itself is given.
PATIENCE_S = 20.0
# Each may take hundreds of megabytes.
AT_ONCE = 2
ANSWER_BYTES = 1000


class NoPdf(Refusal):
    """This file is not a PDF."""


class BrokenPdf(Refusal):
    """This PDF is damaged or cut off: open it on your device, save it as a new PDF, and upload that one."""


class ProtectedPdf(Refusal):
    """This PDF is protected by a password or by restrictions: save it without protection, then upload it."""


class TooManyPages(Refusal):
    """This PDF has more pages than a paper may have."""


class UnreadablePdf(Refusal):
    """This PDF takes too long or too much memory to read: print it to a new PDF, and upload that one."""


def check_head(head: bytes) -> None:
    """By the first kilobyte; what is no PDF is refused before the rest has arrived."""
    if not HEADER.search(head[:HEAD_BYTES]):
        raise NoPdf


def check_tail(tail: bytes) -> None:
    """By the last two kilobytes: an upload that was cut off has no trailer."""
    if not TRAILER.search(tail[-TAIL_BYTES:]):
        raise BrokenPdf


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def count_pages(file: IO[bytes]) -> int:
    """How many pages an open file has; refused if a process with limits of its own cannot read it.

    The process is gone when this returns, however it ends.
    """
    loop = asyncio.get_running_loop()
    async with _turns.setdefault(loop, asyncio.Semaphore(AT_ONCE)):
        return await _count_pages(file)


async def _count_pages(file: IO[bytes]) -> int:
    probe = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-B",
        "-m",
        "examhall.exams.pdf_probe",
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=bare_environment(os.environ),
    )
    assert probe.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            said = await probe.stdout.read(ANSWER_BYTES)
            await probe.wait()
    except TimeoutError:
        raise UnreadablePdf from None
    finally:
        if probe.returncode is None:
            probe.kill()
            await probe.wait()
    if probe.returncode != 0 or not said:
        raise UnreadablePdf
    found = json.loads(said)
    match found.get("problem"):
        case "encrypted":
            raise ProtectedPdf
        case "broken":
            raise BrokenPdf
    pages = int(found["pages"])
    if pages > MOST_PAGES:
        raise TooManyPages(pages=pages, most=MOST_PAGES)
    return pages
