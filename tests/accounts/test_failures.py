import asyncio
from ipaddress import ip_network

import pytest

from examhall.accounts.failures import (
    ACCOUNT_FROM_ADDRESS,
    ACCOUNT_FROM_ANYWHERE,
    ADDRESS,
    Limits,
    TooManySignIns,
)
from examhall.accounts.passwords import Passwords
from examhall.accounts.sign_in import WrongCredentials
from examhall.base.db import Database
from tests.accounts.office import count, fail, sign_in

pytestmark = pytest.mark.anyio


async def test_after_ten_failures_from_one_address_even_the_right_password_waits(database, passwords, alice):
    refused = await fail(database, passwords, ACCOUNT_FROM_ADDRESS + 1)
    assert refused == [WrongCredentials] * ACCOUNT_FROM_ADDRESS + [TooManySignIns]
    with pytest.raises(TooManySignIns) as caught:
        await sign_in(database, passwords)
    assert 880 < caught.value.details["retry_after"] <= 900


async def test_nobody_can_lock_a_candidate_out_from_one_other_address(database, passwords, alice):
    await fail(database, passwords, 30, address="198.51.100.1")
    await sign_in(database, passwords)


async def test_guessing_at_one_account_from_many_addresses_is_stopped(database, passwords, alice):
    refused = []
    for host in range(ACCOUNT_FROM_ANYWHERE + 1):
        refused += await fail(database, passwords, 1, address=f"198.51.100.{host}")
    assert refused == [WrongCredentials] * ACCOUNT_FROM_ANYWHERE + [TooManySignIns]


async def test_trying_many_accounts_from_one_address_is_stopped(database, passwords, alice):
    refused = []
    for number in range(ADDRESS + 1):
        refused += await fail(database, passwords, 1, name=f"nobody{number}")
    assert refused == [WrongCredentials] * ADDRESS + [TooManySignIns]


async def test_addresses_of_one_ipv6_customer_are_one(database, passwords, alice):
    refused = []
    for host in range(ACCOUNT_FROM_ADDRESS + 1):
        refused += await fail(database, passwords, 1, address=f"2001:db8::{host:x}")
    assert refused[-1] is TooManySignIns
    assert await fail(database, passwords, 1, address="2001:db8:0:1::1") == [WrongCredentials]


async def test_accounts_that_do_not_exist_are_limited_alike(database, passwords):
    refused = await fail(database, passwords, ACCOUNT_FROM_ADDRESS + 1, name="nobody")
    assert refused == [WrongCredentials] * ACCOUNT_FROM_ADDRESS + [TooManySignIns]


async def test_success_clears_the_account_but_not_the_address(database, passwords, alice):
    for _ in range(ADDRESS // (ACCOUNT_FROM_ADDRESS - 1)):
        await fail(database, passwords, ACCOUNT_FROM_ADDRESS - 1)
        await sign_in(database, passwords)
    assert TooManySignIns in await fail(database, passwords, ACCOUNT_FROM_ADDRESS - 1)


async def test_failures_are_forgotten_after_a_quarter_of_an_hour(database, passwords, alice):
    await fail(database, passwords, ACCOUNT_FROM_ADDRESS)
    async with database.transaction() as conn:
        await conn.execute("UPDATE sign_in_failures SET since_at = since_at - interval '15 minutes'")
    assert await fail(database, passwords, 1) == [WrongCredentials]
    await sign_in(database, passwords)


TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


async def test_the_addresses_of_trusted_networks_are_not_counted(database, passwords, alice):
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"):
        for name in ("alice", "bob", "carol"):
            refused = await fail(
                database, passwords, ADDRESS // 2, name=name, address=address, trusted=TRUSTED
            )
            assert {*refused} == {WrongCredentials}
    assert (
        await count(database, "sign_in_failures", "subject LIKE '%%address%%' OR subject LIKE '%%from%%'")
        == 0
    )


async def test_one_account_is_not_guessed_without_end_from_a_trusted_network(database, passwords, alice):
    refused = await fail(database, passwords, ACCOUNT_FROM_ANYWHERE + 1, address="10.1.2.3", trusted=TRUSTED)
    assert refused.count(TooManySignIns) == 1


@pytest.mark.parametrize("address", ["", "unix:", "testclient", "fe80::1%eth0", "1.2.3.4; DROP TABLE people"])
async def test_strange_addresses_are_limited_too(database, passwords, alice, address):
    refused = await fail(database, passwords, ACCOUNT_FROM_ADDRESS + 1, address=address)
    assert refused[-1] is TooManySignIns


async def test_all_processes_share_the_limits(dsn, database, passwords, alice):
    other = Database(dsn)
    await other.open()
    for _ in range(ACCOUNT_FROM_ADDRESS // 2):
        await fail(database, passwords, 1)
        await fail(other, passwords, 1)
    for each in (database, other):
        with pytest.raises(TooManySignIns):
            await sign_in(each, passwords)
    await other.close()


async def test_guesses_sent_at_once_are_not_told_more_than_the_limit(dsn, database, passwords, alice):
    """All pass the first look, before any has failed; the second decides."""
    other = Database(dsn)
    await other.open()
    outcomes = await asyncio.gather(
        *(sign_in((database, other)[n % 2], passwords, password=f"guess {n}") for n in range(100)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(WrongCredentials) == ACCOUNT_FROM_ADDRESS
    assert {type(outcome) for outcome in outcomes} == {WrongCredentials, TooManySignIns}
    await other.close()


async def test_the_right_guess_among_too_many_at_once_is_not_told_either(database, alice):
    class Slow(Passwords):
        """The right password takes longest, as an attacker with a thousand requests would have it."""

        async def verify(self, password_hash, password, *, name):
            verdict = await super().verify(password_hash, password, name=name)
            if verdict.right:
                await asyncio.gather(*wrong, return_exceptions=True)
            return verdict

    slow = Slow(memory_kib=8, passes=1)
    wrong = [asyncio.create_task(sign_in(database, slow, password=f"guess {n}")) for n in range(30)]
    with pytest.raises(TooManySignIns):
        await sign_in(database, slow)
    slow.close()
    assert await count(database, "sign_ins") == 0


async def test_a_class_behind_one_address_signs_in_at_once(database, passwords, alice):
    done = await asyncio.gather(*(sign_in(database, passwords) for _ in range(200)))
    assert len({each.id for each in done}) == 200


def test_a_subject_never_holds_what_was_typed():
    limits = Limits.of(person_id=None, name="my password", address="::1", trusted=())
    assert not any("password" in subject for subject in limits.account | limits.address)
