"""The process that works out one calculation: last in every queue for the processors, bounded in memory.

`python -m examhall.analyses.calculating FILE` reads the inputs from that open file, and says on its standard
output how far it is and what came of it. It knows no database. It ends with whoever started it: then its
standard input ends.
"""

import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from examhall.analyses.frames import CANDIDATES, PROGRESS, RESULT, WRONG, frame

# For ten million answers; a million take a tenth of it.
MEMORY_BYTES: Final = 3_000_000_000
# Of a processor's time. A million answers take seconds.
CPU_S: Final = 900
NICENESS: Final = 19
# Linux alone has it. Anybody may make themselves a better choice.
OOM_SCORE: Final = Path("/proc/self/oom_score_adj")
# Between two words about how far it is.
TELL_EVERY_S: Final = 0.2
# Of the whole: taking in what was read, working it out, packing.
TAKEN_IN, WORKED_OUT = 0.3, 0.95


def main() -> None:
    step_back()
    _bound_what_is_used()
    threading.Thread(target=_end_with_whoever_started_us, name="lifeline", daemon=True).start()
    given = int(sys.argv[1])
    # Where whoever wrote it stands in it is no business of ours.
    os.lseek(given, 0, os.SEEK_SET)
    with os.fdopen(given, "rb") as file, os.fdopen(os.dup(1), "wb", buffering=0) as out:
        # Nothing else may write into the frames.
        os.dup2(2, 1)
        try:
            _work_out(file, out)
        except MemoryError:
            out.write(frame(WRONG, b"too_large"))


def step_back() -> None:
    """Run only when nobody else wants the processor; where there is no such class, as late as it can be.

    And where memory runs out, be the first to go: it is begun again, a candidate's save is not.
    """
    os.nice(NICENESS)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        OOM_SCORE.write_text("1000")


def _bound_what_is_used() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # The first is a signal by which we are known to have taken too long; the second cannot be survived.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 10))


def _end_with_whoever_started_us() -> None:
    # Nothing is ever written: this returns when the other end is closed, or its process is gone.
    os.read(0, 1)
    os._exit(1)


def _work_out(file: BinaryIO, out: BinaryIO) -> None:
    # Late: these take half a second, in which the lifeline is watched already.
    from examhall.analyses.spool import Read
    from examhall.analyses.what_if import what_if

    tell = _telling(out)
    tell("taking_in", 0.0)
    read = Read(file)
    outcome = what_if(
        read.document,
        read.exams,
        read.membership,
        lambda stage, share: tell(stage, TAKEN_IN + (WORKED_OUT - TAKEN_IN) * share),
    )
    tell("packing", WORKED_OUT)
    document = json.dumps(outcome.document, ensure_ascii=False, sort_keys=True, allow_nan=False)
    out.write(frame(RESULT, document.encode()) + frame(CANDIDATES, outcome.candidates))


def _telling(out: BinaryIO) -> Callable[[str, float], None]:
    told_at = -TELL_EVERY_S
    last = ""

    def tell(stage: str, share: float) -> None:
        nonlocal told_at, last
        if stage != last or time.monotonic() >= told_at + TELL_EVERY_S:
            told_at, last = time.monotonic(), stage
            out.write(frame(PROGRESS, json.dumps({"stage": stage, "progress": share}).encode()))

    return tell


if __name__ == "__main__":
    main()
