"""What a scenario makes of the results, as it is kept and shown: `Outcome.document` is the JSON of it.

Shares are from 0 to 1, percents from 0 to 100, points as people read them. "official" is the result as it
stands, "new" what the scenario makes of the same candidates.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

FORMAT: Final = "examhall-outcome/1"
# Goes up whenever the same inputs could give another result, in whatever digit.
ENGINE: Final = "3"
# Bars of a distribution, each so many percent wide; 100 percent is in the last.
BARS = 20


@dataclass(frozen=True)
class Side:
    """All results, or those of a group, on one side of the comparison."""

    # Nobody has a mean.
    max_points: float | None
    mean_points: float | None
    mean_percent: float | None
    sd_percent: float | None
    lowest_percent: float | None
    median_percent: float | None
    highest_percent: float | None
    # How many have 0 to 5 percent, 5 to 10, ...
    distribution: list[int]
    # None where there is no pass mark.
    passed: int | None
    pass_rate: float | None
    # How many have each of the bands, in their order; None without bands.
    grades: list[int] | None
    mean_scaled: float | None
    sd_scaled: float | None


@dataclass(frozen=True)
class Mover:
    """A candidate whom the scenario moves far."""

    sitting_id: int
    candidate_id: int
    official_points: float
    new_points: float
    official_percent: float
    new_percent: float
    official_grade: str | None
    new_grade: str | None


@dataclass(frozen=True)
class Moves:
    """Who goes up and who down: by their share of all points, as the scenario may change what all are."""

    up: int
    down: int
    same: int
    mean_change_percent: float | None
    newly_passed: int | None
    newly_failed: int | None
    # How many went from each grade to each: rows are official, columns new, in the order of the bands.
    grades: list[list[int]] | None
    grades_up: int | None
    grades_down: int | None
    # The largest changes first.
    largest: list[Mover]


@dataclass(frozen=True)
class Agreement:
    """Whether the scenario puts candidates in the order of the official result: 1 is the same order.

    None where there is no order: of fewer than two candidates, or where all are equal.
    """

    spearman: float | None
    kendall_tau_b: float | None


@dataclass(frozen=True)
class Question:
    """One item: what a full answer is worth, and the mean share of it."""

    exam_id: int
    question_number: int
    sub_part: str
    kind: str
    topic: str | None
    # Its key or its points are other ones in the scenario.
    changed: bool
    official_max_points: float
    new_max_points: float
    official_share: float | None
    new_share: float | None


@dataclass(frozen=True)
class Group:
    id: int
    code: str
    name: str
    candidates: int
    official: Side
    new: Side
    newly_passed: int | None
    newly_failed: int | None
    # Questions that are harder or easier for this group than for others as able: see `differences`.
    # None for a group too small to say.
    dif: list[dict[str, Any]] | None


@dataclass(frozen=True)
class Groups:
    by: str
    groups: list[Group]
    # Groups beyond the largest, and candidates in none.
    groups_left_out: int
    candidates_in_none: int


@dataclass(frozen=True)
class ExamUsed:
    id: int
    title: str
    key_version: int
    # Sittings that count; handed in, but not marked by this key yet; left out by the scenario.
    sittings: int
    waiting: int
    excluded: int


@dataclass(frozen=True)
class Told:
    """Everything but the candidates one by one."""

    exams: list[ExamUsed]
    candidates: int
    # Of several exams: sat some of them, but not all.
    incomplete: int
    # [{name, from_percent}], as the scenario has them or names them.
    bands: list[dict[str, Any]] | None
    # None: each exam's own.
    pass_percent: float | None
    scale: dict[str, Any] | None
    official: Side
    new: Side
    moves: Moves
    agreement: Agreement
    questions: list[Question]
    groups: Groups | None

    @property
    def document(self) -> dict[str, Any]:
        return {"format": FORMAT, "engine": ENGINE} | asdict(self)


@dataclass(frozen=True)
class Outcome:
    told: Told
    # See candidates.py.
    candidates: bytes

    @property
    def document(self) -> dict[str, Any]:
        return self.told.document
