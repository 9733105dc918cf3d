"""Projects and scenarios, through the front door: who sees them, what a late write is told."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.scoring.corrected import add_everything

from .conftest import Caller

pytestmark = pytest.mark.anyio


@pytest.fixture
async def exam_id(hall: Any) -> int:
    async with hall.database.transaction() as conn:
        return await add_everything(conn)


@pytest.fixture
async def nora(call: Callable[..., Any]) -> Caller:
    who: Caller = await call("nora", "analyst")
    return who


@pytest.fixture
async def project_id(nora: Caller) -> int:
    reply = await nora.post("/api/v1/projects", {"name": "Spring mock"})
    assert (reply.status_code, reply.headers["etag"]) == (201, '"1"'), reply.text
    return int(reply.json()["id"])


def dropping(exam_id: int, *numbers: int, **parts: Any) -> dict[str, Any]:
    return {
        "format": "examhall-scenario/1",
        "exams": [exam_id],
        "questions": [
            {"exam_id": exam_id, "change": "drop", "question_number": number, "award": "nobody"}
            for number in numbers
        ],
        **parts,
    }


@pytest.fixture
async def scenario_id(nora: Caller, project_id: int, exam_id: int) -> int:
    reply = await nora.post(
        f"/api/v1/projects/{project_id}/scenarios",
        {"name": "Without 2", "document": dropping(exam_id, 2)},
    )
    assert (reply.status_code, reply.headers["etag"]) == (201, '"1"'), reply.text
    return int(reply.json()["id"])


async def test_the_clients_of_the_calculation_service_find_what_they_look_for(
    nora: Caller, project_id: int, scenario_id: int
) -> None:
    [project] = (await nora.get("/api/v1/projects")).json()["items"]
    assert (project["id"], project["role"], project["scenarios"], project["members"]) == (
        project_id,
        "owner",
        1,
        1,
    )
    [scenario] = (await nora.get(f"/api/v1/projects/{project_id}/scenarios")).json()["items"]
    assert (scenario["id"], scenario["name"], scenario["version"]) == (scenario_id, "Without 2", 1)
    assert (await nora.get("/api/projects")).status_code == 200


async def test_lists_are_paged_by_cursor(nora: Caller) -> None:
    for number in range(5):
        await nora.post("/api/v1/projects", {"name": f"P{number}"})
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await nora.get("/api/v1/projects", params=params)).json()
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["P4", "P3", "P2", "P1", "P0"]


async def test_another_analyst_sees_nothing_of_it(
    call: Any, project_id: int, scenario_id: int, exam_id: int
) -> None:
    mallory = await call("mallory", "analyst", "author")
    assert (await mallory.get("/api/v1/projects")).json() == {"items": [], "next_cursor": None}
    document = dropping(exam_id)
    for method, path, body in (
        ("GET", f"/projects/{project_id}", None),
        ("PUT", f"/projects/{project_id}", {"name": "x", "version": 1}),
        ("GET", f"/projects/{project_id}/members", None),
        ("POST", f"/projects/{project_id}/members", {"username": "mallory", "role": "owner"}),
        ("DELETE", f"/projects/{project_id}/members/{mallory.id}", None),
        ("GET", f"/projects/{project_id}/scenarios", None),
        ("POST", f"/projects/{project_id}/scenarios", {"name": "x", "document": document}),
        ("GET", f"/scenarios/{scenario_id}", None),
        ("GET", f"/scenarios/{scenario_id}/versions", None),
        ("PUT", f"/scenarios/{scenario_id}", {"name": "x", "document": document, "version": 1}),
        ("DELETE", f"/scenarios/{scenario_id}", None),
        ("POST", f"/scenarios/{scenario_id}/restore", None),
        ("POST", f"/scenarios/{scenario_id}/copy", {}),
        ("GET", f"/scenarios/{scenario_id}/compare?with={scenario_id}", None),
    ):
        reply = await mallory.client.request(method, f"/api/v1{path}", json=body)
        assert reply.status_code == 404, (method, path, reply.text)
        assert reply.json()["code"] in ("no_such_project", "no_such_scenario")


async def test_whoever_lost_the_role_lost_the_project(
    hall: Any, nora: Caller, project_id: int, scenario_id: int
) -> None:
    """Membership alone opens nothing: scenarios quote keys, and results name candidates."""
    token = hall.signer.access_token(nora.id, uuid4(), ["candidate"])
    nora.client.headers["Authorization"] = f"Bearer {token}"
    for path in ("/projects", f"/projects/{project_id}", f"/scenarios/{scenario_id}"):
        assert (await nora.get(f"/api/v1{path}")).status_code == 403


async def test_members_come_with_roles_and_go(
    call: Any, nora: Caller, project_id: int, scenario_id: int
) -> None:
    vic = await call("vic", "author")
    path = f"/api/v1/projects/{project_id}/members"
    added = await nora.post(path, {"username": "VIC", "role": "viewer"})
    assert [(each["username"], each["role"]) for each in added.json()["items"]] == [
        ("nora", "owner"), ("vic", "viewer"),
    ]  # fmt: skip
    assert (await vic.get(f"/api/v1/scenarios/{scenario_id}")).status_code == 200
    refused = await vic.client.delete(f"/api/v1/scenarios/{scenario_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "only_looking")
    for username, role, status in (("alice", "viewer", 422), ("vic", "boss", 422), ("nora", "viewer", 409)):
        assert (await nora.post(path, {"username": username, "role": role})).status_code == status
    for _ in range(2):
        assert (await nora.client.delete(f"{path}/{vic.id}")).status_code == 204
    assert (await vic.get(f"/api/v1/scenarios/{scenario_id}")).status_code == 404


async def test_a_scenario_is_read_changed_and_kept(nora: Caller, scenario_id: int, exam_id: int) -> None:
    path = f"/api/v1/scenarios/{scenario_id}"
    first = await nora.get(path)
    assert list(first.json()["document"]) == ["format", "exams", "questions"]
    body = {"name": "Without 2 and 3", "document": dropping(exam_id, 2, 3)}
    assert (await nora.client.put(path, json=body)).status_code == 428
    saved = await nora.client.put(path, json=body, headers={"If-Match": first.headers["etag"]})
    assert (saved.status_code, saved.headers["etag"], saved.json()["version"]) == (200, '"2"', 2)
    late = await nora.client.put(path, json={**body, "version": 1})
    told = late.json()
    assert (late.status_code, told["code"], told["version"]) == (412, "somebody_was_faster", 2)
    assert told["current"]["document"]["questions"][1]["question_number"] == 3
    assert told["changes"][0]["about"] == {"exam_id": exam_id, "question_number": 3}
    earlier = await nora.get(path, params={"version": 1})
    assert earlier.json()["document"] == first.json()["document"]
    assert [each["version"] for each in (await nora.get(f"{path}/versions")).json()["items"]] == [2, 1]


async def test_copies_are_compared(nora: Caller, scenario_id: int, exam_id: int) -> None:
    copy = await nora.post(f"/api/v1/scenarios/{scenario_id}/copy", {})
    assert (copy.status_code, copy.json()["name"]) == (201, "Copy of Without 2")
    compare = f"/api/v1/scenarios/{scenario_id}/compare"
    same = (await nora.get(compare, params={"with": copy.json()["id"]})).json()
    assert (same["same"], same["differences"]) == (True, [])
    await nora.client.put(
        f"/api/v1/scenarios/{copy.json()['id']}",
        json={"name": "c", "document": dropping(exam_id, 2, pass_mark={"percent": 40}), "version": 1},
    )
    other = (await nora.get(compare, params={"with": copy.json()["id"]})).json()
    assert other["differences"] == [
        {"part": "pass_mark", "about": {}, "here": None, "there": {"percent": 40}}
    ]


async def test_what_is_put_away_is_no_longer_listed(nora: Caller, project_id: int, scenario_id: int) -> None:
    for _ in range(2):
        assert (await nora.client.delete(f"/api/v1/scenarios/{scenario_id}")).status_code == 204
    path = f"/api/v1/projects/{project_id}/scenarios"
    assert (await nora.get(path)).json()["items"] == []
    assert len((await nora.get(path, params={"archived": True})).json()["items"]) == 1
    assert (await nora.post(f"/api/v1/scenarios/{scenario_id}/restore")).json()["archived_at"] is None
    assert len((await nora.get(path)).json()["items"]) == 1


async def test_mistakes_are_told_at_once_with_their_places(
    nora: Caller, project_id: int, exam_id: int
) -> None:
    path = f"/api/v1/projects/{project_id}/scenarios"
    document = dropping(exam_id, 2, 99, 98, scale={"code": "none", "version": 1})
    reply = await nora.post(path, {"name": "x", "document": document})
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_scenario")
    assert [each["path"] for each in reply.json()["fields"]] == ["/questions/1", "/questions/2", "/scale"]
    wrong: list[Any] = [
        {}, {"name": "x"}, {"name": "", "document": dropping(exam_id)}, {"name": "x", "document": []},
        {"name": "x\0", "document": dropping(exam_id)}, {"name": "x", "document": {}},
        {"name": "x", "document": dropping(exam_id, wrong=1)}, [], None,
    ]  # fmt: skip
    for bad in wrong:
        reply = await nora.post(path, bad)
        assert reply.status_code == 422, reply.text
        assert reply.headers["content-type"] == "application/problem+json"
    assert (await nora.get(path)).json()["items"] == []


async def test_the_schema_is_for_everybody(call: Any) -> None:
    reply = await (await call(None)).get("/scenario.schema.json")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/schema+json")
    assert reply.json()["title"] == "Examhall scenario"
