"""A report as a PDF: what stands where, in words; `report.typ` says how it looks."""

from datetime import datetime
from pathlib import Path

from msgspec.json import encode

from examhall.base.typesetting import Typesetter
from examhall.reports.facts import Facts

TEMPLATE = Path(__file__).with_name("report.typ")

WORDS = {
    "report": "Report",
    "points": "Points",
    "place": "Place",
    "ahead": "Ahead of",
    "ahead_note": "of the others",
    "topics": "By topic",
    "topics_note": (
        "The bar is your share of the points; the light band holds the true share nine times in ten; "
        "the mark is everybody's mean."
    ),
    "all": "all",
    "spread": "Where you stand",
}


async def print_report(typesetter: Typesetter, facts: Facts, comment: str) -> bytes:
    """One page of A4. The same facts and comment give the same bytes."""
    happened_at = datetime.fromisoformat(facts.happened_at)
    ability_name, ability, ability_note = _ability(facts)
    data = {
        "facts": facts,
        "comment": comment,
        "words": WORDS,
        "day": f"{happened_at:%d %B %Y}".lstrip("0"),
        "points": f"{facts.points:g} / {facts.max_points:g}",
        "points_note": _points_note(facts),
        "place_note": f"of {facts.participants}",
        "ability_name": ability_name,
        "ability": ability,
        "ability_note": ability_note,
        "spread_note": (
            f"How many reached each part of the points; yours is dark. The mean is {facts.mean_points:g}."
        ),
        "footer": "Made by Examhall from the results as they are.",
        "made": f"{happened_at:%Y-%m-%d}",
    }
    return await typesetter.pdf(
        TEMPLATE.read_text(encoding="utf-8"),
        {"data": encode(data).decode()},
        timestamp=int(happened_at.timestamp()),
    )


def _points_note(facts: Facts) -> str:
    passed = {None: "", True: ", passed", False: ", not passed"}[facts.passed]
    return f"{facts.percent:g} %{passed}"


def _ability(facts: Facts) -> tuple[str, str, str]:
    """Its name, its value and its uncertainty: the scaled score where the exam has a scale, else logits."""
    if facts.scaled is not None:
        spread = "" if facts.scaled_se is None else f"give or take {facts.scaled_se:.0f}"
        return "Scaled score", f"{facts.scaled:.0f}", spread
    if facts.theta is not None and facts.se is not None:
        return "Ability", f"{facts.theta:+.2f}", f"logits, give or take {facts.se:.2f}"
    return "Ability", "–", "too few took part to tell"
