"""The master data in one reply, through the front door; and that a change is heard everywhere."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from examhall.app import Hall, create_app

from .conftest import Caller

pytestmark = pytest.mark.anyio

PATH = "/api/v1/master-data"


@pytest.fixture
async def ada(call: Callable[..., Any]) -> Caller:
    who: Caller = await call("ada", "admin")
    return who


@pytest.fixture
async def other_process(hall: Hall, alice: Caller) -> AsyncIterator[httpx.AsyncClient]:
    """Alice at another process of the same server."""
    another = Hall(replace(hall.settings))
    async with another.opened():
        await another.listener.connected.wait()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(another)),
            base_url="http://testserver",
            headers=dict(alice.client.headers),
        ) as client:
            yield client


async def test_everything_is_in_one_reply_and_unchanged_is_304(alice: Caller) -> None:
    reply = await alice.get(PATH)
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "private, no-cache"
    found = reply.json()
    assert list(found) == [
        "subjects", "topics", "scales", "grade_bands", "rating_tiers", "question_types", "organisation_kinds",
    ]  # fmt: skip
    assert found["scales"][0] == {
        "code": "percent",
        "name": "Percent",
        "value": {"lowest": 0, "highest": 100},
        "version": 1,
        "active": True,
    }
    tag = reply.headers["etag"]
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = await alice.get(PATH, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await alice.get(PATH, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_it_is_put_together_once(hall: Hall, alice: Caller) -> None:
    await asyncio.gather(*(alice.get(PATH) for _ in range(20)))
    assert hall.master_data._kept.stats.misses == 1


async def test_a_change_is_seen_by_every_process_at_once(
    ada: Caller, other_process: httpx.AsyncClient
) -> None:
    before = await other_process.get(PATH)
    entry = await ada.get(f"{PATH}/subjects/physics")
    changed = await ada.client.put(
        f"{PATH}/subjects/physics",
        json={"name": "Natural philosophy", "value": {}},
        headers={"If-Match": entry.headers["etag"]},
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    async with asyncio.timeout(10):
        while (after := await other_process.get(PATH)).headers["etag"] == before.headers["etag"]:
            await asyncio.sleep(0.01)
    [physics] = [each for each in after.json()["subjects"] if each["code"] == "physics"]
    assert (physics["name"], physics["version"]) == ("Natural philosophy", 2)
    old = await ada.get(f"{PATH}/subjects/physics", params={"version": 1})
    assert (old.json()["name"], old.json()["version"]) == ("Physics", 1)
    versions = (await ada.get(f"{PATH}/subjects/physics/versions")).json()["items"]
    assert [each["version"] for each in versions] == [2, 1]


async def test_only_admins_change_it_and_only_what_they_saw(call: Any, ada: Caller) -> None:
    nora = await call("nora", "analyst")
    body = {"name": "x", "value": {}}
    assert (await nora.get(f"{PATH}/subjects/physics")).status_code == 200
    refused = await nora.client.put(f"{PATH}/subjects/physics", json=body, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_role")
    assert (await nora.post(f"{PATH}/subjects", {"code": "x", **body})).status_code == 403
    unsaid = await ada.client.put(f"{PATH}/subjects/physics", json=body)
    assert (unsaid.status_code, unsaid.json()["code"]) == (428, "version_required")
    late = await ada.client.put(f"{PATH}/subjects/physics", json=body, headers={"If-Match": '"7"'})
    assert (late.status_code, late.json()["version"]) == (412, 1)
    created = await ada.post(
        f"{PATH}/scales", {"code": "ten", "name": "Ten", "value": {"lowest": 0, "highest": 10}}
    )
    assert created.status_code == 201, created.text
    twice = await ada.post(
        f"{PATH}/scales", {"code": "ten", "name": "Ten", "value": {"lowest": 0, "highest": 10}}
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "code_taken")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("scales", {"code": "a", "name": "A", "value": {"lowest": 1}}, 422),
        ("scales", {"code": "A b", "name": "A", "value": {"lowest": 1, "highest": 2}}, 422),
        ("scales", {"code": "a", "name": "", "value": {"lowest": 1, "highest": 2}}, 422),
        ("scales", {"code": "a", "name": "A\0", "value": {"lowest": 1, "highest": 2}}, 422),
        ("scales", {"code": "a", "name": "A", "value": {"lowest": 1, "highest": 1e400}}, 422),
        ("nothing", {"code": "a", "name": "A", "value": {}}, 422),
        ("question_types", {"code": "a", "name": "A", "value": {"marked_by": "person"}}, 409),
        (
            "grade_bands",
            {"code": "a", "name": "A", "value": {"bands": [{"name": "{x}", "from_percent": 9}]}},
            422,
        ),
    ],
)
async def test_what_is_no_entry_is_refused(ada: Caller, path: str, body: Any, status: int) -> None:
    reply = await ada.client.post(
        f"{PATH}/{path}", content=_json(body), headers={"Content-Type": "application/json"}
    )
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
