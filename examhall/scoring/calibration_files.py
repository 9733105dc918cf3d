"""A calibration as files for other programs: items or persons, as CSV, JSON or Parquet."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

import msgspec
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from examhall.scoring.calibrate_csv import SENTENCES
from examhall.scoring.calibrations import Calibration, ItemCalibration, PersonCalibration
from examhall.scoring.export import safe_cell
from examhall.scoring.item_warnings import warnings_of

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
OF_ITEM = (
    "presented", "facility", "mean_share", "discrimination", "difficulty", "se", "infit", "infit_t", "outfit",
    "outfit_t",
)  # fmt: skip
OF_PERSON = (
    "username", "full_name", "sitting_id", "score", "presented", "theta", "se", "scaled", "infit", "infit_t",
    "outfit", "outfit_t",
)  # fmt: skip
WHOLE = frozenset(("question_number", "presented", "sitting_id", "score"))
WORDS = frozenset(("item", "sub_part", "kind", "username", "full_name", "warnings"))

Record = dict[str, Any]


def item_records(calibration: Calibration, items: Sequence[ItemCalibration]) -> list[Record]:
    return [
        {
            "item": item.label,
            "question_number": item.question_number,
            "sub_part": item.sub_part,
            "kind": item.kind,
            "points": item.points,
        }
        | {name: getattr(item, name) for name in OF_ITEM}
        | {"warnings": " ".join(warnings_of(item, too_few=calibration.too_few))}
        for item in items
    ]


def person_records(persons: Sequence[PersonCalibration]) -> list[Record]:
    return [{name: getattr(person, name) for name in OF_PERSON} for person in persons]


def summary(calibration: Calibration) -> Record:
    """What the files of items say of the exam as a whole."""
    return {
        "exam_id": calibration.exam_id,
        "key_version": calibration.key_version,
        "calibrated_at": calibration.calibrated_at,
        "model": None if calibration.too_few else "Rasch",
        "estimation": "conditional maximum likelihood; difficulties add up to 0",
        "persons": calibration.persons,
        "items": calibration.items,
        "items_estimated": calibration.items_estimated,
        "log_likelihood": calibration.log_likelihood,
        "kr20": calibration.kr20,
        "sem": calibration.sem,
        "separation": calibration.separation,
        "warm_reliability": calibration.reliability,
        "slope": calibration.slope,
        "intercept": calibration.intercept,
    } | calibration.found


def as_csv(records: Sequence[Record]) -> bytes:
    """With a header; nothing that somebody wrote becomes a formula in a spreadsheet."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    if records:
        writer.writerow(records[0])
        writer.writerows([safe_cell(value) for value in record.values()] for record in records)
    return text.getvalue().encode()


def as_json(calibration: Calibration, **tables: Sequence[Record]) -> bytes:
    """{"summary": {...}, "items": [...]}, and what other tables are given; what is not known is null."""
    return msgspec.json.encode({"summary": summary(calibration)} | tables)


def as_text(calibration: Calibration, items: Sequence[ItemCalibration]) -> str:
    """The items for a person to read, and what there is to know of the exam."""
    heads = ("item", "n", "share", "discr.", "difficulty", "se", "infit", "outfit")
    lines = ["".join(f"{head:>11}" for head in heads)]
    for item in items:
        figures = (item.facility, item.discrimination, item.difficulty, item.se, item.infit, item.outfit)
        cells = (f"{'–':>11}" if value is None else f"{value:11.3f}" for value in figures)
        words = " ".join(warnings_of(item, too_few=calibration.too_few))
        lines.append(f"{item.label:>11}{item.presented:11,}{''.join(cells)}  {words}".rstrip())
    reliability = "–" if calibration.kr20 is None else f"{calibration.kr20:.3f}"
    lines += [
        "",
        f"{calibration.persons:,} candidates, {calibration.items_estimated} of {calibration.items} items "
        f"calibrated; KR-20 {reliability}. Read in {calibration.read_s:.2f} s, computed in "
        f"{calibration.compute_s:.2f} s.",
    ]
    for problem in calibration.found["problems"]:
        about = ", ".join(problem["items"]) or f"{problem['persons']:,}"
        lines.append(f"{SENTENCES[problem['kind']]}: {about}")
    return "\n".join(lines) + "\n"


def items_with_details(calibration: Calibration, items: Sequence[ItemCalibration]) -> list[Record]:
    """For JSON, which has room for who chose what and for the points beside the curves."""
    records = item_records(calibration, items)
    return [record | item.details for record, item in zip(records, items, strict=True)]


def as_parquet(records: Sequence[Record], names: Sequence[str]) -> bytes:
    """A column for each name; what is not known is null."""
    columns: dict[str, Any] = {name: _column(name, [record[name] for record in records]) for name in names}
    file = BytesIO()
    write_parquet(Table.from_pydict(columns), file)
    return file.getvalue()


def _column(name: str, values: list[Any]) -> Array:
    if name in WORDS:
        return Array(values, DataType.string())
    return Array(values, DataType.int64() if name in WHOLE else DataType.float64())


ITEM_NAMES = ("item", "question_number", "sub_part", "kind", "points", *OF_ITEM, "warnings")
