"""The record's entries as sentences."""

from datetime import UTC, datetime

import pytest

from examhall.audit.entries import Entry
from examhall.base.db import Connection
from examhall.base.languages import gettext_for
from examhall.web.staff.audit_words import FIELDS, KINDS, told, value_of

pytestmark = pytest.mark.anyio
# Columns that say nothing to people: their names are shown as the database has them.
OF_MACHINES = {
    "id", "ui_order", "schema", "subject", "revision", "validated_key", "key_id", "token_hash", "etag",
    "path", "request_hash", "request_key", "asked", "inputs", "inputs_hash", "document_hash", "heartbeat_at",
    "worker", "stage", "progress", "result", "candidates", "error", "error_code", "data", "words",
    "reached", "design", "validated",
}  # fmt: skip


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


async def test_every_column_on_record_has_a_name_that_people_know(conn: Connection) -> None:
    cursor = await conn.execute(
        """SELECT DISTINCT attname
             FROM pg_trigger
             JOIN pg_attribute ON attrelid = tgrelid AND attnum > 0 AND NOT attisdropped
            WHERE tgfoid = 'audit_rows'::regproc"""
    )
    recorded = {column for (column,) in await cursor.fetchall()}
    assert recorded - FIELDS.keys() - OF_MACHINES == set()


@pytest.mark.parametrize("language", ["ru", "uz"])
def test_the_name_of_a_column_is_in_the_readers_language(language: str) -> None:
    translate = gettext_for(language)
    untranslated = {words for words in FIELDS.values() if translate(words) == words}
    # The same word in Uzbek.
    assert untranslated <= {"variant"}


def test_an_instant_is_told_in_utc_whatever_zone_the_database_is_in() -> None:
    for written in ("2026-05-04T12:00:00+00:00", "2026-05-04T17:00:00.123+05:00"):
        assert value_of("closes_at", written, same) == "4 May 2026, 12:00 UTC"
    assert "мая 2026" in value_of("closes_at", "2026-05-04T12:00:00+00:00", gettext_for("ru"))


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


def test_what_is_called_by_a_title_stands_in_the_quotation_marks_of_the_language() -> None:
    entry = Entry(
        id=1, at=datetime(2026, 5, 4, tzinfo=UTC), actor_id=2, actor_name="Olga", door="page", trace="",
        deed="added", kind="sections", thing="3", label="Algebra", exam_id=12, exam_title="Mock 4",
        person_id=None, person_name=None, before=None, after={"title": "Algebra"},
    )  # fmt: skip
    assert told(entry, same).sentence == "Olga added section “Algebra” of “Mock 4”"
    assert "«Algebra»" in told(entry, gettext_for("ru")).sentence
    assert "«Mock 4»" in told(entry, gettext_for("ru")).sentence
