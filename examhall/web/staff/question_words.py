"""What the editor of questions calls things: types, warnings, fields, and what is wrong with them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from examhall.exams.exam_file_kinds import LETTERS
from examhall.web.staff.item_charts import Words


def _(message: str) -> str:
    """Marks a name for translation; the page translates it."""
    return message


class Kind(NamedTuple):
    name: str
    about: str


KINDS = {
    "single_choice": Kind(_("One right answer"), _("Options, one of which is right.")),
    "multiple_choice": Kind(_("Several right answers"), _("Options, of which every right one is ticked.")),
    "true_false": Kind(_("True or false"), _("A statement to agree with or not.")),
    "number": Kind(_("A number"), _("Typed, with a unit and a tolerance if you like.")),
    "short_text": Kind(_("A word or a line"), _("Typed, and compared with what you accept.")),
    "ordering": Kind(_("Put in order"), _("Options that are moved into the right order.")),
    "matching": Kind(_("Match pairs"), _("Each on the left has its match on the right.")),
    "best_worst": Kind(_("Best and worst"), _("Of the options the best and the worst is chosen.")),
    "essay": Kind(_("An essay"), _("A long text that a person marks.")),
}
WARNINGS = {
    "no_key": _("No key: nobody can get it right"),
    "no_points": _("Worth nothing"),
    "same_prompt": _("The same question is here twice"),
    "nameless_picture": _("A picture without words for who cannot see it"),
    "no_topic": _("No topic"),
}
# How loudly; what is not here waits for a look.
TONES = {"no_key": "bad", "same_prompt": "bad", "no_topic": "quiet"}
FIELDS = {
    "prompt": _("Question"),
    "topic": _("Topic"),
    "subject": _("Subject"),
    "filed": _("Topic"),
    "type": _("Type"),
    "points": _("Points"),
    "answer": _("Right answer"),
    "tolerance": _("Tolerance"),
    "unit": _("Unit"),
    "case_sensitive": _("Capital letters matter"),
    "partial": _("Part of the points for a part of it"),
    "max_chars": _("Longest answer"),
    "options": _("Option"),
    "left": _("On the left"),
    "right": _("On the right"),
    "best": _("Best"),
    "worst": _("Worst"),
}
# What the exam file's reader says, in the words of somebody who sees a form and no file.
IN_A_FORM = (
    (re.compile(r"This question has no `answer`\."), "answer", _("Say which answer is right.")),
    (re.compile(r"This question has no `prompt`\."), "prompt", _("Write what is asked.")),
    (re.compile(r"This question has no `(options|left|right)`\."), r"\1", _("At least two are needed here.")),
    (re.compile(r"At least two are needed here\."), "", _("At least two are needed here.")),
    (re.compile(r"A text is missing here\."), "", _("Please fill this in.")),
    (re.compile(r"Each on the left needs its match; .*"), "", _("Each on the left needs its match.")),
    (re.compile(r"The answer has no `best`\."), "", _("Say which is the best.")),
    (re.compile(r"The answer has no `worst`\."), "", _("Say which is the worst.")),
    (re.compile(r"The right order names every option; .*"), "", _("Give every option its place.")),
)
PATH = re.compile(r"(?:parts\.([a-z])\.?)?(\w*)(?:\.(\w+))?")


def first_line(prompt: str, most: int) -> str:
    """A question's first line, of *most* characters, with dots where it goes on; no formula is cut in two."""
    line, _, rest = prompt.strip().partition("\n")
    if len(line) > most:
        line = line[:most].rpartition(" ")[0] or line[:most]
        if line.count("$") % 2:
            line = line.rpartition("$")[0]
    elif line.endswith((".", "?", "!", ":")) or not rest[:1].isalpha():
        return line
    return f"{line.rstrip()} …"


def in_a_form(path: str, message: str, words: Words) -> tuple[str, str]:
    """A problem's path and sentence as the form shows them."""
    for said, name, better in IN_A_FORM:
        if found := said.fullmatch(message):
            here = found.expand(name)
            return ".".join(part for part in (path, here) if part), words(better)
    return path, message


def label_of(path: str, words: Words) -> str:
    """A path of the document as people call it: Question, Option B, Part a: Points."""
    found = PATH.fullmatch(path)
    if found is None:
        return path
    part, name, place = found.groups()
    label = words(FIELDS.get(name, name)) if name else words(_("The whole part"))
    if place in FIELDS:
        label = f"{label}: {words(FIELDS[place])}"
    elif place is not None and place.isdecimal() and name in ("options", "right"):
        label = f"{label} {LETTERS[int(place) - 1]}"
    elif place is not None:
        label = f"{label} {place}"
    return words(_("Part {part}: {field}")).format(part=part, field=label) if part else label


def flat(document: Mapping[str, Any] | None, words: Words) -> dict[str, str]:
    """Each field of a document with what it says in words; nothing of a question that is not there."""
    return dict(_flat(document, "", words)) if document else {}


def _flat(value: Any, path: str, words: Words) -> Iterator[tuple[str, str]]:
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key), words)
    elif isinstance(value, list) and name in ("options", "left", "right"):
        for number, each in enumerate(value, 1):
            yield f"{path}.{number}", str(each)
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    elif isinstance(value, bool):
        yield path, words(_("Yes")) if value else words(_("No"))
    elif name == "type" and value in KINDS:
        yield path, words(KINDS[value].name)
    else:
        yield path, str(value)


class Difference(NamedTuple):
    label: str
    was: str
    now: str
    # What the reader of the page has typed, where that is neither.
    yours: str | None


def differences(
    before: Mapping[str, Any] | None,
    now: Mapping[str, Any] | None,
    yours: Mapping[str, Any],
    words: Words,
) -> list[Difference]:
    """Field by field what somebody else changed, beside what stands in one's own form."""
    was, is_, mine = flat(before, words), flat(now, words), flat(yours, words)
    found = []
    for path in dict.fromkeys((*was, *is_)):
        old, new, own = was.get(path, ""), is_.get(path, ""), mine.get(path, "")
        if old != new:
            found.append(Difference(label_of(path, words), old, new, None if own in (old, new) else own))
    return found
