"""Calibrates a file of responses from anywhere, and tells the results as JSON or as a table."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics.analysis import Analysis, analyse
from examhall.scoring.responses_file import Responses, read_responses

# Below, an exam's own calibration is not made; a file's is, with a warning.
FEW_PERSONS = 10
# Persons turned into JSON together.
TOGETHER = 10_000

SENTENCES = {
    "nobody_had": "No difficulty, as nobody was presented these items",
    "everybody_right": "No finite difficulty, as everybody whose score tells something had these right",
    "nobody_right": "No finite difficulty, as nobody whose score tells something had these right",
    "not_connected": "No common scale, as no chain of answers compares these items with the others",
    "too_few_items": "Nothing can be estimated, as fewer than two items are left",
    "no_item": "No ability for persons who had none of the items estimated",
    "few_persons": f"Do not rely on these figures: there are fewer than {FEW_PERSONS} persons",
}


class Warning(NamedTuple):
    kind: str
    message: str
    items: list[str]
    persons: int


class Calibrated(NamedTuple):
    responses: Responses
    analysis: Analysis

    def warnings(self) -> list[Warning]:
        """What the data did not allow, in words and with the items' names."""
        names, persons = self.responses.items, len(self.responses.marks)
        found = [
            Warning(
                problem.kind,
                SENTENCES[problem.kind],
                [names[item] for item in problem.items],
                problem.persons,
            )
            for problem in self.analysis.calibration.problems
        ]
        if persons < FEW_PERSONS:
            found.append(Warning("few_persons", SENTENCES["few_persons"], [], persons))
        return found


def calibrate_file(path: Path) -> Calibrated:
    """Read a file of responses and analyse it; `BadResponsesFile` if it is not one."""
    responses = read_responses(path)
    return Calibrated(responses, analyse(responses.marks))


def calibrate(path: Path, json: Path | None) -> None:
    """What the command does: a table of the items, or all of it in a file; warnings on standard error."""
    calibrated = calibrate_file(path)
    print_warnings(calibrated, sys.stderr)
    if json:
        write_json(calibrated, json)
    else:
        print_table(calibrated, sys.stdout)


def write_json(calibrated: Calibrated, path: Path) -> None:
    """Write everything found to a file, which is there whole or not at all. What is not known is null."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.writelines(_json(calibrated))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _json(calibrated: Calibrated) -> Iterator[bytes]:
    responses, found = calibrated
    yield b'{"summary":' + msgspec.json.encode(_summary(found))
    yield b',\n"problems":[' + _lines(warning._asdict() for warning in calibrated.warnings()) + b"]"
    yield b',\n"items":[' + _lines(_records({"item": responses.items} | _items(found), slice(None))) + b"]"
    yield b',\n"persons":['
    names = responses.persons or range(1, len(responses.marks) + 1)
    for start in range(0, len(responses.marks), TOGETHER):
        part = slice(start, start + TOGETHER)
        yield (b"," if start else b"") + _lines(_records({"person": names} | _persons(found), part))
    yield b"]}\n"


def _lines(records: Iterable[dict[str, Any]]) -> bytes:
    return b",".join(b"\n" + msgspec.json.encode(record) for record in records)


def _summary(found: Analysis) -> dict[str, Any]:
    calibration = found.calibration
    figures = {
        "log_likelihood": calibration.log_likelihood,
        "residual": calibration.residual,
        "kr20": found.classical.kr20,
        "sem": found.classical.sem,
        "separation": found.separation,
        "warm_reliability": found.warm_reliability,
    }
    return {
        "model": "Rasch",
        "estimation": "conditional maximum likelihood",
        "origin": "difficulties add up to 0",
        "ability": "Warm's weighted likelihood",
        "persons": len(found.score),
        "items": len(calibration.difficulty),
        "items_estimated": int(calibration.estimated.sum()),
        "steps": calibration.steps,
    } | {name: value if np.isfinite(value) else None for name, value in figures.items()}


def _items(found: Analysis) -> dict[str, NDArray[Any]]:
    return {
        "presented": found.classical.presented,
        "facility": found.classical.facility,
        "discrimination": found.classical.discrimination,
        "difficulty": found.calibration.difficulty,
        "se": found.calibration.se,
    } | found.item_fit._asdict()


def _persons(found: Analysis) -> dict[str, NDArray[Any]]:
    counts = {"score": found.score, "presented": found.presented}
    return counts | found.ability._asdict() | found.person_fit._asdict()


def _records(columns: dict[str, Any], part: slice) -> Iterator[dict[str, Any]]:
    """A dictionary for each row of `part`, with None for what is not finite."""
    values = [_plain(column[part]) for column in columns.values()]
    return (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))


def _plain(column: Any) -> list[Any]:
    if not isinstance(column, np.ndarray):
        return list(column)
    if column.dtype.kind != "f":
        return list(column.tolist())
    values = column.astype(object)
    values[~np.isfinite(column)] = None
    return list(values.tolist())


def print_table(calibrated: Calibrated, out: TextIO) -> None:
    """The items, hardest last, for a person to read."""
    found, names = calibrated.analysis, calibrated.responses.items
    width = max(len("item"), *map(len, names))
    heads = ("facility", "discr.", "difficulty", "se", "infit", "t", "outfit", "t")
    print(f"{'item':{width}}", *(f"{head:>10}" for head in heads), file=out)
    columns = _items(found)
    shown = [
        columns[name]
        for name in (
            "facility",
            "discrimination",
            "difficulty",
            "se",
            "infit",
            "infit_t",
            "outfit",
            "outfit_t",
        )
    ]
    # NaN sorts last: the items without an estimate.
    for item in np.argsort(found.calibration.difficulty, kind="stable"):
        cells = (f"{column[item]:10.3f}" if np.isfinite(column[item]) else f"{'–':>10}" for column in shown)
        print(f"{names[item]:{width}}", *cells, file=out)
    print(
        f"\n{len(found.score):,} persons, {found.calibration.estimated.sum()} of {len(names)} items; "
        f"KR-20 {found.classical.kr20:.3f}, person separation {found.separation:.3f}",
        file=out,
    )


def print_warnings(calibrated: Calibrated, out: TextIO) -> None:
    for warning in calibrated.warnings():
        about = f": {', '.join(warning.items)}" if warning.items else ""
        count = f" ({warning.persons:,})" if warning.persons else ""
        print(f"{warning.message}{count}{about}", file=out)
