"""How many requests somebody may send: the layer in front of all doors that counts them.

Who is signed in is counted as a person, wherever they sit; a ticket is counted by itself; only what is left
is counted by its address. So a school behind one address comes in and sits its exam, however many they are:
the ways in cost an address next to nothing as long as they lead in, and what fails is what is counted.

Nothing here asks the database. Persons, tickets and saves are counted in this process alone.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import lru_cache
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examhall.accounts.access import sender_of
from examhall.accounts.failures import Networks, is_within, network_of
from examhall.accounts.tokens import TICKET_LENGTH, Signer
from examhall.base.front import send_refusal
from examhall.base.limits import Limit, Verdict
from examhall.base.rates import Rate, Rates, read_rates
from examhall.base.requests import REFUSAL
from examhall.base.shared_store import SharedStore

log = structlog.get_logger()

# Never counted: what watches the server, what describes it, and files that browsers keep for ever.
EXEMPT = re.compile(
    r"/(health|metrics|docs|openapi\.json|exam-file\.schema\.json|favicon\.ico|robots\.txt|static/.*"
    r"|api/(v1/)?contests/health)",
    re.ASCII,
)
# Where people come in, and the pages that send them there.
WAYS_IN = re.compile(
    r"/(sign-in(/.*)?|sign-out|t/.*|exams(/.*)?|sittings/.*"
    r"|(api/(v1/)?)?auth/(login|ticket|telegram|refresh|logout))?",
    re.ASCII,
)
# So many times what else an address is allowed may come in by it.
SCHOOL = 100
FORMS = read_rates("30/minute,300/hour")
SAVES = ("/answers/", "/answers")
# A save of so many bytes counts once, a longer one for as many as it fills: it fills the disk as they do.
SAVE_BYTES = 4096
# What a body without a stated length counts for.
UNSTATED_BYTES = 64_000
LONGEST_ADDRESS = 64
TICKET_PATH = "/t/"
TICKET_BODY = re.compile(rb'"ticket"\s*:\s*"([A-Za-z0-9_-]{%d})"' % TICKET_LENGTH)
TICKET_BODY_BYTES = 1024


class Limits:
    """Every limit of one process, by what it counts."""

    def __init__(
        self, *, strangers: Rates, persons: Rates, saves: Rates, calculations: Rates, store: SharedStore
    ) -> None:
        school = Rates(tuple(Rate(rate.count * SCHOOL, rate.per_s) for rate in strangers.rates))
        self.addresses = Limit("addresses", strangers, store)
        self.ways_in = Limit("ways_in", school)
        self.failures = Limit("failures", strangers)
        self.tickets = Limit("tickets", strangers)
        self.persons = Limit("persons", persons)
        self.saves = Limit("saves", saves)
        # Of forms that are open to strangers, by address: each may bring megabytes, and a person to read it.
        self.strangers_forms = Limit("strangers_forms", FORMS, store)
        # The same by person: 25 MB each, as often as pages may be asked for, fill any disk.
        self.forms = Limit("forms", FORMS)
        # For the handler that starts one: `await limits.calculations.require(str(me.id))`.
        self.calculations = Limit("calculations", calculations, store)

    def __iter__(self) -> Iterator[Limit]:
        return iter(vars(self).values())


class Limited:
    """The application, for those who do not ask too much of it."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        signer: Signer,
        *,
        trusted: Networks,
        proxies: Networks,
        page: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app = app
        # How a refusal looks in a browser.
        self._page = page
        self._limits = limits
        self._signer = signer
        self._trusted = trusted
        # Told once: without knowing its proxies a server sees one address, and limits everybody together.
        self._wonders = not proxies
        self._address = lru_cache(maxsize=4096)(self._read_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        is_save = scope["method"] == "POST" and path.endswith(SAVES)
        if not is_save and EXEMPT.fullmatch(path):
            await self._app(scope, receive, send)
            return
        person_id = sender_of(scope, self._signer)
        if person_id is None:
            await self._stranger(scope, receive, send)
        elif not is_save:
            await self._pass(self._limits.persons.take(str(person_id)), scope, receive, send)
        # The hottest path: no headers about what is left.
        elif refusal := self._limits.saves.refuse(str(person_id), _save_cost(scope)):
            scope[REFUSAL] = refusal.code
            await send_refusal(refusal, send, scope)
        else:
            await self._app(scope, receive, send)

    async def _stranger(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(TICKET_PATH):
            ticket = self._signer.read_ticket(path.removeprefix(TICKET_PATH))
        elif scope["method"] == "POST" and path.endswith("/auth/ticket"):
            first = await receive()
            receive = _again(first, receive)
            ticket = self._ticket_in(first)
        else:
            ticket = None
        if ticket is not None:
            await self._pass(self._limits.tickets.take(ticket.hex), scope, receive, send)
            return
        client = scope.get("client")
        address = self._address(client[0] if client else "")
        if address is None:
            await self._app(scope, receive, send)
        elif WAYS_IN.fullmatch(path):
            await self._come_in(address, scope, receive, send)
        else:
            await self._pass(await self._limits.addresses.take_shared(address), scope, receive, send)

    async def _come_in(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Counted in full only when it fails."""
        verdict = self._limits.failures.look(address)
        if not verdict.is_refused:
            verdict = self._limits.ways_in.take(address)

        async def count_failure(message: Message) -> None:
            # Being busy is our failure, not theirs.
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
                self._limits.failures.take(address)
            await send(message)

        await self._pass(verdict, scope, receive, send if verdict.is_refused else count_failure)

    async def _pass(self, verdict: Verdict, scope: Scope, receive: Receive, send: Send) -> None:
        if not verdict.limit:
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_headers(verdict)]
            await send(message)

        if not verdict.is_refused:
            await self._app(scope, receive, send_with_headers)
            return
        refusal = verdict.refusal()
        scope[REFUSAL] = refusal.code
        self._wonder(scope)
        if any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
            page = await self._page(Request(scope), refusal)
            await page(scope, receive, send_with_headers)
        else:
            await send_refusal(refusal, send_with_headers, scope)

    def _read_address(self, given: str) -> str | None:
        """An address as it is counted; None where it is trusted. What is no address is counted together."""
        network = network_of(given[:LONGEST_ADDRESS])
        return None if is_within(network, self._trusted) else str(network)

    def _ticket_in(self, message: Message) -> UUID | None:
        body: bytes = message.get("body", b"")
        found = TICKET_BODY.search(body[:TICKET_BODY_BYTES])
        return self._signer.read_ticket(found[1].decode()) if found else None

    def _wonder(self, scope: Scope) -> None:
        if self._wonders and any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
            self._wonders = False
            log.warning("requests carry X-Forwarded-For, but EXAMHALL_TRUSTED_PROXIES names no proxy")


def _headers(verdict: Verdict) -> Iterable[tuple[bytes, bytes]]:
    return (
        (b"ratelimit-limit", b"%d" % verdict.limit),
        (b"ratelimit-remaining", b"%d" % verdict.remaining),
        (b"ratelimit-reset", b"%d" % -(-verdict.reset_s // 1)),
    )


def _save_cost(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # The outermost layer has refused what is no number, or beyond what any body may have.
            return 1 + int(value) // SAVE_BYTES
    return 1 + UNSTATED_BYTES // SAVE_BYTES


def _again(first: Message, receive: Receive) -> Receive:
    """Receive what was received once more, then the rest."""
    waiting = [first]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received
