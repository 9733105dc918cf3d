"""Contests and courses through both doors of the API: statuses, shapes, and what the caches forget."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.courses.rows import add_course, enrol_people
from tests.sittings.seats import add_exam

from .conftest import Caller

pytestmark = pytest.mark.anyio

DOORS = ["/api", "/api/v1"]


@dataclass(frozen=True)
class Group:
    course_id: int
    contest_id: int


@pytest.fixture
async def group(hall: Any, alice: Caller) -> Group:
    """A course of Alice's with an open contest."""
    async with hall.database.transaction() as conn:
        course_id = await add_course(conn)
        await enrol_people(conn, course_id, [alice.id])
        contest_id = await add_exam(conn, kind="contest", course_id=course_id, title="Round one")
    await asyncio.wait_for(hall.listener.connected.wait(), 10)
    return Group(course_id, contest_id)


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    return await call("olga", "author")  # type: ignore[no-any-return]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so; how long that takes is not the question here."""
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.02)


async def titles(who: Caller, door: str = "/api", query: str = "") -> list[str]:
    reply = await who.get(f"{door}/contests{query}")
    assert reply.status_code == 200, reply.text
    return [contest["title"] for contest in reply.json()["items"]]


@pytest.mark.parametrize("door", DOORS)
async def test_my_contests_with_what_their_windows_say(
    hall: Any, alice: Caller, mallory: Caller, olga: Caller, group: Group, door: str
) -> None:
    async with hall.database.transaction() as conn:
        for title, opens, closes in (("Past", "-2 h", "-1 h"), ("Coming", "1 h", "2 h")):
            exam_id = await add_exam(conn, kind="contest", course_id=group.course_id, title=title)
            await conn.execute(
                """UPDATE exams SET opens_at = now() + %s::interval, closes_at = now() + %s::interval
                    WHERE id = %s""",
                (opens, closes, exam_id),
            )
        await add_exam(conn, course_id=group.course_id, title="No contest")
    reply = (await alice.get(f"{door}/contests")).json()
    assert [(each["title"], each["status"]) for each in reply["items"]] == [
        ("Coming", "upcoming"),
        ("Past", "closed"),
        ("Round one", "open"),
    ]
    assert reply["items"][2] == {
        "contest_id": group.contest_id, "title": "Round one", "course_id": group.course_id,
        "course_code": "ALG-1", "course_title": "Algebra", "status": "open", "opens_at": None,
        "closes_at": None, "duration_s": 3600, "questions": 1, "points": 1.0,
    }  # fmt: skip
    assert reply["server_time"].endswith("Z")
    assert await titles(mallory, door) == []
    of_course = f"?course_id={group.course_id}"
    assert (await mallory.get(f"{door}/contests{of_course}")).status_code == 404
    assert len(await titles(alice, door, of_course)) == len(await titles(olga, door, of_course)) == 3
    page = (await alice.get(f"{door}/contests?limit=2")).json()
    assert page["next_cursor"] == str(page["items"][-1]["contest_id"])
    assert await titles(alice, door, f"?limit=2&cursor={page['next_cursor']}") == ["Round one"]


@pytest.mark.parametrize("door", DOORS)
async def test_the_quick_way_and_the_api_say_the_same(
    alice: Caller, mallory: Caller, call: Callable[..., Any], group: Group, door: str
) -> None:
    quick = await alice.get(f"{door}/contests")
    slow = await alice.get(f"{door}/contests?limit=50")
    assert quick.headers["content-type"] == slow.headers["content-type"]
    assert quick.json() | {"server_time": ""} == slow.json() | {"server_time": ""}
    for query in ("", "?limit=50", f"?course_id={group.course_id}", f"?limit=50&course_id={group.course_id}"):
        stranger = await (await call(None)).get(f"{door}/contests{query}")
        assert (stranger.status_code, stranger.json()["code"]) == (401, "not_signed_in")
        if "course_id" in query:
            refused = await mallory.get(f"{door}/contests{query}")
            assert (refused.status_code, refused.json()["code"]) == (404, "no_such_course")
    for query in ("?course_id=0", "?course_id=x", "?course_id=9999999999999999999", "?limit=0"):
        assert (await alice.get(f"{door}/contests{query}")).status_code == 422


async def test_a_ticket_shows_its_contest_alone(hall: Any, alice: Caller, group: Group) -> None:
    async with hall.database.transaction() as conn:
        await add_exam(conn, kind="contest", course_id=group.course_id, title="Another")
    token = hall.signer.access_token(alice.id, uuid4(), ["candidate"], group.contest_id)
    alice.client.headers["Authorization"] = f"Bearer {token}"
    assert await titles(alice) == ["Round one"]


