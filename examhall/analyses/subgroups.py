"""A scenario's results by group, and the questions that treat a group differently from others as able."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.analyses.arithmetic import Whole
from examhall.analyses.comparing import Standing, newly, side_of
from examhall.analyses.outcome import Group, Groups
from examhall.psychometrics.dif import FEWEST, Dif, dif

# The largest; of others a table says nothing that somebody reads.
MOST_GROUPS = 20
DIF_PLACES = 6


@dataclass(frozen=True)
class GroupNamed:
    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Membership:
    """Who belongs to which group; somebody may be in several, or in none."""

    by: str
    groups: Sequence[GroupNamed]
    candidate_ids: Whole
    # Places in `groups`, in the same order.
    group: Whole


@dataclass(frozen=True)
class Grouped:
    told: Groups
    # Of each candidate, the place among those told of the first of their groups; -1 in none.
    first: NDArray[np.int16]


def by_group(
    membership: Membership,
    *,
    candidate_ids: Whole,
    official: Standing,
    new: Standing,
    bands: int,
    earned: Whole,
    presented: NDArray[np.bool_],
    worth: Sequence[int],
    labels: Sequence[dict[str, Any]],
    tell: Callable[[float], None],
) -> Grouped:
    """Each group beside all candidates who are not in it: the largest groups, in the order of their codes.

    `earned` and `worth` are the new points of each item in thousandths, `presented` says who had it, `labels`
    say which item is which.
    """
    count = len(candidate_ids)
    row, group = _rows_of(membership, candidate_ids)
    # Rows are in the order of the sittings. Somebody's second attempt is not another person: the first alone
    # is compared item by item.
    once = np.unique(candidate_ids, return_index=True)[1]
    sizes = np.bincount(group, minlength=len(membership.groups))
    largest = sorted(
        (each for each in range(len(sizes)) if sizes[each]),
        key=lambda each: (-sizes[each], membership.groups[each].code, membership.groups[each].id),
    )
    chosen = sorted(
        largest[:MOST_GROUPS], key=lambda each: (membership.groups[each].code, membership.groups[each].id)
    )
    first = np.full(count, -1, np.int16)
    told = []
    for number, each in enumerate(chosen):
        within = np.zeros(count, np.bool_)
        within[row[group == each]] = True
        first[within & (first < 0)] = number
        named = membership.groups[each]
        newly_passed, newly_failed = newly(official.of(within), new.of(within))
        told.append(
            Group(
                id=named.id,
                code=named.code,
                name=named.name,
                candidates=int(within.sum()),
                official=side_of(official.of(within), bands),
                new=side_of(new.of(within), bands),
                newly_passed=newly_passed,
                newly_failed=newly_failed,
                dif=_differences(within[once], earned[once], presented[once], worth, labels),
            )
        )
        tell((number + 1) / len(chosen))
    in_any = np.zeros(count, np.bool_)
    in_any[row] = True
    return Grouped(Groups(membership.by, told, len(largest) - len(chosen), int((~in_any).sum())), first)


def _rows_of(membership: Membership, candidate_ids: Whole) -> tuple[Whole, Whole]:
    """The rows of the members, and the group of each: every attempt of theirs, and each of their groups."""
    row_of = np.argsort(candidate_ids, kind="stable")
    ordered = candidate_ids[row_of]
    begins = np.searchsorted(ordered, membership.candidate_ids)
    attempts = np.searchsorted(ordered, membership.candidate_ids, side="right") - begins
    # Of each member the first, second, ... attempt: its place in all of them, less those of members before.
    which = np.arange(attempts.sum()) - np.repeat(np.cumsum(attempts) - attempts, attempts)
    return row_of[np.repeat(begins, attempts) + which], np.repeat(membership.group, attempts)


def _differences(
    focal: NDArray[np.bool_],
    earned: Whole,
    presented: NDArray[np.bool_],
    worth: Sequence[int],
    labels: Sequence[dict[str, Any]],
) -> list[dict[str, Any]] | None:
    """For each item: is it harder for the group than for equally able others? None for too few of either."""
    if focal.sum() < FEWEST or (~focal).sum() < FEWEST:
        return None
    # Whole thousandths: sums of them are exact, and people with the same points are compared. What a wrong
    # answer costs is no ability.
    points = np.where(presented, np.maximum(earned, 0).astype(float), np.nan)
    found = dif(points, np.array(worth, float), focal)
    return [label | _told(found, item) for item, label in enumerate(labels)]


def _told(found: Dif, item: int) -> dict[str, Any]:
    numbers = {
        name: float(getattr(found, name)[item]) for name in ("odds_ratio", "effect", "se", "chi_squared", "p")
    }
    return {
        **{name: round(each, DIF_PLACES) if np.isfinite(each) else None for name, each in numbers.items()},
        "size": found.size[item],
        "why": found.why[item],
        "reference": int(found.reference[item]),
        "focal": int(found.focal[item]),
    }
