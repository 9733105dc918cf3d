"""Accommodations: more time, and windows of one's own, for a person or a group, in one exam or in all.

What they come to for somebody is the SQL function own_time's to say, beside admission(): a start fixes the
deadline by it. Nothing here touches a sitting that is under way; sittings/extending.py does, when asked to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.courses.groups import UnknownUsernames

SQL = beside(__file__)

SHOWN = 500
LARGEST_FACTOR = Decimal(10)
# A week.
LONGEST_EXTRA_S = 604_800
REASON_CHARS = 500


class NoSuchAccommodation(NotFound):
    """There is no such accommodation."""


class AccommodationThere(Conflict):
    """They have an accommodation for this already. Change or withdraw that one."""


class NobodyToAccommodate(Malformed):
    """There is no such person, group or exam."""


class NothingGiven(Malformed):
    """Give more time, as a factor or in minutes but not both, or a window of their own."""


class WindowWithoutExam(Malformed):
    """A window of their own is for one exam."""


class EmptyWindow(Malformed):
    """This window would be over before it begins."""


@dataclass(frozen=True)
class Terms:
    """What somebody is given."""

    factor: Decimal | None = None
    extra_s: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    reason: str = ""

    @property
    def has_window(self) -> bool:
        return self.opens_at is not None or self.closes_at is not None


@dataclass(frozen=True)
class Accommodation(Terms):
    id: int = 0
    # None: every exam.
    exam_id: int | None = None
    exam_title: str | None = None
    # One of the two.
    person_id: int | None = None
    group_id: int | None = None
    whose: str = ""
    username: str | None = None
    version: int = 1
    created_at: datetime | None = None
    given_by: str | None = None


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Window:
    opens_at: datetime | None
    closes_at: datetime | None


async def give_accommodation(
    conn: Connection,
    terms: Terms,
    *,
    by: int | None,
    exam_id: int | None = None,
    person_id: int | None = None,
    group_id: int | None = None,
) -> Accommodation:
    """Whoever starts from now on has it. Of two for the same person or group and exam one is given.

    A window may begin and end whenever: where one end is not given, it is the exam's own.
    """
    await _check(conn, terms, exam_id)
    if (person_id is None) == (group_id is None):
        raise NobodyToAccommodate
    try:
        given = await one(
            conn,
            SQL.give,
            _Id,
            exam_id=exam_id,
            person_id=person_id,
            group_id=group_id,
            created_by=by,
            **vars(terms),
        )
    except UniqueViolation as error:
        raise AccommodationThere from error
    except ForeignKeyViolation as error:
        raise NobodyToAccommodate from error
    return await find_accommodation(conn, given.id)


async def change_accommodation(
    conn: Connection, accommodation_id: int, terms: Terms, *, version: int
) -> Accommodation:
    """Other terms, if it still is what the editor saw: of two edits of a version the second is refused."""
    stored = await find_accommodation(conn, accommodation_id)
    await _check(conn, terms, stored.exam_id)
    if not await run(conn, SQL.change, accommodation_id=accommodation_id, version=version, **vars(terms)):
        raise SomebodyWasFaster(version=(await find_accommodation(conn, accommodation_id)).version)
    return await find_accommodation(conn, accommodation_id)


async def withdraw_accommodation(conn: Connection, accommodation_id: int) -> Accommodation:
    """Whoever starts from now on has it no more; who sits already keeps their deadline."""
    stored = await find_accommodation(conn, accommodation_id)
    if not await run(conn, SQL.withdraw, accommodation_id=accommodation_id):
        raise NoSuchAccommodation
    return stored


async def find_accommodation(conn: Connection, accommodation_id: int) -> Accommodation:
    found = await _read(conn, [_Id(accommodation_id)])
    if not found:
        raise NoSuchAccommodation
    return found[0]


async def accommodations_of_exam(conn: Connection, exam_id: int) -> list[Accommodation]:
    """All that may apply in an exam, those for every exam too where their people are to come."""
    return await _read(conn, await many(conn, SQL.of_exam, _Id, exam_id=exam_id, limit=SHOWN))


async def accommodations_of_person(conn: Connection, person_id: int) -> list[Accommodation]:
    """Their own and those of the groups that they are in, the newest first."""
    return await _read(conn, await many(conn, SQL.of_person, _Id, person_id=person_id, limit=SHOWN))


async def accommodations_of_group(conn: Connection, group_id: int) -> list[Accommodation]:
    """The newest first."""
    return await _read(conn, await many(conn, SQL.of_group, _Id, group_id=group_id, limit=SHOWN))


def without_reasons(given: Sequence[Accommodation]) -> list[Accommodation]:
    """As all of the staff see them: why somebody has more time is for those who give it."""
    return [replace(each, reason="") for each in given]


async def _read(conn: Connection, found: Sequence[_Id]) -> list[Accommodation]:
    return await many(conn, SQL.read, Accommodation, ids=[each.id for each in found])


async def person_called(conn: Connection, username: str) -> int:
    """The id of whoever has this username."""
    # The database has no text with a NUL in it, nor anybody of that name.
    found = None if "\0" in username else await maybe(conn, SQL.person_of, _Id, username=username)
    if found is None:
        raise UnknownUsernames(usernames=[username], problems=1)
    return found.id


async def _check(conn: Connection, terms: Terms, exam_id: int | None) -> None:
    has_time = (terms.factor is not None) + (terms.extra_s is not None)
    if has_time > 1 or not (has_time or terms.has_window):
        raise NothingGiven
    if not terms.has_window:
        return
    if exam_id is None:
        raise WindowWithoutExam
    exam = await maybe(conn, SQL.window_of, _Window, exam_id=exam_id)
    if exam is None:
        raise NobodyToAccommodate
    opens_at = terms.opens_at or exam.opens_at
    closes_at = terms.closes_at or exam.closes_at
    if opens_at is not None and closes_at is not None and opens_at >= closes_at:
        raise EmptyWindow
