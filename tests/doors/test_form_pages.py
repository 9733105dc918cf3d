"""Pages of forms without JavaScript: filling in, building, deciding; nothing that was typed is lost."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.forms.fields import Field
from examhall.forms.forms import find_form

from ..forms.rows import AGE, NAME, PASSPORT, PDF
from .conftest import Caller
from .test_forms import form_of

pytestmark = pytest.mark.anyio
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    return await call("olga", "admin")


def browser(hall: Hall, who: Caller, *roles: str) -> Caller:
    """The same person with a cookie in place of a token."""
    who.client.headers.pop("Authorization", None)
    who.client.cookies.set("examhall", hall.signer.cookie_token(who.id, uuid4(), roles or ["candidate"]))
    return who


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


async def test_what_was_typed_is_shown_again_with_what_is_wrong(
    hall: Hall, alice: Caller, olga: Caller
) -> None:
    form_id = await form_of(olga, NAME, AGE, PASSPORT)
    path = f"/forms/{form_id}"
    page = (await browser(hall, alice).get(path)).text
    fields = hidden(page)
    reply = await alice.client.post(path, data=fields | {"a.name": HOSTILE, "a.age": "four"})
    assert reply.status_code == 422
    assert "This is not a whole number." in reply.text
    assert HOSTILE not in reply.text
    assert "&#34;&gt;&lt;script&gt;" in reply.text
    # The key stays: what is mended is the same request.
    assert hidden(reply.text)["request_key"] == fields["request_key"]
    mended = fields | {"a.name": "Alice", "a.age": "17"}
    files = {"a.passport": ("scan.pdf", PDF)}
    sent = [await alice.client.post(path, data=mended, files=files) for _ in range(2)]
    # Pressed twice: once.
    assert [each.status_code for each in sent] == [303, 303]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    mine = await alice.get(sent[0].headers["location"])
    assert "scan.pdf" in mine.text
    assert "Alice" in (await alice.get("/forms")).text


async def test_a_form_that_changed_meanwhile_is_shown_anew_with_what_was_typed(
    hall: Hall, alice: Caller, olga: Caller
) -> None:
    form_id = await form_of(olga, NAME, AGE)
    page = (await browser(hall, alice).get(f"/forms/{form_id}")).text
    changed = {
        "title": "R", "status": "open", "version": 1,
        "schema": {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "title": "Your name", "maxLength": 100},
            "city": {"type": "string", "title": "Your city"}}},
    }  # fmt: skip
    assert (await olga.client.put(f"/api/v1/forms/{form_id}", json=changed)).status_code == 200
    reply = await alice.client.post(f"/forms/{form_id}", data=hidden(page) | {"a.name": "Alice L."})
    assert reply.status_code == 409
    assert "The form was changed while you filled it in." in reply.text
    assert 'value="Alice L."' in reply.text
    assert "Your city" in reply.text
    again = await alice.client.post(f"/forms/{form_id}", data=hidden(reply.text) | {"a.name": "Alice L."})
    assert again.status_code == 303


async def test_a_form_from_another_site_sends_nothing(hall: Hall, alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME, strangers=True)
    browser(hall, alice)
    for csrf in ({}, {"csrf_token": "guessed"}):
        reply = await alice.client.post(
            f"/forms/{form_id}", data={"a.name": "A", "fields_version": "1"} | csrf
        )
        assert reply.status_code == 403
    async with hall.database.transaction() as conn:
        link = (await find_form(conn, form_id)).link
    foreign = await alice.client.post(
        f"/f/{link}",
        data={"a.name": "A", "fields_version": "1"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.status_code == 403


async def test_a_stranger_sends_a_form_by_its_link_alone(
    hall: Hall, call: Callable[..., Any], olga: Caller
) -> None:
    stranger = await call(None)
    form_id = await form_of(olga, NAME, strangers=True)
    async with hall.database.transaction() as conn:
        link = (await find_form(conn, form_id)).link
    assert (await stranger.get("/f/guessed")).status_code == 404
    page = await stranger.get(f"/f/{link}")
    assert "without an account" in page.text
    sent = await stranger.client.post(f"/f/{link}", data=hidden(page.text) | {"a.name": "Somebody"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/f/{link}?sent=1")
    assert "It was sent" in (await stranger.get(sent.headers["location"])).text
    listed = (await olga.get(f"/api/v1/forms/{form_id}/submissions")).json()["items"]
    assert [(each["words"], each["created_by"]) for each in listed] == [("Somebody", None)]
    # Closed to strangers, the link leads nowhere.
    body = {"title": "R", "status": "open", "version": 1, "schema": (await olga.get(f"/api/v1/forms/{form_id}")).json()["schema"]}  # fmt: skip  # noqa: E501
    assert (await olga.client.put(f"/api/v1/forms/{form_id}", json=body)).status_code == 200
    assert (await stranger.get(f"/f/{link}")).status_code == 404


async def test_strangers_forms_are_taken_so_many_from_an_address(
    hall: Hall, call: Callable[..., Any], olga: Caller
) -> None:
    stranger = await call(None)
    form_id = await form_of(olga, NAME, strangers=True)
    async with hall.database.transaction() as conn:
        link = (await find_form(conn, form_id)).link
    statuses = [(await stranger.client.post(f"/f/{link}")).status_code for _ in range(40)]
    assert 429 in statuses


def row(number: int, **values: str) -> dict[str, str]:
    return {f"f{number}-{name}": value for name, value in values.items()}


async def test_a_form_is_built_without_javascript(hall: Hall, olga: Caller) -> None:
    browser(hall, olga, "admin")
    page = (await olga.get("/staff/forms/new")).text
    base = {"csrf_token": hidden(page)["csrf_token"], "title": "Request", "status": "open"}
    rows = row(0, title="Full name", kind="string", required="on") | row(1, title="Day", kind="choice")
    added = await olga.client.post("/staff/forms/new", data=base | rows | {"do": "add"})
    assert 'name="f2-title"' in added.text
    moved = await olga.client.post("/staff/forms/new", data=base | rows | {"do": "up:1"})
    assert moved.text.index('value="Day"') < moved.text.index('value="Full name"')
    wrong = await olga.client.post("/staff/forms/new", data=base | rows | {"do": "save"})
    assert wrong.status_code == 422
    assert "Write the choices, one in a line." in wrong.text
    right = rows | row(1, choices="Mon\r\nTue\r\n", title="Day", kind="choice")
    saved = await olga.client.post("/staff/forms/new", data=base | right | {"do": "save"})
    assert saved.status_code == 303, saved.text
    form_id = int(saved.headers["location"].rpartition("/")[2])
    async with hall.database.transaction() as conn:
        form = await find_form(conn, form_id)
    assert [(each.name, each.kind, each.required, each.choices) for each in form.fields] == [
        ("full_name", "string", True, ()),
        ("day", "choice", False, ("Mon", "Tue")),
    ]
    assert HOSTILE not in (await olga.get(f"/staff/forms/{form_id}")).text


async def test_who_was_slower_sees_what_the_other_changed(hall: Hall, olga: Caller) -> None:
    form_id = await form_of(olga, NAME)
    changed = {"title": "Theirs", "status": "closed", "version": 1}
    schema = (await olga.get(f"/api/v1/forms/{form_id}")).json()["schema"]
    schema["properties"]["city"] = {"type": "string", "title": "Their city"}
    reply = await olga.client.put(f"/api/v1/forms/{form_id}", json=changed | {"schema": schema})
    assert reply.status_code == 200
    path = f"/staff/forms/{form_id}/edit"
    page = (await browser(hall, olga, "admin").get(path)).text
    mine = hidden(page) | {"version": "1", "title": "Mine", "status": "open", "do": "save"}
    mine |= row(0, name="name", title="Your name", kind="string", required="on", most="100")
    refused = await olga.client.post(path, data=mine)
    assert refused.status_code == 412
    assert "The title is now “Theirs”." in refused.text
    assert "The form is now closed." in refused.text
    assert "They ask “Their city”; you do not." in refused.text
    assert 'value="Mine"' in refused.text
    assert hidden(refused.text)["version"] == "2"


async def test_a_day_that_was_answered_is_read_in_words(hall: Hall, alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME, Field("born", "date", "Born on"))
    body = {"fields_version": 1, "data": {"name": "Alice", "born": "2009-03-08"}}
    submission_id = (await alice.post(f"/api/v1/forms/{form_id}/submissions", body)).json()["submission_id"]
    for who, role, path in ((alice, "candidate", "/forms"), (olga, "admin", "/staff")):
        page = browser(hall, who, role).client.get(
            f"{path}/submissions/{submission_id}", headers={"Accept-Language": "ru"}
        )
        assert '<time datetime="2009-03-08">8 марта 2009' in (await page).text


async def test_a_decision_and_an_erasure_on_the_page(hall: Hall, alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME, Field("why", "text", "Why"))
    body = {"fields_version": 1, "data": {"name": "Alice", "why": HOSTILE}}
    submission_id = (await alice.post(f"/api/v1/forms/{form_id}/submissions", body)).json()["submission_id"]
    path = f"/staff/submissions/{submission_id}"
    page = (await browser(hall, olga, "admin").get(path)).text
    assert HOSTILE not in page
    decision = hidden(page) | {"version": "1", "status": "rejected", "note": "Too late\x00"}
    assert (await olga.client.post(f"{path}/status", data=decision)).status_code == 303
    late = await olga.client.post(f"{path}/status", data=decision | {"status": "accepted"})
    assert late.status_code == 412
    mine = (await browser(hall, alice).get(f"/forms/submissions/{submission_id}")).text
    assert "Too late" in mine
    csrf = {"csrf_token": hidden(page)["csrf_token"]}
    assert (await olga.client.post(f"{path}/erase", data=csrf)).status_code == 303
    erased = await olga.get(path)
    assert "Erased on request" in erased.text
    assert "Too late" not in erased.text
    assert (await alice.get(f"/forms/submissions/{submission_id}")).status_code == 404
    assert (await olga.get(f"/staff/forms/{form_id}")).status_code == 200


async def test_organisations_are_kept_on_their_page(hall: Hall, mallory: Caller, olga: Caller) -> None:
    browser(hall, olga, "admin")
    page = (await olga.get("/staff/organisations/new")).text
    given = hidden(page) | {"code": "TC-1", "name": HOSTILE, "kind": "school"}
    made = await olga.client.post("/staff/organisations/new", data=given)
    assert made.status_code == 303
    again = await olga.client.post("/staff/organisations/new", data=given)
    assert again.status_code == 422
    path = made.headers["location"]
    nobody = await olga.client.post(f"{path}/members", data=given | {"username": "nobody"})
    assert nobody.status_code == 404
    assert "Nobody here has this username." in nobody.text
    member = hidden(page) | {"username": "mallory", "manager": "on"}
    assert (await olga.client.post(f"{path}/members", data=member)).status_code == 303
    shown = await olga.get(path)
    assert "Mallory" in shown.text
    assert HOSTILE not in shown.text
    number = path.rpartition("/")[2]
    assert (await browser(hall, mallory).get(f"/organisations/{number}")).status_code == 200
    file = {"file": ("o.csv", b"code,name\nTC-2,Two\nTC-2,Again\n")}
    wrong = await olga.client.post("/staff/organisations", data=hidden(page), files=file)
    assert wrong.status_code == 422
    assert "is on line 2 already" in wrong.text
