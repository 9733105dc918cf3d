"""Item difficulties of the Rasch model by conditional maximum likelihood, where the data allow them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from examhall.psychometrics import conditional
from examhall.psychometrics.arrays import Bools, Floats, Ints
from examhall.psychometrics.connected import connected_items
from examhall.psychometrics.newton import Derivatives, Maximum, maximum
from examhall.psychometrics.tally import Tally, tally

# Fewer tell nothing about each other.
FEWEST_ITEMS = 2


class Problem(NamedTuple):
    """Something about the data that leaves items or persons without an estimate."""

    kind: str
    """
    nobody_had, everybody_right, nobody_right: these items have no finite difficulty.
    not_connected: no chain of right and wrong answers compares these items with the ones estimated.
    too_few_items: fewer than two items are left, so nothing is estimated.
    no_item: these persons had none of the items estimated.
    """

    items: tuple[int, ...] = ()
    persons: int = 0


@dataclass(frozen=True)
class Calibration:
    """Difficulties in logits; NaN for items that have no estimate, which `problems` names."""

    difficulty: Floats
    """(items,): adding up to zero over the items estimated."""

    se: Floats
    """(items,): standard errors under that same normalisation."""

    covariance: Floats
    """(items, items): of the difficulties; the Moore-Penrose inverse of the information."""

    log_likelihood: float
    """Conditional, without the constants of persons; scores of nothing and everything add 0. NaN if none."""

    residual: float
    """The largest difference between observed and expected right answers to an item. NaN if nothing is."""

    steps: int
    problems: tuple[Problem, ...]

    @property
    def estimated(self) -> Bools:
        return np.isfinite(self.difficulty)

    def from_item(self, item: int) -> tuple[Floats, Floats]:
        """Difficulties and their standard errors if item `item` is set to 0 logits instead of the mean."""
        variance = np.diag(self.covariance)
        apart = variance + variance[item] - 2 * self.covariance[item]
        return self.difficulty - self.difficulty[item], np.sqrt(np.maximum(apart, 0.0))


def calibrate(matrix: NDArray[Any]) -> Calibration:
    """Estimate the Rasch difficulties of a matrix of marks by conditional maximum likelihood.

    The likelihood of the answers given each person's number right does not contain the persons, so that
    estimates are consistent however able they are (Andersen 1970; Fischer & Molenaar 1995, ch. 3). It is
    maximised by Newton's method with exact first and second derivatives; items not presented by design
    (booklets) are handled by conditioning within each pattern of presented items.

    Parameters
    ----------
    matrix : array of shape (persons, items)
        1 right, 0 wrong; -1 (or NaN) not presented. Presented and left blank must already be 0.

    Returns
    -------
    Calibration
        Items that nobody had, that all or none had right among those whose score informs, or that cannot be
        compared with the rest, are left out and named, never guessed. With fewer than two items left
        everything is NaN.

    Raises
    ------
    ValueError
        If the matrix holds anything else.

    Examples
    --------
    >>> marks = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1], [0, 0, 1], [1, 0, 1]])
    >>> calibrate(marks).difficulty.round(4), calibrate(marks).problems[0].kind
    (array([-0.5493,  0.5493,     nan]), 'everybody_right')
    """
    return calibrate_tally(tally(matrix))[0]


def calibrate_tally(counted: Tally) -> tuple[Calibration, Tally]:
    """`calibrate` on counts, and the counts of the items it kept."""
    kept, found = estimable(counted)
    counted = counted.only(kept)
    items = counted.items
    if kept.sum() < FEWEST_ITEMS:
        problems = (*found, Problem("too_few_items", tuple(np.flatnonzero(kept).tolist())))
        nothing, matrix = np.full(items, np.nan), np.full((items, items), np.nan)
        return Calibration(nothing, nothing.copy(), matrix, np.nan, np.nan, 0, problems), counted

    fit = maximise(counted, kept)
    difficulty, se = np.full((2, items), np.nan)
    covariance = np.full((items, items), np.nan)
    difficulty[kept], se[kept] = fit.parameters, np.sqrt(np.diag(fit.covariance))
    covariance[np.ix_(kept, kept)] = fit.covariance
    without = int(counted.persons[counted.length == 0].sum())
    problems = (*found, Problem("no_item", persons=without)) if without else found
    return Calibration(difficulty, se, covariance, fit.value, fit.residual, fit.steps, problems), counted


def maximise(counted: Tally, kept: Bools) -> Maximum:
    """The maximum of the conditional likelihood over the items `kept`, known to have one; adding up to 0."""
    informing = counted.informative
    persons, score = counted.persons[informing].astype(float), counted.score[informing]
    right = counted.right[informing][:, kept].sum(axis=0, dtype=float)
    used, pattern = np.unique(counted.pattern[informing], return_inverse=True)
    presented = counted.presented[used][:, kept]
    cells = _Cells(presented, pattern.reshape(-1), score, persons)

    def derivatives(difficulty: Floats, second: bool) -> Derivatives:
        value, expected, information = cells.derivatives(difficulty, second=second)
        return Derivatives(value - float(right @ difficulty), expected - right, information)

    start = _start(right, persons @ presented[cells.pattern], cells)
    found = maximum(start, np.ones(len(start)), derivatives)
    return found._replace(parameters=found.parameters - found.parameters.mean())


class _Cells(NamedTuple):
    """Cells that inform about items: the patterns (patterns, items); each cell's pattern, score, persons."""

    presented: Bools
    pattern: Ints
    score: Ints
    persons: Floats

    def derivatives(self, difficulty: Floats, *, second: bool) -> tuple[float, Floats, Floats]:
        """-sum log gamma; expected right answers (items,); information (items, items), 0 if not `second`."""
        items = len(difficulty)
        value, expected, information = 0.0, np.zeros(items), np.zeros((items, items))
        # As many patterns at a time as memory is meant for. Cells are sorted by pattern.
        width = max(1, conditional.AT_ONCE // (items + 1) ** 2)
        for first in range(0, len(self.presented), width):
            start, stop = np.searchsorted(self.pattern, [first, first + width])
            pattern, score = self.pattern[start:stop] - first, self.score[start:stop]
            taken = conditional.steps(difficulty, self.presented[first : first + width])
            table = np.zeros_like(taken.log_gamma)
            table[pattern, score] = self.persons[start:stop]
            value -= float(self.persons[start:stop] @ taken.log_gamma[pattern, score])
            if not second:
                expected += conditional.expected(taken, table)
                continue
            probability = conditional.probabilities(taken, pattern, score)
            persons = self.persons[start:stop]
            expected += persons @ probability
            information += conditional.pairs(taken, table)
            information -= probability.T @ (probability * persons[:, None])
        return value, expected, information


def _start(right: Floats, had: Floats, cells: _Cells) -> Floats:
    """The normal approximation (PROX: Cohen 1979; Wright & Stone 1979, ch. 2): logits of the proportions
    wrong, stretched by the spread of the persons. Usually within a few hundredths of the estimates."""
    item = np.log((had - right + 0.5) / (right + 0.5))
    length = cells.presented.sum(axis=1)[cells.pattern]
    person = np.log((cells.score + 0.5) / (length - cells.score + 0.5))
    mean = cells.persons @ person / cells.persons.sum()
    spread = cells.persons @ (person - mean) ** 2 / cells.persons.sum()
    # 2.89 = 1.7^2, the normal distribution for the logistic one; 8.35 = 2.89^2. Spreads too wide for the
    # approximation would make it negative.
    shrunk = max(1 - item.var() * spread / 8.35, 0.25)
    return np.asarray((item - item.mean()) * np.sqrt((1 + spread / 2.89) / shrunk))


def estimable(counted: Tally) -> tuple[Bools, tuple[Problem, ...]]:
    """Which items have a finite estimate, and the rest by what is wrong with them."""
    found: dict[str, list[int]] = {}
    kept = np.ones(counted.items, bool)

    def leave_out(kind: str, items: Bools) -> bool:
        found.setdefault(kind, []).extend(np.flatnonzero(items).tolist())
        kept[items] = False
        return bool(items.any())

    leave_out("nobody_had", np.asarray(~counted.here.any(axis=0)))
    while kept.any():
        counted = counted.only(kept)
        informing = counted.informative
        had = counted.persons[informing] @ counted.here[informing]
        right = counted.right[informing].sum(axis=0)
        # An item that only those with nothing or everything right had is decided by all answers to it.
        silent = kept & (had == 0)
        had = np.where(silent, counted.persons @ counted.here, had)
        right = np.where(silent, counted.right.sum(axis=0), right)
        left_out = [
            leave_out("everybody_right", kept & (right == had)),
            leave_out("nobody_right", kept & (right == 0)),
        ]
        if not any(left_out):
            break
    together = connected_items(counted, kept) if kept.any() else kept
    leave_out("not_connected", kept & ~together)
    problems = tuple(Problem(kind, tuple(sorted(items))) for kind, items in found.items() if items)
    return kept, problems
