"""Authors' exams through the front door: made, changed by two, published, sat, downloaded, deleted."""

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Caller

pytestmark = pytest.mark.anyio

ALGEBRA = {"title": "Algebra", "duration_s": 3600}
SETTINGS = {**ALGEBRA, "opens_at": "2090-01-01T09:00:00Z"}
QUESTION = {"question": {"prompt": "2 + 2?", "options": ["4", "5"], "answer": "A"}}


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    caller: Caller = await call("olga", "author")
    return caller


@pytest.fixture
async def pavel(call: Callable[..., Any]) -> Caller:
    caller: Caller = await call("pavel", "author")
    return caller


async def made(olga: Caller, **settings: Any) -> int:
    reply = await olga.post("/api/v1/exams", SETTINGS | settings)
    assert reply.status_code == 201, reply.text
    exam_id: int = reply.json()["id"]
    assert reply.headers["Location"] == f"/api/v1/exams/{exam_id}/settings"
    return exam_id


async def put(who: Caller, exam_id: int, etag: str | None, **settings: Any) -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    return await who.client.put(f"/api/v1/exams/{exam_id}", json=SETTINGS | settings, headers=headers)


async def test_an_exam_is_made_once_however_often_the_same_request_comes(olga: Caller) -> None:
    key = {"Idempotency-Key": "made-once"}
    first = await olga.post("/api/v1/exams", SETTINGS, headers=key)
    second = await olga.post("/api/v1/exams", SETTINGS, headers=key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await olga.post("/api/v1/exams", ALGEBRA, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_used_for_another")


async def test_an_exam_that_cannot_be_so_is_told_field_by_field(olga: Caller) -> None:
    reply = await olga.post("/api/v1/exams", SETTINGS | {"kind": "test", "freeze_minutes": 5})
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_settings")
    assert [field["path"] for field in reply.json()["fields"]] == ["test_type", "freeze_minutes"]


@pytest.mark.parametrize(
    "settings",
    [
        {"opens_at": "0001-01-01T00:00:00+14:00"}, {"closes_at": "9999-12-31T23:59:59-14:00"},
        {"opens_at": "2030-01-01T09:00:00"}, {"opens_at": "1999-01-01T00:00:00Z"}, {"duration_s": 2**31},
        {"pass_percent": "NaN"}, {"pass_percent": "1e-30"}, {"scale_linked_to": 2**63 - 1},
        {"title": "\u0000"},
        {"timezone": "../../etc/passwd"}, {"course_id": 2**63}, {"title": "a\nb"}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
async def test_whatever_is_sent_is_made_or_refused_clearly(olga: Caller, settings: Any) -> None:
    reply = await olga.post("/api/v1/exams", SETTINGS | settings, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 422, reply.text
    assert reply.json()["fields"]


async def test_two_authors_do_not_overwrite_each_other(olga: Caller, pavel: Caller) -> None:
    exam_id = await made(olga)
    etag = (await olga.get(f"/api/v1/exams/{exam_id}/settings")).headers["ETag"]
    assert (await put(olga, exam_id, None)).status_code == 428
    changed = await put(olga, exam_id, etag, title="Algebra 2", attempts_allowed=2)
    assert changed.status_code == 200
    refused = await put(pavel, exam_id, etag, title="Geometry")
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    [change] = refused.json()["changes"]
    assert (change["edited_by"], change["before"], change["after"]) == (
        "Olga",
        {"title": "Algebra", "attempts_allowed": 1},
        {"title": "Algebra 2", "attempts_allowed": 2},
    )
    again = await put(olga, exam_id, etag, title="Algebra 2", attempts_allowed=2)
    assert (again.status_code, again.json()["version"]) == (200, changed.json()["version"])
    saved = await put(pavel, exam_id, changed.headers["ETag"], title="Geometry")
    assert saved.json()["settings"]["title"] == "Geometry"
    edits = (await olga.get(f"/api/v1/exams/{exam_id}/edits")).json()["items"]
    assert [edit["edited_by"] for edit in edits] == ["Pavel", "Olga"]


async def test_a_draft_is_its_authors_alone_until_it_is_published(
    olga: Caller, call: Callable[..., Any]
) -> None:
    alice = await call("alice")
    exam_id = await made(olga, opens_at=None)
    assert (await alice.get(f"/api/v1/exams/{exam_id}")).status_code == 404
    assert (await alice.get("/api/v1/exams")).json()["items"] == []
    assert (await alice.post(f"/api/v1/exams/{exam_id}/sessions")).status_code == 404
    early = await olga.post(f"/api/v1/exams/{exam_id}/publish")
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    readiness = (await olga.get(f"/api/v1/exams/{exam_id}/readiness")).json()
    assert readiness["missing"] == early.json()["fields"]
    assert (await olga.post(f"/api/v1/exams/{exam_id}/questions", QUESTION)).status_code == 201
    assert (await olga.post(f"/api/v1/exams/{exam_id}/publish")).json()["is_draft"] is False
    started = await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert started.status_code == 200
    back = await olga.post(f"/api/v1/exams/{exam_id}/draft")
    assert (back.status_code, back.json()["code"]) == (409, "somebody_has_started")


async def test_nobody_gets_a_ticket_for_a_draft(olga: Caller, call: Callable[..., Any]) -> None:
    alice = await call("alice")
    exam_id = await made(olga, opens_at=None)
    await olga.post(f"/api/v1/exams/{exam_id}/questions", QUESTION)
    tickets = f"/api/v1/exams/{exam_id}/tickets"
    refused = await olga.post(tickets, {"person_ids": [alice.id]})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_published")
    await olga.post(f"/api/v1/exams/{exam_id}/publish")
    issued = await olga.post(tickets, {"person_ids": [alice.id]})
    [ticket] = [each["ticket"] for each in issued.json()["items"]]
    stranger = await call(None)
    await olga.post(f"/api/v1/exams/{exam_id}/draft")
    assert (await stranger.post("/auth/ticket", {"ticket": ticket})).status_code == 401
    await olga.post(f"/api/v1/exams/{exam_id}/publish")
    assert (await stranger.post("/auth/ticket", {"ticket": ticket})).status_code == 200


async def test_once_it_is_sat_a_later_end_is_given_and_the_rest_is_refused(
    olga: Caller, call: Callable[..., Any]
) -> None:
    alice = await call("alice")
    open_now = {"opens_at": None, "closes_at": "2090-01-01T09:00:00Z"}
    exam_id = await made(olga, **open_now)
    await olga.post(f"/api/v1/exams/{exam_id}/questions", QUESTION)
    await olga.post(f"/api/v1/exams/{exam_id}/publish")
    started = (await alice.post(f"/api/v1/exams/{exam_id}/sessions")).json()
    etag = (await olga.get(f"/api/v1/exams/{exam_id}/settings")).headers["ETag"]
    refused = await put(olga, exam_id, etag, **open_now, title="Another")
    assert (refused.status_code, refused.json()["fields"][0]["path"]) == (409, "title")
    longer = await put(olga, exam_id, etag, **open_now, duration_s=7200, reason="A storm.")
    assert longer.json()["given"] == 1
    resumed = (await alice.get(f"/api/v1/sessions/{started['session_id']}")).json()
    assert resumed["deadline_at"] > started["deadline_at"]


async def test_what_is_downloaded_can_be_imported_again(olga: Caller) -> None:
    exam_id = await made(olga, title='Al/ge"bra: π')
    await olga.post(f"/api/v1/exams/{exam_id}/questions", QUESTION)
    file = await olga.get(f"/api/v1/exams/{exam_id}/file")
    assert file.headers["Content-Type"] == "application/yaml"
    assert "filename*=UTF-8''Al%20ge%20bra%20%CF%80.yaml" in file.headers["Content-Disposition"]
    imported = await olga.post("/api/v1/exams/import", content=file.content)
    assert imported.status_code == 201
    again = await olga.get(f"/api/v1/exams/{imported.json()['id']}/file")
    assert again.text == file.text
    key = {"Idempotency-Key": "imported-once"}
    first, second = [
        await olga.post("/api/v1/exams/import?draft=true", content=file.content, headers=key) for _ in "ab"
    ]
    assert (first.status_code, second.status_code, first.json()) == (201, 200, second.json())


async def test_a_copy_is_made_once_and_deleted_by_who_has_seen_it(olga: Caller) -> None:
    exam_id = await made(olga)
    key = {"Idempotency-Key": "copied-once"}
    first = await olga.post(f"/api/v1/exams/{exam_id}/copies", {"title": "Copy"}, headers=key)
    second = await olga.post(f"/api/v1/exams/{exam_id}/copies", {"title": "Copy"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    copy_id = first.json()["id"]
    listed = (await olga.get("/api/v1/exams/authored?mine=true&draft=true&q=cop")).json()["items"]
    assert [exam["id"] for exam in listed] == [copy_id]
    path = f"/api/v1/exams/{copy_id}"
    assert (await olga.client.delete(path)).status_code == 428
    await olga.post(f"{path}/questions", QUESTION)
    assert (await olga.client.delete(path, headers={"If-Match": '"1"'})).status_code == 412
    assert (await olga.client.delete(path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await olga.get(f"{path}/settings")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""), ("GET", "/authored"), ("GET", "/{id}/settings"), ("PUT", "/{id}"), ("DELETE", "/{id}"),
        ("POST", "/{id}/copies"), ("GET", "/{id}/readiness"), ("POST", "/{id}/publish"),
        ("POST", "/{id}/draft"), ("GET", "/{id}/file"), ("GET", "/{id}/edits"),
    ],
)  # fmt: skip
async def test_candidates_invigilators_and_strangers_are_refused(
    olga: Caller, call: Callable[..., Any], method: str, path: str
) -> None:
    exam_id = await made(olga)
    body = {"json": SETTINGS} if method in ("POST", "PUT") and path in ("", "/{id}") else {}
    if path.endswith("copies"):
        body = {"json": {}}
    for who, status in (
        (await call("mallory"), 403),
        (await call("ivan", "invigilator"), 403),
        (await call(None), 401),
    ):
        reply = await who.client.request(method, f"/api/v1/exams{path.format(id=exam_id)}", **body)
        assert reply.status_code == status, reply.text
