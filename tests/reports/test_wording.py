"""What a report says in words is borne out by its figures."""

from msgspec.structs import replace

from examhall.reports.facts import BINS, Facts, TopicFacts
from examhall.reports.wording import comment_on

FACTS = Facts(
    title="Exam",
    full_name="Alice",
    happened_at="2026-11-06T12:00:00.000Z",
    points=45,
    max_points=55,
    percent=81.8,
    passed=None,
    place=3,
    participants=93,
    ahead_of=97,
    mean_points=29.4,
    theta=1.6,
    se=0.4,
    scaled=None,
    scaled_se=None,
    topics=(),
    spread=(0,) * BINS,
    bin=16,
)


def topic(name: str, verdict: str, share: float = 0.5) -> TopicFacts:
    return TopicFacts(name, share, 0.3, 0.7, 0.5, verdict)


def test_points_beside_the_mean() -> None:
    assert comment_on(FACTS) == "You reached 45 of 55 points, above the mean of 29.4."
    assert "below the mean of 29.4" in comment_on(replace(FACTS, points=20))
    assert "as many as the mean" in comment_on(replace(FACTS, points=29.4))
    assert comment_on(replace(FACTS, place=1)) == "You reached 45 of 55 points; nobody reached more."
    assert comment_on(replace(FACTS, participants=1)) == "You reached 45 of 55 points."


def test_strengths_and_weaknesses_are_named_three_at_most() -> None:
    topics = [*(topic(name, "strength") for name in "ABCD"), topic("E", "weakness")]
    said = comment_on(replace(FACTS, topics=tuple(topics)))
    assert "better than most in A, B and C." in said
    assert said.endswith("There is most to gain in E.")


def test_without_a_clear_verdict_none_is_given() -> None:
    said = comment_on(replace(FACTS, topics=(topic("A", "usual", 0.9), topic("B", "open", 0.4))))
    assert "most points left in B." in said
    assert said.endswith("No topic stands out from how everybody did.")
