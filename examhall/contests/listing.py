"""The list of my contests, from memory to JSON: a class asks for it in the same second."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from msgspec.json import encode

from examhall.accounts.access import Person
from examhall.base.clock import now, rfc3339
from examhall.contests.contests import Contests, ListedContest, ListedCourse
from examhall.courses.courses import NoSuchCourse

# Who may look at a course that is not theirs.
OFFICE = frozenset({"admin", "author", "analyst", "invigilator"})


async def list_my_contests(
    contests: Contests, me: Person, *, course_id: int | None, before_id: int, limit: int
) -> bytes:
    """A page of the contests of my courses, or of one of them, the newest first, as JSON.

    Staff may ask for any course. Who came with a ticket for one exam sees that alone.
    """
    mine: Sequence[int] = await contests.courses_of(me.id)
    if course_id is not None:
        if course_id not in mine and (me.exam_id is not None or not OFFICE & {*me.roles}):
            raise NoSuchCourse
        mine = [course_id]
    at = now()
    found: list[dict[str, Any]] = []
    for each in mine:
        course = await contests.course(each)
        found += [
            _described(contest, course, at)
            for contest in await contests.of_course(each)
            if contest.id < before_id and me.exam_id in (None, contest.id)
        ]
    if len(mine) > 1:
        found.sort(key=itemgetter("contest_id"), reverse=True)
    page = found[:limit]
    return encode(
        {
            "items": page,
            "next_cursor": str(page[-1]["contest_id"]) if len(found) > limit else None,
            "server_time": rfc3339(at),
        }
    )


def _described(contest: ListedContest, course: ListedCourse, at: datetime) -> dict[str, Any]:
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
