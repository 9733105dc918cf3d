"""Invigilating over the API."""

import asyncio

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ivy(call):
    return await call("ivy", "invigilator")


async def test_time_is_given_once_and_stands_in_the_session(alice, ivy, exam_id, session):
    body = {"seconds": 300, "reason": "fire alarm", "sessions": [session["session_id"]]}
    address = f"/api/v1/exams/{exam_id}/time"
    replies = await asyncio.gather(
        *(ivy.post(address, body, headers={"Idempotency-Key": "k"}) for _ in range(5))
    )
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["id"] for reply in replies}) == 1
    now = (await alice.get(f"/api/v1/sessions/{session['session_id']}?questions=none")).json()
    before, after = (each["deadline_at"][11:19] for each in (session, now))
    assert before != after
    listed = (await ivy.get(f"/api/v1/exams/{exam_id}/interventions")).json()
    assert [(each["kind"], each["seconds"], each["by"]) for each in listed["items"]] == [("time", 300, "Ivy")]
    other = await ivy.post(address, body | {"seconds": 60}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "request_key_used")


async def test_a_pause_stops_starts_and_a_resume_lets_them_go_on(alice, mallory, ivy, exam_id, session):
    assert (await ivy.post(f"/api/v1/exams/{exam_id}/pause", {"reason": "smoke"})).status_code == 200
    again = await ivy.post(f"/api/v1/exams/{exam_id}/pause", {"reason": "smoke"})
    assert (again.status_code, again.json()["code"]) == (409, "already_paused")
    start = await mallory.post(f"/api/v1/exams/{exam_id}/sessions")
    assert (start.status_code, start.json()["code"]) == (409, "exam_paused")
    # Who sits it comes back to it, on another device too.
    resumed = await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert resumed.json()["session_id"] == session["session_id"]
    assert resumed.json()["paused_at"] is not None
    assert (await ivy.post(f"/api/v1/exams/{exam_id}/resume")).status_code == 200
    assert (await mallory.post(f"/api/v1/exams/{exam_id}/sessions")).status_code == 200


async def test_closing_hands_in(alice, ivy, exam_id, session):
    closed = await ivy.post(f"/api/v1/exams/{exam_id}/close", {"reason": "over"})
    assert closed.json()["reached"] == 1
    now = (await alice.get(f"/api/v1/sessions/{session['session_id']}?questions=none")).json()
    assert now["status"] == "submitted"
    again = await ivy.post(f"/api/v1/exams/{exam_id}/close", {"reason": "over"})
    assert (again.status_code, again.json()["code"]) == (409, "nobody_sits_it")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("time", {"seconds": 60, "reason": "x"}),
        ("announcements", {"text": "x"}),
        ("pause", {"reason": "x"}),
        ("resume", None),
        ("close", {"reason": "x"}),
    ],
)
async def test_only_invigilators_intervene(alice, call, exam_id, what, body):
    address = f"/api/v1/exams/{exam_id}/{what}"
    assert (await (await call(None)).post(address, body)).status_code == 401
    for other in (alice, await call("anna", "analyst"), await call("otto", "author")):
        assert (await other.post(address, body)).status_code == 403
    admin = await call("adam", "admin")
    assert (await admin.post("/api/v1/exams/4711/announcements", {"text": "x"})).status_code == 404


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("time", {"seconds": 0, "reason": "x"}),
        ("time", {"seconds": -60, "reason": "x"}),
        ("time", {"seconds": 10**9, "reason": "x"}),
        ("time", {"seconds": 60, "reason": ""}),
        ("time", {"seconds": 60, "reason": "x", "sessions": []}),
        ("time", {"seconds": 60, "reason": "x", "sessions": [2**63]}),
        ("announcements", {"text": "x" * 2001}),
        ("announcements", {"text": "\0"}),
        ("close", {}),
        ("pause", {"reason": 7}),
    ],
)
async def test_what_cannot_be_meant_is_refused(ivy, exam_id, what, body):
    assert (await ivy.post(f"/api/v1/exams/{exam_id}/{what}", body)).status_code == 422


async def test_nobody_listens_to_somebody_elses_session(mallory, call, session):
    address = f"/api/v1/sessions/{session['session_id']}/events"
    assert (await mallory.get(address)).status_code == 404
    assert (await (await call(None)).get(address)).status_code == 401
