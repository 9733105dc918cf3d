"""Issuing: one, many, once per request, all or nothing, and every signature genuine."""

import asyncio
import json
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.certificates.issue import BadCertificates, Issued, KeyUsedOtherwise, Order
from examhall.certificates.signing import is_genuine
from examhall.certificates.templates import NoSuchTemplate, TemplateInactive

from .given import ISSUER, MOTTO, add_template, count, issue, someone

pytestmark = pytest.mark.anyio


async def stored(conn: Connection, serial: str) -> Any:
    cursor = await conn.execute(
        "SELECT facts, signature, key_id, holder_name, template_version FROM certificates WHERE serial = %s",
        (serial,),
    )
    return await cursor.fetchone()


async def test_the_facts_are_signed_as_they_are_kept(conn: Connection) -> None:
    olga = await someone(conn)
    template_id = await add_template(conn)
    [issued] = await issue(
        conn, template_id, Order("  Alice   Example ", fields={"motto": "Ad astra"}), by=olga
    )
    facts, signature, key_id, holder, version = await stored(conn, issued.serial)
    said = json.loads(facts)
    assert said == {
        "serial": issued.serial,
        "title": "Diploma",
        "holder": "Alice Example",
        "for": "Mathematics",
        "issued_on": f"{issued.issued_at:%Y-%m-%d}",
        "issuer": "Examhall Academy",
        "url": f"https://exams.example.org/verify/{issued.serial}",
        "fields": {"motto": "Ad astra"},
    }
    assert (holder, version, key_id) == ("Alice Example", 1, ISSUER.signer.key_id)
    assert is_genuine(facts, signature, ISSUER.signer.public_key)
    assert not is_genuine(facts.replace("Alice", "Mallory"), signature, ISSUER.signer.public_key)


async def test_a_thousand_are_issued_in_order_by_a_handful_of_statements(conn: Connection) -> None:
    olga = await someone(conn)
    template_id = await add_template(conn)
    asked = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(conn, name)

        def cursor(self, **how: Any) -> Any:
            asked.append(how)
            return conn.cursor(**how)

    orders = [Order(f"Person {n}", fields={"motto": str(n)}) for n in range(1000)]
    issued = await issue(Counting(), template_id, *orders, by=olga)  # type: ignore[arg-type]
    assert [each.holder_name for each in issued] == [order.holder for order in orders]
    assert len({each.serial for each in issued}) == 1000
    assert len(asked) < 10
    jobs = await conn.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'print_certificates'"
    )
    assert await jobs.fetchone() == (10,)


async def test_one_bad_one_and_none_is_issued(conn: Connection) -> None:
    olga = await someone(conn)
    template_id = await add_template(conn, fields=[MOTTO | {"required": True}])
    orders = [
        Order("Alice", fields={"motto": "Yes"}),
        Order("Bob"),
        Order("Carol", fields={"motto": "Yes", "colour": "red"}),
        Order(username="nobody"),
        Order("  "),
    ]
    with pytest.raises(BadCertificates) as refused:
        await issue(conn, template_id, *orders, by=olga)
    assert [(each["number"], each["field"]) for each in refused.value.details["fields"]] == [
        (2, "motto"),
        (3, "colour"),
        (4, "username"),
        (5, "holder"),
    ]
    assert await count(conn) == 0


async def test_the_account_says_the_name_where_nobody_wrote_one(conn: Connection) -> None:
    olga = await someone(conn)
    issued = await issue(conn, await add_template(conn), Order(username="PERSON1"), by=olga)
    assert [(each.holder_name, each.holder_id) for each in issued] == [("Person 1", olga)]


async def test_nothing_is_issued_by_a_template_that_is_not_there_or_not_active(conn: Connection) -> None:
    olga = await someone(conn)
    template_id = await add_template(conn)
    await conn.execute("UPDATE certificate_templates SET active = false")
    with pytest.raises(TemplateInactive):
        await issue(conn, template_id, by=olga)
    with pytest.raises(NoSuchTemplate):
        await issue(conn, template_id + 1, by=olga)


async def test_a_request_that_comes_many_times_at_once_issues_once(database: Database) -> None:
    async with database.transaction() as conn:
        olga, template_id = await someone(conn), await add_template(conn)

    async def ask() -> list[Issued]:
        async with database.transaction() as conn:
            return await issue(conn, template_id, Order("Alice"), Order("Bob"), by=olga, request_key="k1")

    replies = await asyncio.gather(*[ask() for _ in range(8)])
    assert all(reply == replies[0] for reply in replies)
    async with database.transaction() as conn:
        assert (await count(conn), await count(conn, "certificate_batches")) == (2, 1)
        with pytest.raises(KeyUsedOtherwise):
            await issue(conn, template_id, Order("Mallory"), by=olga, request_key="k1")


async def test_a_key_is_its_senders_own_and_one_that_failed_is_free_again(database: Database) -> None:
    async with database.transaction() as conn:
        olga, nora = await someone(conn), await someone(conn, number=2)
        template_id = await add_template(conn)
    with pytest.raises(BadCertificates):
        async with database.transaction() as conn:
            await issue(conn, template_id, Order(" "), by=olga, request_key="k1")
    async with database.transaction() as conn:
        first = await issue(conn, template_id, by=olga, request_key="k1")
        other = await issue(conn, template_id, by=nora, request_key="k1")
        keyless = [await issue(conn, template_id, by=olga) for _ in range(2)]
    assert len({each.serial for each in (*first, *other, *keyless[0], *keyless[1])}) == 4
