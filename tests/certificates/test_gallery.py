"""The gallery: what is shown, in which order, to whom, and how soon a change is seen."""

import json

import pytest

from examhall.base.db import Connection, Database
from examhall.certificates.gallery import (
    BadCursor,
    Gallery,
    list_held,
    list_issued,
    list_issued_by,
    search_issued,
    set_public,
)
from examhall.certificates.issue import Order
from examhall.certificates.revoking import NoSuchCertificate, revoke_certificate

from .given import add_template, issue, someone

pytestmark = pytest.mark.anyio


async def test_pages_follow_each_other_newest_first_and_tell_no_number(database: Database) -> None:
    async with database.transaction() as conn:
        olga, template_id = await someone(conn), await add_template(conn)
        for n in range(5):
            await issue(conn, template_id, Order(f"Person {n}"), by=olga, public=n != 1)
    gallery = Gallery(database)
    first = json.loads((await gallery.public(cursor=None, limit=2)).body)
    second = json.loads((await gallery.public(cursor=first["next_cursor"], limit=2)).body)
    assert [each["holder"] for each in (*first["items"], *second["items"])] == [
        "Person 4", "Person 3", "Person 2", "Person 0",
    ]  # fmt: skip
    assert (first["next_cursor"], second["next_cursor"]) == (first["items"][-1]["serial"], None)
    assert "id" not in first["items"][0]
    with pytest.raises(BadCursor):
        await gallery.public(cursor="17", limit=2)


async def test_it_comes_from_memory_until_something_changes(database: Database) -> None:
    async with database.transaction() as conn:
        olga, template_id = await someone(conn), await add_template(conn)
        [alice] = await issue(conn, template_id, Order(username="person1"), by=olga)
    gallery = Gallery(database)
    page = await gallery.public(cursor=None, limit=10)
    async with database.transaction() as conn:
        await set_public(conn, serial=alice.serial, holder_id=olga, public=False)
    assert await gallery.public(cursor=None, limit=10) is page
    gallery.drop_all()
    emptied = await gallery.public(cursor=None, limit=10)
    assert json.loads(emptied.body)["items"] == []
    assert emptied.etag != page.etag


async def test_only_its_holder_shows_or_hides_it_and_a_revoked_one_is_not_shown(conn: Connection) -> None:
    olga, template_id = await someone(conn), await add_template(conn)
    mallory = await someone(conn, number=2)
    [alice] = await issue(conn, template_id, Order(username="person1"), by=mallory)
    with pytest.raises(NoSuchCertificate):
        await set_public(conn, serial=alice.serial, holder_id=mallory, public=False)
    [hers] = await list_held(conn, holder_id=olga, after=None, limit=9)
    assert hers.serial == alice.serial
    assert await list_held(conn, holder_id=mallory, after=None, limit=9) == []
    await revoke_certificate(conn, serial=alice.serial, reason="Wrong name", revoked_by=mallory)
    [held] = await list_held(conn, holder_id=olga, after=None, limit=9)
    assert held.revoked_at is not None


async def test_the_office_finds_them_by_name_serial_or_creator(conn: Connection) -> None:
    olga, nora = await someone(conn), await someone(conn, number=2)
    template_id = await add_template(conn)
    names = ["Oʻktam Gʻaniyev", "Жўрабек Ғаниев", "Anna-Maria O'Neil"]
    hers = await issue(conn, template_id, *map(Order, names), by=olga)
    await issue(conn, template_id, Order("Bob"), by=nora)

    async def found(text: str) -> list[str]:
        return [each.holder_name for each in await search_issued(conn, text, limit=9)]

    assert await found("gʻan") == ["Oʻktam Gʻaniyev"]
    assert await found("ГАНИЕВ") == []
    assert await found("ҒАНИЕВ жўра") == ["Жўрабек Ғаниев"]
    assert await found("maria neil") == ["Anna-Maria O'Neil"]
    assert await found(hers[0].serial.lower().replace("-", " ")) == ["Oʻktam Gʻaniyev"]
    for nothing in ("", "   ", "'", "& | ! : *", "<->", "\\", "a:*b & (", "')); DROP TABLE certificates"):
        assert await found(nothing) == []
    assert len(await list_issued_by(conn, issued_by=olga, after=None, limit=9)) == 3
    assert len(await list_issued(conn, after=hers[2].serial, limit=9)) == 2
