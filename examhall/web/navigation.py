"""Where somebody can go from any page, by their roles: the one table of it."""

from typing import NamedTuple

from examhall.accounts.access import Person, has_role


def _(message: str) -> str:
    """Marks a name for translation; the template translates it."""
    return message


class Place(NamedTuple):
    path: str
    name: str
    # Everybody's if empty. An admin goes everywhere.
    roles: frozenset[str] = frozenset()
    # Where else its pages are.
    also: tuple[str, ...] = ()
    # Not every day's: in the menu alone, however wide the screen.
    aside: bool = False

    def holds(self, path: str) -> bool:
        """Whether the page is one of this place's."""
        return path.startswith((f"{self.path}/", *self.also))


# A candidate's places first, then the office's. Who has both finds the office's in the masthead
# and their own in the menu under their name.
PLACES = (
    Place("/exams", _("My exams"), also=("/sittings/",)),
    Place("/dashboard", _("My progress")),
    Place("/certificates", _("Certificates")),
    Place("/forms", _("Forms"), also=("/organisations/",)),
    Place("/leaderboard", _("Leaderboard")),
    Place("/staff/exams", _("Exams"), frozenset({"author", "analyst", "invigilator"}), ("/staff/panels/",)),
    Place(
        "/staff/courses", _("Courses"), frozenset({"author", "analyst", "invigilator"}), ("/staff/contests/",)
    ),
    Place("/staff/marking", _("Marking"), frozenset({"author", "marker"})),
    Place("/staff/people", _("People"), frozenset({"admin"}), ("/staff/groups",)),
    Place(
        "/staff/analyses",
        _("Analyses"),
        frozenset({"author", "analyst"}),
        ("/staff/scenarios/", "/staff/calculations/", "/staff/projects/", "/staff/master-data"),
    ),
    Place("/staff/activity", _("Activity"), frozenset({"author", "analyst", "invigilator"})),
    Place("/staff/bank", _("Question bank"), frozenset({"author"}), aside=True),
    Place("/staff/groups", _("Groups"), frozenset({"author", "analyst", "invigilator"}), aside=True),
    Place("/staff/certificates", _("Certificates"), frozenset({"author", "analyst"}), aside=True),
    Place(
        "/staff/forms",
        _("Forms"),
        frozenset({"author"}),
        ("/staff/submissions/", "/staff/organisations"),
        aside=True,
    ),
    Place("/staff/audit", _("Record"), frozenset({"admin"}), aside=True),
    Place("/operator", _("Operator"), frozenset({"admin"}), aside=True),
)


def places_for(me: Person) -> list[Place]:
    """Who has come with a ticket for one exam goes nowhere else."""
    if me.exam_id is not None:
        return []
    return [place for place in PLACES if not place.roles or has_role(me, *place.roles)]


def first_place_for(me: Person) -> Place:
    """Where they start: who sits exams, at their exams; who has only work here, at the first of it."""
    places = places_for(me)
    work = [] if "candidate" in me.roles else [place for place in places if place.roles]
    return (work or places or PLACES)[0]