async def test_lists_come_from_memory_and_are_forgotten_when_something_changes(
    hall: Any, alice: Caller, olga: Caller, group: Group
) -> None:
    assert await titles(alice) == ["Round one"]
    async with hall.database.transaction() as conn:
        # Behind everybody's back: without a word nothing is forgotten.
        await conn.execute("UPDATE exams SET title = 'Round two'")
    assert await titles(alice) == ["Round one"]

    async def shows(expected: list[str]) -> bool:
        return await titles(alice) == expected

    exam = {"title": "Round three", "kind": "contest", "course": "alg-1", "duration": "1 h"}
    exam |= {"questions": [{"type": "number", "prompt": "1 + 1", "answer": 2}]}
    assert (await olga.post("/api/exams/import", exam)).status_code == 201
    await until(lambda: shows(["Round three", "Round two"]))
    csv = {"content": b"username,active\nalice,no\n", "headers": {"Content-Type": "text/csv"}}
    assert (await olga.post(f"/api/courses/{group.course_id}/enrolments", **csv)).status_code == 200
    await until(lambda: shows([]))
    csv["content"] = b"username\nalice\n"
    assert (await olga.post(f"/api/courses/{group.course_id}/enrolments", **csv)).status_code == 200
    await until(lambda: shows(["Round three", "Round two"]))
    archived = {"code": "ALG-1", "title": "Algebra", "active": False, "version": 1}
    assert (await olga.client.put(f"/api/courses/{group.course_id}", json=archived)).status_code == 200
    await until(lambda: shows([]))


@pytest.mark.parametrize("door", DOORS)
async def test_a_submission_is_201_then_200_and_another_409(alice: Caller, group: Group, door: str) -> None:
    path = f"{door}/contests/{group.contest_id}/submissions"
    paper = {"answers": [{"question_number": 1, "answer": "A"}]}
    replies = [await alice.post(path, each) for each in (paper, paper, {"answers": []})]
    assert [reply.status_code for reply in replies] == [201, 200, 409]
    assert replies[0].json() == replies[1].json()
    assert replies[0].json()["status"] == "submitted"
    assert replies[2].json()["code"] == "submitted_otherwise"
    mine = (await alice.get(f"{door}/contests/my-submissions-bulk?contest_ids={group.contest_id}")).json()
    assert [each["submission_id"] for each in mine["items"]] == [replies[0].json()["submission_id"]]


