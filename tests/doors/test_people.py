"""People, groups, accommodations and candidates over the API: who may, and what it comes to."""

import pytest

from .test_corrections import post_form, with_cookie

pytestmark = pytest.mark.anyio

ACCOMMODATION = {"factor": "2", "reason": "dyslexia"}


@pytest.fixture
async def adam(call):
    return await call("adam", "admin")


@pytest.fixture
async def olga(call):
    return await call("olga", "author")


@pytest.fixture
async def ivy(call):
    return await call("ivy", "invigilator")


def routes(exam_id, person_id):
    """(method, path, body, who may)"""
    exam = f"/api/v1/exams/{exam_id}"
    person = f"/api/v1/people/{person_id}"
    return [
        ("GET", "/api/v1/people?q=ali", None, "adam"),
        ("GET", "/api/v1/people/export", None, "adam"),
        ("GET", person, None, "adam"),
        ("GET", f"{person}/sign-ins", None, "adam"),
        ("DELETE", f"{person}/sign-ins", None, "adam"),
        ("POST", f"{person}/password-link", None, "adam"),
        ("POST", f"{person}/password", None, "adam"),
        ("GET", "/api/v1/groups", None, "adam olga ivy"),
        ("POST", "/api/v1/groups", {"name": "Quiet room"}, "adam olga"),
        ("GET", f"{exam}/candidates", None, "adam olga ivy"),
        ("GET", f"{exam}/owed-time", None, "adam olga ivy"),
        ("GET", f"{exam}/assigned", None, "adam olga ivy"),
        ("POST", f"{exam}/assigned/people", {"usernames": ["alice"]}, "adam olga"),
        ("GET", f"/api/v1/accommodations?exam_id={exam_id}", None, "adam olga ivy"),
        ("GET", f"/api/v1/accommodations?person_id={person_id}", None, "adam olga"),
        ("POST", "/api/v1/accommodations", ACCOMMODATION | {"person_id": person_id}, "adam"),
        ("POST", "/api/v1/accommodations",
         ACCOMMODATION | {"person_id": person_id, "exam_id": exam_id}, "adam olga"),
    ]  # fmt: skip


async def test_each_may_what_is_theirs_and_mallory_nothing(alice, mallory, adam, olga, ivy, exam_id):
    callers = {"mallory": mallory, "ivy": ivy, "olga": olga, "adam": adam}
    for method, path, body, who in routes(exam_id, alice.id):
        for name, caller in callers.items():
            reply = await caller.client.request(method, path, json=body)
            may = name in who.split()
            assert (reply.status_code in (200, 201, 204, 409)) == may, (name, method, path, reply.text)
            assert may or reply.status_code == 403


async def test_double_time_is_in_the_lobby_and_in_the_session(alice, olga, exam_id):
    before = (await alice.get(f"/api/v1/exams/{exam_id}")).json()
    given = await olga.post(
        "/api/v1/accommodations", ACCOMMODATION | {"person_id": alice.id, "exam_id": exam_id}
    )
    assert (given.status_code, given.headers["ETag"], given.json()["factor"]) == (201, '"1"', 2.0)
    listed = (await olga.get(f"/api/v1/exams/{exam_id}/candidates?q=alice")).json()
    assert listed["items"] == []
    await olga.post(f"/api/v1/exams/{exam_id}/assigned/people", {"usernames": ["alice"]})
    [listed] = (await olga.get(f"/api/v1/exams/{exam_id}/candidates")).json()["items"]
    assert (listed["duration_s"], listed["extra_s"]) == (2 * before["duration_s"], before["duration_s"])


