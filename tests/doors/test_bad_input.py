"""Whatever is sent, the reply is a clear 4xx and nothing is changed."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from examhall.app import Hall, create_app
from examhall.base.errors import NotFound
from examhall.base.front import BODY_LIMIT_BYTES, Front, send_refusal
from tests.courses.rows import add_course

from .conftest import Caller

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


async def stored(hall: Hall) -> tuple[Any, ...]:
    async with hall.database.connection() as conn:
        cursor = await conn.execute(
            """SELECT (SELECT count(*) FROM answers), (SELECT count(*) FROM answer_history),
                      (SELECT count(*) FROM sittings),
                      (SELECT count(*) FROM sittings WHERE closed_at IS NULL),
                      (SELECT count(*) FROM people), (SELECT count(*) FROM exams),
                      (SELECT count(*) FROM sign_ins)"""
        )
        return await cursor.fetchone() or ()


def a_problem(reply: Any, status: int, code: str) -> None:
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["detail"]


def bodies() -> list[Any]:
    one = {"question_number": 1, "answer": "A", "revision": 1}

    def changed(**fields: Any) -> dict[str, Any]:
        return {name: value for name, value in (one | fields).items() if value != "gone"}

    return [
        pytest.param(changed(question_number="gone"), 400, "question_number_required", id="no question"),
        pytest.param(changed(question_number=99), 400, "unknown_question", id="unknown question"),
        pytest.param(changed(question_number=-1), 400, "unknown_question", id="negative question"),
        pytest.param(changed(question_number=2**40), 400, "unknown_question", id="huge question"),
        pytest.param(changed(question_number=2**80), 400, "unknown_question", id="number beyond any integer"),
        pytest.param(changed(sub_part="z"), 400, "unknown_question", id="unknown part"),
        pytest.param(changed(sub_part=1), 422, "malformed", id="part of a wrong type"),
        pytest.param(changed(question_number="1"), 422, "malformed", id="number as text"),
        pytest.param(changed(question_number=True), 422, "malformed", id="number as boolean"),
        pytest.param(changed(question_number=1.5), 422, "malformed", id="half a question"),
        pytest.param(changed(answer="gone"), 422, "malformed", id="no answer"),
        pytest.param(changed(answer="Z"), 400, "unsuitable_answer", id="no such option"),
        pytest.param(changed(answer=7), 400, "unsuitable_answer", id="number for an option"),
        pytest.param(changed(answer={"a": 1}), 400, "unsuitable_answer", id="object for an option"),
        pytest.param(changed(question_number=2, answer="A"), 400, "unsuitable_answer", id="text for a list"),
        pytest.param(
            changed(question_number=2, answer=["A", "A"]), 400, "unsuitable_answer", id="option twice"
        ),
        pytest.param(
            changed(question_number=5, answer="x" * 501), 400, "answer_too_long", id="501 characters"
        ),
        pytest.param(changed(question_number=5, answer="a\0b"), 400, "unsuitable_answer", id="NUL"),
        pytest.param(changed(revision=0), 422, "malformed", id="revision 0"),
        pytest.param(changed(revision=-1), 422, "malformed", id="negative revision"),
        pytest.param(changed(revision=2**53), 422, "malformed", id="revision beyond a browser's integers"),
        pytest.param(changed(revision="7"), 422, "malformed", id="revision as text"),
        pytest.param(changed(revison=1), 422, "malformed", id="misspelt field"),
        pytest.param({"answers": []}, 422, "malformed", id="no answers"),
        pytest.param({"answers": [one] * 501}, 422, "malformed", id="too many answers"),
        pytest.param({"answers": [one], **one}, 422, "malformed", id="one and many"),
        pytest.param({"answers": "all"}, 422, "malformed", id="answers as text"),
        pytest.param(
            {"answers": [one, changed(question_number=99)]}, 400, "unknown_question", id="one of two"
        ),
        pytest.param([], 422, "malformed", id="a list"),
        pytest.param("text", 422, "malformed", id="a string"),
    ]


@pytest.mark.parametrize(("body", "status", "code"), bodies())
async def test_a_bad_save_is_refused_and_changes_nothing(
    hall: Hall, alice: Caller, session: dict[str, Any], body: Any, status: int, code: str
) -> None:
    before = await stored(hall)
    reply = await alice.post(f"/sessions/{session['session_id']}/answers/", body)
    a_problem(reply, status, code)
    assert await stored(hall) == before


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "malformed"),
        (b"{", 422, "malformed"),
        (b"\xff\xfe", 422, "malformed"),
        (b'{"question_number": 5, "answer": "\xff"}', 422, "malformed"),
        (b'{"question_number": 5, "answer": "\\ud800"}', 422, "malformed"),
        (b"null", 422, "malformed"),
        (b"[" * 100_000, 422, "malformed"),
        (b'{"question_number": NaN, "answer": "A"}', 422, "malformed"),
        (b"x" * 1_000_001, 413, "body_too_large"),
    ],
    ids=[
        "empty",
        "cut off",
        "not UTF-8",
        "bad UTF-8 in text",
        "lone surrogate",
        "null",
        "deep",
        "NaN",
        "over 1 MB",
    ],
)
async def test_bytes_that_are_no_save_are_refused(
    hall: Hall, alice: Caller, session: dict[str, Any], content: bytes, status: int, code: str
) -> None:
    before = await stored(hall)
    reply = await alice.post(f"/sessions/{session['session_id']}/answers/", content=content, headers=JSON)
    a_problem(reply, status, code)
    assert await stored(hall) == before


async def test_a_body_of_unannounced_length_is_read_to_the_limit_only(
    alice: Caller, session: dict[str, Any]
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100_000
            yield b"x" * 100_000

    reply = await alice.post(f"/sessions/{session['session_id']}/answers/", content=endless(), headers=JSON)
    a_problem(reply, 413, "body_too_large")
    assert sent <= BODY_LIMIT_BYTES + 100_000


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type_is_refused(
    alice: Caller, session: dict[str, Any], media_type: str
) -> None:
    """A form of another site could send these without asking; JSON it cannot."""
    body = json.dumps({"question_number": 1, "answer": "A"}).encode()
    reply = await alice.post(
        f"/sessions/{session['session_id']}/answers/", content=body, headers={"Content-Type": media_type}
    )
    a_problem(reply, 415, "unsupported_media_type")


@pytest.mark.parametrize("session_id", ["0", "99999999", "999999999999999999", "9" * 30, "-1", "abc", "1.5"])
async def test_a_session_that_is_not_there_is_not_found(alice: Caller, session_id: str) -> None:
    body = {"question_number": 1, "answer": "A"}
    reply = await alice.post(f"/api/v1/sessions/{session_id}/answers/", body)
    assert reply.status_code in (404, 405, 422), reply.text
    for path in (f"/api/v1/sessions/{session_id}", f"/api/v1/sessions/{session_id}/results"):
        assert (await alice.get(path)).status_code in (404, 422)
    assert (await alice.post(f"/api/v1/sessions/{session_id}/submit")).status_code in (404, 422)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/tests/attempts/start", {}, 422),
        ("/api/v1/tests/attempts/start", {"test_type": 7}, 422),
        ("/api/v1/tests/attempts/start", {"test_type": "a\0b"}, 422),
        ("/api/v1/tests/attempts/start", {"test_type": "SJT", "extra": 1}, 422),
        ("/api/v1/tests/attempts/start", {"test_type": "none such"}, 404),
        ("/api/v1/tests/attempts/99999999999999999999/complete", None, 422),
        ("/api/v1/exams/0/sessions", None, 422),
        ("/api/v1/exams/99999999/sessions", None, 404),
        ("/auth/login", {"email": "a", "username": "b", "password": "c"}, 422),
        ("/auth/login", {"email": "a\0", "password": "c"}, 422),
        ("/auth/login", {"email": ["a"], "password": "c"}, 422),
        ("/auth/refresh", {"refresh_token": 1}, 422),
        ("/auth/ticket", {"ticket": "x"}, 401),
    ],
)
async def test_other_writes_refuse_what_they_do_not_take(
    hall: Hall, alice: Caller, path: str, body: Any, status: int
) -> None:
    before = await stored(hall)
    reply = await alice.post(path, body)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert await stored(hall) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"title: [", b"a: &a [*a]", b"title: x\ntitle: y", b"{" * 10_000],
    ids=["empty", "not UTF-8", "cut off", "recursive", "twice", "deep"],
)
async def test_a_bad_exam_file_is_refused_with_lines(hall: Hall, call: Any, content: bytes) -> None:
    olga = await call("olga", "author")
    before = await stored(hall)
    reply = await olga.post(
        "/api/v1/exams/import", content=content, headers={"Content-Type": "application/yaml"}
    )
    a_problem(reply, 422, "bad_exam_file")
    assert all(field["line"] >= 1 and field["message"] for field in reply.json()["fields"])
    assert await stored(hall) == before


async def test_unknown_paths_and_methods_are_problems_too(alice: Caller) -> None:
    a_problem(await alice.get("/api/v1/nothing"), 404, "not_found")
    a_problem(await alice.client.request("DELETE", "/api/v1/me"), 405, "method_not_allowed")


async def test_a_request_id_of_a_caller_is_kept_if_it_is_sane(alice: Caller) -> None:
    sane = await alice.get("/api/v1/me", headers={"X-Request-Id": "trace-1.a_B"})
    assert sane.headers["x-request-id"] == "trace-1.a_B"
    wild = await alice.get("/api/v1/me", headers={"X-Request-Id": "a b\tc" + "x" * 100})
    assert "x" * 10 not in wild.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/sign-in", "application/x-www-form-urlencoded"), ("/auth/login", "application/json")],
)
async def test_whoever_goes_away_amid_a_body_is_no_bug_in_the_log(
    hall: Hall, path: str, media_type: str
) -> None:
    messages = iter([{"type": "http.request", "body": b"half", "more_body": True}])

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "scheme": "http",
        "server": ("testserver", 80), "headers": [(b"content-type", media_type.encode())],
    }  # fmt: skip
    with capture_logs() as logged:
        await create_app(hall)(scope, receive, send)
    assert logged == []


@pytest.mark.parametrize(
    "number", ["9" * 30, "9" * 4400, "0" * 20 + "1" * 4400, "-1", "nan", "1e9", "\u00b2", "\u0663"]
)
async def test_an_offices_page_takes_any_number_in_its_address(
    hall: Hall, call: Any, session: dict[str, Any], number: str
) -> None:
    boss = await call("boss", "admin")
    boss.client.cookies.set("examhall", hall.signer.cookie_token(boss.id, uuid4(), ["admin"]))
    async with hall.database.transaction() as conn:
        course_id = await add_course(conn)
    for path, name in (
        (f"/staff/courses/{course_id}/students", "added"),
        (f"/staff/courses/{course_id}/students", "after"),
        (f"/staff/exams/{session['exam_id']}/reports", "after"),
        ("/staff/exams", "cursor"),
        ("/leaderboard?tab=exam", "exam_id"),
        ("/leaderboard", "cursor"),
    ):
        reply = await boss.client.get(path, params={name: number, **({"tab": "exam"} if "?" in path else {})})
        assert reply.status_code < 500, (path, name)


async def test_a_correction_of_brackets_without_end_is_a_bad_correction(
    hall: Hall, call: Any, session: dict[str, Any]
) -> None:
    olga = await call("olga", "author")
    token = hall.signer.cookie_token(olga.id, uuid4(), ["author"])
    olga.client.cookies.set("examhall", token)
    form = {"csrf_token": hall.signer.csrf_token(hall.signer.read_cookie(token)), "changes": "[" * 90_000}
    reply = await olga.client.post(f"/staff/exams/{session['exam_id']}/key/preview", data=form)
    assert reply.status_code == 422


@pytest.mark.parametrize("breaks", [True, False])
@pytest.mark.parametrize(
    ("asked", "told"),
    [("/t/", "/t/{ticket}"), ("/f/", "/f/{link}"), ("/password/", "/password/{token}")],
)
async def test_nothing_that_opens_a_door_is_in_the_log_whatever_becomes_of_the_request(
    breaks: bool, asked: str, told: str
) -> None:
    """Refused before any route is known, or broken: the address still opens an exam, a form, an account."""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        if breaks:
            raise RuntimeError("broken")
        await send_refusal(NotFound(), send, scope)

    front = Front(inner, access_log=True)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(front), base_url="http://testserver"
    ) as client:
        with capture_logs() as entries:
            await client.get(f"{asked}SECRETTICKET?also=SECRET")
    assert {entry["path"] for entry in entries} == {told}
    assert "SECRET" not in str(entries)
