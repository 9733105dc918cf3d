import asyncio
import csv
import re
from gettext import NullTranslations
from io import StringIO

import pytest

from examhall.accounts.people import create_person
from examhall.accounts.sign_in import refresh
from examhall.accounts.tickets import (
    NoSuchExam,
    NoSuchTicket,
    TicketInvalid,
    UnknownPeople,
    admit,
    entry_of,
    issue_tickets,
    list_tickets,
    read_admission,
    revoke_ticket,
    ticket_url,
    tickets_csv,
    tickets_sheet_html,
)
from examhall.accounts.turnstile import Turnstile
from examhall.base.db import Database
from tests.accounts.office import count, make_exam

pytestmark = pytest.mark.anyio

BASE_URL = "https://exams.example.org"


async def issue(database, signer, exam_id, person_ids=None):
    async with database.transaction() as conn:
        return await issue_tickets(conn, signer, exam_id=exam_id, person_ids=person_ids)


async def enter(database, signer, token, **how):
    return await Turnstile(database, signer).enter(token, **how)


@pytest.fixture
async def ticket(database, signer, exam, alice):
    (ticket,) = await issue(database, signer, exam, [alice])
    return ticket


async def test_a_ticket_signs_in_for_its_exam_alone(database, signer, ticket, alice, exam):
    done = await enter(database, signer, ticket.token)
    assert (done.account.id, done.exam_id) == (alice, exam)
    again = await enter(database, signer, ticket.token, browser=True)
    assert again.id != done.id
    assert again.refresh_token is None


async def test_a_ticket_makes_a_candidate_of_whoever_shows_it(database, signer, exam, admin):
    (ticket,) = await issue(database, signer, exam, [admin])
    done = await enter(database, signer, ticket.token)
    assert done.roles == ("candidate",)
    async with database.transaction() as conn:
        renewed = await refresh(conn, refresh_token=done.refresh_token)
    assert (renewed.roles, renewed.exam_id) == (("candidate",), exam)


async def test_issuing_again_gives_the_same_tickets(database, signer, ticket, exam, alice, admin):
    repeated = await issue(database, signer, exam, [alice, admin])
    assert [each.username for each in repeated] == ["adam", "alice"]
    assert repeated[1].token == ticket.token


async def test_tickets_for_everybody_assigned_and_active(database, signer, exam, alice, admin):
    async with database.transaction() as conn:
        gone = await create_person(conn, username="gone", full_name="Gone")
        await conn.execute("UPDATE people SET active = false WHERE id = %s", (gone,))
        await conn.execute(
            "INSERT INTO assignments (exam_id, person_id) SELECT %s, unnest(%s::bigint[])",
            (exam, [alice, gone]),
        )
    assert [each.person_id for each in await issue(database, signer, exam)] == [alice]


async def test_issuing_at_once_gives_one_live_ticket_each(dsn, database, signer, exam, alice, admin):
    other = Database(dsn)
    await other.open()
    issued = await asyncio.gather(
        *(issue((database, other)[n % 2], signer, exam, [alice, admin][:: (-1) ** n]) for n in range(20))
    )
    assert len({tuple(ticket.token for ticket in tickets) for tickets in issued}) == 1
    assert await count(database, "tickets") == 2
    await other.close()


async def test_nothing_is_issued_when_somebody_is_unknown_or_the_exam_is(database, signer, exam, alice):
    with pytest.raises(UnknownPeople) as caught:
        await issue(database, signer, exam, [alice, 999])
    assert caught.value.details == {"person_ids": [999]}
    with pytest.raises(NoSuchExam):
        await issue(database, signer, exam + 1, [alice])
    assert await count(database, "tickets") == 0


async def test_a_revoked_ticket_opens_nothing_and_what_it_opened_is_closed(
    database, signer, ticket, exam, alice
):
    done = await enter(database, signer, ticket.token)
    for _ in range(2):
        async with database.transaction() as conn:
            await revoke_ticket(conn, exam_id=exam, ticket_id=ticket.id)
    with pytest.raises(TicketInvalid):
        await enter(database, signer, ticket.token)
    assert await count(database, "sign_ins", f"id = '{done.id}' AND ended_by = 'staff'") == 1
    (new,) = await issue(database, signer, exam, [alice])
    assert new.token != ticket.token
    await enter(database, signer, new.token)


