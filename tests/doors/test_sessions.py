"""Sitting an exam over the API, from the start to the result; and by its other name, as an attempt."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.scoring.results import score_sittings
from examhall.sittings.close import close_due

from .conftest import Caller

pytestmark = pytest.mark.anyio

RIGHT: list[dict[str, Any]] = [
    {"question_number": 1, "answer": "C"},
    {"question_number": 2, "answer": ["A", "B", "D"]},
    {"question_number": 3, "answer": "true"},
    {"question_number": 4, "answer": "10,0"},
    {"question_number": 5, "answer": " toshkent "},
    {"question_number": 6, "answer": ["D", "B", "C", "A"]},
    {"question_number": 7, "answer": {"1": "C", "2": "A", "3": "B"}},
]
PREFIXES = ["/api/v1", "/api", ""]


async def score(hall: Hall, alice: Caller, session_id: int) -> None:
    """What the job worker does with the job that the close enqueued."""
    async with hall.database.transaction() as conn:
        assert await score_sittings(conn, [(alice.id, session_id)]) == 1


async def test_a_start_gives_questions_and_time_but_no_key(session: dict[str, Any]) -> None:
    assert session["status"] == "in_progress"
    assert session["started_at"] == session["server_time"]
    assert session["deadline_at"].endswith("Z")
    assert session["answers"] == []
    assert [question["number"] for question in session["questions"]] == list(range(1, 11))
    told = {name for question in session["questions"] for item in question["items"] for name in item}
    assert told <= {
        "sub_part", "kind", "prompt", "prompt_html", "points", "options", "left", "right", "unit", "max_chars"
    }  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("slash", ["/", ""])
async def test_saves_one_answer_under_every_prefix(
    alice: Caller, session: dict[str, Any], prefix: str, slash: str
) -> None:
    reply = await alice.post(
        f"{prefix}/sessions/{session['session_id']}/answers{slash}",
        {"question_number": 1, "answer": "B", "revision": 7},
    )
    assert reply.status_code == 200
    saved = reply.json()
    assert saved["status"] == "saved"
    [one] = saved["saved"]
    assert (one["question_number"], one["sub_part"], one["revision"]) == (1, "", 7)
    assert one["saved_at"] == saved["server_time"]
    assert saved["deadline_at"] == session["deadline_at"]
    assert float(reply.headers["x-process-time"]) > 0
    assert reply.headers["x-request-id"]


async def test_a_session_is_resumed_elsewhere_with_its_answers(
    alice: Caller, session: dict[str, Any], exam_id: int
) -> None:
    url = f"/api/v1/sessions/{session['session_id']}"
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A", "revision": 1})
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "B", "revision": 2})
    for reply in (await alice.get(url), await alice.post(f"/api/v1/exams/{exam_id}/sessions")):
        resumed = reply.json()
        assert resumed["session_id"] == session["session_id"]
        assert resumed["questions"] == session["questions"]
        assert [(a["question_number"], a["answer"], a["revision"]) for a in resumed["answers"]] == [
            (1, "B", 2)
        ]


async def test_a_look_at_time_and_answers_alone_is_small(alice: Caller, session: dict[str, Any]) -> None:
    url = f"/api/v1/sessions/{session['session_id']}"
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A", "revision": 1})
    look = (await alice.get(f"{url}?questions=none")).json()
    assert look["questions"] == []
    assert [answer["answer"] for answer in look["answers"]] == ["A"]
    assert look["deadline_at"] == session["deadline_at"]
    assert (await alice.get(f"{url}?questions=some")).status_code == 422


async def test_from_the_start_to_full_marks(hall: Hall, alice: Caller, session: dict[str, Any]) -> None:
    url = f"/api/v1/sessions/{session['session_id']}"
    assert (await alice.post(f"{url}/answers/", {"answers": RIGHT})).status_code == 200
    first = await alice.post(f"{url}/submit")
    again = await alice.post(f"{url}/submit")
    assert first.json()["status"] == "submitted"
    assert first.json()["submitted_at"] == again.json()["submitted_at"]

    late = await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A", "revision": 99})
    assert (late.status_code, late.json()["code"]) == (409, "already_submitted")
    assert (await alice.get(f"{url}/results")).json()["code"] == "results_not_ready"

    await score(hall, alice, session["session_id"])
    result = (await alice.get(f"{url}/results")).json()
    verdicts = {
        item["question_number"]: item["verdict"] for item in result["breakdown"] if not item["sub_part"]
    }
    assert {verdicts[answer["question_number"]] for answer in RIGHT} == {"right"}
    assert result["score"] == sum(i["points"] for i in result["breakdown"] if i["points"] is not None)
    assert result["max_score"] == sum(i["max_points"] for i in result["breakdown"])


async def test_no_cache_keeps_what_is_somebodys(alice: Caller, session: dict[str, Any]) -> None:
    for path in ("/api/v1/me", "/api/v1/exams", f"/sessions/{session['session_id']}", "/health"):
        reply = await alice.get(path)
        assert reply.headers.get_list("cache-control") == ["no-store"], path


async def test_no_result_before_it_is_handed_in(alice: Caller, session: dict[str, Any]) -> None:
    reply = await alice.get(f"/api/v1/sessions/{session['session_id']}/results")
    assert (reply.status_code, reply.json()["code"]) == (409, "still_in_progress")


async def test_results_held_back_by_hand_are_shown_when_released(
    hall: Hall, alice: Caller, call: Any, session: dict[str, Any], exam_id: int
) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET release = 'by_hand' WHERE id = %s", (exam_id,))
    url = f"/api/v1/sessions/{session['session_id']}"
    await alice.post(f"{url}/submit")
    await score(hall, alice, session["session_id"])
    held = await alice.get(f"{url}/results")
    assert (held.status_code, held.json()["code"]) == (409, "results_not_released")
    assert "score" not in held.json()

    assert (await alice.post(f"/api/v1/exams/{exam_id}/results/release")).status_code == 403
    olga = await call("olga", "author")
    assert (await olga.post(f"/api/v1/exams/{exam_id}/results/release")).status_code == 204
    assert (await alice.get(f"{url}/results")).status_code == 200


async def test_time_runs_out(hall: Hall, alice: Caller, session: dict[str, Any]) -> None:
    url = f"/api/v1/sessions/{session['session_id']}"
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE sittings SET closes_at = clock_timestamp() - interval '1 second'")
    late = await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A"})
    assert (late.status_code, late.json()["code"]) == (400, "time_expired")
    async with hall.database.transaction() as conn:
        assert len(await close_due(conn)) == 1
    still = await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A"})
    assert (still.status_code, still.json()["code"]) == (400, "time_expired")
    assert (await alice.post(f"{url}/submit")).json()["status"] == "submitted"


async def test_a_body_that_ends_after_the_time_is_late_however_early_it_began(
    hall: Hall, alice: Caller, session: dict[str, Any]
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"question_number": 1, '
        # Whatever the deadline engine does: it may be late.
        async with hall.database.transaction() as conn:
            await conn.execute("UPDATE sittings SET closes_at = clock_timestamp()")
        yield b'"answer": "C"}'

    reply = await alice.client.post(
        f"/api/v1/sessions/{session['session_id']}/answers/",
        content=body(),
        headers={"content-type": "application/json"},
    )
    assert (reply.status_code, reply.json()["code"]) == (400, "time_expired")


async def test_an_attempt_is_a_session_by_another_name(hall: Hall, alice: Caller, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(
            "UPDATE exams SET kind = 'test', test_type = 'SJT', attempts_allowed = 2 WHERE id = %s",
            (exam_id,),
        )
    free = (await alice.get("/api/v1/tests/availability?test_type=SJT")).json()
    assert (free["can_start"], free["attempts_used"], free["attempts_allowed"]) == (True, 0, 2)

    started = (await alice.post("/api/v1/tests/attempts/start", {"test_type": "SJT"})).json()
    assert started["attempt_number"] == 1
    assert started["session"]["session_id"] == started["attempt_id"]
    busy = (await alice.get("/api/v1/tests/availability?test_type=SJT")).json()
    assert (busy["can_start"], busy["reason"]) == (False, "attempt_in_progress")
    second = await alice.post("/api/v1/tests/attempts/start", {"test_type": "SJT"})
    assert (second.status_code, second.json()["code"]) == (409, "attempt_in_progress")

    url = f"/api/v1/tests/attempts/{started['attempt_id']}"
    done = await alice.post(f"{url}/complete")
    assert (done.status_code, done.json()["result_url"]) == (202, url)
    await score(hall, alice, started["attempt_id"])
    result = await alice.get(url)
    assert (result.status_code, result.json()["status"], result.json()["score"]) == (200, "submitted", 0)

    missing = await alice.get("/api/v1/tests/availability?test_type=NONE")
    assert missing.status_code == 404


async def test_the_list_of_exams_comes_in_pages(hall: Hall, alice: Caller, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO exams (title, kind, duration_s)
               SELECT 'Exam ' || n, 'mock_exam', 60 FROM generate_series(1, 6) AS n"""
        )
    seen: list[int] = []
    cursor = ""
    while True:
        page = (await alice.get(f"/api/v1/exams?limit=3{cursor}")).json()
        assert len(page["items"]) <= 3
        seen += [item["exam_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 7


async def test_a_ticket_reaches_its_own_exam_alone(hall: Hall, call: Any, session: dict[str, Any]) -> None:
    bob = await call("bob")
    other = hall.signer.access_token(bob.id, uuid4(), ["candidate"], exam_id=999)
    bob.client.headers["Authorization"] = f"Bearer {other}"
    for path in (f"/api/v1/exams/{session['exam_id']}", "/api/v1/exams/999"):
        assert (await bob.get(path)).status_code == 404
    assert (await bob.post(f"/api/v1/exams/{session['exam_id']}/sessions")).status_code == 404
    assert (await bob.get("/api/v1/exams")).json()["items"] == []
