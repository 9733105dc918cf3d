"""A new password by a link that is good once, or one that is shown once."""

import asyncio

import pytest

from examhall.accounts.new_passwords import (
    LinkSpent,
    made_up_password,
    make_link,
    read_link,
    set_password,
    use_link,
)
from examhall.accounts.people import NoSuchPerson
from examhall.accounts.sign_in import WrongCredentials
from tests.accounts.office import PASSWORD, count, sign_in

pytestmark = pytest.mark.anyio


async def link_for(database, person_id, admin):
    async with database.transaction() as conn:
        return await make_link(conn, person_id, by=admin)


async def use(database, token, password_hash):
    async with database.transaction() as conn:
        await use_link(conn, token, password_hash=password_hash)


async def test_a_link_sets_a_password_and_signs_out_whoever_was_in(database, passwords, alice, admin):
    await sign_in(database, passwords)
    token = await link_for(database, alice, admin)
    async with database.transaction() as conn:
        assert (await read_link(conn, token)).id == alice
    await use(database, token, await passwords.hash("another one entirely"))
    assert await count(database, "sign_ins", "ended_at IS NULL") == 0
    with pytest.raises(WrongCredentials):
        await sign_in(database, passwords, password=PASSWORD)
    await sign_in(database, passwords, password="another one entirely")


async def test_of_many_who_come_with_one_link_one_sets_the_password(database, passwords, alice, admin):
    token = await link_for(database, alice, admin)
    hashes = [await passwords.hash(f"password {n}") for n in range(6)]
    done = await asyncio.gather(*(use(database, token, each) for each in hashes), return_exceptions=True)
    assert sum(isinstance(each, LinkSpent) for each in done) == 5


async def test_a_newer_link_an_old_one_and_a_forged_one(database, passwords, alice, admin):
    first, second = [await link_for(database, alice, admin) for _ in range(2)]
    async with database.transaction() as conn:
        for token in (first, second[:-1], "", "\ud800", "a" * 5000):
            with pytest.raises(LinkSpent):
                await read_link(conn, token)
        await read_link(conn, second)
        await conn.execute("UPDATE password_links SET good_until = now() - interval '1 second'")
        with pytest.raises(LinkSpent):
            await read_link(conn, second)


async def test_of_links_made_at_once_one_is_good(database, alice, admin):
    async with database.transaction() as conn:
        first = await make_link(conn, alice, by=admin)
        second = asyncio.create_task(link_for(database, alice, admin))
        await asyncio.sleep(0.2)
    tokens = [first, await second]
    assert await count(database, "password_links", "used_at IS NULL") == 1
    await use(database, tokens[1], "x")
    with pytest.raises(LinkSpent):
        await use(database, tokens[0], "y")


async def test_a_link_is_void_once_the_office_gives_a_password(database, passwords, alice, admin):
    token = await link_for(database, alice, admin)
    async with database.transaction() as conn:
        await set_password(conn, alice, password_hash=await passwords.hash("from the office"))
    with pytest.raises(LinkSpent):
        await use(database, token, await passwords.hash("by an old link"))
    await sign_in(database, passwords, password="from the office")


async def test_a_link_used_and_a_password_given_at_once_come_one_after_the_other(database, alice, admin):
    for _ in range(10):
        token = await link_for(database, alice, admin)

        async def give():
            async with database.transaction() as conn:
                await set_password(conn, alice, password_hash="office")

        done = await asyncio.gather(give(), use(database, token, "link"), return_exceptions=True)
        assert done[0] is None
        assert done[1] is None or isinstance(done[1], LinkSpent)


async def test_the_table_alone_opens_nothing(database, alice, admin):
    token = await link_for(database, alice, admin)
    assert await count(database, "password_links", f"encode(token_hash, 'escape') LIKE '%{token}%'") == 0


async def test_whoever_is_closed_gets_none(database, passwords, alice, admin):
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET active = false WHERE id = %s", (alice,))
        with pytest.raises(NoSuchPerson):
            await make_link(conn, alice, by=admin)
        with pytest.raises(NoSuchPerson):
            await set_password(conn, alice, password_hash="x")


def test_made_up_passwords_are_long_and_never_the_same():
    made = {made_up_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {19}
