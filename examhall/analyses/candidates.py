"""Every candidate's result in a scenario, packed: columns of numbers, read without NumPy.

The same columns give the same bytes. A hundred thousand candidates are some 2 MB.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAGIC: Final = b"EXWI1\n"
# Of zlib: more costs time and saves little.
LEVEL = 6
# Points are whole thousandths.
THOUSAND = 1000
# Each column's type, as `array` names it: q is eight bytes, d a double, h two bytes, b one.
COLUMNS: Final = {
    "sitting_id": "q",
    "candidate_id": "q",
    "official_points": "q",
    "official_max": "q",
    "new_points": "q",
    # NaN without a scale.
    "scaled": "d",
    # Places in the bands; -1 without.
    "official_grade": "h",
    "new_grade": "h",
    # 1, 0, or -1 where there is no pass mark.
    "official_passed": "b",
    "new_passed": "b",
    # Place in `groups`, of the first of somebody's groups; -1 in none.
    "group": "h",
}
NONE = -1


@dataclass(frozen=True)
class Candidate:
    sitting_id: int
    candidate_id: int
    official_points: float
    official_max_points: float
    official_percent: float
    official_grade: str | None
    official_passed: bool | None
    new_points: float
    new_max_points: float
    new_percent: float
    new_grade: str | None
    new_passed: bool | None
    scaled: float | None
    group: str | None

    @property
    def change_percent(self) -> float:
        return self.new_percent - self.official_percent


@dataclass(frozen=True)
class Candidates:
    """The columns, in the order of the sittings; of several exams, of the sitting of the first of them."""

    columns: Mapping[str, "array[Any]"]
    # What each one's new points are out of, in thousandths; names of grades, and of groups.
    new_max: Sequence[int]
    grades: Sequence[str]
    groups: Sequence[str]

    def __len__(self) -> int:
        return len(self.columns["sitting_id"])

    def __iter__(self) -> Iterator[Candidate]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> Candidate:
        row = {name: column[place] for name, column in self.columns.items()}
        scaled = row["scaled"]
        return Candidate(
            sitting_id=row["sitting_id"],
            candidate_id=row["candidate_id"],
            official_points=row["official_points"] / THOUSAND,
            official_max_points=row["official_max"] / THOUSAND,
            official_percent=percent_of(row["official_points"], row["official_max"]),
            official_grade=_named(self.grades, row["official_grade"]),
            official_passed=_yes_or_no(row["official_passed"]),
            new_points=row["new_points"] / THOUSAND,
            new_max_points=self.new_max[place] / THOUSAND,
            new_percent=percent_of(row["new_points"], self.new_max[place]),
            new_grade=_named(self.grades, row["new_grade"]),
            new_passed=_yes_or_no(row["new_passed"]),
            scaled=None if scaled != scaled else scaled,
            group=_named(self.groups, row["group"]),
        )


def percent_of(points: int, max_points: int) -> float:
    """0 where there is nothing to get."""
    return 100.0 * points / max_points if max_points > 0 else 0.0


def pack(
    columns: Mapping[str, bytes],
    *,
    new_max: Sequence[int],
    grades: Sequence[str],
    groups: Sequence[str],
    count: int,
) -> bytes:
    """`columns` are little-endian, as COLUMNS has their types."""
    # Mostly everybody's is the same, and said once.
    said = new_max[0] if len(set(new_max)) == 1 else list(new_max)
    header = json.dumps(
        {"count": count, "new_max": said, "grades": list(grades), "groups": list(groups)}, sort_keys=True
    ).encode()
    body = b"".join(columns[name] for name in COLUMNS)
    return MAGIC + zlib.compress(header + b"\n" + body, LEVEL)


def unpack(packed: bytes) -> Candidates:
    """Raises ValueError for what `pack` did not make. 100,000 candidates take some 30 ms."""
    if not packed.startswith(MAGIC):
        raise ValueError("not packed candidates")
    header, _, body = zlib.decompress(packed[len(MAGIC) :]).partition(b"\n")
    said = json.loads(header)
    columns: dict[str, array[Any]] = {}
    for name, kind in COLUMNS.items():
        column: array[Any] = array(kind)
        length = said["count"] * column.itemsize
        column.frombytes(body[:length])
        if sys.byteorder == "big":
            column.byteswap()
        columns[name], body = column, body[length:]
    new_max = said["new_max"] if isinstance(said["new_max"], list) else [said["new_max"]] * said["count"]
    return Candidates(columns, new_max, said["grades"], said["groups"])


def _named(names: Sequence[str], place: int) -> str | None:
    return None if place == NONE else names[place]


def _yes_or_no(said: int) -> bool | None:
    return None if said == NONE else bool(said)
