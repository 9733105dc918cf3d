import asyncio

import pytest

from examhall.accounts.ended import EndedSignIns, end_sign_ins_of, load_recently_ended
from examhall.accounts.passwords import Passwords
from examhall.accounts.sign_in import (
    WrongCredentials,
    forget_old_sign_ins,
    refresh,
    sign_out,
    sign_out_by_refresh_token,
)
from examhall.base.db import Database
from examhall.base.listen import Listener
from tests.accounts.office import PASSWORD, count, fail, sign_in

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.COM"])
async def test_by_username_or_email_in_any_case(database, passwords, alice, name):
    done = await sign_in(database, passwords, name=name)
    assert (done.account.id, done.roles, done.exam_id) == (alice, ("candidate",), None)
    assert done.refresh_token is not None


@pytest.mark.parametrize("name", ["ali\0ce", "\ud800", "", "x" * 10_000])
async def test_a_name_that_cannot_be_is_nobodys(database, passwords, name):
    assert await fail(database, passwords, 1, name=name) == [WrongCredentials]


async def test_a_username_goes_before_somebody_elses_email(database, passwords, alice):
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO people (username, full_name, password_hash) VALUES ('alice@example.com', 'Bob', %s)",
            (await passwords.hash("pass"),),
        )
    done = await sign_in(database, passwords, name="alice@example.com", password="pass")
    assert done.account.full_name == "Bob"


async def test_a_browser_has_no_refresh_token(database, passwords, alice):
    assert (await sign_in(database, passwords, browser=True)).refresh_token is None
    assert await count(database, "refresh_tokens") == 0


async def test_only_the_hash_of_a_refresh_token_is_stored(database, passwords, alice):
    done = await sign_in(database, passwords)
    async with database.transaction() as conn:
        row = await (await conn.execute("SELECT token_hash FROM refresh_tokens")).fetchone()
    assert len(row[0]) == 32
    assert done.refresh_token.encode() not in row[0]


@pytest.mark.parametrize(
    "state",
    [
        "active = false",
        "password_hash = NULL",
        "username = 'other', email = NULL",
        "password_hash = 'broken'",
    ],
)
async def test_whatever_is_wrong_the_refusal_is_the_same(database, passwords, alice, state):
    async with database.transaction() as conn:
        await conn.execute(f"UPDATE people SET {state}".encode())
    assert await fail(database, passwords, 1, password=PASSWORD) == [WrongCredentials]
    assert await count(database, "sign_ins") == 0
    # Counted too, or the difference would show after ten tries.
    assert await count(database, "sign_in_failures") == 3


async def test_a_hash_with_old_parameters_is_replaced(database, passwords, alice):
    newer = Passwords(memory_kib=16, passes=1)
    await sign_in(database, newer)
    async with database.transaction() as conn:
        row = await (await conn.execute("SELECT password_hash FROM people")).fetchone()
    newer.close()
    assert "m=16," in row[0]
    await sign_in(database, passwords)


async def test_a_password_changed_while_it_was_verified_lets_nobody_in(database, alice):
    class Slow(Passwords):
        async def verify(self, password_hash, password, *, name):
            verdict = await super().verify(password_hash, password, name=name)
            async with database.transaction() as conn:
                await conn.execute("UPDATE people SET password_hash = 'another'")
            return verdict

    slow = Slow(memory_kib=8, passes=1)
    with pytest.raises(WrongCredentials):
        await sign_in(database, slow)
    slow.close()
    assert await count(database, "sign_ins") == 0


async def test_no_connection_is_held_while_a_password_is_verified(dsn, alice):
    database = Database(dsn, pool_size=1)
    await database.open()

    class Asking(Passwords):
        async def verify(self, password_hash, password, *, name):
            async with database.transaction() as conn:
                await conn.execute("SELECT 1")
            return await super().verify(password_hash, password, name=name)

    asking = Asking(memory_kib=8, passes=1)
    await sign_in(database, asking)
    asking.close()
    await database.close()


async def renew(database, token):
    async with database.transaction() as conn:
        return await refresh(conn, refresh_token=token)


async def test_a_refresh_token_gives_the_next_of_the_same_sign_in(database, passwords, alice):
    first = await sign_in(database, passwords)
    second = await renew(database, first.refresh_token)
    third = await renew(database, second.refresh_token)
    assert first.id == second.id == third.id
    assert len({each.refresh_token for each in (first, second, third)}) == 3


async def test_a_token_that_comes_again_ends_the_family(database, passwords, alice):
    first = await sign_in(database, passwords)
    second = await renew(database, first.refresh_token)
    assert await renew(database, first.refresh_token) is None
    assert await renew(database, second.refresh_token) is None
    assert await count(database, "sign_ins", "ended_by = 'reuse'") == 1


