"""How the items of an exam are marked by hand, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from examhall.accounts.access import Person, has_role
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams import holding, schemes
from examhall.exams.marking_scheme import NewScheme
from examhall.exams.schemes import ItemScheme, write_scheme

SQL = beside(__file__)

MOST_NAMED = 500
# Who may be named, and who marks without it.
MARKER, AUTHOR = "marker", "author"


class NotByHand(NotFound):
    """This question is not marked by hand, or there is no such question."""


class NotAmongMarkers(NotFound):
    """You do not mark this exam, or there is no such exam."""


class MarkingHasBegun(Conflict):
    """Answers to this question are marked already: so that all are marked alike, only the guidance can still
    change."""


class RubricDoesNotAddUp(Malformed):
    """The best levels of all criteria together have to be worth what the question is worth."""


class CannotMark(Malformed):
    """Only people who have the role of a marker or an author can mark."""


@dataclass(frozen=True)
class Scheme(ItemScheme):
    # Somebody has finished a mark.
    has_begun: bool


@dataclass(frozen=True)
class _Begun:
    question_number: int
    sub_part: str


@dataclass(frozen=True)
class Marker:
    person_id: int
    username: str
    full_name: str
    is_named: bool
    finished: int
    in_hand: int


@dataclass(frozen=True)
class Exam:
    id: int
    title: str
    version: int


async def exam_to_mark(conn: Connection, exam_id: int, me: Person) -> Exam:
    """The exam, to whoever marks it: authors, and the markers named for it. To others it is not there."""
    if not has_role(me, AUTHOR, MARKER):
        raise NotAmongMarkers
    exam = await maybe(
        conn, SQL.exam_to_mark, Exam, exam_id=exam_id, person_id=me.id, is_author=has_role(me, AUTHOR)
    )
    if exam is None:
        raise NotAmongMarkers
    return exam


async def list_schemes(conn: Connection, exam_id: int) -> list[Scheme]:
    """Of every item of the exam, marked by hand or not."""
    begun = {
        (each.question_number, each.sub_part)
        for each in await many(conn, SQL.list_begun, _Begun, exam_id=exam_id)
    }
    return [
        Scheme(**vars(each), has_begun=(each.question_number, each.sub_part) in begun)
        for each in await schemes.list_schemes(conn, exam_id)
    ]


async def find_scheme(conn: Connection, exam_id: int, question_number: int, sub_part: str) -> Scheme:
    for scheme in await list_schemes(conn, exam_id):
        if (scheme.question_number, scheme.sub_part) == (question_number, sub_part) and scheme.by_hand:
            return scheme
    raise NotByHand


async def save_scheme(
    conn: Connection, *, exam_id: int, question_number: int, sub_part: str, scheme: NewScheme, seen: int
) -> int:
    """Say how an item is marked; give the scheme's new version.

    Of several authors who saw the same version one succeeds. Once a mark is finished only the guidance
    changes. Who finishes a mark meanwhile is waited for, or does so by the new scheme.
    """
    await hold_exam(conn, exam_id)
    found = await find_scheme(conn, exam_id, question_number, sub_part)
    if found.version != seen:
        raise SomebodyWasFaster(version=found.version)
    rubric = scheme.written_rubric()
    # Of one marker nobody's points can differ.
    differ_above = scheme.differ_above if scheme.markers > 1 else None
    said = (scheme.markers, differ_above, scheme.third_rule, rubric)
    if found.has_begun and said != (found.markers, found.differ_above, found.third_rule, found.rubric):
        raise MarkingHasBegun
    if len({each.key for each in scheme.rubric}) < len(scheme.rubric) or (
        scheme.rubric and sum(each.most for each in scheme.rubric) != found.points and not found.has_begun
    ):
        raise RubricDoesNotAddUp(points=float(found.points))
    written = scheme.model_copy(update={"differ_above": differ_above})
    await write_scheme(
        conn, question_id=found.question_id, sub_part=sub_part, scheme=written, version=seen + 1
    )
    which = {"exam_id": exam_id, "question_number": question_number, "sub_part": sub_part}
    if scheme.markers < found.markers:
        await run(conn, SQL.drop_second, **which)
    elif scheme.markers > found.markers:
        await run(conn, SQL.add_second, **which)
    return seen + 1


async def hold_exam(conn: Connection, exam_id: int) -> None:
    """Until the commit nobody else settles marks of this exam, corrects its key or marks by the machine."""
    if await holding.hold_exam(conn, exam_id) is None:
        raise NotAmongMarkers


@dataclass(frozen=True)
class _Found:
    id: int
    username: str
    may_mark: bool


async def name_markers(conn: Connection, *, exam_id: int, usernames: Sequence[str], named_by: int) -> None:
    """Name markers of an exam, all or none; who is one stays one."""
    wanted = sorted({name.lower() for name in usernames})
    if len(wanted) > MOST_NAMED:
        raise CannotMark
    found = {each.username.lower(): each for each in await many(conn, SQL.find_people, _Found, wanted=wanted)}
    wrong = [name for name in wanted if name not in found or not found[name].may_mark]
    if wrong:
        raise CannotMark(fields=[{"path": "usernames", "message": name} for name in wrong])
    await run(
        conn,
        SQL.name_markers,
        exam_id=exam_id,
        person_ids=[each.id for each in found.values()],
        named_by=named_by,
    )


async def dismiss_marker(conn: Connection, *, exam_id: int, person_id: int) -> None:
    """What somebody marked stays; what they have in hand goes to others."""
    await run(conn, SQL.dismiss_marker, exam_id=exam_id, person_id=person_id)
    await run(conn, SQL.free_tasks, exam_id=exam_id, person_id=person_id)


async def list_markers(conn: Connection, exam_id: int) -> list[Marker]:
    """Who is named, and who marked or marks without being."""
    return await many(conn, SQL.markers, Marker, exam_id=exam_id)
