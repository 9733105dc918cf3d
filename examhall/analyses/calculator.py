"""Has one calculation worked out by a process of its own (calculating.py), which ends with us."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from examhall.analyses.failures import TookTooLong, TooLarge
from examhall.analyses.frames import CANDIDATES, HEAD, PROGRESS, RESULT, WRONG
from examhall.base.children import bare_environment

COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "examhall.analyses.calculating")
# No result is nearly as large: a process that says so is broken.
LARGEST_BYTES = 500_000_000
# Behind everything else it may wait for the processors for long, but not for ever.
LIMIT_S = 3600.0


class CalculatorGone(Exception):
    """The process ended without a result: killed, or broken. The message says how."""


class CannotCalculate(Exception):
    """There is no result, however often it is tried. `code` is a word for programs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Calculated:
    # JSON.
    result: str
    candidates: bytes


async def work_out(
    file: BinaryIO, tell: Callable[[str, float], None], *, command: Sequence[str] = COMMAND
) -> Calculated:
    """The result of what is in the file, from its beginning. Cancelled, it ends the process at once."""
    file.flush()
    process = await asyncio.create_subprocess_exec(
        *command,
        str(file.fileno()),
        # Its lifeline: held open as long as we live.
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=[file.fileno()],
        env=_environment(os.environ),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            return await _listen(process.stdout, tell)
    except asyncio.IncompleteReadError:
        code = await process.wait()
        if code == -signal.SIGXCPU:
            raise CannotCalculate(TookTooLong.word()) from None
        raise CalculatorGone(f"the process ended with {code}") from None
    except TimeoutError:
        raise CannotCalculate(TookTooLong.word()) from None
    finally:
        if process.returncode is None:
            process.kill()
        # However we are told to stop, no process is left behind.
        await asyncio.shield(process.wait())


async def _listen(said: asyncio.StreamReader, tell: Callable[[str, float], None]) -> Calculated:
    result = None
    while True:
        kind, length = HEAD.unpack(await said.readexactly(HEAD.size))
        if length > LARGEST_BYTES:
            raise CannotCalculate(TooLarge.word())
        body = await said.readexactly(length)
        if kind == PROGRESS:
            told = json.loads(body)
            tell(told["stage"], told["progress"])
        elif kind == RESULT:
            result = body.decode()
        elif kind == CANDIDATES and result is not None:
            return Calculated(result, body)
        elif kind == WRONG:
            raise CannotCalculate(body.decode())


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    # One processor is all that it is meant to wait for; and threads would each take address space.
    return bare_environment(ours) | {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
