"""Every table is on record, or is named here with the reason why not."""

import pytest

from examhall.base.db import Connection

pytestmark = pytest.mark.anyio

SHARDED = "sharded by candidate: no triggers; what staff do to it is in interventions, corrections or marking"
COMPUTED = "worked out from what is stored, by the server"
MACHINE = "the server's own, which nobody edits"
NOT_RECORDED = {
    "audit_entries": "the record itself",
    "audit_seals": "the record itself",
    "sign_ins": "thousands in the minute of a start; those of staff are noted",
    "refresh_tokens": MACHINE,
    "spent_proofs": MACHINE,
    "sign_in_failures": MACHINE,
    "master_data": "what an entry says is in its versions, which are on record",
    "exam_edits": "a record itself, of rows that are on record",
    "sealed_papers": "made by the server from what is on record; it holds keys",
    "sittings": SHARDED,
    "answers": SHARDED,
    "answer_history": SHARDED,
    "answer_history_rest": SHARDED,
    "results": SHARDED,
    "marks": SHARDED,
    "result_history": SHARDED,
    "abilities": SHARDED,
    "reports": SHARDED,
    "feedback_drafts": SHARDED,
    "feedback_spending": MACHINE,
    "presence": MACHINE,
    "presence_processes": MACHINE,
    "marking_tasks": "a queue, which every pause in typing touches; told by marking_events",
    "marking_sheets": "saved at every pause in typing; told by marking_events",
    "marking_events": "a record itself, which must not show markers what the other one gave",
    "conclusions": COMPUTED,
    "calibrations": COMPUTED,
    "item_calibrations": COMPUTED,
    "exam_standings": COMPUTED,
    "exam_places": COMPUTED,
    "rating_history": COMPUTED,
    "ratings": COMPUTED,
    "rating_levels": COMPUTED,
    "streaks": COMPUTED,
    "achievements": COMPUTED,
    "exam_awards": COMPUTED,
    "exam_topics": COMPUTED,
    "certificate_status_lists": MACHINE,
    "signing_keys": MACHINE,
    "form_files": "sent by candidates and strangers, and to be forgotten when they ask",
    "loose_files": MACHINE,
    "submission_history": "a record itself, whose notes are to be forgotten when somebody asks",
    "events": MACHINE,
    "events_rest": MACHINE,
    "activity_counts": COMPUTED,
    "question_times": COMPUTED,
    "activity_rollups": COMPUTED,
    "maintenance": "a record itself",
    "made_once": "which request made what; the things themselves are on record",
}


async def rows(conn: Connection, text: str) -> list[tuple]:
    return await (await conn.execute(text.encode())).fetchall()


async def test_every_table_is_on_record_or_has_a_reason_not_to_be(conn: Connection) -> None:
    tables = {
        name
        for (name,) in await rows(
            conn,
            """SELECT relname FROM pg_class
                WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
                  AND relname NOT LIKE 'procrastinate%' AND relname <> 'alembic_version'""",
        )
    }
    recorded = {
        name
        for (name,) in await rows(
            conn,
            """SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                WHERE tgname LIKE 'audited_%' AND tgenabled = 'O'""",
        )
    }
    assert tables - recorded - NOT_RECORDED.keys() == set()
    assert recorded & NOT_RECORDED.keys() == set()
    assert NOT_RECORDED.keys() - tables == set()


async def test_the_columns_that_the_triggers_name_are_there(conn: Connection) -> None:
    found = await rows(
        conn,
        """SELECT tgrelid, relname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
             JOIN pg_class ON pg_class.oid = tgrelid
            WHERE tgname LIKE 'audited_%'""",
    )
    for oid, table, definition in found:
        columns = {
            name
            for (name,) in await rows(
                conn, f"SELECT attname FROM pg_attribute WHERE attrelid = {oid} AND attnum > 0"
            )
        }
        keys, exam, person, masked, left_out = (
            argument.strip().strip("'")
            for argument in definition[definition.index("audit_rows(") + 11 : -1].split("', ")
        )
        named = {exam, person} | {
            column for columns_ in (keys, masked, left_out) for column in columns_.strip("{}").split(",")
        }
        assert named - {"", "version"} <= columns, table


async def test_what_is_secret_is_masked(conn: Connection) -> None:
    """A column that looks like a secret, on record, is among the masked."""
    found = await rows(
        conn,
        """SELECT relname, attname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
             JOIN pg_class ON pg_class.oid = tgrelid
             JOIN pg_attribute ON attrelid = tgrelid AND attnum > 0
            WHERE tgname LIKE 'audited_%'
              AND (atttypid = 'bytea'::regtype OR attname ~ 'password|secret|token|link$')""",
    )
    for table, column, definition in found:
        assert column in definition, f"{table}.{column}"
