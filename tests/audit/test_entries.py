import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from examhall.audit.entries import SQL, Sought, file_pieces, list_entries, list_kinds
from examhall.audit.noting import note
from examhall.base.db import Connection, Database

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def fill(conn: Connection, entries: int) -> None:
    """Of ten kinds, five thousand people and two hundred exams; a minute apart."""
    await conn.execute(
        "INSERT INTO people (username, full_name)"
        " SELECT 'p' || n, 'Person ' || n FROM generate_series(1, 20) AS n"
    )
    await conn.execute(
        """INSERT INTO audit_entries
                  (at, actor_id, door, trace, deed, kind, thing, label, exam_id, person_id, after, words)
           SELECT %s::timestamptz - n * interval '1 minute', n %% 5000 + 1, 'page', '', 'changed',
                  'kind' || n %% 10, n::text, 'Thing ' || n, n %% 200 + 1, n %% 5000 + 1,
                  jsonb_build_object('title', 'Word' || n), 'Thing ' || n || ' Word' || n
             FROM generate_series(1, %s) AS n""",
        (NOON, entries),
    )


async def found(conn: Connection, limit: int = 1000, **sought: Any) -> list[int]:
    return [int(entry.thing) for entry in await list_entries(conn, Sought(**sought), limit=limit)
            if entry.kind.startswith("kind")]  # fmt: skip


async def test_each_filter_finds_what_fits_and_nothing_else(conn: Connection) -> None:
    await fill(conn, 400)
    assert await found(conn, exam_id=7) == [6, 206]
    assert await found(conn, kind="kind3", thing="33") == [33]
    assert await found(conn, words="word17") == [17]
    assert await found(conn, words='"thing 18"') == [18]
    assert await found(conn, since=NOON - timedelta(minutes=2), until=NOON) == [1, 2]
    assert await found(conn, door="api") == []
    assert await found(conn, words="word17", kind="kind3") == []
    assert await found(conn, words="it's \\ % _ & ! (") == []


async def test_people_are_found_by_who_they_are_and_by_what_was_done_to_them(conn: Connection) -> None:
    await note(conn, "people_downloaded", kind="people", thing="all")
    await conn.execute("INSERT INTO people (username, full_name) VALUES ('nodira', 'Nodira 100%_')")
    [person] = await list_entries(conn, Sought(who="NODIRA"), limit=9)
    assert (person.person_name, person.label) == ("Nodira 100%_", "Nodira 100%_")
    assert len(await list_entries(conn, Sought(who="ra 100%_"), limit=9)) == 1
    assert await list_entries(conn, Sought(who="%"), limit=9) == [person]
    assert await list_entries(conn, Sought(who="nobody"), limit=9) == []


async def test_pages_follow_each_other_without_gap_or_repeat(conn: Connection) -> None:
    await fill(conn, 95)
    # Several in the same instant, as one statement makes them.
    await conn.execute(
        """INSERT INTO audit_entries (at, door, trace, deed, kind, thing, label, words)
           SELECT %s, 'page', '', 'added', 'kindx', (1000 + n)::text, '', ''
             FROM generate_series(1, 30) AS n""",
        (NOON - timedelta(minutes=40),),
    )
    whole = [e.id for e in await list_entries(conn, Sought(), limit=1000)]
    paged: list[int] = []
    while page := await list_entries(conn, Sought(), limit=7, before=paged[-1] if paged else None):
        paged += [entry.id for entry in page]
    assert paged == whole


async def test_the_kinds_that_there_are(conn: Connection) -> None:
    await fill(conn, 12)
    assert await list_kinds(conn) == [*(f"kind{n}" for n in range(10)), "people"]


@pytest.mark.parametrize(
    "words", ["-" * 200, "- " * 100, '-""' * 60, "-a " * 66, "a or -" * 30, '"' * 199, "or " * 66]
)
async def test_whatever_is_searched_for_is_answered(conn: Connection, words: str) -> None:
    await list_entries(conn, Sought(words=words), limit=1)


async def test_a_file_has_all_that_fits_and_no_formula(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO people (username, full_name)"
            " SELECT 'p' || n, '=1+' || n || ';=2' FROM generate_series(1, 1200) AS n"
        )
    sought = Sought(kind="people")
    text = b"".join([piece async for piece in file_pieces(database, sought, "csv")]).decode()
    header, *lines = list(csv.reader(StringIO(text)))
    assert len(lines) == 1200
    assert {line[header.index("label")][:2] for line in lines} == {"'="}
    # A spreadsheet that separates by semicolons finds no formula inside a document either.
    assert not [line for line in text.splitlines() if ";=" in line]
    assert json.loads(lines[0][header.index("after")])["full_name"] == "=1+1200;=2"
    lined = b"".join([piece async for piece in file_pieces(database, sought, "jsonl")]).decode()
    entries = [json.loads(line) for line in lined.splitlines()]
    assert [entry["after"]["full_name"] for entry in entries] == [f"=1+{n};=2" for n in range(1200, 0, -1)]


SEARCHES: list[tuple[dict[str, Any], str]] = [
    ({}, "audit_entries_pkey"),
    ({"people": [7]}, "audit_entries_person"),
    ({"exam_id": 7}, "audit_entries_exam"),
    ({"kind": "kind3", "thing": "33"}, "audit_entries_kind"),
    ({"words": "word17"}, "audit_entries_words"),
    ({"since": NOON - timedelta(days=40), "until": NOON - timedelta(days=39)}, "audit_entries_pkey"),
]


async def test_among_a_hundred_thousand_each_search_has_an_index(conn: Connection) -> None:
    await fill(conn, 100_000)
    await conn.execute("ANALYZE audit_entries")
    for sought, index in SEARCHES:
        params = dict.fromkeys(SQL.list_entries.parameters)
        params |= {"before_at": "infinity", "before_id": 0, "most": 50, **sought}
        cursor = await conn.execute(f"EXPLAIN {SQL.list_entries.text}".encode(), params)
        plan = "\n".join(line for (line,) in await cursor.fetchall())
        assert index in plan, plan
        assert "Seq Scan on audit_entries" not in plan, plan
