"""Whole columns to and from PostgreSQL by COPY in its binary format: NumPy packs the rows, nothing loops.

Format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS. For columns of fixed
width without NULLs: numbers, and instants in microseconds since `EPOCH`.
"""

import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from examhall.base.db import Connection
from examhall.base.sqlfile import Query

Columns: TypeAlias = dict[str, NDArray[Any]]

# From when PostgreSQL counts.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
TUPLE, FIELD = struct.Struct(">h"), struct.Struct(">i")


def microseconds(moment: datetime) -> int:
    """A timestamptz as its eight bytes have it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


async def read_columns(conn: Connection, query: Query, types: Mapping[str, str], **params: object) -> Columns:
    """What `COPY (SELECT ...) TO STDOUT (FORMAT BINARY)` gives, one array a column, in the order of `types`.

    `types` names each column's NumPy type, such as "i8" for a bigint; a NULL is a ValueError.
    """
    async with conn.cursor() as cursor, cursor.copy(query.text, params) as copy:
        parts = [bytes(part) async for part in copy]
    body = b"".join(parts)[len(HEADER) : -len(TRAILER)]
    row = _row(types)
    if len(body) % row.itemsize:
        raise ValueError(f"{query.name} gives rows of another width than {dict(types)}")
    rows = np.frombuffer(body, row)
    for name in types:
        if (rows[f"{name} bytes"] != row[name].itemsize).any():
            raise ValueError(f"{query.name} gives NULL, or another width, for {name}")
    return {name: rows[name].astype(row[name].newbyteorder("=")) for name in types}


async def write_columns(
    conn: Connection, query: Query, types: Mapping[str, str], columns: Mapping[str, Any]
) -> None:
    """Hand rows to `COPY table (...) FROM STDIN (FORMAT BINARY)`; a number stands for a column of it."""
    count = max(np.size(column) for column in columns.values())
    row = _row(types)
    rows = np.empty(count, row)
    rows["fields"] = len(types)
    for name in types:
        rows[f"{name} bytes"] = row[name].itemsize
        rows[name] = columns[name]
    async with conn.cursor() as cursor, cursor.copy(query.text) as copy:
        await copy.write(HEADER)
        await copy.write(rows.tobytes())
        await copy.write(TRAILER)


def fields_of(part: bytes) -> Iterator[bytes]:
    """The fields of one row of a copy, of whatever width; what is NULL is empty. None of the trailer."""
    row = memoryview(part.removeprefix(HEADER))
    (count,) = TUPLE.unpack_from(row)
    at = TUPLE.size
    for _ in range(count):
        (length,) = FIELD.unpack_from(row, at)
        at += FIELD.size
        yield bytes(row[at : at + max(length, 0)])
        at += max(length, 0)


def _row(types: Mapping[str, str]) -> np.dtype[Any]:
    fields = [("fields", ">i2")]
    for name, kind in types.items():
        fields += [(f"{name} bytes", ">i4"), (name, f">{kind}")]
    return np.dtype(fields)
