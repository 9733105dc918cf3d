"""Whether somebody may start: asked again and again, answered from memory, and never wrong for long."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from examhall.app import Hall
from examhall.base.cache import DECIDES_S
from examhall.exams.contents import announce_change

from .conftest import Caller

pytestmark = pytest.mark.anyio


async def ask(caller: Caller, exam_id: int) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.get(f"/api/v1/exams/{exam_id}")).json()
    return found


def asked(hall: Hall) -> int:
    return hall.availabilities._of_exam.stats.misses


async def change(hall: Hall, exam_id: int, assignment: str, *, announced: bool = True) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(f"UPDATE exams SET {assignment} WHERE id = %s".encode(), (exam_id,))
        if announced:
            await announce_change(conn, exam_id)


async def test_whoever_asks_again_within_a_second_costs_no_query(
    hall: Hall, alice: Caller, exam_id: int
) -> None:
    found = await asyncio.gather(*(ask(alice, exam_id) for _ in range(50)))
    assert all(each["can_start"] for each in found)
    assert asked(hall) == 1


async def test_what_is_remembered_of_one_is_not_told_to_another(
    hall: Hall, alice: Caller, mallory: Caller, exam_id: int
) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (exam_id, alice.id))
    assert (await ask(alice, exam_id))["can_start"]
    assert (await mallory.get(f"/api/v1/exams/{exam_id}")).status_code == 404


async def test_who_started_or_handed_in_is_told_so_at_once(alice: Caller, exam_id: int) -> None:
    assert (await ask(alice, exam_id))["attempts_used"] == 0
    session = (await alice.post(f"/api/v1/exams/{exam_id}/sessions")).json()
    found = await ask(alice, exam_id)
    assert (found["reason"], found["session_id"]) == ("attempt_in_progress", session["session_id"])
    await alice.post(f"/api/v1/sessions/{session['session_id']}/submit")
    assert not (await ask(alice, exam_id))["attempt_in_progress"]


async def test_an_exam_opens_at_its_instant_by_a_clock_that_goes_on(
    hall: Hall, alice: Caller, exam_id: int
) -> None:
    await change(hall, exam_id, "opens_at = statement_timestamp() + interval '2 s'")
    await asyncio.sleep(0.1)
    hall.availabilities.drop_all("")
    first = await ask(alice, exam_id)
    assert first["reason"] == "not_yet_open"
    computed = asked(hall)
    await asyncio.sleep(0.05)
    again = await ask(alice, exam_id)
    assert again["server_time"] > first["server_time"] or asked(hall) > computed
    while not (later := await ask(alice, exam_id))["can_start"]:
        await asyncio.sleep(0.05)
    clock = [datetime.fromisoformat(each["server_time"]) for each in (first, later)]
    assert clock[1] >= datetime.fromisoformat(later["opens_at"]) > clock[0]


async def test_the_quick_door_opens_at_that_instant_too(hall: Hall, alice: Caller, exam_id: int) -> None:
    await change(
        hall,
        exam_id,
        "kind = 'test', test_type = 'SJT', opens_at = statement_timestamp() + interval '0.5 s',"
        " closes_at = statement_timestamp() + interval '0.8 s'",
    )
    hall.availabilities.drop_all("")
    seen = set()
    while "window_closed" not in seen:
        found = (await alice.get("/api/v1/tests/availability?test_type=SJT")).json()
        clock, opens, closes = (
            datetime.fromisoformat(found[name]) for name in ("server_time", "opens_at", "closes_at")
        )
        expected = "not_yet_open" if clock < opens else None if clock < closes else "window_closed"
        # Instants are written in milliseconds: in that of the change itself either is right.
        if clock not in (opens, closes):
            assert (found["reason"], found["can_start"]) == (expected, expected is None)
        seen.add(found["reason"])
        await asyncio.sleep(0.01)


async def test_a_change_is_known_with_its_announcement(hall: Hall, alice: Caller, exam_id: int) -> None:
    async with asyncio.timeout(20):
        await hall.listener.connected.wait()
        assert (await ask(alice, exam_id))["can_start"]
        await change(hall, exam_id, "closes_at = statement_timestamp()")
        while (await ask(alice, exam_id))["reason"] != "window_closed":
            await asyncio.sleep(0.01)


async def test_a_change_that_nobody_announced_is_known_a_second_later(
    hall: Hall, alice: Caller, exam_id: int
) -> None:
    assert (await ask(alice, exam_id))["can_start"]
    await change(hall, exam_id, "closes_at = statement_timestamp()", announced=False)
    # The start itself does not believe it for an instant.
    refused = await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert refused.json()["code"] == "window_closed"
    await asyncio.sleep(DECIDES_S)
    assert (await ask(alice, exam_id))["reason"] == "window_closed"


async def test_the_quick_door_says_what_the_api_says(hall: Hall, alice: Caller, exam_id: int) -> None:
    await change(hall, exam_id, "kind = 'test', test_type = 'SJT'")
    for query in ("test_type=SJT", "test_type=none", "", "test_type=%53JT", "test_type=SJT&test_type=none"):
        quick = await alice.get(f"/api/v1/tests/availability?{query}")
        # What the quick door does not understand goes on to the API's.
        slow = await alice.get(f"/api/v1/tests/availability?{query}&more=1")
        assert quick.status_code == slow.status_code
        here, there = quick.json(), slow.json()
        for each in (here, there):
            each.pop("server_time", None)
        assert here == there
    assert (await alice.get("/api/tests/availability?test_type=SJT")).json()["can_start"]
