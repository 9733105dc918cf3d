"""The record's entries as sentences."""

import pytest

from examhall.base.db import Connection
from examhall.base.languages import gettext_for
from examhall.web.staff.audit_words import KINDS, value_of

pytestmark = pytest.mark.anyio


def same(message: str) -> str:
    return message


async def test_every_table_on_record_has_a_name_that_people_know(conn: Connection) -> None:
    cursor = await conn.execute(
        """SELECT DISTINCT tgrelid::regclass::text
             FROM pg_trigger
            WHERE tgfoid = 'audit_rows'::regproc"""
    )
    recorded = {table for (table,) in await cursor.fetchall()}
    assert len(recorded) > 40
    assert recorded - KINDS.keys() == set()


def test_an_instant_is_told_in_utc_whatever_zone_the_database_is_in() -> None:
    for written in ("2026-05-04T12:00:00+00:00", "2026-05-04T17:00:00.123+05:00"):
        assert value_of("closes_at", written, same) == "2026-05-04 12:00 UTC"


def test_figures_are_as_the_reader_writes_them() -> None:
    russian = gettext_for("ru")
    assert value_of("pass_percent", 66.5, russian).replace("\N{NO-BREAK SPACE}", " ") == "66,5 %"
    assert value_of("points", 2.5, russian) == "2,5"
    assert value_of("exam_id", 12345, russian) == "12345"
