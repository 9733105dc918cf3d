"""The sections of an exam: its parts in their order, what is drawn of each, and which questions are in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Malformed
from examhall.base.sqlfile import beside
from examhall.exams.editing import begin_edit, end_edit, part_version
from examhall.exams.exam_file_sections import MOST_SECTIONS, Section
from examhall.exams.questions import OtherQuestions

SQL = beside(__file__)

PART = "sections"
NO_SECTION = 0


class SameTitle(Conflict):
    """Two sections have the same title. Give each its own: an exam file names them by it."""


class DrawsTooMany(Conflict):
    """More questions are to be drawn of a pool than it has."""


class UnequalPool(Conflict):
    """The questions of a pool are worth different points, so candidates' exams would be too. Make them equal,
    or allow it for this pool."""


class BadSections(Malformed):
    """A question is in one section at most, and an exam has at most 50 of them."""


@dataclass(frozen=True)
class EditedSection:
    id: int
    place: int
    title: str
    instructions: str
    shuffle: bool
    draw: int | None
    unequal_points: bool

    @property
    def document(self) -> dict[str, Any]:
        """As the exam file writes it; what is as everybody expects is left out."""
        said = {
            "instructions": self.instructions,
            "shuffle": self.shuffle,
            "draw": self.draw,
            "unequal_points": self.unequal_points,
        }
        return {"title": self.title} | {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Pooled:
    """A question where it is, and what it is worth."""

    id: int
    number: int
    section_id: int
    points: Decimal


class Wanted(NamedTuple):
    """A section as it is to be, with its questions by their ids."""

    section: Section
    question_ids: Sequence[int]
    # Of the section that it was; None: it is new.
    id: int | None = None


class Arrangement(NamedTuple):
    sections: Sequence[EditedSection]
    questions: Sequence[Pooled]
    # The ETag of the part.
    version: int

    def of(self, section_id: int) -> list[Pooled]:
        return [question for question in self.questions if question.section_id == section_id]


@dataclass(frozen=True)
class _Sealed:
    is_sealed: bool


async def is_sealed(conn: Connection, exam_id: int) -> bool:
    """Whether candidates download the paper before the start: with it travel all questions of every pool."""
    found = await maybe(conn, SQL.is_sealed, _Sealed, exam_id=exam_id)
    return found is not None and found.is_sealed


async def list_sections(conn: Connection, exam_id: int) -> list[EditedSection]:
    return await many(conn, SQL.sections, EditedSection, exam_id=exam_id)


async def find_arrangement(conn: Connection, exam_id: int) -> Arrangement:
    """All sections, and all questions where they are."""
    version = await part_version(conn, exam_id, PART)
    questions = await many(conn, SQL.pooled, Pooled, exam_id=exam_id)
    return Arrangement(await list_sections(conn, exam_id), questions, version)


async def save_sections(
    conn: Connection, *, exam_id: int, wanted: Sequence[Wanted], by: int, seen: int
) -> Arrangement:
    """The exam's sections as *wanted*, in this order; questions that are in none of them are in no section.

    All of it or, by a refusal, nothing. Of two authors who saw the same version one succeeds, the other gets
    ChangedMeanwhile; the same again is a repeat. Whoever starts the exam waits, and draws by what is saved.
    """
    _check(wanted)
    after = [_noted(each.section, each.question_ids) for each in wanted]
    editable = await begin_edit(conn, exam_id, by=by, part=PART, seen=seen, wanted=after)
    stored = await find_arrangement(conn, exam_id)
    _check_pools(wanted, {question.id: question for question in stored.questions})
    before = [
        _noted(_section(each), [question.id for question in stored.of(each.id)]) for each in stored.sections
    ]
    if before != after:
        await _write(conn, exam_id, wanted, stored)
        await end_edit(conn, editable, before=before, after=after)
    return await find_arrangement(conn, exam_id)


async def pools_that_fail(conn: Connection, exam_id: int) -> list[tuple[str, type[Conflict]]]:
    """The title of each pool that cannot be drawn from, and why: its questions changed since it was saved."""
    arrangement = await find_arrangement(conn, exam_id)
    found: list[tuple[str, type[Conflict]]] = []
    for section in arrangement.sections:
        points = [question.points for question in arrangement.of(section.id)]
        if (why := _trouble(_section(section), points)) is not None:
            found.append((section.title, why))
    return found


def _trouble(section: Section, points: Sequence[Decimal]) -> type[Conflict] | None:
    if section.draw is None:
        return None
    if section.draw > len(points):
        return DrawsTooMany
    return UnequalPool if len(set(points)) > 1 and not section.unequal_points else None


def _check(wanted: Sequence[Wanted]) -> None:
    ids = [question_id for each in wanted for question_id in each.question_ids]
    if len(wanted) > MOST_SECTIONS or len(set(ids)) < len(ids):
        raise BadSections
    titles = [each.section.title.casefold() for each in wanted]
    if len(set(titles)) < len(titles):
        raise SameTitle


def _check_pools(wanted: Sequence[Wanted], known: Mapping[int, Pooled]) -> None:
    for each in wanted:
        if not known.keys() >= {*each.question_ids}:
            raise OtherQuestions
        why = _trouble(each.section, [known[question_id].points for question_id in each.question_ids])
        if why is not None:
            raise why(section=each.section.title)


async def _write(conn: Connection, exam_id: int, wanted: Sequence[Wanted], stored: Arrangement) -> None:
    there = {section.id for section in stored.sections}
    kept = [(place, each) for place, each in enumerate(wanted, 1) if each.id in there]
    new = [(place, each) for place, each in enumerate(wanted, 1) if each.id not in there]
    await run(conn, SQL.delete_others, exam_id=exam_id, ids=[each.id for _, each in kept])
    await run(conn, SQL.update_sections, exam_id=exam_id, ids=[each.id for _, each in kept], **_columns(kept))
    await run(conn, SQL.insert_sections, exam_id=exam_id, **_columns(new))
    place_of = {
        question_id: place for place, each in enumerate(wanted, 1) for question_id in each.question_ids
    }
    await run(
        conn,
        SQL.assign_questions,
        exam_id=exam_id,
        ids=[question.id for question in stored.questions],
        places=[place_of.get(question.id, NO_SECTION) for question in stored.questions],
    )


def _columns(wanted: Sequence[tuple[int, Wanted]]) -> dict[str, list[Any]]:
    return {
        "places": [place for place, _ in wanted],
        "titles": [each.section.title for _, each in wanted],
        "instructions": [each.section.instructions for _, each in wanted],
        "shuffle": [each.section.shuffle for _, each in wanted],
        "draw": [each.section.draw for _, each in wanted],
        "unequal_points": [each.section.unequal_points for _, each in wanted],
    }


def _section(stored: EditedSection) -> Section:
    return Section(stored.title, stored.instructions, stored.shuffle, stored.draw, stored.unequal_points)


def _noted(section: Section, question_ids: Sequence[int]) -> dict[str, Any]:
    return {
        "title": section.title,
        "instructions": section.instructions,
        "shuffle": section.shuffle,
        "draw": section.draw,
        "unequal_points": section.unequal_points,
        "questions": sorted(question_ids),
    }
