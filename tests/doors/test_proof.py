"""Proof of certificates through the front door: anybody may ask, nobody learns more than they hold."""

import asyncio
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from examhall.accounts.access import COOKIE
from examhall.app import Hall
from examhall.certificates.serials import new_serial
from examhall.certificates.signing import is_genuine, read_base64url
from tests.certificates.shelf import add_certificate, add_template

pytestmark = pytest.mark.anyio


@pytest.fixture
async def its(hall: Hall) -> dict[str, Any]:
    async with hall.database.transaction() as conn:
        return await add_certificate(conn, signer=hall.certificate_signer)


async def test_a_stranger_is_told_that_it_is_genuine_and_can_check_it(call: Any, its: dict[str, Any]) -> None:
    stranger = await call(None)
    told = (await stranger.get(f"/api/certificates/{its['serial']}")).json()
    assert told["status"] == "genuine"
    assert told["facts"]["holder"] == its["holder"]
    for path in ("/.well-known/examhall-keys.json", "/api/certificates/keys"):
        keys = {key["kid"]: read_base64url(key["x"]) for key in (await stranger.get(path)).json()["keys"]}
        signature = read_base64url(told["signature"])
        assert is_genuine(told["signed"], signature, keys[told["key_id"]])


async def test_what_was_never_issued_looks_alike_whatever_was_typed(call: Any, its: dict[str, Any]) -> None:
    stranger = await call(None)
    replies = [
        await stranger.get(f"/api/v1/certificates/{quote(serial, safe='')}")
        for serial in (new_serial(), its["serial"][:-1], "1", "%00", "'", "x" * 500)
    ]
    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.content for reply in replies}) == 1


async def test_names_are_shown_as_they_are_and_harm_nobody(hall: Hall, call: Any) -> None:
    facts: dict[str, Any] = {
        "holder": "<img src=x onerror=alert(1)>\u202e & Sons",
        "title": "</title><script>",
        "for": "{{ 7 * 7 }}",
        "fields": {"signatory": "<b>Olga</b>"},
    }
    async with hall.database.transaction() as conn:
        its = await add_certificate(conn, signer=hall.certificate_signer, **facts)
    stranger = await call(None)
    page = await stranger.get(f"/verify/{its['serial']}")
    assert page.status_code == 200
    assert "{{ 7 * 7 }}" in page.text
    assert not [what for what in ("<img src=x", "</title><script>", "<b>Olga") if what in page.text]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for path in ("", "/badge"):
        reply = await stranger.get(f"/api/certificates/{its['serial']}{path}")
        assert reply.headers["content-type"].startswith("application/")
        assert reply.headers["x-content-type-options"] == "nosniff"


async def test_days_and_figures_are_written_as_the_reader_has_them(hall: Hall, call: Any) -> None:
    facts: dict[str, Any] = {
        "issued_on": "2026-02-03",
        "score": {"points": 51.5, "max_points": 55, "percent": 93.6},
        "exam": {"title": "Mock 3", "held_on": "2026-01-14"},
    }
    async with hall.database.transaction() as conn:
        its = await add_certificate(conn, signer=hall.certificate_signer, **facts)
    stranger = await call(None)
    for language, held, issued, score in (
        ("en", "14 January 2026", "3 February 2026", "51.5 / 55 (93.6%)"),
        ("ru", "14 января 2026 г.", "3 февраля 2026 г.", "51,5 / 55 (93,6 %)"),
        ("uz", "2026-yil 14-yanvar", "2026-yil 3-fevral", "51,5 / 55 (93,6%)"),
    ):
        page = await stranger.client.get(f"/verify/{its['serial']}", headers={"Accept-Language": language})
        text = page.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
        assert f'<time datetime="2026-01-14">{held}</time>' in text
        assert f'<time datetime="2026-02-03">{issued}</time>' in text
        assert score in text


async def test_labels_that_came_with_examhall_are_in_the_readers_language_and_others_as_written(
    hall: Hall, call: Any
) -> None:
    stranger = await call(None)
    for label, shown in (("Who signs", "Кто подписывает"), ("Signed in spring by", "Signed in spring by")):
        async with hall.database.transaction() as conn:
            template_id = await add_template(conn)
            its = await add_certificate(
                conn,
                signer=hall.certificate_signer,
                template_id=template_id,
                serial=new_serial(),
                fields={"signatory": "Olga"},
            )
            await conn.execute(
                "UPDATE certificate_template_versions SET fields = %s WHERE template_id = %s",
                (
                    Jsonb([{"name": "signatory", "label": label, "required": False, "example": ""}]),
                    template_id,
                ),
            )
        headers = {"Accept-Language": "ru"}
        page = await stranger.client.get(f"/verify/{its['serial']}", headers=headers)
        assert f"<dt>{shown}</dt>" in page.text


async def test_the_page_asks_for_a_serial_until_it_is_one(call: Any) -> None:
    stranger = await call(None)
    for typed in ("", "7K3Q", "<script>alert(1)</script>", "x" * 5000):
        reply = await stranger.get("/verify", params={"serial": typed})
        assert reply.status_code == (422 if typed else 200)
        assert "<script>alert" not in reply.text


async def test_a_serial_as_people_type_it_leads_to_its_page(call: Any, its: dict[str, Any]) -> None:
    stranger = await call(None)
    typed = its["serial"].lower().replace("-", " ")
    for reply in (
        await stranger.get("/verify", params={"serial": typed}),
        await stranger.get(f"/verify/{quote(typed)}"),
    ):
        assert (reply.status_code, reply.headers["location"]) == (303, f"/verify/{its['serial']}")


