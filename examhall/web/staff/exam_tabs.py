"""The pages that the office has of one exam, by who may see them: the one table of it."""

from examhall.accounts.access import Person, has_role
from examhall.web.navigation import Place


def _(message: str) -> str:
    """Marks a name for translation; the template translates it."""
    return message


# What follows /staff/exams/{exam_id} in the address.
TABS = (
    Place("", _("Overview"), frozenset({"author", "analyst", "invigilator"})),
    Place("/edit", _("Settings"), frozenset({"author"})),
    Place("/questions", _("Questions"), frozenset({"author"})),
    Place("/sections", _("Sections"), frozenset({"author"})),
    Place("/office", _("Manage"), frozenset({"author"})),
    Place("/candidates", _("Candidates"), frozenset({"author", "analyst", "invigilator"})),
    Place("/live", _("Live"), frozenset({"invigilator"})),
    Place("/paper", _("Paper"), frozenset({"author", "analyst", "invigilator"})),
    Place("/key", _("Key"), frozenset({"author", "analyst"})),
    Place("/marking", _("Marking"), frozenset({"author"})),
    Place("/items", _("Items"), frozenset({"author", "analyst"})),
    Place("/standards", _("Pass mark"), frozenset({"author", "analyst"})),
    Place("/activity", _("Activity"), frozenset({"author", "analyst", "invigilator"})),
    Place("/reports", _("Reports"), frozenset({"author", "analyst"})),
    Place("/certificates", _("Certificates"), frozenset({"author", "analyst"})),
    Place("/history", _("History"), frozenset({"author"})),
)


def tabs_for(me: Person) -> list[Place]:
    return [tab for tab in TABS if has_role(me, *tab.roles)]
