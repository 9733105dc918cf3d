"""The record's entries as sentences."""

from datetime import UTC, datetime

import pytest

from examhall.audit.entries import Entry
from examhall.base.db import Connection
from examhall.base.languages import gettext_for
from examhall.web.staff.audit_words import KINDS, told, value_of

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


def test_what_is_known_by_a_question_in_no_parts_ends_in_no_comma() -> None:
    entry = Entry(
        id=1, at=datetime(2026, 5, 4, tzinfo=UTC), actor_id=2, actor_name="Olga", door="page", trace="",
        deed="added", kind="marking_schemes", thing="219,", label="", exam_id=None, exam_title=None,
        person_id=None, person_name=None, before=None, after={"markers": 2},
    )  # fmt: skip
    assert told(entry, same).sentence == "Olga added marking scheme 219"
