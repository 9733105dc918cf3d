"""Charts of what scenarios make of results, as chart.js takes them, and the table of moves between grades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examhall.analyses.outcome import BARS
from examhall.reference.built_in import grade_name
from examhall.web.numbers import numbers_beside
from examhall.web.staff.item_charts import Spec, Words

WIDTH = 100 // BARS
# How dark a cell of the table of moves is, of at most this.
SHADES = 5
# Percent that a line's point stands for: the middle of its bar.
MIDDLES = [place * WIDTH + WIDTH / 2 for place in range(BARS)]


def distribution_chart(told: Mapping[str, Any], _: Words) -> Spec:
    """Everybody by percent, official behind and the scenario before it; pass marks as lines."""
    return {
        "x": {"label": _("Percent of all points"), "labels": _bars()},
        "y": {"label": _("Candidates"), "min": 0},
        "series": [
            {"name": _("Official"), "values": told["official"]["distribution"], "style": "bars", "colour": 6}
            | {"full": True, "faint": True},
            {"name": _("Scenario"), "values": told["new"]["distribution"], "style": "bars", "colour": 1},
        ],
        "marks": pass_mark(told, _),
    }


def pass_mark(told: Mapping[str, Any], _: Words) -> list[dict[str, Any]]:
    at = told["pass_percent"]
    if at is None:
        return []
    return [
        {
            "x": at / WIDTH - 0.5,
            "text": _("pass mark {percent}").format(percent=numbers_beside(_).percent(at, None)),
        }
    ]


def grades_chart(told: Mapping[str, Any], _: Words) -> Spec | None:
    """How many have each grade, before and after; None without grades."""
    if not told["bands"] or told["new"]["grades"] is None:
        return None
    return {
        "x": {"label": _("Grade"), "labels": [grade_name(band["name"], _) for band in told["bands"]]},
        "y": {"label": _("Candidates"), "min": 0},
        "series": [
            {"name": _("Official"), "values": told["official"]["grades"], "style": "bars", "colour": 6}
            | {"full": True, "faint": True},
            {"name": _("Scenario"), "values": told["new"]["grades"], "style": "bars", "colour": 1},
        ],
    }


def comparison_chart(sides: Sequence[tuple[str, Mapping[str, Any]]], _: Words) -> Spec:
    """One line for each scenario, and the official results as the area behind them."""
    return {
        "x": {"label": _("Percent of all points"), "values": MIDDLES},
        "y": {"label": _("Candidates"), "min": 0},
        "series": [
            {"name": name, "values": side["distribution"], "style": "area" if place == 0 else "line"}
            | {"colour": 6 if place == 0 else place}
            for place, (name, side) in enumerate(sides)
        ],
    }


@dataclass(frozen=True)
class Moved:
    """One cell of the table of moves: how many, and how dark."""

    count: int
    shade: int
    # 'up', 'down' or 'same'
    way: str


def grade_moves(told: Mapping[str, Any]) -> list[list[Moved]] | None:
    """Rows are official grades, columns new ones; None without grades. Bands stand from the best."""
    matrix = told["moves"]["grades"]
    if matrix is None:
        return None
    most = max((count for row in matrix for count in row), default=0)
    return [
        [
            Moved(
                count,
                0 if not count else max(1, round(SHADES * (count / most) ** 0.5)),
                "same" if row == column else "up" if column < row else "down",
            )
            for column, count in enumerate(counts)
        ]
        for row, counts in enumerate(matrix)
    ]


def _bars() -> list[str]:
    return [f"{place * WIDTH}–{(place + 1) * WIDTH}" for place in range(BARS)]
