"""The bank by its API: a whole round, and what comes of what no question is."""

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Caller

pytestmark = pytest.mark.anyio

SUM = {"prompt": "What is $2 + 2$?", "type": "number", "answer": "4"}


@pytest.fixture
async def writer(call: Callable[..., Any]) -> Caller:
    caller: Caller = await call("oleg", "author")
    return caller


async def test_a_question_is_written_found_changed_and_taken(writer: Caller, exam_id: int) -> None:
    made = await writer.post("/api/v1/bank", {"document": SUM, "subject": "mathematics"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    question_id = made.json()["id"]
    found = (await writer.get("/api/v1/bank?subject=mathematics&kind=number&text=2")).json()
    assert [(each["id"], each["exams"], each["difficulty"]) for each in found["items"]] == [
        (question_id, 0, None)
    ]
    path = f"/api/v1/bank/{question_id}"
    newer = {"document": SUM | {"answer": "5"}}
    changed = await writer.client.put(path, json=newer, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = await writer.client.put(path, json={"document": SUM}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "newer_version")
    assert (await writer.client.put(path, json=newer)).status_code == 428
    versions = (await writer.get(f"{path}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [2, 1]
    page = (await writer.get(f"{path}/versions?limit=1")).json()
    assert [each["version"] for each in page["items"]] == [2]
    older = (await writer.get(f"{path}/versions?cursor={page['next_cursor']}")).json()
    assert ([each["version"] for each in older["items"]], older["next_cursor"]) == ([1], None)
    assert (await writer.get(f"/api/v1/bank/{question_id + 1}/versions")).status_code == 404
    # The exam has opened: nothing comes into it any more.
    refused = await writer.post(f"/api/v1/exams/{exam_id}/bank", {"bank_question_id": question_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "has_started")
    archived = await writer.post(f"{path}/archive", {"archived": True})
    assert archived.json()["archived_at"]
    assert (await writer.get("/api/v1/bank")).json()["items"] == []


async def test_a_picture_is_brought_over_the_api(writer: Caller) -> None:
    made = (await writer.post("/api/v1/bank", {"document": SUM})).json()
    path = f"/api/v1/bank/{made['id']}/pictures?file_name=dot.gif"
    brought = await writer.client.post(path, content=b"GIF89a1")
    assert (brought.status_code, brought.json()["media_type"]) == (201, "image/gif")
    assert (await writer.client.post(path, content=b"no picture")).status_code == 422
    assert (await writer.client.post(path, content=b"GIF89a1")).json() == brought.json()


async def test_a_picture_that_no_version_shows_is_deleted_over_the_api(writer: Caller) -> None:
    made = (await writer.post("/api/v1/bank", {"document": SUM})).json()
    path = f"/api/v1/bank/{made['id']}"
    name, other = [
        (await writer.client.post(f"{path}/pictures?file_name=dot.gif", content=b"GIF89a" + byte)).json()[
            "name"
        ]
        for byte in (b"1", b"2")
    ]
    shows = {"document": SUM | {"prompt": f"![dot]({name})"}, "version": 1}
    assert (await writer.client.put(path, json=shows)).status_code == 200
    refused = await writer.client.delete(f"{path}/pictures/{name}")
    assert (refused.status_code, refused.json()["code"]) == (409, "shown_by_version")
    assert (await writer.client.delete(f"{path}/pictures/{other}")).status_code == 204
    assert (await writer.client.delete(f"{path}/pictures/{other}")).status_code == 404
    assert (await writer.client.delete(f"/api/v1/bank/999999999/pictures/{other}")).status_code == 404


def deep(levels: int) -> Any:
    return {"a": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"prompt": "x\0", "type": "essay"},
        {"prompt": "x", "type": "essay", "parts": deep(100)},
        {"prompt": 10**400, "type": "essay"},
        {"prompt": ["x"], "type": {"a": []}},
        {"prompt": "x", "type": "number", "answer": [[["1"]]]},
        {"\0": "x"},
    ],
)
async def test_what_is_no_question_is_said_to_be_none(writer: Caller, document: Any) -> None:
    refused = await writer.post("/api/v1/bank", {"document": document})
    assert refused.status_code == 422, refused.text
    assert refused.json()["fields"]


@pytest.mark.parametrize("roles", [("candidate",), ("invigilator",), ("analyst",)])
async def test_the_bank_with_its_keys_is_the_authors_alone(
    call: Callable[..., Any], writer: Caller, roles: tuple[str, ...], exam_id: int
) -> None:
    made = (await writer.post("/api/v1/bank", {"document": SUM})).json()
    mallory = await call("mallory2", *roles)
    for path in ("/api/v1/bank", f"/api/v1/bank/{made['id']}", f"/api/v1/bank/{made['id']}/versions"):
        assert (await mallory.get(path)).status_code == 403
    assert (await mallory.post("/api/v1/bank", {"document": SUM})).status_code == 403
    taking = {"bank_question_id": made["id"]}
    assert (await mallory.post(f"/api/v1/exams/{exam_id}/bank", taking)).status_code == 403


async def test_searching_for_anything_is_answered(writer: Caller) -> None:
    for asked in ("text=%25_%5C", "text=%00", "subject=%00", "kind=x", "archived=true", "cursor=1"):
        assert (await writer.get(f"/api/v1/bank?{asked}")).status_code in (200, 422)
