"""Where a thousand people enter with their tickets in the same second."""

from collections.abc import Sequence

from examhall.accounts.sign_in import SignIn
from examhall.accounts.tickets import Entry, TicketInvalid, admit, entry_of
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection, Database
from examhall.base.shared_transaction import SharedTransaction


class Turnstile:
    def __init__(self, database: Database, signer: Signer) -> None:
        self._signer = signer
        self._shared = SharedTransaction(database, _admit)

    async def enter(self, ticket: str, *, browser: bool = False) -> SignIn:
        """Sign in with a ticket; given back after the commit. A bad ticket never delays the others."""
        signed_in = await self._shared.submit(entry_of(self._signer, ticket, browser=browser))
        if signed_in is None:
            raise TicketInvalid
        return signed_in


async def _admit(conn: Connection, entries: Sequence[Entry]) -> list[SignIn | None]:
    admitted = await admit(conn, entries)
    return [admitted.get(entry.sign_in_id) for entry in entries]
