import asyncio

import pytest

from examhall.accounts.tickets import TicketInvalid, issue_tickets, revoke_ticket
from examhall.accounts.turnstile import Turnstile
from examhall.base import shared_transaction
from examhall.base.db import Database, Unavailable
from examhall.base.shared_transaction import Crowded
from tests.accounts.office import count

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tickets(database, signer, exam):
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO people (username, full_name) SELECT 'p' || n, 'P' FROM generate_series(1, 1000) AS n"
        )
        await conn.execute("INSERT INTO assignments SELECT %s, id FROM people", (exam,))
        return await issue_tickets(conn, signer, exam_id=exam)


async def test_a_thousand_enter_at_once_each_as_who_they_are(database, signer, tickets):
    turnstile = Turnstile(database, signer)
    entered = await asyncio.gather(
        *(turnstile.enter(ticket.token, browser=n % 2 == 0) for n, ticket in enumerate(tickets))
    )
    assert [each.account.username for each in entered] == [ticket.username for ticket in tickets]
    assert len({each.id for each in entered}) == 1000
    assert await count(database, "sign_ins", "method = 'ticket'") == 1000
    assert await count(database, "refresh_tokens") == 500


async def test_a_bad_ticket_among_others_is_refused_alone(database, signer, tickets, exam):
    async with database.transaction() as conn:
        await revoke_ticket(conn, exam_id=exam, ticket_id=tickets[1].id)
    turnstile = Turnstile(database, signer)
    shown = [tickets[0].token, tickets[1].token, "A" * 43, tickets[2].token, tickets[2].token]
    outcomes = await asyncio.gather(*(turnstile.enter(each) for each in shown), return_exceptions=True)
    assert [type(outcome) is TicketInvalid for outcome in outcomes] == [False, True, True, False, False]
    assert outcomes[3].id != outcomes[4].id


async def test_who_goes_away_does_not_stop_the_others(database, signer, tickets):
    turnstile = Turnstile(database, signer)
    gone = asyncio.create_task(turnstile.enter(tickets[0].token))
    staying = asyncio.create_task(turnstile.enter(tickets[1].token))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await staying).account.username == tickets[1].username


async def test_without_a_database_all_are_told_and_once_it_is_back_they_enter(dsn, signer, tickets):
    database = Database(dsn)
    turnstile = Turnstile(database, signer)
    outcomes = await asyncio.gather(
        *(turnstile.enter(ticket.token) for ticket in tickets[:5]), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    await database.open()
    await turnstile.enter(tickets[0].token)
    await database.close()


async def test_a_crowd_beyond_the_limit_is_told_to_come_again(database, signer, tickets, monkeypatch):
    monkeypatch.setattr(shared_transaction, "WAITING_LIMIT", 10)
    turnstile = Turnstile(database, signer)
    outcomes = await asyncio.gather(
        *(turnstile.enter(ticket.token) for ticket in tickets[:30]), return_exceptions=True
    )
    assert [type(outcome) is Crowded for outcome in outcomes] == [False] * 10 + [True] * 20
