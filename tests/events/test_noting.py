"""What the routes note, through the front door."""

import ast
from pathlib import Path
from typing import Any

import pytest

from examhall.app import Hall
from examhall.base.write_behind import WAITING_LIMIT
from examhall.events.log import KINDS
from tests.doors.conftest import *  # noqa: F403

pytestmark = pytest.mark.anyio

PACKAGE = Path(__file__).parents[2] / "examhall"


async def noted(hall: Hall) -> list[tuple[object, ...]]:
    await hall.events.close()
    async with hall.database.connection() as conn:
        cursor = await conn.execute("SELECT what, person_id, sitting_id, detail FROM events ORDER BY at")
        return await cursor.fetchall()


async def test_a_sitting_from_the_lobby_to_the_result(
    hall: Hall, alice: Any, exam_id: int, session: dict[str, Any]
) -> None:
    url = f"/api/v1/sessions/{session['session_id']}"
    await alice.get(f"/api/v1/exams/{exam_id}")
    await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A"})
    await alice.post(f"{url}/submit")
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "B"})
    sitting = session["session_id"]
    assert await noted(hall) == [
        ("sitting_started", alice.id, sitting, None),
        ("lobby_opened", alice.id, None, None),
        ("sitting_resumed", alice.id, sitting, None),
        ("submitted", alice.id, sitting, None),
        ("refused", alice.id, sitting, "already_submitted"),
    ]


async def test_who_may_not_start_is_noted_with_the_reason(hall: Hall, mallory: Any, exam_id: int) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET opens_at = now() + interval '1 h', closes_at = NULL")
    reply = await mallory.post(f"/api/v1/exams/{exam_id}/sessions")
    assert await noted(hall) == [("refused", mallory.id, None, reply.json()["code"])]


async def test_a_stranger_fills_no_log_but_by_signing_in(hall: Hall, call: Any, exam_id: int) -> None:
    stranger = await call(None)
    await stranger.post(f"/api/v1/exams/{exam_id}/sessions")
    await stranger.post("/api/v1/sessions/1/answers/", {"question_number": 1, "answer": "A"})
    await stranger.post("/api/v1/auth/login", {"username": "alice", "password": "a guess"})
    assert await noted(hall) == [("refused", None, None, "wrong_credentials")]


async def test_health_says_what_was_not_kept(hall: Hall, call: Any) -> None:
    stranger = await call(None)
    assert (await stranger.get("/health")).json()["events_lost"] == 0
    for _ in range(WAITING_LIMIT + 3):
        hall.note("signed_in", person_id=1)
    health = await stranger.get("/health")
    # Some may have been written meanwhile; an exam does not suffer from those that were not.
    assert (health.status_code, health.json()["events_lost"]) == (200, hall.events.stats.lost)
    assert hall.events.stats.lost == 3


async def test_a_path_that_no_row_can_have_is_refused_and_not_stored(hall: Hall, alice: Any) -> None:
    await alice.post(f"/api/v1/sessions/{10**30}/submit")
    assert await noted(hall) == []


def test_everything_that_is_noted_is_in_the_list() -> None:
    found = {
        argument.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in ("note", "_note")
        # With a connection it is the record's, which is another list.
        if getattr(next(iter(node.args), None), "id", "") != "conn"
        for argument in node.args[:2]
        # The reader of exam files makes notes as well, in sentences.
        if isinstance(argument, ast.Constant) and str(argument.value).isidentifier()
    }
    assert {"signed_in", "closed", "refused"} <= found <= KINDS.keys()
