"""Columns by COPY: what is written is what is read, and what does not fit is said."""

from datetime import UTC, datetime

import numpy as np
import pytest

from examhall.base.columns import microseconds, read_columns, write_columns
from examhall.base.db import Connection
from examhall.base.sqlfile import Query

pytestmark = pytest.mark.anyio

TYPES = {"id": "i8", "small": "i4", "value": "f8", "at": "i8"}
WRITE = Query("write", "COPY kept (id, small, value, at) FROM STDIN (FORMAT BINARY)", frozenset())
READ = Query(
    "read",
    "COPY (SELECT id, small, value, at FROM kept WHERE id > %(after)s ORDER BY id) TO STDOUT (FORMAT BINARY)",
    frozenset({"after"}),
)
MOMENT = datetime(2026, 11, 21, 13, 5, 7, 123456, tzinfo=UTC)


@pytest.fixture
async def kept(conn: Connection) -> Connection:
    await conn.execute(
        "CREATE TEMP TABLE kept (id bigint, small integer, value double precision, at timestamptz)"
    )
    return conn


async def test_what_is_written_is_what_is_read_to_the_bit(kept: Connection) -> None:
    values = np.array([0.1, -0.0, 1e300, 1 / 3])
    rows = {
        "id": np.arange(1, 5),
        "small": np.int32(-7),
        "value": values,
        "at": np.int64(microseconds(MOMENT)),
    }
    await write_columns(kept, WRITE, TYPES, rows)
    found = await read_columns(kept, READ, TYPES, after=1)
    assert found["id"].tolist() == [2, 3, 4]
    assert found["small"].tolist() == [-7] * 3
    assert found["value"].tobytes() == values[1:].tobytes()
    cursor = await kept.execute("SELECT DISTINCT at FROM kept")
    assert await cursor.fetchall() == [(MOMENT,)]


async def test_no_rows_are_empty_columns(kept: Connection) -> None:
    found = await read_columns(kept, READ, TYPES, after=0)
    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(TYPES, 0)


async def test_null_is_refused(kept: Connection) -> None:
    await kept.execute("INSERT INTO kept VALUES (1, 2, NULL, now()), (2, 2, 1, now())")
    with pytest.raises(ValueError, match="read gives"):
        await read_columns(kept, READ, TYPES, after=0)
