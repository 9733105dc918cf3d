import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from examhall.app import Hall
from examhall.base import actor, db
from examhall.base.actor import Actor, acting
from examhall.base.jobs import enqueue

from .conftest import Caller

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/file?format=csv"])
@pytest.mark.parametrize("roles", [None, (), ("author", "analyst", "invigilator")])
async def test_the_record_is_for_administrators(
    call: Callable[..., Any], path: str, roles: tuple[str, ...] | None
) -> None:
    mallory = await call(None if roles is None else "mallory", *(roles or ()))
    reply = await mallory.get(path)
    assert reply.status_code == (401 if roles is None else 403)


async def test_what_olga_does_by_the_api_is_on_record_as_hers(call: Callable[..., Any]) -> None:
    olga, root = await call("olga", "author"), await call("root", "admin")
    done = await olga.post(
        "/api/v1/courses", {"code": "ALG-1", "title": "Algebra"}, headers={"x-request-id": "request-17"}
    )
    assert done.status_code == 201, done.text
    [entry] = (await root.get("/api/v1/audit", params={"kind": "courses"})).json()["items"]
    assert (entry["actor_id"], entry["actor"], entry["door"]) == (olga.id, "Olga", "api")
    assert (entry["deed"], entry["trace"]) == ("added", "request-17")
    assert entry["after"]["title"] == entry["label"] == "Algebra"


async def test_pages_of_the_record_and_its_file_say_the_same(call: Callable[..., Any]) -> None:
    root = await call("root", "admin")
    for number in range(5):
        await call(f"person-{number}")
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await root.get("/api/v1/audit", params={"kind": "people", "limit": "2", **cursor})).json()
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == 6
    text = (await root.get("/api/v1/audit/file", params={"format": "jsonl", "kind": "people"})).text
    assert [json.loads(line)["id"] for line in text.splitlines()] == seen
    table = (await root.get("/api/v1/audit/file", params={"format": "csv", "kind": "people"})).text
    assert [int(row["id"]) for row in csv.DictReader(StringIO(table))] == seen
    [_, noted] = (await root.get("/api/v1/audit", params={"deed": "audit_downloaded"})).json()["items"]
    assert (noted["actor_id"], noted["after"]["kind"]) == (root.id, "people")


async def test_no_door_changes_the_record(call: Callable[..., Any]) -> None:
    root = await call("root", "admin")
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        reply = await root.client.request(method, "/api/v1/audit")
        assert reply.status_code in (404, 405)


async def test_a_job_that_staff_cause_carries_who_it_was(call: Callable[..., Any], hall: Hall) -> None:
    for who, expected in ((Actor(17, "page", is_staff=True), 17), (Actor(18, "page"), None)):
        with acting(who):
            async with hall.database.transaction() as conn:
                await enqueue(conn, "conclude_exam", [{"exam_id": 1}])
                found = await (
                    await conn.execute("SELECT args FROM procrastinate_jobs ORDER BY id DESC LIMIT 1")
                ).fetchone()
        assert found is not None
        assert found[0].get("on_behalf_of") == expected


async def test_what_candidates_do_in_an_exam_is_not_handed_over(
    call: Callable[..., Any], exam_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing records it, so its transactions carry nothing more than they did."""
    alice = await call("alice")
    handed_over: list[bytes] = []

    def statement() -> bytes:
        handed_over.append(actor.statement())
        return handed_over[-1]

    monkeypatch.setattr(db, "statement", statement)
    started = await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert started.status_code == 200, started.text
    session = started.json()["session_id"]
    answer = {"question_number": 1, "answer": "A", "revision": 1}
    assert (await alice.post(f"/api/v1/sessions/{session}/answers/", answer)).status_code == 200
    assert (await alice.post(f"/api/v1/sessions/{session}/submit")).status_code == 200
    assert b"".join(handed_over) == b""


@pytest.mark.parametrize("roles", [None, (), ("author", "analyst", "invigilator")])
async def test_the_history_of_a_sitting_is_for_the_office(
    call: Callable[..., Any], session: dict[str, Any], roles: tuple[str, ...] | None
) -> None:
    reader = await call(None if roles is None else "reader", *(roles or ()))
    reply = await reader.get(f"/api/v1/sessions/{session['session_id']}/evidence")
    assert reply.status_code == (401 if roles is None else 200 if roles else 403)


async def test_the_history_of_a_sitting_is_paged_and_its_reading_on_record(
    call: Callable[..., Any], alice: Caller, session: dict[str, Any]
) -> None:
    number = session["session_id"]
    for revision in range(1, 8):
        answer = {"question_number": 1, "answer": "AB"[revision % 2], "revision": revision}
        assert (await alice.post(f"/api/v1/sessions/{number}/answers/", answer)).status_code == 200
    olga, ivan = await call("olga", "author"), await call("ivan", "invigilator")
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        reply = await olga.get(f"/api/v1/sessions/{number}/evidence", params={"limit": "3", **cursor})
        page = reply.json()["steps"]
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [step["number"] for step in seen] == list(range(1, len(seen) + 1))
    assert [step["revision"] for step in seen if step["what"] == "saved"] == list(range(1, 8))
    told = (await ivan.get(f"/api/v1/sessions/{number}/evidence")).json()["steps"]["items"]
    assert {step["answer"] for step in told} == {None}
    root = await call("root", "admin")
    noted = (await root.get("/api/v1/audit", params={"kind": "sittings", "thing": str(number)})).json()[
        "items"
    ]
    assert [(note["actor_id"], note["after"]["answers"], note["person_id"]) for note in noted][:2] == [
        (ivan.id, False, alice.id), (olga.id, True, alice.id),
    ]  # fmt: skip


async def test_who_is_signed_out_and_whose_keys_are_taken_along_is_on_record(
    call: Callable[..., Any], exam_id: int
) -> None:
    root, alice, olga = await call("root", "admin"), await call("alice"), await call("olga", "author")
    assert (await root.client.delete(f"/api/v1/people/{alice.id}/sign-ins")).status_code == 204
    assert (await olga.get(f"/api/v1/exams/{exam_id}/file")).status_code == 200
    for deed, who, about in (("signed_out", root, alice.id), ("exam_downloaded", olga, None)):
        [entry] = (await root.get("/api/v1/audit", params={"deed": deed})).json()["items"]
        assert (entry["actor_id"], entry["person_id"], entry["door"]) == (who.id, about, "api")