async def test_a_thousand_at_once_are_one_submission(hall: Any, alice: Caller, group: Group) -> None:
    path = f"/api/contests/{group.contest_id}/submissions"
    paper = {"answers": [{"question_number": 1, "answer": "A"}]}
    replies = await asyncio.gather(*(alice.post(path, paper) for _ in range(1000)))
    assert sorted(reply.status_code for reply in replies)[-2:] == [200, 201]
    async with hall.database.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM sittings")
        assert await cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"answers": [{"question_number": 9, "answer": "A"}]}, 400, "unknown_question"),
        ({"answers": [{"question_number": 1, "answer": "Z"}]}, 400, "unsuitable_answer"),
        ({"answers": [{"answer": "A"}]}, 422, "malformed"),
        ({"answers": [{"question_number": 1, "answer": "A"}] * 501}, 422, "malformed"),
        ({}, 422, "malformed"),
    ],
)
async def test_a_paper_that_is_not_right_hands_nothing_in(
    hall: Any, alice: Caller, group: Group, body: Any, status: int, code: str
) -> None:
    reply = await alice.post(f"/api/contests/{group.contest_id}/submissions", body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    async with hall.database.connection() as conn:
        assert await (await conn.execute("SELECT FROM sittings")).fetchall() == []


@pytest.mark.parametrize("door", DOORS)
async def test_the_office_asks_of_many_at_once(
    call: Callable[..., Any], alice: Caller, mallory: Caller, olga: Caller, group: Group, door: str
) -> None:
    await alice.post(f"{door}/contests/{group.contest_id}/submissions", {"answers": []})
    asked = {
        "contest_id": group.contest_id,
        "student_ids": [mallory.id, alice.id, *range(10**6, 10**6 + 9_998)],
    }
    checked = (await olga.post(f"{door}/contests/bulk-validation", asked)).json()
    assert checked["already_submitted"] == [alice.id]
    assert checked["valid"] == []
    assert checked["invalid"][0] == {"student_id": mallory.id, "reason": "not_enrolled"}
    assert len(checked["invalid"]) == 9_999
    of_course = {"course_id": group.course_id, "student_ids": [alice.id]}
    assert (await olga.post(f"{door}/contests/bulk-validation", of_course)).json()["valid"] == [alice.id]
    stats = (await olga.get(f"{door}/contests/bulk-stats?contest_ids={group.contest_id},{10**9}")).json()
    [item] = stats["items"]
    assert (item["enrolled"], item["started"], item["submitted"], item["average"]) == (1, 1, 1, None)
    ivo = await call("ivo", "invigilator")
    assert (await ivo.get(f"{door}/contests/bulk-stats?contest_ids={group.contest_id}")).status_code == 403
    warmed = await olga.post(f"{door}/contests/warm-cache", {"contest_id": group.contest_id})
    assert (warmed.status_code, warmed.json()) == (202, {"warmed": 4})
    for path, body in (
        ("bulk-validation", {"student_ids": [1]}),
        ("bulk-validation", {"contest_id": 1, "student_ids": []}),
        ("warm-cache", {"contest_id": 0}),
    ):
        assert (await olga.post(f"{door}/contests/{path}", body)).status_code == 422
    for query in ("?contest_ids=1,x", "?contest_ids=", "?contest_ids=" + ",".join(map(str, range(300)))):
        assert (await olga.get(f"{door}/contests/bulk-stats{query}")).status_code == 422
    nowhere = {"contest_id": 10**9, "student_ids": [1]}
    assert (await olga.post(f"{door}/contests/bulk-validation", nowhere)).json()["code"] == "no_such_contest"


@pytest.mark.parametrize("door", DOORS)
async def test_a_course_is_made_filled_and_changed_by_one_editor_at_a_time(
    hall: Any, call: Callable[..., Any], olga: Caller, door: str
) -> None:
    await call("ann")
    made = await olga.post(f"{door}/courses", {"code": "LOG-1", "title": "Logic"})
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    path = f"{door}/courses/{made.json()['id']}"
    assert (await olga.post(f"{door}/courses", {"code": "log-1", "title": "Logic"})).status_code == 409
    csv = {"content": b"username\nann\nnobody\n", "headers": {"Content-Type": "text/csv"}}
    refused = await olga.post(f"{path}/enrolments", **csv)
    assert refused.status_code == 422
    assert [(each["line"], each["column"]) for each in refused.json()["fields"]] == [(3, "username")]
    csv["content"] = b"username\nann\n"
    for query, applied, added in (("?dry_run=true", False, 1), ("", True, 1), ("", True, 0)):
        reply = (await olga.post(f"{path}/enrolments{query}", **csv)).json()
        assert (reply["applied"], reply["added"]) == (applied, added)
    listed = (await olga.get(f"{path}/enrolments")).json()["items"]
    assert [(each["username"], each["active"]) for each in listed] == [("ann", True)]
    exported = await olga.get(f"{path}/enrolments", headers={"Accept": "text/csv"})
    assert exported.text.splitlines()[0] == "username,full_name,email,active,enrolled_at"
    change = {"code": "LOG-2", "title": "Logic", "description": "For beginners"}
    assert (await olga.client.put(path, json=change)).status_code == 428
    edits = [await olga.client.put(path, json=change, headers={"If-Match": '"1"'}) for _ in range(2)]
    assert [reply.status_code for reply in edits] == [200, 412]
    assert edits[0].headers["ETag"] == '"2"'
    assert (await olga.client.put(path, json=change | {"version": 2})).json()["version"] == 3
    assert (await olga.get(f"{door}/courses")).json()["items"][0]["enrolled"] == 1


async def test_a_paper_is_not_sounded_out_by_those_who_may_not_see_it(
    hall: Any, alice: Caller, mallory: Caller, group: Group
) -> None:
    """How many questions there are, of what kind, with which options: what the refusals would tell."""
    path = f"/api/v1/contests/{group.contest_id}/submissions"
    guesses = [(1, "Z"), (1, "A"), (9, "A"), (1, "long" * 1000), (1, ["A"])]
    bodies = [{"answers": [{"question_number": number, "answer": guess}]} for number, guess in guesses]
    told = [await mallory.post(path, body) for body in bodies]
    assert {(reply.status_code, reply.json()["code"]) for reply in told} == {(404, "exam_not_found")}
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET opens_at = now() + interval '1 hour'")
    told = [await alice.post(path, body) for body in bodies]
    assert {reply.json()["code"] for reply in told} == {"not_yet_open"}
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET opens_at = now() - interval '1 hour'")
    hall.availabilities.drop_all("")
    assert (await alice.post(path, bodies[2])).json()["code"] == "unknown_question"
