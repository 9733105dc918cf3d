"""The questions of an exam as its authors write them: one by one, in an order that they change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams.editing import begin_edit, changes_since, end_edit
from examhall.exams.exam_file_items import MOST_QUESTIONS, Item, Question
from examhall.exams.question_document import Document, document_of, read_document
from examhall.exams.schemes import copy_schemes

SQL = beside(__file__)

ORDER = "order"
# Numbers that no question has: they are at most MOST_QUESTIONS, and a smallint holds twice this.
BEYOND = 16_000
# What a correction adds to a key; the exam file has no word for it.
BY_CORRECTION = ("also", "everybody")
BY_HAND = "by_hand"


class NoSuchQuestion(NotFound):
    """This exam has no such question, or no longer."""


class TooManyQuestions(Conflict):
    """An exam has at most 500 questions."""


class BadOrder(Malformed):
    """An order names every question of the exam once."""


class OtherQuestions(SomebodyWasFaster):
    """Questions were added or deleted since you looked. Nothing was moved: look at the list as it is now."""


@dataclass(frozen=True)
class EditedExam:
    """What its authors' pages need to know of an exam beside its questions."""

    title: str
    version: int
    is_draft: bool
    shuffle_questions: bool
    shuffle_options: bool
    duration_s: int
    opens_at: datetime | None
    has_opened: bool
    has_sittings: bool
    # The ETag of the order.
    order_version: int
    pictures: list[str]

    @property
    def has_started(self) -> bool:
        """Whether questions can no longer change, as `begin_edit` has it."""
        return self.has_opened or self.has_sittings


@dataclass(frozen=True)
class EditedQuestion:
    """A question where it stands, by the id that it keeps wherever it is moved."""

    id: int
    # Of this question: its ETag.
    version: int
    question: Question
    # The title of the section that it is in.
    section: str | None

    @property
    def number(self) -> int:
        return self.question.number

    @property
    def document(self) -> dict[str, Any]:
        return document_of(self.question)


@dataclass(frozen=True)
class _Row:
    id: int
    number: int
    prompt: str
    topic: str | None
    section: str | None
    version: int
    items: list[dict[str, Any]]

    def question(self) -> EditedQuestion:
        items = tuple(Item(**each | {"points": Decimal(each["points"])}) for each in self.items)
        question = Question(self.number, self.prompt, items, self.topic)
        return EditedQuestion(self.id, self.version, question, self.section)


@dataclass(frozen=True)
class _Place:
    id: int
    number: int


async def find_exam(conn: Connection, exam_id: int) -> EditedExam:
    found = await maybe(conn, SQL.exam, EditedExam, exam_id=exam_id)
    if found is None:
        raise NotFound
    return found


async def list_questions(conn: Connection, exam_id: int) -> list[EditedQuestion]:
    """All of them in their order, with their keys."""
    rows = await many(conn, SQL.questions, _Row, exam_id=exam_id, question_id=None)
    return [row.question() for row in rows]


async def find_question(conn: Connection, exam_id: int, question_id: int) -> EditedQuestion:
    row = await maybe(conn, SQL.questions, _Row, exam_id=exam_id, question_id=question_id)
    if row is None:
        raise NoSuchQuestion
    return row.question()


def part_of(question_id: int) -> str:
    """What `begin_edit` calls the question."""
    return f"question:{question_id}"


async def create_question(
    conn: Connection,
    *,
    exam_id: int,
    document: Document,
    by: int,
    place: int | None = None,
    like: int | None = None,
) -> EditedQuestion:
    """A new question at this place, or at the end; those behind it move on by one.

    However many authors add questions at once, all are there, each with a number of its own: they go one
    after the other through the lock on the exam. It is in the section of the question *like*, if in any, and
    what a correction said of that one's key is said of its own.
    """
    editable = await begin_edit(conn, exam_id, by=by, part=ORDER, seen=None)
    places = await many(conn, SQL.places, _Place, exam_id=exam_id)
    if len(places) >= MOST_QUESTIONS:
        raise TooManyQuestions
    question = read_document(document, pictures=(await find_exam(conn, exam_id)).pictures)
    made = await one(
        conn,
        SQL.insert_question,
        _Place,
        exam_id=exam_id,
        number=len(places) + 1,
        prompt=question.prompt,
        topic=question.topic,
        like=like,
    )
    before = (await find_question(conn, exam_id, like)).question.items if like is not None else ()
    await _write_items(conn, exam_id, made.number, [_as_corrected(item, before) for item in question.items])
    if place is not None and place <= len(places):
        ids = [each.id for each in places]
        ids.insert(max(place, 1) - 1, made.id)
        await _renumber(conn, exam_id, [*places, made], ids)
    await end_edit(conn, replace(editable, part=part_of(made.id)), before=None, after=document_of(question))
    return await find_question(conn, exam_id, made.id)


async def change_question(
    conn: Connection, *, exam_id: int, question_id: int, document: Document, by: int, seen: int
) -> EditedQuestion:
    """The question as *document* has it, where it stands.

    Of two authors who saw the same version one succeeds and the other gets ChangedMeanwhile with what was
    changed; who sends the same again is told that it is so. A refusal leaves everything as it was.
    """
    question = read_document(document, pictures=(await find_exam(conn, exam_id)).pictures)
    after = document_of(question)
    editable = await begin_edit(conn, exam_id, by=by, part=part_of(question_id), seen=seen, wanted=after)
    stored = await find_question(conn, exam_id, question_id)
    if stored.document != after:
        # Under the lock no picture goes away any more.
        read_document(document, pictures=(await find_exam(conn, exam_id)).pictures)
        await run(
            conn,
            SQL.update_question,
            exam_id=exam_id,
            question_id=question_id,
            prompt=question.prompt,
            topic=question.topic,
        )
        await run(conn, SQL.delete_items, exam_id=exam_id, number=stored.number)
        items = [_as_corrected(item, stored.question.items) for item in question.items]
        await _write_items(conn, exam_id, stored.number, items)
        await end_edit(conn, editable, before=stored.document, after=after)
    return await find_question(conn, exam_id, question_id)


