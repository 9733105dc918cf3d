"""The form of an exam's sections: as it is stored, as somebody gave it back, and what it asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from examhall.base.wire import storable
from examhall.exams.exam_file_items import MOST_QUESTIONS, SECTION_CHARS
from examhall.exams.exam_file_sections import INSTRUCTIONS_CHARS, MOST_SECTIONS, Section
from examhall.exams.sections import Arrangement, Wanted
from examhall.web.staff.given import version_in


@dataclass
class SectionForm:
    """One section as its fields say it, by the key that they are named with."""

    key: str
    title: str = ""
    instructions: str = ""
    shuffle: bool = False
    draw: str = ""
    unequal_points: bool = False
    question_ids: list[int] = field(default_factory=list)
    # What is wrong with it: a word that the template has a sentence for.
    problem: str = ""

    @property
    def id(self) -> int | None:
        return version_in(self.key) or None


@dataclass
class SectionsForm:
    version: int
    sections: list[SectionForm]
    # In no section.
    loose: list[int]

    def move(self, key: str, step: int) -> None:
        keys = [section.key for section in self.sections]
        if key in keys and 0 <= (place := keys.index(key)) + step < len(keys):
            self.sections.insert(place + step, self.sections.pop(place))

    def add(self) -> None:
        if len(self.sections) < MOST_SECTIONS:
            taken = {section.key for section in self.sections}
            number = next(n for n in range(1, MOST_SECTIONS + 2) if f"new{n}" not in taken)
            self.sections.append(SectionForm(f"new{number}"))

    def remove(self, key: str) -> None:
        for section in self.sections:
            if section.key == key:
                self.loose += section.question_ids
        self.sections = [section for section in self.sections if section.key != key]

    def check(self) -> bool:
        """Whether all of it can be asked for; what cannot is marked."""
        for section in self.sections:
            section.problem = _problem(section)
        return not any(section.problem for section in self.sections)

    def wanted(self) -> list[Wanted]:
        return [
            Wanted(
                Section(
                    section.title,
                    section.instructions,
                    section.shuffle,
                    int(section.draw) if section.draw else None,
                    section.unequal_points,
                ),
                section.question_ids,
                section.id,
            )
            for section in self.sections
        ]


def stored_form(arrangement: Arrangement) -> SectionsForm:
    return SectionsForm(
        arrangement.version,
        [
            SectionForm(
                str(each.id),
                each.title,
                each.instructions,
                each.shuffle,
                "" if each.draw is None else str(each.draw),
                each.unequal_points,
                [question.id for question in arrangement.of(each.id)],
            )
            for each in arrangement.sections
        ],
        [question.id for question in arrangement.of(0)],
    )


def given_form(form: FormData, question_ids: Sequence[int]) -> SectionsForm:
    """What came back, with the questions that the exam has now: one that is new is in no section."""
    keys = [str(key) for key in form.getlist("section")][:MOST_SECTIONS]
    sections = {key: _given_section(form, key) for key in keys}
    loose: list[int] = []
    for question_id in question_ids:
        chosen = str(form.get(f"in-{question_id}", ""))
        (sections[chosen].question_ids if chosen in sections else loose).append(question_id)
    return SectionsForm(version_in(str(form.get("version", ""))), list(sections.values()), loose)


def _given_section(form: Mapping[str, object], key: str) -> SectionForm:
    def said(name: str) -> str:
        return str(form.get(f"{name}-{key}", "")).replace("\r\n", "\n").strip()

    return SectionForm(
        key,
        " ".join(said("title").split()),
        said("instructions"),
        bool(said("shuffle")),
        said("draw"),
        bool(said("unequal")),
    )


def _problem(section: SectionForm) -> str:
    try:
        storable(section.title)
        storable(section.instructions)
    except ValueError:
        return "unstorable"
    if not section.title:
        return "no_title"
    if len(section.title) > SECTION_CHARS or len(section.instructions) > INSTRUCTIONS_CHARS:
        return "too_long"
    if section.draw and not 1 <= version_in(section.draw) <= MOST_QUESTIONS:
        return "no_number"
    return ""
