"""The names that the master data comes with: pages say them in the reader's language."""

from collections.abc import Callable


def _(name: str) -> str:
    """Marks a name for translation; who shows it translates it. What somebody wrote stays as it is."""
    return name


# Beside schema.sql, which has them for the database.
NAMES = {
    "subjects": (
        _("Mathematics"), _("Mother tongue and literature"), _("English"), _("Physics"), _("Chemistry"),
        _("Biology"), _("History"), _("Geography"), _("Informatics"),
    ),
    "topics": (
        _("Algebra"), _("Functions"), _("Geometry"), _("Trigonometry"), _("Calculus"),
        _("Probability and statistics"), _("Reading"), _("Listening"), _("Writing"), _("Grammar"),
    ),
    "scales": (
        _("Percent"), _("200 to 800, mean 500"), _("T scores"), _("Stanines"),
        _("Deviation scores, mean 100"), _("Five points"), _("Ten points"), _("0 to 75"),
    ),
    "grade_bands": (
        _("A to F"), _("Marks 2 to 5 (Uzbekistan)"), _("Marks 2 to 5, rating system (86, 71, 55)"),
        _("ECTS letters by percent"), _("Passed or not"),
    ),
    "rating_tiers": (
        _("Grandmaster"), _("Master"), _("Expert"), _("Advanced"), _("Skilled"), _("Learner"),
    ),
    "question_types": (
        _("One of several"), _("Several of several"), _("True or false"), _("A number"), _("A word or two"),
        _("Putting in order"), _("Matching"), _("Best and worst"), _("Essay"),
    ),
    "organisation_kinds": (
        _("Training centre"), _("School"), _("Lyceum"), _("College"), _("University"), _("Company"),
        _("Public authority"),
    ),
}  # fmt: skip

# Of the grades only these are words. Beside a candidate's result the same is said in small letters.
GRADES = {"Passed": _("passed"), "Failed": _("not passed")}


def grade_name(name: str, translate: Callable[[str], str]) -> str:
    """A grade in the reader's language; letters, numbers and what somebody wrote as they are."""
    own = GRADES.get(name, "")
    told = translate(own) if own else ""
    return name if told == own else told[:1].upper() + told[1:]
