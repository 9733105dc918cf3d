"""Certificates over the API: templates, issuing, the gallery, PDFs, and who may do what."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pypdf
import pytest

from examhall.app import Hall
from examhall.certificates.designs import BUNDLED, ensure_designs
from tests.certificates.given import MOTTO, SOURCE

from .conftest import Caller

pytestmark = pytest.mark.anyio

DOORS = ["/api", "/api/v1"]
TEMPLATE = {
    "name": "Diploma",
    "category": "achievement",
    "variant": "plain",
    "public": True,
    "fields": [MOTTO],
    "source": SOURCE,
}


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    return await call("olga", "author")  # type: ignore[no-any-return]


@pytest.fixture
async def stranger(call: Callable[..., Any]) -> Caller:
    return await call(None)  # type: ignore[no-any-return]


@pytest.fixture
async def template(olga: Caller) -> dict[str, Any]:
    reply = await olga.post("/api/certificates/templates", TEMPLATE)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def until(get: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Look until it is so; how long that takes is not the question here."""
    async with asyncio.timeout(10):
        while not holds(found := await get()):
            await asyncio.sleep(0.02)
        return found


@pytest.mark.parametrize("door", DOORS)
async def test_strangers_see_our_designs_by_category_and_variant(
    hall: Hall, stranger: Caller, door: str
) -> None:
    async with hall.database.transaction() as conn:
        await ensure_designs(conn)
    page = (await stranger.get(f"{door}/certificates/templates")).json()
    assert {each["variant"] for each in page["items"]} == {each.variant for each in BUNDLED}
    assert "source" not in page["items"][0]
    one = (await stranger.get(f"{door}/certificates/templates?category=excellence&variant=classic")).json()
    assert [each["name"] for each in one["items"]] == ["Certificate of excellence"]
    none = (await stranger.get(f"{door}/certificates/templates?category=excellence&variant=modern")).json()
    assert none["items"] == []
    picture = await stranger.get(one["items"][0]["picture_url"])
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/png", b"\x89PNG")


@pytest.mark.parametrize("door", DOORS)
async def test_the_quick_way_and_the_api_say_the_same(stranger: Caller, door: str) -> None:
    for path, query in (("templates", "category="), ("public", "limit=24")):
        quick = await stranger.get(f"{door}/certificates/{path}")
        slow = await stranger.get(f"{door}/certificates/{path}?{query}")
        for name in ("content-type", "cache-control", "etag"):
            assert quick.headers[name] == slow.headers[name]
        assert quick.json() == slow.json()


@pytest.mark.parametrize("path", ["/api/certificates/templates", "/api/certificates/public"])
async def test_who_has_a_list_is_not_sent_it_again(stranger: Caller, path: str) -> None:
    first = await stranger.get(path)
    again = await stranger.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


async def test_a_change_of_a_template_needs_its_version_and_is_seen(
    hall: Hall, olga: Caller, stranger: Caller, template: dict[str, Any]
) -> None:
    await hall.listener.connected.wait()
    path = f"/api/certificates/templates/{template['id']}"

    async def listed() -> list[str]:
        return [each["name"] for each in (await stranger.get("/api/certificates/templates")).json()["items"]]

    await until(listed, lambda names: names == ["Diploma"])
    changed = TEMPLATE | {"name": "Renamed"}
    assert (await olga.client.put(path, json=changed)).status_code == 428
    assert (await olga.client.put(path, json=changed, headers={"If-Match": '"1"'})).status_code == 200
    refused = await olga.client.put(path, json=changed, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["version"]) == (412, 2)
    await until(listed, lambda names: names == ["Renamed"])
    hidden = changed | {"active": False, "version": 2}
    assert (await olga.client.put(path, json=hidden)).status_code == 200
    await until(listed, lambda names: names == [])


async def test_a_template_that_cannot_be_set_is_not_saved(olga: Caller, template: dict[str, Any]) -> None:
    bad = TEMPLATE | {"source": "= Title\n\n#unknown"}
    for reply in (
        await olga.post("/api/certificates/templates", bad),
        await olga.client.put(f"/api/certificates/templates/{template['id']}", json=bad | {"version": 1}),
    ):
        problem = reply.json()
        assert (reply.status_code, problem["code"]) == (422, "bad_template")
        assert [(each["line"], each["message"]) for each in problem["fields"]] == [
            (3, "unknown variable: unknown")
        ]
    kept = (await olga.get(f"/api/certificates/templates/{template['id']}")).json()
    assert (kept["source"], kept["version"]) == (SOURCE, 1)
    assert len((await olga.get("/api/certificates/templates/all")).json()["items"]) == 1


