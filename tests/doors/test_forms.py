"""Forms through the front door: building one, sending it with files, deciding, exporting, erasing."""

import asyncio
import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from examhall.app import Hall
from examhall.forms.fields import Field, write_document
from examhall.forms.files import discard_loose_files

from ..forms.rows import AGE, NAME, PASSPORT, PDF
from .conftest import Caller

pytestmark = pytest.mark.anyio
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    return await call("olga", "admin")


async def form_of(olga: Caller, *fields: Field, **more: Any) -> int:
    body = {"title": "Registration", "status": "open", "schema": write_document(fields)} | more
    reply = await olga.post("/api/v1/forms", body)
    assert reply.status_code == 201, reply.text
    return int(reply.json()["id"])


async def send(who: Caller, form_id: int, data: Any, key: str = "k", **files: tuple[str, bytes]) -> Any:
    body = {"fields_version": 1, "data": data}
    headers = {"Idempotency-Key": key}
    path = f"/api/v1/forms/{form_id}/submissions"
    if not files:
        return await who.client.post(path, json=body, headers=headers)
    parts = {"submission": json.dumps(body)}
    return await who.client.post(path, data=parts, files=files, headers=headers)


async def test_a_form_is_edited_by_one_at_a_time(olga: Caller) -> None:
    form_id = await form_of(olga, NAME)
    found = await olga.get(f"/api/v1/forms/{form_id}")
    assert (found.headers["etag"], found.json()["schema"]) == ('"1"', write_document([NAME]))
    body = {"title": "Changed", "schema": write_document([NAME, AGE])}
    path, seen = f"/api/v1/forms/{form_id}", {"If-Match": '"1"'}
    assert (await olga.client.put(path, json=body)).status_code == 428
    assert (await olga.client.put(path, json=body, headers=seen)).status_code == 200
    late = await olga.client.put(path, json=body, headers=seen)
    assert (late.status_code, late.json()["version"]) == (412, 2)
    assert (await olga.get(path)).json()["fields_version"] == 2


async def test_what_a_form_cannot_ask_is_told_by_its_place(olga: Caller) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "title": "A", "$ref": "http://x"}}}
    reply = await olga.post("/api/v1/forms", {"title": "A", "schema": schema})
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_form_fields")
    assert reply.json()["fields"][0]["path"] == "/properties/a/$ref"


async def test_only_an_administrator_says_what_a_form_gives(
    call: Callable[..., Any], olga: Caller, exam_id: int
) -> None:
    author = await call("anna", "author")
    body = {"title": "A", "status": "open", "schema": write_document([NAME])}
    for gift in ({"tickets_for": exam_id}, {"enrols_in": 1}, {"strangers": True}):
        reply = await author.post("/api/v1/forms", body | gift)
        assert (reply.status_code, reply.json()["code"]) == (403, "only_administrators")
    form_id = await form_of(olga, NAME, tickets_for=exam_id, status="draft")
    path = f"/api/v1/forms/{form_id}"
    # Neither by taking away what limits it, nor by opening it.
    for changed in ({"status": "open"}, {"status": "draft"}, {"status": "draft", "gives": "at_once"}):
        reply = await author.client.put(path, json=body | changed, headers={"If-Match": '"1"'})
        assert reply.status_code == 403
    wording = body | {"status": "draft", "title": "Better", "tickets_for": exam_id}
    assert (await author.client.put(path, json=wording, headers={"If-Match": '"1"'})).status_code == 200
    both = await olga.post("/api/v1/forms", body | {"strangers": True, "tickets_for": exam_id})
    assert (both.status_code, both.json()["code"]) == (422, "nothing_for_strangers")
    nowhere = await olga.post("/api/v1/forms", body | {"enrols_in": 10**9})
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "unknown_target")


async def test_a_form_is_sent_once_with_its_files(alice: Caller, mallory: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME, PASSPORT)
    file = ("../../passport.html", PDF)
    first = await send(alice, form_id, {"name": "Alice"}, passport=file)
    assert first.status_code == 201, first.text
    again = await asyncio.gather(*(send(alice, form_id, {"name": "Alice"}, passport=file) for _ in range(5)))
    assert {(each.status_code, each.json()["submission_id"]) for each in again} == {
        (200, first.json()["submission_id"])
    }
    other = await send(alice, form_id, {"name": "Alicia"}, passport=file)
    assert (other.status_code, other.json()["code"]) == (409, "request_key_used")
    found = (await alice.get(f"/api/v1/submissions/{first.json()['submission_id']}")).json()
    assert found["data"] == {"name": "Alice", "passport": ["passport.html"]}
    [listed] = found["files"]
    download = await alice.get(listed["url"])
    assert download.content == PDF
    headers = download.headers
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"].startswith('attachment; filename="passport.html.pdf"')
    assert "nosniff" in headers["x-content-type-options"]
    assert headers["content-security-policy"].startswith("sandbox")
    assert (await mallory.get(listed["url"])).status_code == 404


