import asyncio

import pytest

from examhall.accounts.passwords import MEMORY_KIB, PASSES, Passwords, SignInBusy, UnusablePassword

pytestmark = pytest.mark.anyio


async def test_the_right_password_is_right_and_another_is_not(passwords):
    stored = await passwords.hash("pass")
    assert (await passwords.verify(stored, "pass")).right
    assert not (await passwords.verify(stored, "pass ")).right


async def test_hashes_are_argon2id_of_19_mebibytes_in_two_passes():
    passwords = Passwords(threads=1)
    stored = await passwords.hash("pass")
    passwords.close()
    assert stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")


async def test_nothing_is_right_for_nobody(passwords):
    assert await passwords.verify(None, "pass") == (False, None)


async def test_a_broken_stored_hash_refuses(passwords):
    assert not (await passwords.verify("not a hash", "pass")).right


async def test_a_hash_with_other_parameters_is_replaced_once_the_password_is_right(passwords):
    other = Passwords(memory_kib=16, passes=1)
    stored = await other.hash("pass")
    verdict = await passwords.verify(stored, "pass")
    assert verdict.right
    assert verdict.new_hash is not None
    assert await passwords.verify(verdict.new_hash, "pass") == (True, None)
    assert (await passwords.verify(stored, "wrong")).new_hash is None
    other.close()


@pytest.mark.parametrize(
    "password", ["", "x" * 1001, "ä" * 501, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 300, "\ud800"]
)
async def test_a_password_that_cannot_be_is_refused_before_hashing(passwords, password):
    with pytest.raises(UnusablePassword):
        await passwords.hash(password)
    with pytest.raises(UnusablePassword):
        await passwords.verify(None, password)


async def test_two_ways_of_typing_a_letter_are_one_password(passwords):
    stored = await passwords.hash("caf\u00e9")
    assert (await passwords.verify(stored, "cafe\u0301")).right


async def test_a_full_line_is_refused_at_once_and_the_others_are_served():
    passwords = Passwords(threads=1, waiting=3, memory_kib=8, passes=1)
    outcomes = await asyncio.gather(
        *(passwords.verify(None, "pass") for _ in range(10)), return_exceptions=True
    )
    assert [type(outcome) is SignInBusy for outcome in outcomes] == [False] * 4 + [True] * 6
    assert not (await passwords.verify(None, "pass")).right
    passwords.close()


async def test_whoever_gives_up_waiting_leaves_the_line():
    passwords = Passwords(threads=1, waiting=3, memory_kib=8, passes=1)
    tasks = [asyncio.create_task(passwords.hash("pass")) for _ in range(4)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(await asyncio.gather(*(passwords.hash("pass") for _ in range(4)))) == 4
    passwords.close()


async def test_many_are_hashed_in_order_even_when_the_line_is_short():
    passwords = Passwords(threads=2, waiting=0, memory_kib=8, passes=1)
    hashes = await passwords.hash_many([str(number) for number in range(7)])
    for number, stored in enumerate(hashes):
        assert (await passwords.verify(stored, str(number))).right
    passwords.close()
