"""Contests by course, as students see them, from memory; and one contest, as the office does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from examhall.base.cache import Cache
from examhall.base.db import Connection, Database, many, maybe, run
from examhall.base.shared_store import SharedStore
from examhall.base.sqlfile import beside
from examhall.contests.submissions import NoSuchContest
from examhall.courses.courses import NoSuchCourse
from examhall.exams.contents import Contents

SQL = beside(__file__)

CONTESTS_TTL_S = 180
PEOPLE_TTL_S = 600
COURSES_TTL_S = 1800
# More than run on one day; a person's courses are a few numbers.
COURSES_KEPT = 1_000
PEOPLE_KEPT = 50_000
# What a course has run in years; the newest are kept.
MOST_LISTED = 500
# Heard by every process, which then warms its own caches for the contest.
WARM_CHANNEL = "examhall_warm_contest"


@dataclass(frozen=True)
class ListedContest:
    """What is the same for all who may see it."""

    id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    questions: int
    points: float

    def status(self, now: datetime) -> str:
        """upcoming, open or closed: what the window says, not whether somebody has handed in."""
        if self.opens_at is not None and now < self.opens_at:
            return "upcoming"
        return "closed" if self.closes_at is not None and now >= self.closes_at else "open"


@dataclass(frozen=True)
class ListedCourse:
    id: int
    code: str
    title: str


@dataclass(frozen=True)
class Contest(ListedContest):
    course_id: int
    course_code: str
    course_title: str
    server_time: datetime


@dataclass(frozen=True)
class _Enrolled:
    person_id: int
    course_ids: list[int]


class Contests:
    """One process's memory of contests, courses, and of who is enrolled where.

    Only what is shown comes from here. Whether somebody may start or hand in, the database says each time.
    """

    def __init__(self, database: Database, contents: Contents, store: SharedStore | None = None) -> None:
        self._database = database
        self._contents = contents
        self._of_course: Cache[int, list[ListedContest]] = Cache(
            ttl_s=CONTESTS_TTL_S, size=COURSES_KEPT, name="contests", store=store, kind=list[ListedContest]
        )
        self._of_person: Cache[int, list[int]] = Cache(
            ttl_s=PEOPLE_TTL_S, size=PEOPLE_KEPT, name="enrolments", store=store, kind=list[int]
        )
        self._courses: Cache[int, ListedCourse] = Cache(
            ttl_s=COURSES_TTL_S, size=COURSES_KEPT, name="courses", store=store, kind=ListedCourse
        )
        self._warming: set[asyncio.Task[int]] = set()

    async def of_course(self, course_id: int) -> Sequence[ListedContest]:
        """The course's contests, the newest first."""
        return await self._of_course.get(course_id, lambda: self._load_contests(course_id))

    async def courses_of(self, person_id: int) -> Sequence[int]:
        """The active courses in which this person is actively enrolled."""
        return await self._of_person.get(person_id, lambda: self._load_courses_of(person_id))

    async def course(self, course_id: int) -> ListedCourse:
        return await self._courses.get(course_id, lambda: self._load_course(course_id))

    async def warm(self, contest_id: int) -> int:
        """Put in memory what a contest's students will ask for in the minute it opens; how many things."""
        async with self._database.connection() as conn:
            contest = await find_contest(conn, contest_id)
            enrolled = await many(conn, SQL.enrolled_with_courses, _Enrolled, course_id=contest.course_id)
        await self._contents.of(contest_id)
        await self.course(contest.course_id)
        await self.of_course(contest.course_id)
        for each in enrolled[:PEOPLE_KEPT]:
            await self._of_person.get(each.person_id, lambda known=each.course_ids: _given(known))  # type: ignore[misc]
        # The paper, the course and its list.
        return 3 + len(enrolled)

    def drop(self, payload: str) -> None:
        """A course changed, or who is enrolled in it, or its exams: the payload is its id."""
        self._of_course.drop(int(payload))
        self._courses.drop(int(payload))
        # Whose courses these were is not said; they are asked again one by one.
        self._of_person.clear()

    def drop_lists(self, payload: str) -> None:
        """Some exam changed; of which course is not said."""
        self._of_course.clear()

    async def forget_all(self, conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        for cache in (self._of_course, self._of_person, self._courses):
            cache.clear()

    def warm_soon(self, payload: str) -> None:
        """Another process was asked to warm this contest."""
        task = asyncio.ensure_future(self.warm(int(payload)))
        self._warming.add(task)
        task.add_done_callback(self._warmed)

    def _warmed(self, task: "asyncio.Task[int]") -> None:
        self._warming.discard(task)
        if not task.cancelled():
            # Whoever asked was answered; a cold cache fills itself.
            task.exception()

    async def _load_contests(self, course_id: int) -> list[ListedContest]:
        async with self._database.connection() as conn:
            return await contests_of_course(conn, course_id)

    async def _load_courses_of(self, person_id: int) -> list[int]:
        async with self._database.connection() as conn:
            found = await maybe(conn, SQL.courses_of_person, _Enrolled, person_id=person_id)
        return found.course_ids if found else []

    async def _load_course(self, course_id: int) -> ListedCourse:
        async with self._database.connection() as conn:
            found = await maybe(conn, SQL.course, ListedCourse, course_id=course_id)
        if found is None:
            raise NoSuchCourse
        return found


async def contests_of_course(conn: Connection, course_id: int) -> list[ListedContest]:
    """The newest first."""
    return await many(conn, SQL.contests_of_course, ListedContest, course_id=course_id, limit=MOST_LISTED)


async def find_contest(conn: Connection, contest_id: int) -> Contest:
    found = await maybe(conn, SQL.find_contest, Contest, contest_id=contest_id)
    if found is None:
        raise NoSuchContest
    return found


async def announce_warming(conn: Connection, contest_id: int) -> None:
    """Have every process warm its caches for this contest, once the transaction is committed."""
    await run(conn, SQL.announce_warming, channel=WARM_CHANNEL, payload=str(contest_id))


async def _given(course_ids: list[int]) -> list[int]:
    return course_ids
