"""A report as a PDF: what stands where, in words; `report.typ` says how it looks."""

from datetime import datetime
from pathlib import Path

from msgspec.json import encode

from examhall.base.languages import Translate, direction_of, gettext_for, locale_of
from examhall.base.numbers import numbers
from examhall.base.typesetting import Typesetter
from examhall.reports.facts import Facts

TEMPLATE = Path(__file__).with_name("report.typ")


def _words(_: Translate) -> dict[str, str]:
    return {
        "report": _("Report"),
        "points": _("Points"),
        "place": _("Place"),
        "ahead": _("Ahead of"),
        "ahead_note": _("of the others"),
        "topics": _("By topic"),
        "topics_note": _(
            "The bar is your share of the points; the light band holds the true share nine times in ten; "
            "the mark is everybody's mean."
        ),
        "spread": _("Where you stand"),
    }


async def print_report(typesetter: Typesetter, facts: Facts, comment: str, language: str) -> bytes:
    """One page of A4. The same facts, comment and language give the same bytes."""
    _, write = gettext_for(language), numbers(language)
    happened_at = datetime.fromisoformat(facts.happened_at)
    ability_name, ability, ability_note = _ability(facts, language)
    data = {
        "facts": facts,
        "comment": comment,
        "language": locale_of(language).language,
        "direction": direction_of(language),
        "words": _words(_),
        "day": write.date(happened_at),
        "points": f"{write.points(facts.points)} / {write.points(facts.max_points)}",
        "points_note": _points_note(facts, language),
        "place": write.figure(facts.place),
        "place_note": _("of {n}").format(n=write.figure(facts.participants)),
        "ahead": write.percent(facts.ahead_of),
        "ability_name": ability_name,
        "ability": ability,
        "ability_note": ability_note,
        # Of each topic, in the order of the facts: its share, and everybody's where it is known.
        "shares": [
            [
                write.percent(100 * topic.share),
                ""
                if topic.mean_share is None
                else _("all {percent}").format(percent=write.percent(100 * topic.mean_share)),
            ]
            for topic in facts.topics
        ],
        "scale": [write.percent(at) for at in (0, 50, 100)],
        "spread_note": _(
            "How many reached each part of the points; yours is dark. The mean is {mean}."
        ).format(mean=write.points(facts.mean_points)),
        "footer": _("Made by Examhall from the results as they are."),
    }
    return await typesetter.pdf(
        TEMPLATE.read_text(encoding="utf-8"),
        {"data": encode(data).decode()},
        timestamp=int(happened_at.timestamp()),
    )


def _points_note(facts: Facts, language: str) -> str:
    _ = gettext_for(language)
    percent = numbers(language).percent(facts.percent, None)
    if facts.passed is None:
        return percent
    return f"{percent} · {_('passed') if facts.passed else _('not passed')}"


def _ability(facts: Facts, language: str) -> tuple[str, str, str]:
    """Its name, its value and its uncertainty: the scaled score where the exam has a scale, else logits."""
    _, write = gettext_for(language), numbers(language)
    if facts.scaled is not None:
        spread = ""
        if facts.scaled_se is not None:
            spread = _("give or take {spread}").format(spread=write.fixed(facts.scaled_se, 0))
        return _("Scaled score"), write.fixed(facts.scaled, 0), spread
    if facts.theta is not None and facts.se is not None:
        note = _("logits, give or take {spread}").format(spread=write.fixed(facts.se))
        return _("Ability"), write.fixed(facts.theta, signed=True), note
    return _("Ability"), "–", _("too few took part to tell")