async def test_time_owed_is_given_when_somebody_says_so(alice, olga, exam_id, session):
    for seconds in (600, 900):
        body = {"person_id": alice.id, "exam_id": exam_id, "extra_s": seconds}
        given = await olga.post("/api/v1/accommodations", body)
        if given.status_code == 409:
            [stored] = (await olga.get(f"/api/v1/accommodations?exam_id={exam_id}")).json()
            address = f"/api/v1/accommodations/{stored['id']}"
            assert (await olga.client.put(address, json={"extra_s": seconds})).status_code == 428
            stale = await olga.client.put(address, json={"extra_s": seconds}, headers={"If-Match": '"7"'})
            assert stale.status_code == 412
            await olga.client.put(address, json={"extra_s": seconds}, headers={"If-Match": '"1"'})
        now = (await alice.get(f"/api/v1/sessions/{session['session_id']}?questions=none")).json()
        [owed] = (await olga.get(f"/api/v1/exams/{exam_id}/owed-time")).json()
        assert owed["deadline_at"] == now["deadline_at"]
        body = {"sessions": [owed["session_id"]], "reason": "extra time"}
        applied = await olga.post(f"/api/v1/exams/{exam_id}/owed-time", body)
        assert applied.json()["reached"] == 1
        again = await olga.post(f"/api/v1/exams/{exam_id}/owed-time", body)
        assert (again.status_code, again.json()["code"]) == (409, "nobody_sits_it")
    listed = (await olga.get(f"/api/v1/exams/{exam_id}/interventions")).json()["items"]
    assert [each["seconds"] for each in listed] == [300, 600]


async def test_a_person_is_made_changed_and_closed(alice, adam):
    made = await adam.post("/api/v1/people", {"username": "bob", "full_name": "Bob", "roles": ["author"]})
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    address = f"/api/v1/people/{made.json()['id']}"
    body = {"username": "bob", "full_name": "Bob B.", "roles": ["author"], "version": 1}
    assert (await adam.client.put(address, json=body)).json()["version"] == 2
    faster = await adam.client.put(address, json=body)
    assert (faster.status_code, faster.json()["version"]) == (412, 2)
    for wrong in ({"username": "=bob"}, {"full_name": " "}, {"roles": ["king"]}):
        reply = await adam.client.put(address, json=body | {"version": 2} | wrong)
        assert reply.status_code == 422, reply.text
    own = await adam.client.put(
        f"/api/v1/people/{adam.id}",
        json={"username": "adam", "full_name": "A", "roles": ["author"], "version": 1},
    )
    assert (own.status_code, own.json()["code"]) == (403, "own_rights")


async def test_the_sheet_of_tickets_is_a_pdf_for_authors(alice, mallory, olga, exam_id):
    address = f"/api/v1/exams/{exam_id}/tickets.pdf"
    assert (await olga.get(address)).json()["code"] == "no_tickets"
    await olga.post(f"/api/v1/exams/{exam_id}/tickets", {"person_ids": [alice.id]})
    sheet = await olga.get(address)
    assert sheet.headers["content-type"] == "application/pdf"
    assert sheet.headers["cache-control"] == "no-store"
    assert sheet.content.startswith(b"%PDF")
    assert (await mallory.get(address)).status_code == 403


async def test_a_username_that_nobody_can_have_is_nobodys(call, hall, exam_id):
    olga = await with_cookie(hall, await call("olga", "author"), "author")
    group = (await olga.post("/api/v1/groups", {"name": "Quiet room"})).json()["id"]
    office = f"/staff/exams/{exam_id}/candidates"
    minutes = {"kind": "minutes", "minutes": "5"}
    for path, fields, status in (
        (f"/staff/groups/{group}/members", {"usernames": "x\0y"}, 422),
        (f"{office}/assign", {"usernames": "x\0y"}, 422),
        (f"{office}/accommodations", minutes | {"username": "x\0y"}, 422),
        (f"{office}/owed", {"sitting_id": "1", "reason": "x\0y"}, 409),
    ):
        assert (await post_form(olga, path, **fields)).status_code == status, path


@pytest.mark.parametrize(
    ("end", "at"), [("opens_at", "0001-01-01T00:00:00+14:00"), ("closes_at", "9999-12-31T23:59:59-14:00")]
)
async def test_a_window_ends_where_every_time_zone_can_write_it(call, hall, exam_id, alice, end, at):
    olga = await with_cookie(hall, await call("olga", "author"), "author")
    body = {"exam_id": exam_id, "person_id": alice.id, end: at}
    given = await olga.post("/api/v1/accommodations", body)
    assert (given.status_code, given.json()["fields"][0]["path"]) == (422, end)
    for said in (at, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        fields = {"username": "alice", "kind": "factor", "factor": "2", end: said}
        reply = await post_form(olga, f"/staff/exams/{exam_id}/candidates/accommodations", **fields)
        assert (reply.status_code, "This is not a date and time." in reply.text) == (422, True)
