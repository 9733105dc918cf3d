"""Passwords: argon2id, computed in a few threads of their own, never on the event loop.

A hash costs 19 MiB and about 25 ms (OWASP's profile); a storm of sign-ins therefore waits in a bounded line.
"""

import asyncio
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from examhall.base.errors import Malformed, Overloaded

Computed = TypeVar("Computed")

LONGEST_BYTES = 1_000
MEMORY_KIB = 19 * 1024
PASSES = 2
# At 25 ms each on two cores the last in line waits about six seconds, less than people give up after.
WAITING_LIMIT = 500
# A third of the share of a core that others get, when all want it.
NICENESS = 5


class SignInBusy(Overloaded):
    """Very many people are signing in at this moment. Please try again in a few seconds."""

    retry_after_s = 5


class UnusablePassword(Malformed):
    """A password has at least one character and at most 1,000 bytes."""


class Verdict(NamedTuple):
    right: bool
    # What to store instead, when the password is right and its hash was made with other parameters.
    new_hash: str | None


class _Attempt(NamedTuple):
    """What makes two attempts to sign in the same: one of them is computed, and answers both.

    The name is part of it although the hash says whose it is: names that nobody has all lack a hash, and if
    they shared while others' attempts do not, time would tell them apart.
    """

    name: str
    password_hash: str | None
    password: bytes


class _Shared:
    """A verification under way, and how many wait for it."""

    def __init__(self, task: asyncio.Task[Verdict]) -> None:
        self.task = task
        self.waiting = 0


class Passwords:
    """Hashes and verifies, at most `threads` at a time, with at most `waiting` more in line."""

    def __init__(
        self,
        *,
        threads: int = min(2, os.cpu_count() or 1),
        waiting: int = WAITING_LIMIT,
        memory_kib: int = MEMORY_KIB,
        passes: int = PASSES,
    ) -> None:
        self._threads = threads
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_step_back)
        self._line_limit = threads + waiting
        self._in_line = 0
        self._under_way: dict[_Attempt, _Shared] = {}
        # Verified against when there is no account, so that time does not tell one from the other.
        self._nobody = self._hasher.hash(secrets.token_bytes(16))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def hash(self, password: str) -> str:
        prepared = _prepare(password)
        return await self._compute(lambda: self._hasher.hash(prepared))

    async def hash_many(self, passwords: Sequence[str]) -> list[str]:
        """In order, a few at a time: whoever signs in meanwhile waits for a few hashes, not for all."""
        hashes: list[str] = []
        for start in range(0, len(passwords), self._threads):
            batch = passwords[start : start + self._threads]
            hashes += await asyncio.gather(*(self.hash(password) for password in batch))
        return hashes

    async def verify(self, password_hash: str | None, password: str, *, name: str) -> Verdict:
        """Whether the password is right. Without a hash it never is, and takes as long to say so.

        The same attempt under the same `name`, while one is under way, waits for that one's verdict: however
        many devices a person signs in on at once, one hash is computed. Nothing is kept once it is given.
        """
        attempt = _Attempt(name, password_hash, _prepare(password))
        shared = self._under_way.get(attempt)
        if shared is None:
            if self._in_line >= self._line_limit:
                raise SignInBusy
            shared = _Shared(asyncio.create_task(self._compute(lambda: self._verify(attempt))))
            self._under_way[attempt] = shared
            shared.task.add_done_callback(partial(self._forget, attempt, shared))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                # Whoever comes now must not be given a verdict that is being called off.
                self._forget(attempt, shared)
                shared.task.cancel()

    def _forget(self, attempt: _Attempt, shared: _Shared, _: object = None) -> None:
        if self._under_way.get(attempt) is shared:
            del self._under_way[attempt]

    def _verify(self, attempt: _Attempt) -> Verdict:
        _, password_hash, prepared = attempt
        try:
            self._hasher.verify(password_hash or self._nobody, prepared)
        except (VerificationError, InvalidHashError):
            return Verdict(right=False, new_hash=None)
        if password_hash is None:
            return Verdict(right=False, new_hash=None)
        outdated = self._hasher.check_needs_rehash(password_hash)
        return Verdict(right=True, new_hash=self._hasher.hash(prepared) if outdated else None)

    async def _compute(self, work: Callable[[], Computed]) -> Computed:
        if self._in_line >= self._line_limit:
            raise SignInBusy
        self._in_line += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._in_line -= 1


def _step_back() -> None:
    """Let this thread yield to those that answer requests: signing in may wait, a save must not."""
    # Elsewhere a priority is the whole process's.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _prepare(password: str) -> bytes:
    """The bytes that are hashed. NFKC: a phone and a laptop may write the same letter differently."""
    # Before normalising, which could be made to work long on a long text.
    if not 0 < len(password) <= LONGEST_BYTES:
        raise UnusablePassword
    try:
        prepared = unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError as error:
        raise UnusablePassword from error
    if len(prepared) > LONGEST_BYTES:
        raise UnusablePassword
    return prepared
