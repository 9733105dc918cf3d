"""The process that computes: what it may, how it ends; and a result appears once, whatever is killed."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from examhall.analyses import running
from examhall.analyses.calculate import ask_for_calculation, find_calculation, read_outcome
from examhall.analyses.calculator import (
    COMMAND,
    Calculated,
    CalculatorGone,
    CannotCalculate,
    _environment,
    work_out,
)
from examhall.analyses.document import Scenario, read_scenario
from examhall.analyses.frames import frames
from examhall.analyses.reading import read_inputs
from examhall.base.db import Database

from .conftest import CHANGES, Office
from .rows import (
    a_worker,
    add_project,
    add_scenario,
    eagerly,
    statuses,
    until,
    with_changes,
    worked_out,
)

pytestmark = pytest.mark.anyio

PATIENCE_S = 60
EAGER = with_changes()


def scenario_of(office: Office, **document: Any) -> Scenario:
    return read_scenario({"format": "examhall-scenario/1", "exams": [office.exam_id], **CHANGES, **document})


async def inputs_of(database: Database, office: Office) -> bytes:
    file = io.BytesIO()
    async with database.transaction() as conn:
        costs = {"negative_marking": {"fraction": "1/3"}}
        await read_inputs(conn, scenario_of(office, **costs), file, lambda share: None)
    return file.getvalue()


async def computed(inputs: bytes, *, command: Sequence[str] = EAGER) -> Calculated:
    with tempfile.TemporaryFile() as file:
        file.write(inputs)
        file.flush()
        return await work_out(file, lambda stage, share: None, command=command)


async def test_two_processes_give_the_same_bytes(database: Database, office: Office) -> None:
    inputs = await inputs_of(database, office)
    first = await computed(inputs)
    # As it is run, last in every queue.
    assert first == await computed(inputs, command=COMMAND)
    assert json.loads(first.result)["candidates"] == 40


async def test_answers_read_in_another_order_give_the_same_bytes(database: Database, office: Office) -> None:
    inputs = await inputs_of(database, office)
    async with database.transaction() as conn:
        # The table's rows in another order, and no more plans by index.
        await conn.execute(
            "CREATE TEMPORARY TABLE kept AS SELECT * FROM answers ORDER BY answer DESC, sitting_id"
        )
        await conn.execute("DELETE FROM answers")
        await conn.execute("INSERT INTO answers SELECT * FROM kept")
        await conn.execute("SET LOCAL enable_indexscan = off")
        await conn.execute("SET LOCAL enable_bitmapscan = off")
    other = await inputs_of(database, office)
    assert [kind for kind, _ in frames(io.BytesIO(inputs))] == [kind for kind, _ in frames(io.BytesIO(other))]
    assert await computed(inputs) == await computed(other)


def test_it_is_told_no_passwords_and_takes_one_thread() -> None:
    ours = {"DATABASE_URL": "postgresql://secret", "EXAMHALL_SECRET": "hush", "PATH": "/bin"}
    ours |= {"AWS_SECRET_ACCESS_KEY": "hush", "PGPASSWORD": "hush"}
    assert _environment(ours) == {
        "PATH": "/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    }  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="Linux alone has this class")
def test_it_runs_only_when_nobody_else_wants_the_processor_and_is_the_first_to_go() -> None:
    said = subprocess.run(
        [sys.executable, "-c",
         "import os; from examhall.analyses.calculating import step_back; step_back();"
         "print(os.sched_getscheduler(0) == os.SCHED_IDLE, os.nice(0));"
         "print(open('/proc/self/oom_score_adj').read())"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.split() == ["True", "19", "1000"]


async def test_it_ends_with_whoever_started_it(database: Database, office: Office) -> None:
    """However that one ended: the other end of its standard input is closed."""
    with tempfile.TemporaryFile() as file:
        file.write(await inputs_of(database, office))
        file.flush()
        hang = with_changes("import time\ncalculating._work_out = lambda file, out: time.sleep(3600)")
        process = subprocess.Popen(  # noqa: ASYNC220
            [*hang, str(file.fileno())], stdin=subprocess.PIPE, pass_fds=[file.fileno()]
        )
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 1


async def test_what_needs_too_much_memory_is_told_in_words(database: Database, office: Office) -> None:
    greedy = with_changes("calculating._work_out = lambda file, out: bytearray(calculating.MEMORY_BYTES)")
    with pytest.raises(CannotCalculate) as refused:
        await computed(await inputs_of(database, office), command=greedy)
    assert refused.value.code == "too_large"


async def test_what_takes_too_long_is_told_in_words(database: Database, office: Office) -> None:
    slow = with_changes(
        """calculating.CPU_S = 1
