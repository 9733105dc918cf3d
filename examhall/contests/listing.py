"""The list of my contests, from memory to JSON: a class asks for it in the same second."""

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple

from msgspec.json import encode

from examhall.accounts.access import Person
from examhall.base.clock import now, rfc3339
from examhall.base.wire import LARGEST_ID
from examhall.contests.contests import COURSES_KEPT, Contests, ListedContest, ListedCourse
from examhall.courses.courses import NoSuchCourse

# Who may look at a course that is not theirs.
OFFICE = frozenset({"admin", "author", "analyst", "invigilator"})
NEVER = datetime.max.replace(tzinfo=UTC)


class _Rendered(NamedTuple):
    """A course's contests as JSON: good while memory holds this very list, and until a window turns."""

    contests: Sequence[ListedContest]
    since: datetime
    until: datetime
    # Each with its id, the newest first.
    items: list[tuple[int, bytes]]
    # All of them as a page, up to the clock: what a student of one course is sent.
    whole: bytes


class ContestList:
    """Renders each course's contests once, for all of its students."""

    def __init__(self, contests: Contests) -> None:
        self._contests = contests
        # A plain mapping: on this path even a cache of a library's would be felt.
        self._rendered: dict[int, _Rendered] = {}

    async def page(self, me: Person, *, course_id: int | None, before_id: int, limit: int) -> bytes:
        """A page of the contests of my courses, or of one of them, the newest first, as JSON.

        Staff may ask for any course. Who came with a ticket for one exam sees that alone.
        """
        mine: Sequence[int] = await self._contests.courses_of(me.id)
        if course_id is not None:
            if course_id not in mine and (me.exam_id is not None or not OFFICE & {*me.roles}):
                raise NoSuchCourse
            mine = [course_id]
        at = now()
        courses = [await self._of_course(each, at) for each in mine]
        if len(courses) == 1 and before_id == LARGEST_ID and me.exam_id is None:
            [only] = courses
            if len(only.items) <= limit:
                return b'%b%b"}' % (only.whole, rfc3339(at).encode())
        found = [
            item
            for course in courses
            for item in course.items
            if item[0] < before_id and me.exam_id in (None, item[0])
        ]
        items = sorted(found, key=itemgetter(0), reverse=True)
        page = items[:limit]
        cursor = b'"%d"' % page[-1][0] if len(items) > limit else b"null"
        return b'%b%b"}' % (_page(page, cursor), rfc3339(at).encode())

    async def _of_course(self, course_id: int, at: datetime) -> _Rendered:
        contests = await self._contests.of_course(course_id)
        kept = self._rendered.get(course_id)
        # A change of the course drops its list as well: where the list is the same, so is the course.
        if kept is None or kept.contests is not contests or not kept.since <= at < kept.until:
            course = await self._contests.course(course_id)
            if len(self._rendered) >= COURSES_KEPT:
                self._rendered.clear()
            kept = self._rendered[course_id] = _render(contests, course, at)
        return kept


def _render(contests: Sequence[ListedContest], course: ListedCourse, at: datetime) -> _Rendered:
    turns = [turn for each in contests for turn in (each.opens_at, each.closes_at) if turn and turn > at]
    items = [(each.id, encode(_described(each, course, at))) for each in contests]
    return _Rendered(contests, at, min(turns, default=NEVER), items, _page(items, b"null"))


def _page(items: Sequence[tuple[int, bytes]], cursor: bytes) -> bytes:
    """The reply as far as it does not depend on the clock."""
    return b'{"items":[%b],"next_cursor":%b,"server_time":"' % (
        b",".join([json for _, json in items]),
        cursor,
    )


def _described(contest: ListedContest, course: ListedCourse, at: datetime) -> dict[str, object]:
    return {
        "contest_id": contest.id,
        "title": contest.title,
        "course_id": course.id,
        "course_code": course.code,
        "course_title": course.title,
        "status": contest.status(at),
        "opens_at": rfc3339(contest.opens_at) if contest.opens_at else None,
        "closes_at": rfc3339(contest.closes_at) if contest.closes_at else None,
        "duration_s": contest.duration_s,
        "questions": contest.questions,
        "points": contest.points,
    }