async def test_of_fifty_refreshes_at_once_one_wins_and_the_family_ends(dsn, database, passwords, alice):
    other = Database(dsn)
    await other.open()
    first = await sign_in(database, passwords)
    outcomes = await asyncio.gather(
        *(renew((database, other)[n % 2], first.refresh_token) for n in range(50))
    )
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert await count(database, "refresh_tokens") == 2
    assert await count(database, "sign_ins", "ended_by = 'reuse'") == 1
    await other.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE people SET active = false",
        "UPDATE sign_ins SET expires_at = now()",
        "UPDATE sign_ins SET ended_at = now(), ended_by = 'staff'",
    ],
)
async def test_a_sign_in_that_is_over_is_not_refreshed(database, passwords, alice, change):
    first = await sign_in(database, passwords)
    async with database.transaction() as conn:
        await conn.execute(change.encode())
    assert await renew(database, first.refresh_token) is None


async def test_an_unknown_refresh_token_ends_nothing(database, passwords, alice):
    await sign_in(database, passwords)
    assert await renew(database, "A" * 43) is None
    assert await count(database, "sign_ins", "ended_at IS NULL") == 1


async def test_a_refresh_takes_up_new_roles(database, passwords, alice):
    first = await sign_in(database, passwords)
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET roles = '{author}'")
    assert (await renew(database, first.refresh_token)).roles == ("author",)


async def test_signing_out_by_either_token_and_twice(database, passwords, alice):
    first, second = await sign_in(database, passwords), await sign_in(database, passwords)
    for _ in range(2):
        async with database.transaction() as conn:
            await sign_out(conn, sign_in_id=first.id)
            assert await sign_out_by_refresh_token(conn, refresh_token=second.refresh_token) == second.id
            assert await sign_out_by_refresh_token(conn, refresh_token="unknown") is None
    assert await count(database, "sign_ins", "ended_by = 'person'") == 2
    assert await renew(database, first.refresh_token) is None


async def test_the_end_of_a_sign_in_reaches_every_process(dsn, database, passwords, alice):
    heard: asyncio.Queue[str] = asyncio.Queue()
    ended = EndedSignIns()
    listener = Listener(dsn)
    listener.on(
        "examhall_signed_out", lambda payload: (ended.remember_ended(payload), heard.put_nowait(payload))
    )
    listener.open()
    await listener.connected.wait()
    done = await sign_in(database, passwords)
    await renew(database, done.refresh_token)
    assert done.id not in ended
    await renew(database, done.refresh_token)
    assert await asyncio.wait_for(heard.get(), 10) == str(done.id)
    assert done.id in ended
    await listener.close()


async def test_what_was_announced_while_nobody_listened_is_made_up_for(database, passwords, alice):
    over, long_over, alive = [await sign_in(database, passwords) for _ in range(3)]
    ended = EndedSignIns()
    async with database.transaction() as conn:
        await sign_out(conn, sign_in_id=over.id)
        await sign_out(conn, sign_in_id=long_over.id)
        await conn.execute(
            "UPDATE sign_ins SET ended_at = now() - interval '13 hours' WHERE id = %s", (long_over.id,)
        )
        await load_recently_ended(conn, ended)
    assert [each.id in ended for each in (over, long_over, alive)] == [True, False, False]


async def test_a_browsers_sign_in_can_be_ended_as_long_as_its_cookie_is_renewed(database, passwords, alice):
    await sign_in(database, passwords, browser=True)
    async with database.transaction() as conn:
        await conn.execute("UPDATE sign_ins SET expires_at = expires_at - interval '29 days'")
        assert await end_sign_ins_of(conn, [alice], by="staff") == 1


async def test_what_no_longer_matters_is_dropped_and_what_matters_stays(database, passwords, alice):
    old, live = await sign_in(database, passwords), await sign_in(database, passwords)
    await fail(database, passwords, 1)
    async with database.transaction() as conn:
        await conn.execute(
            "UPDATE sign_ins SET expires_at = now() - interval '31 days' WHERE id = %s", (old.id,)
        )
        await conn.execute("UPDATE sign_in_failures SET since_at = now() - interval '1 hour'")
        await forget_old_sign_ins(conn)
    assert await count(database, "sign_ins") == 1
    assert await count(database, "sign_in_failures") == 0
    assert await renew(database, live.refresh_token) is not None


@pytest.mark.parametrize(("browser", "door"), [(True, "page"), (False, "api")])
async def test_the_record_says_by_which_door_staff_signed_in(database, passwords, alice, browser, door):
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET roles = '{author}' WHERE id = %s", (alice,))
    await sign_in(database, passwords, browser=browser)
    noted = "SELECT actor_id, door FROM audit_entries WHERE deed = 'signed_in'"
    async with database.transaction() as conn:
        assert await (await conn.execute(noted)).fetchall() == [(alice, door)]
