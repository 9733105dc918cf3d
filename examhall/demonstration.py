"""`demo`: the server with the demo's exams and people, and a word on who is who."""

from dataclasses import replace
from ipaddress import ip_network

from examhall.accounts.tickets import Ticket, ticket_url
from examhall.accounts.tokens import Signer
from examhall.base.db import BACKGROUND_LIMIT_S, Database
from examhall.base.rates import Rates
from examhall.demo.filling import ACCOUNTS, fill
from examhall.demo.pdf_paper import add_pdf_paper
from examhall.serving import say, serve
from examhall.settings import Settings, WrongSetting

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
UNLIMITED = Rates()
MOST_CANDIDATES = 10_000


def demonstrate(settings: Settings, candidates: int) -> int:
    """Serve the demo until told to stop; give the exit code."""
    if not 1 <= candidates <= MOST_CANDIDATES:
        raise WrongSetting("--candidates", f"must be from 1 to {MOST_CANDIDATES}")
    # Whoever tries it, or loads it, does so from this machine, and often as one person many times over.
    settings = replace(
        settings,
        rate_limit_trusted=settings.rate_limit_trusted or LOOPBACK,
        rate_limit_person=UNLIMITED,
        rate_limit_saves=UNLIMITED,
    )
    tickets: list[Ticket] = []

    async def prepare(known: Settings) -> None:
        assert known.database_url is not None
        database = Database(known.database_url, pool_size=2, limit_s=BACKGROUND_LIMIT_S)
        await database.open()
        try:
            tickets.extend(await fill(database, Signer(known.secret), candidates=candidates))
            await add_pdf_paper(database, known.open_storage(), scratch=known.data / "incoming")
        finally:
            await database.close()

    return serve(settings, prepare=prepare, announce=lambda known: _introduce(known, tickets))


def _introduce(settings: Settings, tickets: list[Ticket]) -> None:
    if settings.host not in ("127.0.0.1", "localhost", "::1"):
        say("")
        say(f"WARNING: others can reach {settings.host}. Everybody knows these passwords, the admin's too.")
    say("")
    say("The demo's accounts, known to everybody (hold no real exam on them):")
    for account in ACCOUNTS:
        say(f"  {account.roles:<17} {account.email:<24} {account.password}")
    if tickets:
        say(f"{len(tickets)} candidates have a ticket for “{tickets[0].exam_title}”, for instance:")
        for ticket in tickets[:3]:
            say(f"  {ticket.username:<15} {ticket_url(settings.url, ticket.token)}")
        say(f"All of them: examhall tickets {tickets[0].exam_id} --data {settings.data}")
    say("Ctrl-C stops it.")