async def delete_question(conn: Connection, *, exam_id: int, question_id: int, by: int, seen: int) -> None:
    """Away with it; those behind it move up by one. Who edits it meanwhile is told."""
    editable = await begin_edit(conn, exam_id, by=by, part=part_of(question_id), seen=seen)
    stored = await find_question(conn, exam_id, question_id)
    await run(conn, SQL.delete_question, exam_id=exam_id, question_id=question_id)
    places = await many(conn, SQL.places, _Place, exam_id=exam_id)
    await _renumber(conn, exam_id, places, [each.id for each in places])
    await end_edit(conn, editable, before=stored.document, after=None)


async def duplicate_question(conn: Connection, *, exam_id: int, question_id: int, by: int) -> EditedQuestion:
    """The same question once more, right behind the original, and marked by the same scheme."""
    original = await find_question(conn, exam_id, question_id)
    made = await create_question(
        conn,
        exam_id=exam_id,
        document=original.document,
        by=by,
        place=original.number + 1,
        like=question_id,
    )
    await copy_schemes(conn, {question_id: made.id})
    return made


async def reorder_questions(
    conn: Connection, *, exam_id: int, order: Sequence[int], by: int, seen: int | None
) -> int:
    """Put the questions, by their ids, into this order; the version of the order.

    Of two who reorder at once one succeeds; the other gets ChangedMeanwhile, or OtherQuestions where some
    came or went, and nothing of theirs is done: half of each order would be nobody's. The same again is a
    repeat. Killed half-way, the old order stands.
    """
    if len(set(order)) < len(order):
        raise BadOrder
    editable = await begin_edit(conn, exam_id, by=by, part=ORDER, seen=seen, wanted=list(order))
    places = await many(conn, SQL.places, _Place, exam_id=exam_id)
    before = [each.id for each in places]
    if editable.is_repeat and before == list(order):
        return (await find_exam(conn, exam_id)).order_version
    if {*before} != {*order}:
        raise OtherQuestions
    await _renumber(conn, exam_id, places, order)
    await end_edit(conn, editable, before=before, after=list(order))
    return (await find_exam(conn, exam_id)).order_version


async def move_question(
    conn: Connection, *, exam_id: int, question_id: int, place: int, by: int, seen: int
) -> int:
    """One question to this place (from 1; beyond the last is the last); the version of the order."""
    ids = [each.id for each in await many(conn, SQL.places, _Place, exam_id=exam_id)]
    if question_id not in ids:
        raise NoSuchQuestion
    ids.remove(question_id)
    ids.insert(max(place, 1) - 1, question_id)
    return await reorder_questions(conn, exam_id=exam_id, order=ids, by=by, seen=seen)


async def changes_of_question(
    conn: Connection, *, exam_id: int, question_id: int, seen: int
) -> list[Mapping[str, Any]]:
    """What became of the question after the version *seen*, the oldest change first."""
    changes = await changes_since(conn, exam_id, part_of(question_id), seen)
    return [change.as_json() for change in changes]


async def _renumber(conn: Connection, exam_id: int, places: Sequence[_Place], order: Sequence[int]) -> None:
    """Numbers from 1 in this order. The caller holds the exam, so nobody else numbers it."""
    stands = {each.id: each.number for each in places}
    moved = {id_: number for number, id_ in enumerate(order, 1) if stands[id_] != number}
    if moved:
        await run(conn, SQL.set_aside, exam_id=exam_id, ids=list(moved), beyond=BEYOND)
        await run(conn, SQL.put_in_place, exam_id=exam_id, ids=list(moved), numbers=list(moved.values()))


async def _write_items(conn: Connection, exam_id: int, number: int, items: Sequence[Item]) -> None:
    await run(
        conn,
        SQL.insert_items,
        exam_id=exam_id,
        number=number,
        sub_parts=[item.sub_part for item in items],
        kinds=[item.kind for item in items],
        prompts=[item.prompt for item in items],
        presented=[Jsonb(item.presented) for item in items],
        keys=[Jsonb(item.key) for item in items],
        points=[item.points for item in items],
    )


def _as_corrected(item: Item, before: Sequence[Item]) -> Item:
    """What a correction once added to the key stays as long as the key and what it is of do.

    That people mark it stays whatever the key becomes.
    """
    by_hand: dict[str, Any] = {}
    for old in before:
        if BY_HAND in old.key and (old.sub_part, old.kind) == (item.sub_part, item.kind):
            by_hand = {BY_HAND: old.key[BY_HAND]}
        added = {name: old.key[name] for name in BY_CORRECTION if name in old.key}
        plain = {name: value for name, value in old.key.items() if name not in (*added, BY_HAND)}
        same = (old.sub_part, old.kind, old.presented, plain)
        if added and same == (item.sub_part, item.kind, item.presented, item.key):
            return replace(item, key={**item.key, **added, **by_hand})
    return replace(item, key={**item.key, **by_hand}) if by_hand else item