def work_out(file, out):
    while True: pass
calculating._work_out = work_out"""
    )
    with pytest.raises(CannotCalculate) as refused:
        await computed(await inputs_of(database, office), command=slow)
    assert refused.value.code == "took_too_long"


async def test_one_that_is_killed_gives_no_result(database: Database, office: Office) -> None:
    killed = with_changes("import os\ncalculating._work_out = lambda file, out: os.kill(os.getpid(), 9)")
    with pytest.raises(CalculatorGone, match="-9"):
        await computed(await inputs_of(database, office), command=killed)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
async def test_a_cancelled_one_leaves_no_process_behind(database: Database, office: Office) -> None:
    hang = with_changes("import time\ncalculating._work_out = lambda file, out: time.sleep(3600)")
    task = asyncio.create_task(computed(await inputs_of(database, office), command=hang))
    while not (ours := children()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not ours & children()


def children() -> set[int]:
    """Of this process, those that calculate. Not by ps: one more process here was seen to hang."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except OSError:
            # It has ended meanwhile.
            continue
        if parent == os.getpid() and b"calculating" in command:
            found.add(int(folder.name))
    return found


# What is killed.


async def ask(database: Database, office: Office, scenario_id: int | None = None) -> int:
    async with database.transaction() as conn:
        asked = await ask_for_calculation(conn, scenario_id or office.scenario_id, person_id=office.ann)
    return asked.id


async def test_a_killed_process_is_followed_by_another_and_the_result_appears_once(
    database: Database, office: Office
) -> None:
    calculation = await ask(database, office)
    tries = 0

    async def killed_once(file: Any, tell: Any) -> Calculated:
        nonlocal tries
        tries += 1
        die = "import os\ncalculating._work_out = lambda file, out: os.kill(os.getpid(), 9)"
        return await work_out(file, tell, command=with_changes(die) if tries == 1 else EAGER)

    assert await worked_out(database, compute=killed_once) == [("done", 2)]
    async with database.connection() as conn:
        assert (await read_outcome(conn, calculation))[0]["candidates"] == 40


async def test_what_kills_every_process_stops_after_a_few_and_others_have_their_turn(
    database: Database, office: Office
) -> None:
    poison = await ask(database, office)
    async with database.transaction() as conn:
        other = await add_scenario(conn, office.project_id, office.ann, office.exam_id)
    await ask(database, office, other)
    poisoned = 0

    async def killed(file: Any, tell: Any) -> Calculated:
        nonlocal poisoned
        file.seek(0)
        inputs = next(frames(file))[1]
        if b'"pass_mark"' in inputs:
            poisoned += 1
            raise CalculatorGone("killed")
        return await eagerly(file, tell)

    assert await worked_out(database, compute=killed) == [("failed", running.MOST_TRIES), ("done", 1)]
    assert poisoned == running.MOST_TRIES
    async with database.connection() as conn:
        found = await find_calculation(conn, poison, office.ann)
    assert found.error_code == "ended_again_and_again"
    assert found.error is not None


WORKER = """
import asyncio, sys
from examhall.analyses.calculator import work_out
from examhall.analyses.running import keep_calculating
from examhall.base.db import Database

async def compute(file, tell):
    if {hang}:
        print("computing", flush=True)
        await asyncio.sleep(3600)
    return await work_out(file, tell)

async def main():
    database = Database(sys.argv[1])
    await database.open()
    await keep_calculating(database, asyncio.Event(), at_once=1, compute=compute)

asyncio.run(main())
"""


