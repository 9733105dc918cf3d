import asyncio

import pytest

from examhall.accounts.passwords import MEMORY_KIB, PASSES, Passwords, SignInBusy, UnusablePassword

pytestmark = pytest.mark.anyio


async def test_the_right_password_is_right_and_another_is_not(passwords):
    stored = await passwords.hash("pass")
    assert (await passwords.verify(stored, "pass", name="anna")).right
    assert not (await passwords.verify(stored, "pass ", name="anna")).right


async def test_hashes_are_argon2id_of_19_mebibytes_in_two_passes():
    passwords = Passwords(threads=1)
    stored = await passwords.hash("pass")
    passwords.close()
    assert stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")


async def test_nothing_is_right_for_nobody(passwords):
    assert await passwords.verify(None, "pass", name="anna") == (False, None)


async def test_a_broken_stored_hash_refuses(passwords):
    assert not (await passwords.verify("not a hash", "pass", name="anna")).right


async def test_a_hash_with_other_parameters_is_replaced_once_the_password_is_right(passwords):
    other = Passwords(memory_kib=16, passes=1)
    stored = await other.hash("pass")
    verdict = await passwords.verify(stored, "pass", name="anna")
    assert verdict.right
    assert verdict.new_hash is not None
    assert await passwords.verify(verdict.new_hash, "pass", name="anna") == (True, None)
    assert (await passwords.verify(stored, "wrong", name="anna")).new_hash is None
    other.close()


@pytest.mark.parametrize(
    "password", ["", "x" * 1001, "ä" * 501, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 300, "\ud800"]
)
async def test_a_password_that_cannot_be_is_refused_before_hashing(passwords, password):
    with pytest.raises(UnusablePassword):
        await passwords.hash(password)
    with pytest.raises(UnusablePassword):
        await passwords.verify(None, password, name="anna")


async def test_two_ways_of_typing_a_letter_are_one_password(passwords):
    stored = await passwords.hash("caf\u00e9")
    assert (await passwords.verify(stored, "cafe\u0301", name="anna")).right


async def test_a_full_line_is_refused_at_once_and_the_others_are_served():
    passwords = Passwords(threads=1, waiting=3, memory_kib=8, passes=1)
    outcomes = await asyncio.gather(
        *(passwords.verify(None, "pass", name=str(number)) for number in range(10)), return_exceptions=True
    )
    assert [type(outcome) is SignInBusy for outcome in outcomes] == [False] * 4 + [True] * 6
    assert not (await passwords.verify(None, "pass", name="anna")).right
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
        assert (await passwords.verify(stored, str(number), name="anna")).right
    passwords.close()


async def counted(passwords, attempts):
    """The verdicts of attempts made at once, and how many hashes they took."""
    verdicts = await asyncio.gather(*(passwords.verify(*attempt, name=name) for *attempt, name in attempts))
    return verdicts, passwords._computed


class Counting(Passwords):
    _computed = 0

    def _verify(self, attempt):
        self._computed += 1
        return super()._verify(attempt)


@pytest.fixture
def counting():
    passwords = Counting(threads=2, waiting=20, memory_kib=8, passes=1)
    yield passwords
    passwords.close()


async def test_the_same_attempt_at_the_same_time_is_computed_once(counting):
    stored = await counting.hash("pass")
    verdicts, computed = await counted(counting, [(stored, "pass", "anna")] * 200)
    assert all(verdict.right for verdict in verdicts)
    assert computed == 1
    await counting.verify(stored, "pass", name="anna")
    assert counting._computed == 2, "a verdict was kept"


async def test_another_password_another_account_and_nobody_are_computed_for_themselves(counting):
    stored, other = await counting.hash("pass"), await counting.hash("pass")
    attempts = [
        (stored, "pass", "anna"), (stored, "wrong", "anna"), (other, "pass", "bob"),
        (None, "pass", "nobody"), (None, "pass", "no one"), (None, "pass", "nobody"),
    ]  # fmt: skip
    verdicts, computed = await counted(counting, attempts)
    assert [verdict.right for verdict in verdicts] == [True, False, True, False, False, False]
    # Names that nobody has share no more than names that somebody has.
    assert computed == 5


async def test_who_goes_away_takes_nothing_from_those_who_wait_for_the_same(counting):
    stored = await counting.hash("pass")
    first, second = (asyncio.create_task(counting.verify(stored, "pass", name="anna")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).right
    with pytest.raises(asyncio.CancelledError):
        await first
    assert counting._in_line == 0
    assert counting._under_way == {}


async def test_when_all_who_wait_have_gone_the_place_in_the_line_is_free(counting):
    tasks = [asyncio.create_task(counting.verify(None, "pass", name=str(n))) for n in range(22)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    assert counting._in_line == 0
    assert counting._under_way == {}
