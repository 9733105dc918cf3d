"""The words of a report, from its figures: what is written where no person or model wrote anything."""

from examhall.base.languages import SOURCE_LANGUAGE, Translate, gettext_for
from examhall.base.numbers import numbers_beside
from examhall.reports.facts import Facts

# More would be a list, not advice.
MOST_NAMED = 3
ENGLISH = gettext_for(SOURCE_LANGUAGE)


def comment_on(facts: Facts, _: Translate = ENGLISH) -> str:
    """Two to four sentences in the language of `_`; only what the figures bear out is said."""
    write = numbers_beside(_)
    sentences = [
        _how_it_went(facts, _).format(
            points=write.points(facts.points),
            most=write.points(facts.max_points),
            mean=write.points(facts.mean_points),
        )
    ]
    if strong := _named(facts, "strength", _):
        sentences.append(_("You did clearly better than most in {topics}.").format(topics=strong))
    if weak := _named(facts, "weakness", _):
        sentences.append(_("There is most to gain in {topics}.").format(topics=weak))
    elif lowest := _lowest(facts):
        sentences.append(_("Of all topics you have most points left in {topic}.").format(topic=lowest))
    if not strong and not weak and len(facts.topics) > 1:
        sentences.append(_("No topic stands out from how everybody did."))
    return " ".join(sentences)


def _how_it_went(facts: Facts, _: Translate) -> str:
    if facts.participants < 2:
        return _("You reached {points} of {most} points.")
    if facts.place == 1:
        return _("You reached {points} of {most} points; nobody reached more.")
    if facts.points == facts.mean_points:
        return _("You reached {points} of {most} points, as many as the mean.")
    if facts.points > facts.mean_points:
        return _("You reached {points} of {most} points, above the mean of {mean}.")
    return _("You reached {points} of {most} points, below the mean of {mean}.")


def _lowest(facts: Facts) -> str | None:
    left = [topic for topic in facts.topics if topic.share < 1]
    return min(left, key=lambda topic: topic.share).name if len(facts.topics) > 1 and left else None


def _named(facts: Facts, verdict: str, _: Translate) -> str:
    """A, B and C; the rest is left out. Empty when there is none."""
    names = [topic.name for topic in facts.topics if topic.verdict == verdict]
    return numbers_beside(_).one_after_the_other(names[:MOST_NAMED])