async def test_what_a_killed_worker_left_is_begun_again_by_another(
    database: Database, office: Office
) -> None:
    await ask(database, office)
    worker = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", WORKER.format(hang=True), database.dsn], stdout=subprocess.PIPE
    )
    assert worker.stdout is not None
    assert await asyncio.to_thread(worker.stdout.readline) == b"computing\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait(PATIENCE_S)
    worker.stdout.close()
    assert await statuses(database) == [("running", 1)]
    async with database.connection() as conn:
        # So that the test need not wait until it is thought dead.
        await conn.execute("UPDATE calculations SET heartbeat_at = heartbeat_at - interval '1 minute'")
    assert await worked_out(database) == [("done", 2)]


async def test_of_two_workers_that_believe_it_is_theirs_one_writes_the_result(
    database: Database, office: Office
) -> None:
    """The first was thought dead: it was only slow, and comes back with its result too late."""
    calculation = await ask(database, office)
    slow = asyncio.Event()

    async def slowly(file: Any, tell: Any) -> Calculated:
        await slow.wait()
        return Calculated('{"from": "the dead"}', b"nothing")

    dead = running._Desk(database, 1, slowly)
    await dead.look()
    async with database.connection() as conn:
        await conn.execute("UPDATE calculations SET heartbeat_at = heartbeat_at - interval '1 minute'")
    assert await worked_out(database) == [("done", 2)]
    slow.set()
    await asyncio.gather(*dead.running)
    async with database.connection() as conn:
        assert (await read_outcome(conn, calculation))[0]["candidates"] == 40


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_had(
    database: Database, office: Office
) -> None:
    await ask(database, office)

    async def forever(file: Any, tell: Any) -> Calculated:
        await asyncio.sleep(3600)
        raise AssertionError

    async with a_worker(database, compute=forever):
        await until(database, "running")
    assert await statuses(database) == [("queued", 0)]
    assert await worked_out(database) == [("done", 1)]


async def test_progress_is_told_while_it_computes(database: Database, office: Office) -> None:
    calculation = await ask(database, office)
    go_on = asyncio.Event()

    async def in_steps(file: Any, tell: Any) -> Calculated:
        tell("marking", 0.5)
        await go_on.wait()
        return await eagerly(file, tell)

    async with a_worker(database, compute=in_steps):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with database.connection() as conn:
                    found = await find_calculation(conn, calculation, office.ann)
                if found.stage == "marking":
                    break
                await asyncio.sleep(0.02)
        assert found.progress == pytest.approx(running.READING + (1 - running.READING) / 2)
        go_on.set()
        await until(database, "done")


async def test_nothing_is_lost_when_everything_dies_at_once(database: Database, office: Office) -> None:
    """Connections, worker and process: what was asked for is worked out when they are back."""
    async with database.transaction() as conn:
        project = await add_project(conn, office.ed)
        other = await add_scenario(conn, project, office.ed, office.exam_id)
    first = await ask(database, office)
    async with database.transaction() as conn:
        await ask_for_calculation(conn, other, person_id=office.ed)
    worker = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", WORKER.format(hang=False), database.dsn], start_new_session=True
    )
    await until_one_is_begun(database)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(PATIENCE_S)
    async with database.connection() as conn:
        await conn.execute(
            """UPDATE calculations SET heartbeat_at = heartbeat_at - interval '1 minute'
                WHERE status = 'running'"""
        )
    found = await worked_out(database, at_once=2)
    assert [status for status, _ in found] == ["done", "done"]
    async with database.connection() as conn:
        assert (await read_outcome(conn, first))[0]["candidates"] == 40


async def until_one_is_begun(database: Database) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while all(status == "queued" for status, _ in await statuses(database)):
            await asyncio.sleep(0.01)
