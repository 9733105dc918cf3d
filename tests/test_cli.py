import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from examhall.base.migrate import revisions
from examhall.cli import main

COMMANDS = [
    "serve", "demo", "worker", "migrate", "import", "people", "tickets", "export", "maintain", "preflight",
]  # fmt: skip
EXAM = """\
title: Ten minutes
kind: test
test_type: TEN
duration: 10 min
questions:
  - prompt: Is it true?
    type: true_false
    answer: true
"""


def examhall(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As a shell runs it."""
    environment = {name: value for name, value in os.environ.items() if "EXAMHALL" not in name}
    return subprocess.run(
        [sys.executable, "-m", "examhall.cli", *arguments],
        env={**environment, **variables},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def data() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="examhall-test-") as name:
        Path(name).chmod(0o711)
        yield f"{name}/data"


@pytest.fixture
def exam_file(tmp_path: Path) -> Path:
    (tmp_path / "exam.yaml").write_text(EXAM)
    return tmp_path / "exam.yaml"


def test_help_names_every_command() -> None:
    shown = examhall("--help")
    assert shown.returncode == 0
    for command in COMMANDS:
        assert f" {command} " in shown.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    shown = examhall(command, "--help")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) > 3


def test_help_needs_neither_database_nor_web_framework() -> None:
    loaded = "import sys; from examhall.cli import main; main(['--help']); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)
    assert not {"psycopg", "fastapi", "pydantic", "alembic"} & set(shown.stdout.split())


@pytest.mark.parametrize("arguments", [["bogus"], ["serve", "--port", "http"], ["tickets"], ["export", "x"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().out == ""


def test_a_wrong_setting_ends_with_2_and_is_named() -> None:
    done = examhall("serve", EXAMHALL_WORKERS="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "examhall: EXAMHALL_WORKERS: must be a whole number from 1 to 64; it is 'many'\n"


def test_a_database_that_cannot_be_reached_ends_with_1(exam_file: Path) -> None:
    done = examhall("import", str(exam_file), DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("examhall: the database cannot be reached")
    assert "Traceback" not in done.stderr


def test_a_missing_file_ends_with_1(data: str) -> None:
    done = examhall("import", "/nowhere.yaml", "--data", data)
    assert (done.returncode, done.stderr) == (1, "examhall: /nowhere.yaml: No such file or directory\n")


def test_migrate_uses_the_database_of_the_environment(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("DROP SCHEMA public CASCADE")
        conn.execute("CREATE SCHEMA public")
    assert examhall("migrate", DATABASE_URL=dsn).returncode == 0
    with psycopg.connect(dsn) as conn:
        assert conn.execute("SELECT version_num FROM alembic_version").fetchone() == (revisions()[-1],)
        partitions = conn.execute("SELECT count(*) FROM pg_inherits").fetchone()
    assert partitions is not None
    assert partitions[0] >= 4


def test_an_unmigrated_database_is_told_from_a_broken_one(dsn: str, exam_file: Path) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("DROP SCHEMA public CASCADE")
    done = examhall("import", str(exam_file), DATABASE_URL=dsn)
    assert done.returncode == 1
    assert "run `examhall migrate` first" in done.stderr


def test_tickets_are_not_signed_with_a_secret_of_their_own(dsn: str, data: str) -> None:
    done = examhall("tickets", "1", "--data", data, DATABASE_URL=dsn)
    assert done.returncode == 2
    assert done.stderr.startswith("examhall: EXAMHALL_SECRET: ")
    assert not Path(data).exists()


def test_an_exam_goes_in_and_its_tickets_and_results_come_out(
    data: str, exam_file: Path, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("username,full_name\nalice,=Alice\n")
    assert examhall("people", "import", str(people), "--data", data).stdout.startswith("1 created")
    exam_file.write_text(EXAM + "assigned: [alice]\n")
    imported = examhall("import", str(exam_file), "--data", data)
    assert (imported.returncode, imported.stdout) == (0, "1\n"), imported.stderr

    sheet = tmp_path / "sheet.html"
    tickets = examhall(
        "tickets", "1", "--sheet", str(sheet), "--data", data, EXAMHALL_URL="https://exams.example.org"
    )
    header, row = tickets.stdout.splitlines()
    assert header == "username,ticket,url"
    assert row.startswith("alice,")
    assert ",https://exams.example.org/t/" in row
    assert "<svg" in sheet.read_text()
    assert row.split(",")[2] in sheet.read_text()

    exported = examhall("export", "1", "--data", data)
    assert exported.stdout.splitlines()[1].startswith("alice,'=Alice,,")
    assert examhall("export", "2", "--data", data).returncode == 1


def test_an_exam_file_may_have_5_mb_and_no_more(data: str, exam_file: Path) -> None:
    exam_file.write_text(EXAM + "#" * 5_000_000)
    done = examhall("import", str(exam_file), "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "larger than the 5 MB allowed" in done.stderr
    assert not Path(data).exists()


def test_a_bad_exam_file_is_refused_line_by_line(data: str, exam_file: Path) -> None:
    exam_file.write_text(EXAM.replace("true_false", "riddle"))
    done = examhall("import", str(exam_file), "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 7" in done.stderr
