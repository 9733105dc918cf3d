"""The office's pages of courses, enrolment and contests, as a browser's forms use them."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.courses.rows import add_people, enrol_people
from tests.doors.conftest import Caller, call, hall  # noqa: F401
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio


@pytest.fixture
async def olga(hall: Any, call: Callable[..., Any]) -> Caller:  # noqa: F811
    """An author in her browser."""
    olga: Caller = await call("olga", "author")
    del olga.client.headers["Authorization"]
    cookie = hall.signer.cookie_token(olga.id, uuid4(), ["author"])
    olga.client.cookies.set("examhall", cookie)
    olga.client.headers["X-CSRF-Token"] = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    return olga


async def make_course(olga: Caller, code: str = "ALG-1") -> str:
    made = await olga.client.post("/staff/courses/new", data={"code": code, "title": "Algebra"})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None
    return found[1]


async def bring(olga: Caller, course: str, csv: bytes, **fields: str) -> httpx.Response:
    return await olga.client.post(f"{course}/students", files={"file": ("list.csv", csv)}, data=fields)


async def test_a_course_is_made_and_stands_in_the_list(olga: Caller) -> None:
    assert "No courses yet" in (await olga.get("/staff/courses")).text
    course = await make_course(olga)
    assert "Algebra" in (await olga.get("/staff/courses?q=alg")).text
    assert "No course is called so" in (await olga.get("/staff/courses?q=biology")).text
    assert "No contests yet" in (await olga.get(course)).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "", "title": "Algebra"}, "Please fill this in."),
        ({"code": "x" * 41, "title": "Algebra"}, "At most 40 characters."),
        ({"code": "A", "title": "Al\0gebra"}, "cannot be stored"),
        ({"code": "alg-1", "title": "Algebra"}, "There is a course with this code already."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(
    olga: Caller, fields: dict[str, str], said: str
) -> None:
    await make_course(olga)
    reply = await olga.client.post("/staff/courses/new", data=fields)
    assert reply.status_code == 422
    assert said in reply.text


async def test_of_two_editors_the_second_sees_the_firsts_change(olga: Caller) -> None:
    course = await make_course(olga)
    seen = hidden(await olga.get(f"{course}/edit"), "version")
    change = {"code": "ALG-1", "active": "on", "version": seen}
    first = await olga.client.post(f"{course}/edit", data=change | {"title": "First"})
    second = await olga.client.post(f"{course}/edit", data=change | {"title": "Second"})
    assert (first.status_code, second.status_code) == (303, 412)
    assert "It now is ALG-1, “First”" in second.text
    assert 'value="Second"' in second.text
    again = change | {"title": "Second", "version": hidden(second, "version")}
    assert (await olga.client.post(f"{course}/edit", data=again)).status_code == 303


async def test_a_list_is_looked_at_and_then_applied(hall: Any, olga: Caller) -> None:  # noqa: F811
    course = await make_course(olga)
    async with hall.database.transaction() as conn:
        [*_rest, ben] = await add_people(conn, "ann", "ben")
    seen = await bring(olga, course, b"username\nann\nben\n")
    assert seen.status_code == 200
    assert "Apply 2 changes" in seen.text
    assert "Nobody is enrolled yet" in (await olga.get(f"{course}/students")).text
    fields = {"seen": hidden(seen, "seen"), "file": hidden(seen, "file")}
    async with hall.database.transaction() as conn:
        await enrol_people(conn, int(course.rpartition("/")[2]), [ben])
    other = await olga.client.post(f"{course}/students/apply", data=fields)
    assert other.status_code == 409
    assert "Somebody changed this course meanwhile." in other.text
    fields = {"seen": hidden(other, "seen"), "file": hidden(other, "file")}
    applied = await olga.client.post(f"{course}/students/apply", data=fields)
    assert applied.status_code == 303
    assert "Done: 1 joined, 0 came back, 0 left." in (await olga.get(applied.headers["location"])).text
    exported = (await olga.get(f"{course}/students.csv")).text
    assert [line.split(",")[0] for line in exported.splitlines()] == ["username", "ann", "ben"]
    unchanged = await bring(olga, course, b"username\nann\n")
    assert "Everybody in the file is enrolled already" in unchanged.text
    whole = await bring(olga, course, b"username\nann\n", whole="yes")
    assert "not in the file" in whole.text
    fields = {"seen": hidden(whole, "seen"), "file": hidden(whole, "file"), "whole": "yes"}
    applied = await olga.client.post(f"{course}/students/apply", data=fields)
    assert applied.headers["location"].endswith("deactivated=1")


async def test_problems_are_told_line_by_line(olga: Caller) -> None:
    course = await make_course(olga)
    reply = await bring(olga, course, b"username,active\nnobody,yes\n")
    assert reply.status_code == 422
    assert "nobody here has the username nobody" in reply.text
    for broken in (b"", b"\xff\xfe", b'username\n"a'):
        assert (await bring(olga, course, broken)).status_code == 422


async def test_a_contest_tells_how_it_went(hall: Any, olga: Caller) -> None:  # noqa: F811
    course = await make_course(olga)
    course_id = int(course.rpartition("/")[2])
    async with hall.database.transaction() as conn:
        people = await add_people(conn, "ann", "ben")
        await enrol_people(conn, course_id, people)
        contest_id = await add_exam(conn, kind="contest", course_id=course_id, title="Round one")
        await add_exam(conn, course_id=course_id, title="No contest")
    empty = await olga.get(f"/staff/contests/{contest_id}")
    assert "Nobody has begun yet" in empty.text
    async with hall.database.transaction() as conn:
        await conn.execute(
            """WITH sat AS (
                   INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                         closes_at, closed_at, closed_by)
                   VALUES (%s, %s, 1, 1, now(), now(), now(), now(), 'candidate') RETURNING candidate_id, id)
               INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points,
                                    unmarked, marked_at)
               SELECT candidate_id, id, %s, 1, 1, 1, 0, now() FROM sat""",
            (people[0], contest_id, contest_id),
        )
    page = (await olga.get(f"/staff/contests/{contest_id}")).text
    assert "50 percent have handed in" in page
    assert page.count('class="chart"') == 2
    listed = (await olga.get(course)).text
    assert "1 of 2" in listed
    assert "No contest" not in listed.replace("No contests", "")
    exported = (await olga.get(f"/staff/contests/{contest_id}/students.csv")).text.splitlines()
    assert [line.split(",")[:3] for line in exported[1:]] == [
        ["ann", "Ann", "submitted"],
        ["ben", "Ben", "absent"],
    ]
    assert (await olga.get(f"/staff/contests/{contest_id + 1}")).status_code == 404
