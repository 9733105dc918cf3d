"""Where a thousand people enter with their tickets in the same second.

Whoever arrives while a transaction is under way shares the next one: a commit costs the same for one
sign-in as for hundreds, and the pool's few connections are left to the others.
"""

import asyncio
from collections import deque

import psycopg

from examhall.accounts.sign_in import SignIn
from examhall.accounts.tickets import Entry, TicketInvalid, admit, entry_of
from examhall.accounts.tokens import Signer
from examhall.base.db import Database
from examhall.base.errors import Overloaded, Refusal

# In one transaction. More only makes the first of them wait for the last.
BATCH_LIMIT = 256
# At several thousand a second, about two seconds; those beyond are better told to come again.
WAITING_LIMIT = 5_000


class Crowded(Overloaded):
    """Very many people are coming in at this moment. Please try again in a few seconds."""

    retry_after_s = 2


class Turnstile:
    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer
        self._waiting: deque[tuple[Entry, asyncio.Future[SignIn]]] = deque()
        self._turning: asyncio.Task[None] | None = None

    async def enter(self, ticket: str, *, browser: bool = False) -> SignIn:
        """Sign in with a ticket; given back after the commit. A bad ticket never delays the others."""
        entry = entry_of(self._signer, ticket, browser=browser)
        if len(self._waiting) >= WAITING_LIMIT:
            raise Crowded
        signed_in: asyncio.Future[SignIn] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, signed_in))
        if self._turning is None or self._turning.done():
            self._turning = asyncio.create_task(self._turn(), name="turnstile")
        return await signed_in

    async def _turn(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
            try:
                async with self._database.transaction() as conn:
                    admitted = await admit(conn, [entry for entry, _ in batch])
            except (Refusal, psycopg.Error) as error:
                # The database is not there: all of them are told, and whoever comes next tries anew.
                outcomes: list[SignIn | Exception] = [error] * len(batch)
            else:
                outcomes = [admitted.get(entry.sign_in_id, TicketInvalid()) for entry, _ in batch]
            for (_, signed_in), outcome in zip(batch, outcomes, strict=True):
                # Who has gone away meanwhile has cancelled it.
                if signed_in.done():
                    continue
                if isinstance(outcome, Exception):
                    signed_in.set_exception(outcome)
                else:
                    signed_in.set_result(outcome)