@pytest.mark.parametrize("door", DOORS)
async def test_one_is_issued_shown_and_downloaded(
    hall: Hall, olga: Caller, alice: Caller, stranger: Caller, template: dict[str, Any], door: str
) -> None:
    await hall.listener.connected.wait()
    body = {
        "template_id": template["id"],
        "title": "Diploma",
        "for": "Maths",
        "public": True,
        "username": "alice",
    }
    reply = await olga.post(f"{door}/certificates", body)
    assert reply.status_code == 201, reply.text
    [issued] = reply.json()["items"]
    assert issued["holder"] == "Alice"

    async def gallery() -> list[str]:
        items = (await stranger.get(f"{door}/certificates/public")).json()["items"]
        return [each["serial"] for each in items]

    await until(gallery, lambda serials: serials == [issued["serial"]])
    [mine] = (await alice.get(f"{door}/certificates/mine")).json()["items"]
    assert (mine["serial"], mine["for"], mine["public"]) == (issued["serial"], "Maths", True)
    [hers] = (await olga.get(f"{door}/certificates?issued_by={olga.id}")).json()["items"]
    assert hers["serial"] == issued["serial"]
    assert (await olga.get(f"{door}/certificates?issued_by={alice.id}")).json()["items"] == []

    pdf = await stranger.get(issued["pdf_url"])
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert f'filename="certificate {issued["serial"]}.pdf"' in pdf.headers["content-disposition"]
    assert "Alice" in pypdf.PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()

    shown = f"{door}/certificates/{issued['serial']}/visibility"
    assert (await alice.client.put(shown, json={"public": False})).status_code == 204
    await until(gallery, lambda serials: serials == [])


async def test_a_list_is_issued_once_for_a_key_or_not_at_all(olga: Caller, template: dict[str, Any]) -> None:
    body: dict[str, Any] = {
        "template_id": template["id"],
        "title": "Diploma",
        "for": "Maths",
        "fields": {"motto": "For all"},
        "certificates": [{"holder": "Bob"}, {"holder": "Carol", "fields": {"motto": "Hers"}}],
    }
    key = {"Idempotency-Key": "a-1"}
    replies = await asyncio.gather(*[olga.post("/api/certificates", body, headers=key) for _ in range(5)])
    assert all(reply.json() == replies[0].json() for reply in replies)
    assert [each["holder"] for each in replies[0].json()["items"]] == ["Bob", "Carol"]
    other = await olga.post("/api/certificates", body | {"for": "More"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_used_otherwise")
    body["certificates"].append({"username": "nobody"})
    refused = await olga.post("/api/certificates", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_certificates")
    assert len((await olga.get("/api/certificates")).json()["items"]) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"holder": None},
        {"holder": "A", "certificates": [{"holder": "B"}]},
        {"certificates": []},
        {"certificates": [{"holder": "B"}] * 1001},
        {"holder": "A\0"},
        {"holder": "A" * 201},
        {"template_id": 0},
        {"template_id": 2**70},
        {"title": ""},
        {"fields": {"motto": "x" * 501}},
        {"unknown": 1},
    ],
)
async def test_a_request_that_cannot_be_meant_issues_nothing(
    olga: Caller, template: dict[str, Any], changed: dict[str, Any]
) -> None:
    body = {"template_id": template["id"], "title": "T", "for": "M", "holder": "A"} | changed
    assert (await olga.post("/api/certificates", body)).status_code == 422
    assert (await olga.get("/api/certificates")).json()["items"] == []


@pytest.mark.parametrize(
    "serial", ["../../etc/passwd", "%2e%2e%2fsecret", "a" * 500, "0000-0000-0000-0000-0000", "é"]
)
async def test_a_serial_that_is_none_leads_to_no_file(stranger: Caller, serial: str) -> None:
    for path in (
        f"/api/certificates/{serial}/pdf",
        f"/certificates/{serial}/pdf",
        f"/certificates/{serial}/picture",
    ):
        assert (await stranger.get(path)).status_code in (303, 404)


async def test_a_template_that_is_not_public_has_no_picture_for_strangers(
    olga: Caller, stranger: Caller, mallory: Caller
) -> None:
    private = (await olga.post("/api/certificates/templates", TEMPLATE | {"public": False})).json()
    assert (await olga.get(private["picture_url"])).status_code == 200
    for nobody in (stranger, mallory):
        assert (await nobody.get(private["picture_url"])).status_code == 404


async def test_names_are_text_on_every_page(hall: Hall, olga: Caller, template: dict[str, Any]) -> None:
    name = '<img src=x onerror="alert(1)">'
    body = {"template_id": template["id"], "title": name, "for": name, "public": True, "holder": name}
    await olga.post("/api/certificates", body)
    for page in ("/certificates/gallery", "/staff/certificates"):
        reply = await olga.get(page)
        if reply.status_code == 200:
            assert "<img src=x" not in reply.text
            assert "&lt;img src=x" in reply.text