async def test_an_unknown_serial_has_a_page_that_says_so(call: Any) -> None:
    reply = await (await call(None)).get(f"/verify/{new_serial()}")
    assert reply.status_code == 404
    assert "No certificate with this serial was issued here" in reply.text


async def test_who_revokes_it_is_seen_by_everybody_within_a_second(
    call: Any, hall: Hall, its: dict[str, Any]
) -> None:
    olga, stranger = await call("olga", "author"), await call(None)
    badge = (await stranger.get(f"/api/certificates/{its['serial']}/badge")).json()
    place = int(badge["credentialStatus"]["statusListIndex"])
    address = badge["credentialStatus"]["statusListCredential"].removeprefix(hall.settings.url)
    before = (await stranger.get(address)).json()
    reply = await olga.post(f"/api/certificates/{its['serial']}/revoke", {"reason": "Issued in error"})
    assert (reply.status_code, reply.json()["status"]) == (200, "revoked")
    page = await stranger.get(f"/verify/{its['serial']}")
    assert "Revoked" in page.text
    assert "Issued in error" in page.text
    assert (await stranger.get(f"/api/certificates/{its['serial']}/badge")).status_code == 410
    assert (await stranger.get(f"/api/certificates/{its['serial']}/badge.jwt")).status_code == 410
    async with asyncio.timeout(5):
        while (await stranger.get(address)).json()["credentialSubject"] == before["credentialSubject"]:
            await asyncio.sleep(0.02)
    assert place >= 0


async def test_revoking_again_is_told_what_stands_and_another_reason_is_a_conflict(
    call: Any, its: dict[str, Any]
) -> None:
    olga = await call("olga", "author")
    path = f"/api/v1/certificates/{its['serial']}/revoke"
    first = await olga.post(path, {"reason": "Forged"})
    again = await olga.post(path, {"reason": "Forged"})
    other = await olga.post(path, {"reason": "Lost"})
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"], other.json()["reason"]) == (
        409,
        "revoked_already",
        "Forged",
    )


async def test_a_bad_revocation_revokes_nothing(call: Any, its: dict[str, Any]) -> None:
    olga = await call("olga", "author")
    bodies: list[Any] = [{}, {"reason": 1}, {"reason": ""}, {"reason": "x" * 301}, {"reason": "\u0000"}, []]
    for body in bodies:
        reply = await olga.post(f"/api/v1/certificates/{its['serial']}/revoke", body)
        assert reply.status_code in (400, 422), body
    assert (await olga.get(f"/api/certificates/{its['serial']}")).json()["status"] == "genuine"


async def test_a_status_list_that_is_none_is_not_there(call: Any) -> None:
    stranger = await call(None)
    for number in ("-1", "99999999999999999999", "x", "1"):
        assert (await stranger.get(f"/api/certificates/status/{number}")).status_code in (404, 422)


async def test_the_public_lists_are_the_same_by_every_way(call: Any, hall: Hall) -> None:
    """The first page of everything goes past the framework; it must not look different for that."""
    async with hall.database.transaction() as conn:
        its = await add_certificate(conn, signer=hall.certificate_signer, columns={"public": True})
    stranger = await call(None)
    for name, query in (("templates", "category="), ("public", "limit=24")):
        short = await stranger.get(f"/api/certificates/{name}")
        long = await stranger.get(f"/api/v1/certificates/{name}")
        framed = await stranger.get(f"/api/v1/certificates/{name}?{query}")
        assert short.content == long.content
        assert (short.status_code, long.status_code) == (200, 200)
        wanted = ("content-type", "cache-control", "etag", "content-length")
        assert [short.headers[each] for each in wanted] == [long.headers[each] for each in wanted]
        if name == "public":
            assert framed.content == short.content
            assert [framed.headers[each] for each in wanted] == [short.headers[each] for each in wanted]
            assert its["serial"] in short.text
        known = await stranger.get(
            f"/api/certificates/{name}", headers={"If-None-Match": short.headers["etag"]}
        )
        assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize("stored", ["{}", "[]", "torn", '{"fields": 1, "score": 2, "exam": 3}', "null"])
async def test_a_damaged_certificate_takes_no_page_with_it_and_is_not_printed(
    hall: Hall, call: Any, stored: str
) -> None:
    stranger, nodira = await call(None), await call("nodira", "author")
    nodira.client.cookies.set(COOKIE, hall.signer.cookie_token(nodira.id, uuid4(), ["author"]))
    async with hall.database.transaction() as conn:
        columns = {"holder_id": nodira.id, "public": True}
        whole, torn = [
            await add_certificate(conn, signer=hall.certificate_signer, columns=columns) for _ in range(2)
        ]
        await conn.execute("UPDATE certificates SET facts = %s WHERE serial = %s", (stored, torn["serial"]))
    for path in ("/certificates", "/staff/certificates", f"/staff/certificates/{torn['serial']}/revoke"):
        assert (await nodira.get(path)).status_code == 200, path
    for path in ("/certificates/gallery", "/api/v1/certificates/public", f"/verify/{torn['serial']}"):
        assert (await stranger.get(path)).status_code == 200, path
    assert (await stranger.get(f"/api/certificates/{torn['serial']}")).json()["status"] == "damaged"
    assert (await stranger.get(f"/verify/{whole['serial']}")).text.count(whole["holder"]) > 0
    for path in ("/api/v1/certificates/{}/pdf", "/certificates/{}/pdf", "/certificates/{}/picture"):
        assert (await stranger.get(path.format(torn["serial"]))).status_code == 409, path
    assert (await stranger.get(f"/api/certificates/{torn['serial']}/badge")).status_code == 404
