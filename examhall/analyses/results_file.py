"""Every candidate's result in a scenario as a file, CSV or Parquet, made in pieces as it is sent."""

import asyncio
import csv
from collections.abc import AsyncIterator, Mapping
from io import BytesIO, StringIO
from typing import Any, Final

from arro3.core import Array, DataType, RecordBatch, Table
from arro3.io import write_parquet
from starlette.responses import Response, StreamingResponse

from examhall.accounts.access import Person
from examhall.analyses.calculate import find_calculation
from examhall.analyses.candidates import Candidates
from examhall.analyses.results import Named, Row, candidates_of, named_people, rows_of
from examhall.base.attachment import download_headers
from examhall.base.csv_file import harmless
from examhall.base.db import Database

MEDIA_TYPES: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
# Rows of one piece: some 100 kB of CSV, and a fraction of a second in which nobody else waits.
TOGETHER = 1_000
INTEGERS = ("sitting_id", "candidate_id")
WORDS = ("username", "full_name", "official_grade", "new_grade", "group")
BOOLEANS = ("official_passed", "new_passed")
COLUMNS: Final = (
    "sitting_id", "candidate_id", "username", "full_name", "group", "official_points", "official_max_points",
    "official_percent", "official_grade", "official_passed", "new_points", "new_max_points", "new_percent",
    "new_grade", "new_passed", "change_percent", "scaled",
)  # fmt: skip
DIGITS = 4


async def download(database: Database, calculation_id: int, form: str, me: Person) -> Response:
    """The download, for the API and the page alike."""
    async with database.connection() as conn:
        found = await find_calculation(conn, calculation_id, me.id)
        candidates = await candidates_of(conn, found, me)
    headers = download_headers(f"{found.scenario_name} {found.id}.{form}")
    if form == "csv":
        return StreamingResponse(
            csv_pieces(database, candidates), media_type=MEDIA_TYPES["csv"], headers=headers
        )
    content = await parquet_file(database, candidates)
    return Response(content, media_type=MEDIA_TYPES["parquet"], headers=headers)


async def csv_pieces(database: Database, candidates: Candidates) -> AsyncIterator[bytes]:
    """The header, then rows; no connection is held while the reader takes them."""
    yield _lines([COLUMNS])
    for start in range(0, len(candidates), TOGETHER):
        rows = await _rows(database, candidates, start)
        yield _lines([[_cell(value) for value in _values(row).values()] for row in rows])


async def parquet_file(database: Database, candidates: Candidates) -> bytes:
    """A column for each name; what is not known is null. Some 40 bytes for each candidate."""
    batches = []
    for start in range(0, len(candidates), TOGETHER):
        rows = [_values(row) for row in await _rows(database, candidates, start)]
        batches.append(_batch(rows))
    return await asyncio.to_thread(_written, batches or [_batch([])])


def _written(batches: list[RecordBatch]) -> bytes:
    file = BytesIO()
    write_parquet(Table.from_batches(batches), file)
    return file.getvalue()


async def _rows(database: Database, candidates: Candidates, start: int) -> list[Row]:
    ids = candidates.columns["candidate_id"][start : start + TOGETHER].tolist()
    people: Mapping[int, Named]
    async with database.connection() as conn:
        people = await named_people(conn, ids)
    return list(rows_of(candidates, people, start, start + TOGETHER))


def _values(row: Row) -> dict[str, Any]:
    found = vars(row.candidate) | {
        "change_percent": row.candidate.change_percent,
        "username": row.named.username if row.named else None,
        "full_name": row.named.full_name if row.named else None,
    }
    return {name: _told(found[name]) for name in COLUMNS}


def _told(value: Any) -> Any:
    return round(value, DIGITS) if isinstance(value, float) else value


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return harmless(value)
    return str(value)


def _lines(rows: Any) -> bytes:
    file = StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows)
    return file.getvalue().encode()


def _type_of(name: str) -> DataType:
    if name in WORDS:
        return DataType.string()
    if name in BOOLEANS:
        return DataType.bool()
    return DataType.int64() if name in INTEGERS else DataType.float64()


def _batch(rows: list[dict[str, Any]]) -> RecordBatch:
    columns: dict[str, Any] = {name: Array([row[name] for row in rows], _type_of(name)) for name in COLUMNS}
    return RecordBatch.from_pydict(columns)
