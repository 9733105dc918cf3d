"""The questions of an exam through the API: versions, bad input by its field, pictures."""

from datetime import UTC, datetime
from typing import Any

import pytest

from examhall.app import Hall

from .conftest import Caller

pytestmark = pytest.mark.anyio

FAR = datetime(2100, 1, 1, tzinfo=UTC)
ONE = {"prompt": "Which?", "options": ["no", "yes"], "answer": "B", "points": 2}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
async def olga(call: Any) -> Caller:
    found: Caller = await call("olga", "author")
    return found


@pytest.fixture
async def address(hall: Hall) -> str:
    """Of the questions of an exam that has none yet, and opens one day."""
    async with hall.database.transaction() as conn:
        cursor = await conn.execute(
            """INSERT INTO exams (title, kind, duration_s, opens_at)
               VALUES ('x', 'mock_exam', 60, %s) RETURNING id""",
            (FAR,),
        )
        return f"/api/v1/exams/{(await cursor.fetchone())[0]}/questions"  # type: ignore[index]


async def test_a_question_is_made_read_changed_and_deleted(olga: Caller, address: str) -> None:
    made = await olga.post(address, {"question": ONE})
    assert made.status_code == 201, made.text
    question = made.json()
    assert question["question"] == {
        "prompt": "Which?", "type": "single_choice", "points": "2", "options": ["no", "yes"], "answer": "B",
    }  # fmt: skip
    assert question["warnings"] == ["no_topic"]
    own = f"{address}/{question['id']}"
    read = await olga.get(own)
    assert (read.json(), read.headers["etag"]) == (question, made.headers["etag"])
    changed = await olga.client.put(
        own, json={"question": ONE | {"topic": "Words"}}, headers={"If-Match": read.headers["etag"]}
    )
    assert changed.status_code == 200
    assert changed.json()["warnings"] == []
    assert changed.json()["version"] > question["version"]
    gone = await olga.client.delete(own, headers={"If-Match": changed.headers["etag"]})
    assert gone.status_code == 204
    assert (await olga.get(own)).json()["code"] == "no_such_question"


async def test_a_change_says_which_version_it_is_of_and_is_told_of_a_newer_one(
    call: Any, olga: Caller, address: str
) -> None:
    made = (await olga.post(address, {"question": ONE})).json()
    own, seen = f"{address}/{made['id']}", made["version"]
    pavel: Caller = await call("pavel", "author")
    unsaid = await olga.client.put(own, json={"question": ONE})
    assert (unsaid.status_code, unsaid.json()["code"]) == (428, "version_required")
    his = {"question": ONE | {"prompt": "Pavel's?"}, "version": seen}
    assert (await pavel.client.put(own, json=his)).status_code == 200
    refused = await olga.client.put(own, json={"question": ONE | {"prompt": "Olga's?"}, "version": seen})
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    [change] = refused.json()["changes"]
    assert (change["edited_by"], change["after"]["prompt"]) == ("Pavel", "Pavel's?")
    late = await olga.client.delete(own, headers={"If-Match": f'"{seen}"'})
    assert late.status_code == 412


async def test_the_order_is_changed_as_a_whole(olga: Caller, address: str) -> None:
    ids = [(await olga.post(address, {"question": ONE})).json()["id"] for _ in range(3)]
    found = await olga.get(address)
    order = [ids[2], ids[0], ids[1]]
    put = await olga.client.put(
        f"{address}/order", json={"order": order}, headers={"If-Match": found.headers["etag"]}
    )
    assert put.status_code == 200
    assert [each["id"] for each in (await olga.get(address)).json()["items"]] == order
    for wrong, status in (([*order, ids[0]], 422), (order[1:], 412), ([2**70], 422), (["x"], 422)):
        reply = await olga.client.put(
            f"{address}/order", json={"order": wrong}, headers={"If-Match": put.headers["etag"]}
        )
        assert reply.status_code == status, reply.text
    again = await olga.post(f"{address}/{ids[2]}/duplicate")
    assert (again.status_code, again.json()["number"]) == (201, 2)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 20_001}, "prompt"),
        ({"prompt": "\u0007"}, "prompt"),
        ({"type": "riddle"}, "type"),
        ({"options": ["one"]}, "options"),
        ({"answer": "Z"}, "answer"),
        ({"answer": {"1": "A"}}, "answer"),
        ({"points": -1}, "points"),
        ({"points": 1e300}, "points"),
        ({"parts": {"a": ONE}}, "options"),
        ({"options": {"A": "x", "<b>": "y"}}, "options.<b>"),
        ({"prompt": "![x](../../etc/passwd)"}, "prompt"),
    ],
)
async def test_what_is_wrong_is_named_by_its_field(
    olga: Caller, address: str, change: dict[str, Any], path: str
) -> None:
    reply = await olga.post(address, {"question": ONE | change})
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_question")
    assert path in [each["path"] for each in reply.json()["fields"]]
    assert (await olga.get(address)).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": []},
        {"question": ONE | {"prompt": "\0"}},
        {"question": ONE | {"unknown": 1}},
        {"question": ONE, "place": 0},
        {"question": {"prompt": "x", "parts": {"a": {"parts": {"a": ONE}}}}},
        {"questions": [{"question": ONE}] * 5_000},
    ],
)
async def test_what_is_no_question_at_all_is_malformed(olga: Caller, address: str, body: Any) -> None:
    reply = await olga.post(address, body)
    assert reply.status_code == 422, reply.text
    assert reply.json()["fields"]


async def test_pictures_are_brought_listed_and_deleted(olga: Caller, address: str) -> None:
    pictures = address.replace("questions", "pictures")
    brought = await olga.post(f"{pictures}?file_name=My%20House.png", content=PNG)
    assert brought.status_code == 201, brought.text
    name = brought.json()["name"]
    shown = await olga.post(address, {"question": ONE | {"prompt": f"![a house]({name})"}})
    assert shown.status_code == 201
    assert (await olga.get(pictures)).json()["items"][0]["shown_in"] == [1]
    seen = await olga.get(f"/api/v1/exams/{address.split('/')[4]}/questions/{shown.json()['id']}")
    assert seen.json()["warnings"] == ["no_topic"]
    used = await olga.client.delete(f"{pictures}/{name}")
    assert (used.status_code, used.json()["code"]) == (409, "picture_in_use")
    assert (await olga.client.delete(f"{pictures}/nothing.png")).status_code == 404
    for content, status in (
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 422),
        (b"%PDF-1.7", 422),
        (PNG + bytes(2_000_000), 413),
    ):
        reply = await olga.post(f"{pictures}?file_name=x.svg", content=content)
        assert reply.status_code == status, reply.text
