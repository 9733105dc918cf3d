"""The pages that the office has of one exam, by who may see them: the one table of it."""

from typing import NamedTuple

from examhall.accounts.access import Person, has_role
from examhall.web.navigation import Place


def _(message: str) -> str:
    """Marks a name for translation; the template translates it."""
    return message


# What follows /staff/exams/{exam_id} in the address, in the groups that the pages show first.
GROUPS = (
    (_("Overview"), (Place("", _("Overview"), frozenset({"author", "analyst", "invigilator"})),)),
    (
        _("Prepare"),
        (
            Place("/edit", _("Settings"), frozenset({"author"})),
            Place("/questions", _("Questions"), frozenset({"author"})),
            Place("/sections", _("Sections"), frozenset({"author"})),
            Place("/paper", _("Paper"), frozenset({"author", "analyst", "invigilator"})),
            Place("/office", _("Manage"), frozenset({"author"})),
        ),
    ),
    (
        _("Candidates"),
        (Place("/candidates", _("Candidates"), frozenset({"author", "analyst", "invigilator"})),),
    ),
    (_("Live"), (Place("/live", _("Live"), frozenset({"invigilator"})),)),
    (
        _("Results"),
        (
            Place("/marking", _("Marking"), frozenset({"author"})),
            Place("/key", _("Key"), frozenset({"author", "analyst"})),
            Place("/items", _("Items"), frozenset({"author", "analyst"})),
            Place("/standards", _("Pass mark"), frozenset({"author", "analyst"})),
            Place("/reports", _("Reports"), frozenset({"author", "analyst"})),
            Place("/certificates", _("Certificates"), frozenset({"author", "analyst"})),
        ),
    ),
    (
        _("Record"),
        (
            Place("/activity", _("Activity"), frozenset({"author", "analyst", "invigilator"})),
            Place("/history", _("History"), frozenset({"author"})),
        ),
    ),
)


class Group(NamedTuple):
    name: str
    tabs: list[Place]

    def holds(self, path: str) -> bool:
        """Whether the page with this path is one of the group's."""
        return any(tab.path == path for tab in self.tabs)


def tabs_for(me: Person) -> list[Group]:
    """The groups in which this person has anything, with what they have."""
    found = [Group(name, [tab for tab in tabs if has_role(me, *tab.roles)]) for name, tabs in GROUPS]
    return [group for group in found if group.tabs]
