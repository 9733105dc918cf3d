"""The settings of an exam in words: what each is called, and how its value reads beside another author's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examhall.exams.settings import FIELDS, Settings


def _(message: str) -> str:
    """Marks a name for translation; the template translates it."""
    return message


LABELS: Mapping[str, str] = {
    "title": _("Title"),
    "kind": _("Kind"),
    "test_type": _("Test type"),
    "instructions": _("Instructions"),
    "timezone": _("Time zone"),
    "opens_at": _("Opens"),
    "closes_at": _("Closes"),
    "duration_s": _("Time"),
    "grace_s": _("Grace after the deadline"),
    "attempts_allowed": _("Attempts"),
    "shuffle_questions": _("Questions in each candidate's own order"),
    "shuffle_options": _("Options in each candidate's own order"),
    "release": _("Release of results"),
    "release_at": _("Released at"),
    "show_key": _("Candidates see the right answers"),
    "pass_percent": _("Pass mark"),
    "course_id": _("Course"),
    "series": _("Series"),
    "rated": _("Changes ratings"),
    "live_standing": _("Standing while it runs"),
    "freeze_minutes": _("Stands still before the end"),
    "reports": _("Reports for candidates"),
    "scale_mean": _("Mean of the scale"),
    "scale_sd": _("Spread of the scale"),
    "scale_linked_to": _("On the scale of exam"),
    "sealed_before_s": _("Sealed paper"),
    "is_draft": _("Draft"),
}
WORDS: Mapping[str, str] = {
    "mock_exam": _("Exam"),
    "contest": _("Contest"),
    "test": _("Test"),
    "at_once": _("When somebody has handed in"),
    "at_time": _("At a time"),
    "by_hand": _("By a person"),
}


@dataclass(frozen=True)
class Difference:
    """One field that somebody else changed while it stood open here."""

    field: str
    label: str
    before: Any
    theirs: Any
    mine: Any
    changed_by: str | None

    @property
    def is_conflict(self) -> bool:
        """Both changed it, to something else: a person decides. Otherwise theirs is taken over."""
        return self.mine not in (self.before, self.theirs)


def differences(
    changes: Sequence[Mapping[str, Any]], current: Settings, mine: Settings
) -> tuple[list[Difference], list[str]]:
    """Field by field what the others changed, and the names of all who did."""
    before: dict[str, Any] = {}
    by: dict[str, str | None] = {}
    for change in changes:
        for name, value in (change["before"] or {}).items():
            before.setdefault(name, value)
            by[name] = change["edited_by"]
    theirs, ours = current.as_json(), mine.as_json()
    found = [
        Difference(name, LABELS[name], before[name], theirs[name], ours[name], by[name])
        for name in FIELDS
        if name in before and theirs[name] != before[name]
    ]
    return found, list(dict.fromkeys(name for name in (c["edited_by"] for c in changes) if name))
