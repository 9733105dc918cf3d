"""The whole preflight, on a database that was made by the migrations."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from examhall.base.embedded import Postgres
from examhall.base.migrate import migrate
from examhall.preflight import run
from examhall.settings import Settings

# This machine may lack some; it is none of the program's.
OF_THE_MACHINE = {
    "workers", "memory", "open_files", "backlog", "disk_space", "disk_flush", "commit", "durability",
    "autovacuum",
}  # fmt: skip


@pytest.fixture
def settings(postgres: Postgres, tmp_path: Path) -> Iterator[Settings]:
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS preflight WITH (FORCE)")
        conn.execute("CREATE DATABASE preflight")
        migrate(postgres.dsn("preflight"))
        # Port 1: nobody answers there.
        yield replace(Settings(data=tmp_path, port=1), database_url=postgres.dsn("preflight"))
        conn.execute("DROP DATABASE preflight WITH (FORCE)")


def verdicts(printed: str) -> dict[str, str]:
    return {each["check"]: each["verdict"] for each in json.loads(printed)["checks"]}


def test_says_what_is_wrong_and_what_is_not(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    run(settings, as_json=True, exam_id=77)
    found = verdicts(capsys.readouterr().out)
    assert {"schema", "indexes", "clock", "connections", "statement_log", "redis", "proxies", "storage"} <= {
        check for check, verdict in found.items() if verdict == "pass"
    }
    assert {check for check, verdict in found.items() if verdict == "fail"} - OF_THE_MACHINE == {"exam"}
    # The tests' own server may forget, and a preflight does not let that pass.
    assert found["durability"] == "fail"


def test_what_fails_is_in_the_exit_code_and_in_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
        conn.execute("DROP INDEX sittings_due")
    assert run(settings, nodes=100) == 1
    said = capsys.readouterr().out
    assert "fail  indexes" in said
    assert "fail  connections" in said
    assert "fail  storage" in said
    assert "CREATE INDEX CONCURRENTLY" in said


def test_a_database_that_is_away_is_told_with_the_rest(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    away = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    assert run(away, as_json=True) == 1
    found = verdicts(capsys.readouterr().out)
    assert found["database"] == "fail"
    assert "workers" in found
