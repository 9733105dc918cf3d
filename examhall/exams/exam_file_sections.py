"""The sections of an exam file, and which of its questions are in which."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from examhall.base.said import said
from examhall.exams.exam_file_items import MOST_QUESTIONS, SECTION_CHARS, Question
from examhall.exams.exam_file_values import Value, boolean, fields, items, markdown, text, whole

MOST_SECTIONS = 50
INSTRUCTIONS_CHARS = 20_000
FIELDS = ("title", "instructions", "shuffle", "draw", "unequal_points")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an exam. With `draw` it is a pool: each candidate gets so many of its questions."""

    title: str
    instructions: str = ""
    shuffle: bool = False
    draw: int | None = None
    # Whether a pool's questions may be worth different points.
    unequal_points: bool = False


def read_sections(value: Value) -> tuple[Section, ...]:
    """In their order; what is wrong with them is noted."""
    seen: set[str] = set()
    sections = []
    for each in items(value, most=MOST_SECTIONS):
        found = fields(each, FIELDS)
        title = text(found["title"], most=SECTION_CHARS, one_line=True) if "title" in found else ""
        if not title and each.is_mapping and "title" not in found:
            each.bad(said("The section has no `title`."))
        if title and title.casefold() in seen:
            found["title"].bad(said("Another section has this title; questions name their section by it."))
        seen.add(title.casefold())
        sections.append(
            Section(
                title=title,
                instructions=(
                    markdown(found["instructions"], most=INSTRUCTIONS_CHARS)
                    if "instructions" in found
                    else ""
                ),
                shuffle="shuffle" in found and boolean(found["shuffle"]),
                draw=whole(found["draw"], least=1, most=MOST_QUESTIONS) if "draw" in found else None,
                unequal_points="unequal_points" in found and boolean(found["unequal_points"]),
            )
        )
    return tuple(sections)


def check_sections(value: Value, sections: Sequence[Section], questions: Sequence[Question]) -> None:
    """Note questions in no section that is there, and pools that cannot be drawn from."""
    titles = {section.title for section in sections}
    worth: dict[str, list[Decimal]] = {title: [] for title in titles}
    for question in questions:
        if question.section is None:
            continue
        if question.section not in titles:
            value.bad(
                said(
                    "Question {number} is in the section `{section}`, which is not here.",
                    number=question.number,
                    section=question.section,
                )
            )
        else:
            worth[question.section].append(sum((item.points for item in question.items), Decimal(0)))
    for message in pool_problems(sections, worth):
        value.bad(message)


def pool_problems(sections: Sequence[Section], worth: Mapping[str, Sequence[Decimal]]) -> Iterator[str]:
    """What keeps candidates from getting equal exams; `worth` are the points of each section's questions."""
    for section in sections:
        points = worth[section.title]
        if section.draw is None:
            continue
        if section.draw > len(points):
            yield said(
                "Of `{section}` {draw} questions are drawn, but it has {count}.",
                section=section.title,
                draw=section.draw,
                count=len(points),
            )
        if len(set(points)) > 1 and not section.unequal_points:
            yield (
                said(
                    "The questions of `{title}` are worth different points, so candidates' exams would be "
                    "too. Make them equal, or say `unequal_points: true`.",
                    title=section.title,
                )
            )
