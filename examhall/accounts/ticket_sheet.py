"""Tickets as a PDF to print and cut: ten on a page, each with the code that signs its holder in."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import segno
from starlette.requests import Request

from examhall.accounts.tickets import Ticket, ticket_url
from examhall.base.errors import Conflict
from examhall.base.typesetting import Typesetter

SOURCE = Path(__file__).with_suffix(".typ")
# Ten thousand people's exam is printed group by group: a page of ten takes 25 ms, codes and all.
TICKETS_LIMIT = 5_000
LIMIT_S = 60.0
IDLE_S = 30.0
PIECE_BYTES = 65_536
# Any of the eight reads as well; choosing the one that looks best takes five times as long.
MASK = 2


class TooManyTickets(Conflict):
    """At most 5,000 tickets can be printed at once. Choose a group."""


class NoTickets(Conflict):
    """There are no tickets to print. Issue them first."""


class TicketSheets:
    """One process's way to sheets of tickets; one is set after the other."""

    def __init__(self, fonts: Path) -> None:
        self._typesetter = Typesetter(fonts, limit_s=LIMIT_S, idle_s=IDLE_S)

    async def pdf(
        self,
        tickets: Sequence[Ticket],
        base_url: str,
        *,
        title: str,
        when: str = "",
        translate: Callable[[str], str] = str,
    ) -> bytes:
        """In the order given. What people are called is set as it is, and never as markup."""
        if not tickets:
            raise NoTickets
        if len(tickets) > TICKETS_LIMIT:
            raise TooManyTickets
        sheet = {
            "title": title,
            "when": when,
            "words": {
                "ticket": translate("Admission ticket"),
                "how": translate(
                    "Scan the code, or open this address. It is yours alone: show it to nobody."
                ),
            },
            # A couple of milliseconds each, in a thread: saves go on meanwhile.
            "tickets": await asyncio.to_thread(_described, tickets, base_url),
        }
        source = SOURCE.read_text(encoding="utf-8")
        return await self._typesetter.pdf(source, {"sheet": json.dumps(sheet)}, timestamp=0)

    async def close(self) -> None:
        await self._typesetter.close()


def pieces(content: bytes) -> Iterator[bytes]:
    """For a reply that goes out as fast as it is taken."""
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]


def sheets_of(request: Request) -> TicketSheets:
    sheets: TicketSheets = request.app.state.ticket_sheets
    return sheets


def _described(tickets: Sequence[Ticket], base_url: str) -> list[dict[str, str]]:
    return [
        {
            "name": ticket.full_name,
            "username": ticket.username,
            "url": (url := ticket_url(base_url, ticket.token)),
            "code": _code(url),
        }
        for ticket in tickets
    ]


def _code(url: str) -> str:
    """As SVG, with the quiet zone that readers need; a seventh of it may be dirt."""
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False, mask=MASK).save(
        drawn, kind="svg", border=2, xmldecl=False, nl=False, omitsize=True
    )
    return drawn.getvalue().decode()
