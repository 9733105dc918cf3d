"""Brings a database to this program's revision. Alembic is imported only when there is something to do."""

from collections.abc import Callable
from pathlib import Path

import psycopg

from examhall.base.hindrance import Hindrance
from examhall.base.sqlfile import beside

SQL = beside(__file__)
MIGRATIONS = Path(__file__).parents[2] / "migrations"
OLDEST_POSTGRES = 15
# Any number, as long as nobody else locks it: the letters of "exam".
LOCK = 0x6578616D


class CannotMigrate(Hindrance):
    """The database and this program do not fit together. The message says why and what to do."""


def revisions() -> list[str]:
    """All that this program knows, oldest first."""
    return sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def migrate(dsn: str, say: Callable[[str], None] = lambda line: None) -> str | None:
    """Apply what is missing; give the revision reached, or None if there was nothing to do.

    However many nodes start at once, one migrates and the others wait for it. All of it happens, or
    nothing. Raises `CannotMigrate` for a database that is newer than this program, or not ours.
    """
    with psycopg.connect(dsn, autocommit=True) as conn:
        if conn.info.server_version < OLDEST_POSTGRES * 10_000:
            raise CannotMigrate(f"PostgreSQL {OLDEST_POSTGRES} or newer is needed")
        # Session-wide, and gone with the connection: a node that dies here holds up nobody.
        conn.execute(SQL.lock_out_other_nodes.text, {"lock": LOCK})
        known, here = revisions(), _revision_of(conn)
        if here == known[-1]:
            return None
        if here is not None and here not in known:
            raise CannotMigrate(
                f"the database is at revision {here}, newer than this program ({known[-1]}): "
                "upgrade the program, or restore the backup made before the upgrade"
            )
        say(f"Bringing the database to revision {known[-1]}")
        _apply(dsn)
    return known[-1]


def _revision_of(conn: psycopg.Connection[tuple[object, ...]]) -> str | None:
    found = conn.execute(SQL.what_is_here.text).fetchone()
    assert found is not None
    versioned, others = found
    if not versioned:
        if others:
            raise CannotMigrate(
                f"the database holds tables that are not ours ({others}): give Examhall an empty one"
            )
        return None
    row = conn.execute(SQL.current_revision.text).fetchone()
    return str(row[0]) if row else None


def _apply(dsn: str) -> None:
    import warnings

    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        except psycopg.errors.InsufficientPrivilege as error:
            raise CannotMigrate(
                f"the database user may not create tables ({error.diag.message_primary}): "
                "it must own the database"
            ) from error
