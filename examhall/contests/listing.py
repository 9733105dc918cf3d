"""The list of my contests, from memory to JSON: a class asks for it in the same second."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from cachetools import LRUCache
from msgspec.json import encode

from examhall.accounts.access import Person
from examhall.base.clock import now, rfc3339
from examhall.contests.contests import COURSES_KEPT, Contests, ListedContest, ListedCourse
from examhall.courses.courses import NoSuchCourse

# Who may look at a course that is not theirs.
OFFICE = frozenset({"admin", "author", "analyst", "invigilator"})
NEVER = datetime.max.replace(tzinfo=UTC)


class _Rendered(NamedTuple):
    """A course's contests as JSON: good while memory holds these very objects, and until a window turns."""

    contests: Sequence[ListedContest]
    course: ListedCourse
    since: datetime
    until: datetime
    # Each with its id, the newest first.
    items: list[tuple[int, bytes]]


class ContestList:
    """Renders each course's contests once, for all of its students."""

    def __init__(self, contests: Contests) -> None:
        self._contests = contests
        self._rendered: LRUCache[int, _Rendered] = LRUCache(COURSES_KEPT)

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
        found: Iterable[tuple[int, bytes]] = chain.from_iterable(courses)
        if len(courses) > 1:
            found = sorted(found, key=itemgetter(0), reverse=True)
        items = [each for each in found if each[0] < before_id and me.exam_id in (None, each[0])]
        page = items[:limit]
        cursor = b'"%d"' % page[-1][0] if len(items) > limit else b"null"
        return b'{"items":[%b],"next_cursor":%b,"server_time":"%b"}' % (
            b",".join([json for _, json in page]),
            cursor,
            rfc3339(at).encode(),
        )

    async def _of_course(self, course_id: int, at: datetime) -> list[tuple[int, bytes]]:
        contests = await self._contests.of_course(course_id)
        course = await self._contests.course(course_id)
        kept = self._rendered.get(course_id)
        if (
            kept is None
            or kept.contests is not contests
            or kept.course is not course
            or not kept.since <= at < kept.until
        ):
            kept = self._rendered[course_id] = _render(contests, course, at)
        return kept.items


def _render(contests: Sequence[ListedContest], course: ListedCourse, at: datetime) -> _Rendered:
    turns = [turn for each in contests for turn in (each.opens_at, each.closes_at) if turn and turn > at]
    items = [(each.id, encode(_described(each, course, at))) for each in contests]
    return _Rendered(contests, course, at, min(turns, default=NEVER), items)


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
