"""Charts as SVG, drawn by ourselves: they live inside one file, need no script, and follow light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 860, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 34
GRID_LINES = 5


@dataclass(frozen=True)
class Series:
    name: str
    # One of the report's colours: a to e.
    colour: str
    points: Sequence[tuple[float, float]]
    area: bool = False


@dataclass(frozen=True)
class Limit:
    """A line across, to stay below."""

    name: str
    value: float


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    unit: str,
    limits: Sequence[Limit] = (),
    opening: bool = True,
    x_unit: str = "s",
    highest: float | None = None,
) -> Markup:
    """Lines over time; times are seconds after the opening, which is marked."""
    known = [point for each in series for point in each.points]
    if not known:
        return Markup('<p class="soft">Nothing was recorded.</p>')
    first, last = min(x for x, _ in known), max(x for x, _ in known)
    last = max(last, first + 1e-3)
    top = highest or _nice(max([y for _, y in known] + [limit.value for limit in limits]))

    def place(x: float, y: float) -> str:
        return f"{_across(x, first, last):.1f},{_up(min(y, top), top):.1f}"

    parts = [_frame(top, unit, first, last, x_unit)]
    if opening and first < 0 < last:
        at = _across(0, first, last)
        parts.append(
            f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text class="mark-text" x="{at + 5:.1f}" y="{TOP + 11}">opening</text>'
        )
    for limit in limits:
        at = _up(limit.value, top)
        parts.append(
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="limit-text" x="{WIDTH - RIGHT}" y="{at - 4:.1f}" text-anchor="end">'
            f"{escape(limit.name)}</text>"
        )
    for each in series:
        if not each.points:
            continue
        path = " ".join(place(x, y) for x, y in each.points)
        if each.area:
            begin, end = each.points[0][0], each.points[-1][0]
            parts.append(
                f'<polygon class="area {each.colour}" points="{place(begin, 0)} {path} {place(end, 0)}"/>'
            )
        parts.append(f'<polyline class="line {each.colour}" points="{path}"/>')
    body = "".join(parts)
    legend = "".join(
        f'<li><span class="key {each.colour}"></span>{escape(each.name)}</li>' for each in series
    )
    # Everything that is not a number was escaped above.
    return Markup(  # noqa: S704
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{body}</svg>'
        f'<ul class="legend">{legend}</ul></figure>'
    )


def _frame(top: float, unit: str, first: float, last: float, x_unit: str) -> str:
    parts = []
    for line in range(GRID_LINES + 1):
        value = top * line / GRID_LINES
        at = _up(value, top)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">'
            f"{_short(value)}{unit}</text>"
        )
    step = _nice((last - first) / 8)
    x = math.ceil(first / step) * step
    while x <= last:
        parts.append(
            f'<text class="tick" x="{_across(x, first, last):.1f}" y="{HEIGHT - BOTTOM + 20}" '
            f'text-anchor="middle">{_short(x)} {x_unit}</text>'
        )
        x += step
    return "".join(parts)


def _across(x: float, first: float, last: float) -> float:
    return LEFT + (x - first) / (last - first) * (WIDTH - LEFT - RIGHT)


def _up(y: float, top: float) -> float:
    return HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)


def _nice(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... that is not smaller."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * digit for digit in (1.0, 2.0, 2.5, 5.0, 10.0) if power * digit >= value * 0.9999)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def share_of(values: Sequence[tuple[float, int]]) -> list[tuple[float, float]]:
    """(value, how many) in order, as (value, percent of all that are not greater)."""
    total = sum(count for _, count in values)
    seen, points = 0, [(0.0, 0.0)]
    for value, count in values:
        seen += count
        points.append((value, 100 * seen / total))
    return points
