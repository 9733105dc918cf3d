"""A whole rehearsal, small: played to its end, interrupted, and killed."""

import json
import os
import signal
import subprocess
import sys

import psycopg
import pytest

from examhall import rehearsal
from examhall.ops.rehearse.stage import CannotRehearse
from examhall.settings import Settings

from .conftest import PATIENCE_S, Rehearsals, eventually, said_until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

SMALL = (
    "--candidates",
    "20",
    "--minutes",
    "0.1",
    "--pace",
    "12",
    "--start-limit",
    "60",
    "--save-limit",
    "60000",
)
COMING_IN = "candidates come in"


def count(rehearsals: Rehearsals, table: str) -> int:
    with psycopg.connect(rehearsals.dsn) as conn:
        row = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def nothing_is_left(rehearsals: Rehearsals) -> bool:
    return not (rehearsals.databases() or rehearsals.left() or rehearsals.processes())


async def test_a_small_rehearsal_is_played_to_its_end_and_touches_nothing_real(
    rehearsals: Rehearsals,
) -> None:
    process = rehearsals.start(*SMALL)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert "Holds 20 candidates" in said
    [document] = (rehearsals.folder / "rehearsals").glob("*.json")
    [report] = (rehearsals.folder / "rehearsals").glob("*.html")
    assert "Holds 20 candidates" in report.read_text(encoding="utf-8")
    verdict = json.loads(document.read_bytes())["verdict"]
    assert verdict["in_room"] == 20
    assert verdict["findings"]["acknowledged"] == verdict["findings"]["stored"] > 20
    assert verdict["outcome"]["sittings"] == verdict["outcome"]["marked"] == 20
    assert verdict["outcome"]["handed_in"] > 0
    assert verdict["outcome"]["closed_by_time"] > 0
    assert all(not each["failures"] for each in verdict["requests"])
    assert [count(rehearsals, table) for table in ("people", "tickets", "sittings", "answers")] == [
        0,
        0,
        0,
        0,
    ]
    assert nothing_is_left(rehearsals)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
async def test_a_rehearsal_that_ends_half_way_leaves_nothing_behind(
    rehearsals: Rehearsals, number: signal.Signals
) -> None:
    process = rehearsals.start("--candidates", "20", "--minutes", "5")
    said_until(process, COMING_IN)
    assert rehearsals.databases()
    assert rehearsals.processes()
    os.kill(process.pid, number)
    process.wait(PATIENCE_S)
    eventually(lambda: nothing_is_left(rehearsals))


async def test_it_refuses_while_a_real_exam_is_near_unless_told_otherwise(rehearsals: Rehearsals) -> None:
    with psycopg.connect(rehearsals.dsn) as conn:
        conn.execute("UPDATE exams SET opens_at = now() + interval '5 minutes'")
    process = rehearsals.start(*SMALL)
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "real exam" in said
    assert rehearsals.databases() == []
    told = rehearsals.start(*SMALL, "--although-live")
    said_until(told, COMING_IN)


def test_without_locust_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: "os.PathLike[str]"
) -> None:
    monkeypatch.setitem(sys.modules, "locust", None)
    wish = rehearsal.Wish(1, 10, None, 1.0, False, 1, 1, 1.0)
    with pytest.raises(CannotRehearse, match="make rehearse"):
        rehearsal.rehearse(Settings(), wish)


def test_the_server_never_imports_gevent() -> None:
    program = """
import sys
import examhall.app, examhall.worker, examhall.child
import examhall.cli, examhall.rehearsal, examhall.rehearsal_server
assert not {"gevent", "locust"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