async def test_revoking_waits_for_whoever_is_just_entering(database, signer, ticket, exam):
    """Or the sign-in would be stored after the revocation had looked for it."""
    async with database.transaction() as entering:
        assert await admit(entering, [entry_of(signer, ticket.token, browser=True)])

        async def revoke():
            async with database.transaction() as conn:
                await revoke_ticket(conn, exam_id=exam, ticket_id=ticket.id)

        revoking = asyncio.create_task(revoke())
        done, _ = await asyncio.wait([revoking], timeout=0.2)
        assert not done
    await revoking
    assert await count(database, "sign_ins", "ended_at IS NULL") == 0


async def test_a_ticket_is_revoked_under_its_own_exam_only(database, signer, ticket, exam):
    async with database.transaction() as conn:
        other = await make_exam(conn, "Other")
        with pytest.raises(NoSuchTicket):
            await revoke_ticket(conn, exam_id=other, ticket_id=ticket.id)
    await enter(database, signer, ticket.token)


@pytest.mark.parametrize("change", ["active = false"])
async def test_whoever_is_inactive_does_not_enter(database, signer, ticket, change):
    async with database.transaction() as conn:
        await conn.execute(f"UPDATE people SET {change}".encode())
    with pytest.raises(TicketInvalid):
        await enter(database, signer, ticket.token)
    async with database.transaction() as conn:
        with pytest.raises(TicketInvalid):
            await read_admission(conn, signer, ticket.token)


async def test_the_table_alone_opens_nothing(database, signer, ticket):
    for forged in (str(ticket.id), ticket.id.hex, ticket.token[:-1], "A" * 43, "", "\ud800" * 43):
        with pytest.raises(TicketInvalid):
            await enter(database, signer, forged)


async def test_a_ticket_can_be_read_without_using_it(database, signer, ticket, exam):
    async with database.transaction() as conn:
        admission = await read_admission(conn, signer, ticket.token)
    assert (admission.full_name, admission.exam_id, admission.exam_title) == (
        "Alice <A.> & Söhne",
        exam,
        "Algebra",
    )
    assert await count(database, "sign_ins") == 0


async def test_the_list_goes_page_by_page(database, signer, exam, alice, admin):
    await issue(database, signer, exam, [alice, admin])
    async with database.transaction() as conn:
        (first,) = await list_tickets(conn, signer, exam_id=exam, limit=1)
        (second,) = await list_tickets(conn, signer, exam_id=exam, after=first.person_id, limit=1)
    assert {first.person_id, second.person_id} == {alice, admin}


async def test_the_csv_is_what_scripts_expect(database, signer, ticket):
    (row,) = csv.DictReader(StringIO(tickets_csv([ticket], BASE_URL + "/")))
    assert row == {"username": "alice", "ticket": ticket.token, "url": f"{BASE_URL}/t/{ticket.token}"}
    assert ticket_url(BASE_URL, ticket.token) == row["url"]


async def test_the_sheet_has_a_code_for_each_and_no_markup_of_theirs(database, signer, exam, alice, admin):
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET title = '<script>alert(1)</script>'")
    html = tickets_sheet_html(await issue(database, signer, exam, [alice, admin]), BASE_URL, nonce="abc")
    assert "Alice &lt;A.&gt; &amp; Söhne" in html
    assert "<script" not in html
    assert html.count("<svg") == 2
    # Nothing that a strict Content-Security-Policy would stop.
    assert not re.search(r"\sstyle=|\son\w+=", html)
    assert '<style nonce="abc">' in html


async def test_the_sheet_speaks_the_readers_language():
    class Shouting(NullTranslations):
        def gettext(self, message: str) -> str:
            return message.upper()

    assert "<title>ADMISSION TICKETS</title>" in tickets_sheet_html([], BASE_URL, translations=Shouting())