async def test_no_file_is_kept_of_what_is_refused(alice: Caller, olga: Caller, hall: Hall) -> None:
    form_id = await form_of(olga, NAME, PASSPORT)
    refused = [
        await send(alice, form_id, {"name": "A"}, "a", passport=("a.pdf", SVG)),
        await send(alice, form_id, {}, "b", passport=("a.pdf", PDF)),
        await send(alice, form_id, {"name": "A"}, "c", unasked=("a.pdf", PDF)),
        await send(alice, form_id, {"name": "A", "passport": ["made up.pdf"]}, "d"),
    ]
    assert [(each.status_code, each.json()["fields"][0]["path"]) for each in refused] == [
        (422, "/passport"),
        (422, "/name"),
        (422, "/unasked"),
        (422, "/passport"),
    ]
    await send(alice, form_id, {"name": "A"}, "e", passport=("a.pdf", PDF))
    await send(alice, form_id, {"name": "A"}, "e", passport=("a.pdf", PDF))
    await discard_loose_files(hall.database, hall.storage)
    kept = [each async for each in hall.storage.files("forms")]
    assert len(kept) == 1


async def test_a_body_that_is_no_submission_is_refused(alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME)
    path = f"/api/v1/forms/{form_id}/submissions"
    for body in (b"", b"{", b"[]", b'{"fields_version": 0, "data": {}}', b'{"data": {"name": NaN}}', b"\xff"):
        reply = await alice.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 422, body
    reply = await alice.client.post(path, content=b"x", headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = await alice.client.post(path, content=b"--x\r\nbroken", headers=broken)
    assert reply.status_code in (400, 422)
    many = [("passport", ("a.pdf", b"x"))] * 600
    reply = await alice.client.post(path, data={"submission": "{}"}, files=many)
    assert reply.status_code in (400, 422)
    large = await alice.client.post(path, content=b"", headers={"Content-Length": "30000000"})
    assert large.status_code == 413


async def test_a_decision_is_made_on_what_was_seen(alice: Caller, olga: Caller, exam_id: int) -> None:
    form_id = await form_of(olga, NAME, tickets_for=exam_id)
    submission_id = (await send(alice, form_id, {"name": "A"})).json()["submission_id"]
    path = f"/api/v1/submissions/{submission_id}"
    body, seen = {"status": "accepted", "note": "Welcome"}, {"If-Match": '"1"'}
    assert (await alice.client.put(f"{path}/status", json=body, headers=seen)).status_code == 403
    assert (await olga.client.put(f"{path}/status", json=body)).status_code == 428
    done = await olga.client.put(f"{path}/status", json=body, headers=seen)
    assert (done.status_code, done.json()["status"]) == (200, "accepted")
    assert [event["what"] for event in done.json()["history"]] == ["submitted", "status", "ticketed"]
    late = await olga.client.put(f"{path}/status", json={"status": "rejected"}, headers=seen)
    assert late.status_code == 412
    back = await olga.client.put(f"{path}/status", json={"status": "rejected"}, headers={"If-Match": '"2"'})
    assert (back.status_code, back.json()["code"]) == (409, "not_from_here")
    assert (await alice.post(f"{path}/withdraw")).status_code == 409


async def test_lists_are_ones_own_ones_forms_and_ones_centres(
    alice: Caller, mallory: Caller, olga: Caller
) -> None:
    centre = (await olga.post("/api/v1/organisations", {"code": "TC-1", "name": "Centre"})).json()["id"]
    form_id = await form_of(olga, NAME, asks_organisation=True)
    for number in range(3):
        body = {"fields_version": 1, "data": {"name": f"Alice {number}"}, "organisation": "tc-1"}
        assert (await alice.post(f"/api/v1/forms/{form_id}/submissions", body)).status_code == 201
    page = (await alice.get("/api/v1/me/submissions?limit=2")).json()
    assert [each["words"] for each in page["items"]] == ["Alice 2", "Alice 1"]
    rest = (await alice.get(f"/api/v1/me/submissions?cursor={page['next_cursor']}")).json()
    assert [each["words"] for each in rest["items"]] == ["Alice 0"]
    assert rest["next_cursor"] is None
    assert (await alice.get("/api/v1/me/submissions?cursor=nonsense")).status_code == 422
    assert (await mallory.get("/api/v1/me/submissions")).json()["items"] == []
    path = f"/api/v1/organisations/{centre}/submissions"
    assert (await mallory.get(path)).status_code == 404
    member = {"username": "mallory", "manager": True}
    assert (await olga.post(f"/api/v1/organisations/{centre}/members", member)).status_code == 204
    assert len((await mallory.get(path)).json()["items"]) == 3
    await olga.client.delete(f"/api/v1/organisations/{centre}/members/{mallory.id}")
    assert (await mallory.get(path)).status_code == 404
    found = (await olga.get(f"/api/v1/forms/{form_id}/submissions?q=alice 1&status=new")).json()
    assert [each["words"] for each in found["items"]] == ["Alice 1"]


async def test_the_export_is_safe_to_open(alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME, AGE)
    await send(alice, form_id, {"name": '=HYPERLINK("http://x")', "age": 17})
    changed = {"title": "R", "status": "open", "schema": write_document([NAME]), "version": 1}
    assert (await olga.client.put(f"/api/v1/forms/{form_id}", json=changed)).status_code == 200
    reply = await olga.get(f"/api/v1/forms/{form_id}/submissions", headers={"Accept": "text/csv"})
    assert reply.headers["content-disposition"].startswith("attachment")
    header, row = csv.reader(StringIO(reply.text.removeprefix("\ufeff")))
    # What an older version asked has its column.
    assert header[-2:] == ["Your name", "Your age"]
    assert row[-2:] == ['\'=HYPERLINK("http://x")', "17"]
    assert row[4] == "alice"


async def test_what_is_erased_is_gone_for_everybody(alice: Caller, olga: Caller, hall: Hall) -> None:
    form_id = await form_of(olga, NAME, PASSPORT)
    sent = await send(alice, form_id, {"name": "Alice Liddell"}, passport=("liddell.pdf", PDF))
    path = f"/api/v1/submissions/{sent.json()['submission_id']}"
    file = (await alice.get(path)).json()["files"][0]["url"]
    assert (await alice.client.delete(f"{path}/data")).status_code == 403
    assert (await olga.client.delete(f"{path}/data")).status_code == 204
    assert (await olga.client.delete(f"{path}/data")).status_code == 204
    assert (await alice.get(path)).status_code == 404
    assert (await olga.get(file)).status_code == 404
    left = await olga.get(path)
    assert "iddell" not in left.text
    assert [event["what"] for event in left.json()["history"]] == ["submitted", "erased"]
    await discard_loose_files(hall.database, hall.storage)
    assert [each async for each in hall.storage.files("forms")] == []


async def test_organisations_are_brought_by_a_file_all_or_none(olga: Caller) -> None:
    path = "/api/v1/organisations/import"
    text = {"Content-Type": "text/csv"}
    file = "code,name,kind\nTC-1,One,training-centre\nS-2,School two,school\n"
    done = await olga.client.post(path, content=file, headers=text)
    assert done.json() == {"added": 2, "changed": 0, "unchanged": 0}
    again = await olga.client.post(path, content=file.replace("One", "Uno"), headers=text)
    assert again.json() == {"added": 0, "changed": 1, "unchanged": 1}
    wrong = "code,name,kind\nTC-3,Three,school\ntc-3,Again,school\n,No code,school\nX,X,palace\n"
    reply = await olga.client.post(path, content=wrong, headers=text)
    assert reply.status_code == 422
    assert {each["line"] for each in reply.json()["fields"]} == {3, 4}
    kind = await olga.client.post(path, content="code,name,kind\nX,X,palace\n", headers=text)
    assert kind.json()["fields"][0]["column"] == "kind"
    found = (await olga.get("/api/v1/organisations")).json()["items"]
    assert {(each["code"], each["name"]) for each in found} == {("TC-1", "Uno"), ("S-2", "School two")}
    taken = await olga.post("/api/v1/organisations", {"code": "s-2", "name": "Another"})
    assert (taken.status_code, taken.json()["code"]) == (409, "organisation_code_taken")
    palace = await olga.post("/api/v1/organisations", {"code": "P", "name": "P", "kind": "palace"})
    assert (palace.status_code, palace.json()["code"]) == (422, "unknown_kind")
