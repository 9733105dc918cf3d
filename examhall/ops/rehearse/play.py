"""Plays a rehearsal: starts the processes of candidates, watches the machine, and gives what was recorded."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from examhall.ops.rehearse.human import Script
from examhall.ops.rehearse.machine import Machine, Sample
from examhall.ops.rehearse.plan import Plan, Second, decode_second, encode_plan

GENERATOR = ("-P", "-m", "examhall.ops.rehearse.generator")
# A process of candidates says a line for each second; a long one names every kind of request.
LONGEST_LINE = 2**20
STOP_S = 5.0
SAY_EVERY_S = 10
Say = Callable[[str], None]


class GeneratorFailed(RuntimeError):
    """A process of candidates ended before its candidates had."""


async def play(
    plans: Sequence[Plan], machine: Machine | None, opens_at: float, say: Say
) -> tuple[list[list[Second]], list[Sample]]:
    """All candidates from the first to the last, and the machine meanwhile. Ends what it started, always."""
    seconds: list[list[Second]] = [[] for _ in plans]
    samples: list[Sample] = []
    processes: list[Process] = []
    watching = asyncio.create_task(_watch(machine, samples)) if machine else None
    telling = asyncio.create_task(_tell(seconds, samples, opens_at, say))
    try:
        for plan in plans:
            # One by one, so that those started are ended even if the next cannot be.
            processes.append(await _start(plan))  # noqa: PERF401
        await asyncio.gather(
            *(_listen(process, said) for process, said in zip(processes, seconds, strict=True))
        )
    finally:
        for task in (watching, telling):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await asyncio.gather(*(end(process) for process in processes))
    return seconds, samples


def share_out(scripts: Sequence[Script], count: int, make: Callable[[int, list[Script]], Plan]) -> list[Plan]:
    """As evenly as cards are dealt, so that each process has early and late ones."""
    return [make(number, list(scripts[number::count])) for number in range(min(count, len(scripts)))]


async def _start(plan: Plan) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *GENERATOR, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE, start_new_session=True
    )
    assert process.stdin is not None
    # Left open: it closes when we are gone, however we went, and the process ends by that.
    process.stdin.write(encode_plan(plan) + b"\n")
    await process.stdin.drain()
    return process


async def _listen(process: Process, said: list[Second]) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        said.append(decode_second(line))
    if not said or not said[-1].finished:
        raise GeneratorFailed(f"a process of candidates ended with code {await process.wait()}; see above")


async def end(process: Process, patience_s: float = STOP_S) -> None:
    """By closing its lifeline; by force if that does not help."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), patience_s)
    except TimeoutError:
        process.kill()
        await process.wait()


async def start_server(
    command: Sequence[str], told: bytes, log: Path, environment: Mapping[str, str]
) -> Process:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    assert process.stdin is not None
    process.stdin.write(told + b"\n")
    await process.stdin.drain()
    return process


async def until(
    true: Callable[[], bool | Awaitable[bool]], *, patience_s: float, every_s: float = 0.1
) -> bool:
    """Whether it came true in time."""
    give_up_at = time.monotonic() + patience_s
    while time.monotonic() < give_up_at:
        said = true()
        if said if isinstance(said, bool) else await said:
            return True
        await asyncio.sleep(every_s)
    return False


async def _watch(machine: Machine, samples: list[Sample]) -> None:
    await machine.look()
    while True:
        await asyncio.sleep(1)
        samples.append(await machine.look())


async def _tell(seconds: list[list[Second]], samples: list[Sample], opens_at: float, say: Say) -> None:
    while True:
        await asyncio.sleep(SAY_EVERY_S)
        latest = [said[-1] for said in seconds if said]
        places = {
            name: sum(each.places.get(name, 0) for each in latest) for name in ("lobby", "room", "done")
        }
        requests = sum(sum(sum(times.values()) for times in each.times.values()) for each in latest)
        cpu = f", cores {samples[-1].machine:.0%}" if samples and samples[-1].machine is not None else ""
        generator = max((each.cpu for each in latest), default=0.0)
        say(
            f"{time.time() - opens_at:+5.0f} s: {places['lobby']} in the lobby, {places['room']} in the "
            f"room, {places['done']} done, {requests} requests/s{cpu}, generator {generator:.0%} of a core"
        )
