"""What the candidate's pages show beside the operations' own replies: lists, sizes, pictures. Only reads."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from examhall.accounts.access import Person, has_role
from examhall.base.db import Connection, many, maybe, one
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside
from examhall.exams.markdown import pictures_in

SQL = beside(__file__)

# More than anybody has; a bound all the same.
MOST_LISTED = 200


@dataclass(frozen=True)
class ListedExam:
    id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    attempts_allowed: int
    questions: int
    attempts_used: int
    sitting_id: int | None
    deadline_at: datetime | None
    server_time: datetime

    @property
    def is_open(self) -> bool:
        return self.sitting_id is not None or self.opens_at is None or self.opens_at <= self.server_time


@dataclass(frozen=True)
class FinishedSitting:
    sitting_id: int
    attempt_number: int
    submitted_at: datetime
    title: str
    points: Decimal | None
    max_points: Decimal | None
    # As it was seen before the key was last corrected.
    # Answers that wait for a person.
    unmarked: int
    points_before: Decimal | None
    max_points_before: Decimal | None

    @property
    def has_changed(self) -> bool:
        before, after = (self.points_before, self.max_points_before), (self.points, self.max_points)
        return self.points_before is not None and before != after


@dataclass(frozen=True)
class Size:
    questions: int
    points: Decimal


@dataclass(frozen=True)
class Picture:
    media_type: str
    content: bytes
    instructions: str
    is_admitted: bool
    # Whether a sitting of theirs has all of its questions; None: they have none.
    has_had_all: bool | None
    # The questions of their sittings, where none has all; None: whatever it shows, it is theirs.
    drawn: list[int] | None
    is_marker: bool


async def list_my_exams(conn: Connection, me: Person) -> tuple[list[ListedExam], list[FinishedSitting]]:
    """What I am in, may start or wait for; and what I have handed in, newest first."""
    whose = {"candidate_id": me.id, "only_exam_id": me.exam_id, "limit": MOST_LISTED}
    exams = await many(conn, SQL.my_exams, ListedExam, **whose)
    return exams, await many(conn, SQL.my_finished_sittings, FinishedSitting, **whose)


async def size_of_exam(conn: Connection, exam_id: int) -> Size:
    return await one(conn, SQL.size_of_exam, Size, exam_id=exam_id)


async def find_picture(conn: Connection, *, exam_id: int, name: str, me: Person) -> Picture:
    """A picture of an exam that I am sitting or have sat; those of its instructions before that, too.

    Where it has `drawn`, it is mine only if it stands in those questions, or in what all are given. Who
    writes exams sees them all, and who analyses them: the key is theirs to see as well.
    """
    found = await maybe(conn, SQL.picture, Picture, exam_id=exam_id, name=name, person_id=me.id)
    if found is None:
        raise NotFound
    is_office = me.exam_id is None and (
        has_role(me, "author", "analyst") or (found.is_marker and has_role(me, "marker"))
    )
    if found.has_had_all is False and not is_office:
        return found
    if is_office or found.has_had_all or (found.is_admitted and name in pictures_in(found.instructions)):
        return replace(found, drawn=None)
    raise NotFound
