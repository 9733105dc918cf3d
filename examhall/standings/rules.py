"""What achievements there are: one table to read, and to add to."""

from hashlib import sha256
from typing import NamedTuple


def _(message: str) -> str:
    """Marks a text for translation; pages translate it."""
    return message


class Rule(NamedTuple):
    """Given to whoever has at least so much of a measure; `achievements.sql` says how each is counted."""

    name: str
    title: str
    what_for: str
    icon: str
    measure: str
    least: int


RULES = (
    Rule("first_exam", _("Off the mark"), _("Sat a first exam"), "flag", "exams_sat", 1),
    Rule("ten_exams", _("Regular"), _("Sat ten exams"), "desk", "exams_sat", 10),
    Rule("fifty_exams", _("Old hand"), _("Sat fifty exams"), "hall", "exams_sat", 50),
    Rule("streak_3", _("Three in a row"), _("Sat three exams of a series without missing one"),
         "flame", "longest_streak", 3),
    Rule("streak_10", _("Ten in a row"), _("Sat ten exams of a series without missing one"),
         "flame", "longest_streak", 10),
    Rule("streak_25", _("Never missed"), _("Sat twenty-five exams of a series without missing one"),
         "flame", "longest_streak", 25),
    Rule("ninety", _("Nine tenths"), _("Reached nine tenths of the points of an exam"),
         "star", "best_percent", 90),
    Rule("full_marks", _("Full marks"), _("Reached every point of an exam"), "star", "best_percent", 100),
    Rule("top_ten", _("Top ten"), _("Among the best ten of twenty or more"), "rise", "top_ten_places", 1),
    Rule("first_place", _("First place"), _("Nobody was better, among twenty or more"),
         "crown", "first_places", 1),
    Rule("climber", _("Big step"), _("Got ahead by fifty points of the rating in one exam"),
         "rise", "rating_gain", 50),
)  # fmt: skip

BY_NAME = {rule.name: rule for rule in RULES}
# What decides who gets what: with another table every past exam is looked at again.
DIGEST = sha256(repr([(rule.name, rule.measure, rule.least) for rule in RULES]).encode()).hexdigest()[:16]
