"""The words of a report, from its figures: what is written where no person or model wrote anything."""

from collections.abc import Sequence

from examhall.reports.facts import Facts

# More would be a list, not advice.
MOST_NAMED = 3


def comment_on(facts: Facts) -> str:
    """Two to four sentences; only what the figures bear out is said."""
    sentences = [_how_it_went(facts)]
    if strong := [topic.name for topic in facts.topics if topic.verdict == "strength"]:
        sentences.append(f"You did clearly better than most in {_named(strong)}.")
    if weak := [topic.name for topic in facts.topics if topic.verdict == "weakness"]:
        sentences.append(f"There is most to gain in {_named(weak)}.")
    elif lowest := _lowest(facts):
        sentences.append(f"Of all topics you have most points left in {lowest}.")
    if not strong and not weak and len(facts.topics) > 1:
        sentences.append("No topic stands out from how everybody did.")
    return " ".join(sentences)


def _how_it_went(facts: Facts) -> str:
    reached = f"You reached {facts.points:g} of {facts.max_points:g} points"
    if facts.participants < 2:
        return f"{reached}."
    if facts.place == 1:
        return f"{reached}; nobody reached more."
    beside = "above" if facts.points > facts.mean_points else "below"
    if facts.points == facts.mean_points:
        return f"{reached}, as many as the mean."
    return f"{reached}, {beside} the mean of {facts.mean_points:g}."


def _lowest(facts: Facts) -> str | None:
    left = [topic for topic in facts.topics if topic.share < 1]
    return min(left, key=lambda topic: topic.share).name if len(facts.topics) > 1 and left else None


def _named(names: Sequence[str]) -> str:
    """A, B and C; the rest is left out."""
    *first, last = names[:MOST_NAMED]
    return f"{', '.join(first)} and {last}" if first else last
