"""The official results and those of a scenario side by side: each side in figures, and who moves between."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.analyses.arithmetic import THOUSAND, Whole, mean_of
from examhall.analyses.curves import as_points
from examhall.analyses.outcome import BARS, Agreement, Mover, Moves, Side
from examhall.psychometrics.agreement import crossed, kendall, spearman

MOST_MOVERS = 20
# Told to a millionth of a percent: what is behind depends on who adds up in which order.
PLACES = 6
# Correlations are told to as many.
CORRELATION_PLACES = 10


@dataclass(frozen=True)
class Standing:
    """Everybody's result on one side, rows as candidates; points in thousandths."""

    points: Whole
    most: Whole
    # 1, 0; None without a pass mark.
    passed: NDArray[np.bool_] | None
    grades: NDArray[np.int16] | None
    scaled: NDArray[np.float64] | None

    def of(self, who: NDArray[Any]) -> "Standing":
        def among(values: Any) -> Any:
            return None if values is None else values[who]

        return Standing(*map(among, (self.points, self.most, self.passed, self.grades, self.scaled)))

    @property
    def percent(self) -> NDArray[np.float64]:
        """0 where there is nothing to get."""
        percent: NDArray[np.float64] = np.divide(
            100.0 * self.points, self.most, out=np.zeros(len(self.points)), where=self.most > 0
        )
        return percent


def side_of(standing: Standing, bands: int) -> Side:
    count = len(standing.points)
    percent = standing.percent
    bars = np.minimum(percent * BARS / 100, BARS - 1).astype(np.int64)
    scaled = None if standing.scaled is None else standing.scaled[np.isfinite(standing.scaled)]
    return Side(
        max_points=as_points(int(standing.most.max())) if count else None,
        mean_points=as_points(mean_of(standing.points)) if count else None,
        mean_percent=_mean(percent),
        sd_percent=_sd(percent),
        lowest_percent=_told(percent.min()) if count else None,
        median_percent=_told(np.median(percent)) if count else None,
        highest_percent=_told(percent.max()) if count else None,
        distribution=np.bincount(bars, minlength=BARS).tolist(),
        passed=None if standing.passed is None else int(standing.passed.sum()),
        pass_rate=_told(standing.passed.sum() / count) if standing.passed is not None and count else None,
        grades=None if standing.grades is None else np.bincount(standing.grades, minlength=bands).tolist(),
        mean_scaled=None if scaled is None else _mean(scaled),
        sd_scaled=None if scaled is None else _sd(scaled),
    )


def moves_of(
    official: Standing, new: Standing, names: Sequence[str] | None, sitting_ids: Whole, candidate_ids: Whole
) -> Moves:
    before, after = official.percent, new.percent
    change = after - before
    newly_passed, newly_failed = newly(official, new)
    table = up = down = None
    if official.grades is not None and new.grades is not None and names is not None:
        was, became = official.grades.astype(np.int64), new.grades.astype(np.int64)
        table = crossed(was, became, len(names)).tolist()
        # The best band is the first.
        up, down = int((became < was).sum()), int((became > was).sum())

    def grade(standing: Standing, row: int) -> str | None:
        return None if standing.grades is None or names is None else names[int(standing.grades[row])]

    # Stable: of equal changes the earlier sitting comes first, in every calculation the same.
    order = np.argsort(-np.abs(change), kind="stable")[:MOST_MOVERS]
    return Moves(
        up=int((change > 0).sum()),
        down=int((change < 0).sum()),
        same=int((change == 0).sum()),
        mean_change_percent=_mean(change),
        newly_passed=newly_passed,
        newly_failed=newly_failed,
        grades=table,
        grades_up=up,
        grades_down=down,
        largest=[
            Mover(
                sitting_id=int(sitting_ids[row]),
                candidate_id=int(candidate_ids[row]),
                official_points=int(official.points[row]) / THOUSAND,
                new_points=int(new.points[row]) / THOUSAND,
                official_percent=_told(before[row]),
                new_percent=_told(after[row]),
                official_grade=grade(official, row),
                new_grade=grade(new, row),
            )
            for row in order.tolist()
            if change[row]
        ],
    )


def newly(official: Standing, new: Standing) -> tuple[int | None, int | None]:
    """How many pass now who did not, and fail now who did not."""
    if official.passed is None or new.passed is None:
        return None, None
    return int((new.passed & ~official.passed).sum()), int((official.passed & ~new.passed).sum())


def agreement_of(official: Standing, new: Standing) -> Agreement:
    before, after = official.percent, new.percent
    found = [round(each(before, after), CORRELATION_PLACES) for each in (spearman, kendall)]
    return Agreement(*(None if math.isnan(each) else each for each in found))


def _mean(values: NDArray[np.float64]) -> float | None:
    return _told(math.fsum(values.tolist()) / len(values)) if len(values) else None


def _sd(values: NDArray[np.float64]) -> float | None:
    """Of all of them, not of a sample."""
    if not len(values):
        return None
    mean = math.fsum(values.tolist()) / len(values)
    return _told(math.sqrt(math.fsum(((values - mean) ** 2).tolist()) / len(values)))


def _told(value: Any) -> float:
    # Adding nothing makes 0 of -0.
    return round(float(value), PLACES) + 0.0
