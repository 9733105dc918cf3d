"""A database with a real exam in it, and the rehearsals that are played beside it."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

EXAM = """
title: A small exam
kind: mock_exam
duration: 90 min
questions:
  - prompt: What is $1 + 1$?
    options: {A: "1", B: "2", C: "3"}
    answer: B
  - type: number
    prompt: How much is a dozen?
    answer: 12
  - type: short_text
    prompt: The capital of France?
    answer: Paris
"""
PATIENCE_S = 90


@dataclass
class Rehearsals:
    dsn: str
    exam_id: int
    folder: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *options: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EXAMHALL_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "examhall.cli", "rehearse", "--exam", str(self.exam_id), *options],
            env={
                **kept,
                "DATABASE_URL": self.dsn,
                "EXAMHALL_DATA": str(self.folder),
                "EXAMHALL_WORKERS": "1",
                "EXAMHALL_POOL_SIZE": "2",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def databases(self) -> list[str]:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            oid = conn.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
            assert oid is not None
            found = conn.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s ESCAPE '#'",
                (f"examhall#_rehearsal#_{oid[0]}#_%",),
            )
            return [str(row[0]) for row in found]

    def processes(self) -> list[int]:
        """Whatever works in the rehearsal's folder: its server, and that server's children."""
        found = []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if str(self.folder / "rehearsals").encode() in environment.read_bytes():
                    found.append(int(environment.parent.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return found

    def left(self) -> list[Path]:
        return [path for path in (self.folder / "rehearsals").glob("*") if path.is_dir()]


@pytest.fixture
async def rehearsals(dsn: str) -> AsyncIterator[Rehearsals]:
    folder = Path(tempfile.mkdtemp(prefix="examhall-rehearse-"))
    exam = read_exam_file(EXAM.encode(), folder=folder)
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        exam_id = await import_exam(conn, exam, None)
    made = Rehearsals(dsn, exam_id, folder)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def eventually(true: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_at, "never came true"
        time.sleep(0.1)


def said_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what it says up to a line that matches."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if re.search(pattern, line):
            return said
    raise AssertionError(f"it ended without saying {pattern}:\n{said}")
