import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from examhall.base import migrate as module
from examhall.base.embedded import Postgres
from examhall.base.embedded_home import Identity, find_binaries
from examhall.base.migrate import CannotMigrate, migrate, revisions


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    with psycopg.connect(postgres.dsn(), autocommit=True) as conn:
        conn.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
        conn.execute("CREATE DATABASE empty")
        yield postgres.dsn("empty")
        conn.execute("DROP DATABASE empty WITH (FORCE)")


def dump(dsn: str) -> list[str]:
    program = find_binaries(None, Identity.choose()) / "pg_dump"
    options = ["--schema-only", "--no-owner", "--no-comments", "--exclude-table=alembic_version*"]
    done = subprocess.run([program, *options, dsn], check=True, capture_output=True, text=True)
    # \restrict carries a random key.
    return [line for line in done.stdout.splitlines() if not line.startswith("\\")]


def test_the_migrations_lead_exactly_to_the_schema(empty: str, dsn: str) -> None:
    assert migrate(empty) == revisions()[-1]
    migrated = dump(empty)
    assert any("CREATE TABLE public.answers" in line for line in migrated)
    assert migrated == dump(dsn)


def test_a_database_at_the_newest_revision_needs_nothing(empty: str) -> None:
    migrate(empty)
    assert migrate(empty) is None


def test_many_nodes_may_start_at_once(empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: migrate(empty), range(4)))
    assert sorted(outcomes, key=str) == [revisions()[-1], None, None, None]


def test_refuses_a_database_newer_than_the_program(empty: str) -> None:
    migrate(empty)
    with psycopg.connect(empty) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CannotMigrate, match="9999, newer than this program"):
        migrate(empty)


def test_refuses_a_database_of_somebody_else(empty: str) -> None:
    with psycopg.connect(empty) as conn:
        conn.execute("CREATE TABLE their_invoices ()")
    with pytest.raises(CannotMigrate, match="their_invoices"):
        migrate(empty)


def test_a_failing_migration_leaves_nothing_behind(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "migrations"
    shutil.copytree(module.MIGRATIONS, copy)
    with (copy / "versions" / "0001_begin.sql").open("a") as file:
        file.write("SELECT 1 / 0;")
    monkeypatch.setattr(module, "MIGRATIONS", copy)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
