"""Calculations through the front door: asked for, followed, called off; at most ten a minute."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from examhall.app import Hall, create_app
from tests.analyses.rows import a_worker, add_project, add_scenario, worked_out
from tests.scoring.corrected import add_everything, sat_by

from .conftest import Caller

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(call: Callable[..., Any]) -> Caller:
    return await call("ann", "analyst")


@pytest.fixture
async def scenario_id(hall: Hall, ann: Caller) -> int:
    async with hall.database.transaction() as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 12)
        project_id = await add_project(conn, ann.id)
        return await add_scenario(conn, project_id, ann.id, exam_id, pass_mark={"percent": 50})


async def test_from_the_button_to_the_result(hall: Hall, ann: Caller, scenario_id: int) -> None:
    asked = await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})
    assert asked.status_code == 202, asked.text
    address = asked.json()["status_url"]
    waiting = (await ann.get(address)).json()
    assert (waiting["status"], waiting["progress"], waiting["result"]) == ("queued", 0, None)
    await worked_out(hall.database)
    done = (await ann.get(address)).json()
    assert (done["status"], done["progress"], done["error"]) == ("done", 1, None)
    assert done["result"]["candidates"] == 12
    assert done["result"]["pass_percent"] == 50
    again = await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate")
    assert again.json() == asked.json() | {"status": "done"}
    listed = (await ann.get(f"/api/v1/scenarios/{scenario_id}/calculations")).json()
    assert [each["status_url"] for each in listed["items"]] == [address]
    # A full page is the last, too.
    one = (await ann.get(f"/api/v1/scenarios/{scenario_id}/calculations?limit=1")).json()
    assert (len(one["items"]), one["next_cursor"]) == (1, None)


async def test_an_author_in_the_project_is_not_told_of_candidates_one_by_one(
    hall: Hall, call: Callable[..., Any], ann: Caller, scenario_id: int
) -> None:
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    await worked_out(hall.database)
    author = await call("anna", "author")
    async with hall.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO project_members (project_id, person_id, role) SELECT id, %s, 'editor' FROM projects",
            (author.id,),
        )
    assert "largest" in (await ann.get(address)).json()["result"]["moves"]
    told = (await author.get(address)).json()["result"]
    assert (told["candidates"], "largest" in told["moves"]) == (12, False)
    assert "candidate_id" not in str(told)


async def test_ten_a_minute_are_enough_for_anybody(ann: Caller, scenario_id: int) -> None:
    asked = [await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {}) for _ in range(11)]
    assert [each.status_code for each in asked] == [*[202] * 10, 429]
    assert int(asked[-1].headers["Retry-After"]) > 0
    assert len({each.json()["calculation_id"] for each in asked[:10]}) == 1


async def test_what_is_wrong_is_told_by_its_place_before_it_is_queued(
    hall: Hall, ann: Caller, scenario_id: int
) -> None:
    async with hall.database.transaction() as conn:
        await conn.execute(
            """UPDATE scenario_versions SET document = document || '{"questions": [
                   {"exam_id": 1, "change": "drop", "question_number": 77, "award": "nobody"}]}'"""
        )
    refused = await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})
    assert refused.status_code == 422
    assert refused.json()["code"] == "bad_scenario"
    assert refused.json()["fields"][0]["path"] == "/questions/0"
    async with hall.database.connection() as conn:
        assert await (await conn.execute("SELECT count(*) FROM calculations")).fetchone() == (0,)


async def test_somebody_elses_is_not_there(call: Callable[..., Any], ann: Caller, scenario_id: int) -> None:
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    mallory = await call("mallory", "analyst")
    refused = [
        await mallory.post(f"/api/v1/scenarios/{scenario_id}/calculate", {}),
        await mallory.get(f"/api/v1/scenarios/{scenario_id}/calculations"),
        await mallory.get(address),
        await mallory.get(f"{address}/events"),
        await mallory.get(f"{address}/events", headers={"Last-Event-ID": "done"}),
        await mallory.client.delete(address),
    ]
    assert [each.status_code for each in refused] == [404] * len(refused)
    assert {each.json()["code"] for each in refused} == {"no_such_scenario", "no_such_calculation"}
    assert (await ann.get(address)).json()["status"] == "queued"


async def test_a_body_that_says_something_is_refused(ann: Caller, scenario_id: int) -> None:
    refused = await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {"exams": [1]})
    assert refused.status_code == 422


async def test_it_is_called_off(hall: Hall, ann: Caller, scenario_id: int) -> None:
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    assert [(await ann.client.delete(address)).status_code for _ in range(2)] == [204, 204]
    assert (await ann.get(address)).json()["status"] == "cancelled"


async def test_a_result_cannot_be_called_off(hall: Hall, ann: Caller, scenario_id: int) -> None:
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    await worked_out(hall.database)
    refused = await ann.client.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "over_already")


async def test_who_follows_is_told_how_it_stands_until_it_is_done(
    hall: Hall, ann: Caller, scenario_id: int
) -> None:
    await hall.listener.connected.wait()
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    heard: list[bytes] = []
    following = asyncio.create_task(follow(hall, ann, f"{address}/events", heard))
    async with asyncio.timeout(60):
        while not heard:
            await asyncio.sleep(0.01)
        async with a_worker(hall.database):
            # What is announced comes by way of the listener.
            while b"id: done" not in b"".join(heard):
                await asyncio.sleep(0.01)
    following.cancel()
    events = [line for line in b"".join(heard).decode().splitlines() if line.startswith("id: ")]
    assert events[0] == "id: queued"
    assert "id: running" in events
    assert events[-1] == "id: done"


async def follow(hall: Hall, who: Caller, path: str, heard: list[bytes]) -> None:
    """A client that reads a stream as it comes."""

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            heard.append(message["body"])

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"authorization", who.client.headers["Authorization"].encode())],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http", "http_version": "1.1",
        "root_path": "",
    }  # fmt: skip
    await create_app(hall)(scope, receive, send)  # type: ignore[arg-type]


async def test_who_comes_when_it_is_over_is_told_once_and_then_not_again(
    hall: Hall, ann: Caller, scenario_id: int
) -> None:
    address = (await ann.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()["status_url"]
    await worked_out(hall.database)
    first = await ann.get(f"{address}/events")
    assert "id: done" in first.text
    assert '"progress": 1.0' in first.text
    assert (await ann.get(f"{address}/events", headers={"Last-Event-ID": "done"})).status_code == 204
