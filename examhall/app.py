"""Builds the ASGI application: one process's pool, queues, caches and routes. The composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from examhall import __version__, routes
from examhall.accounts import ended
from examhall.accounts.openid import OpenId
from examhall.accounts.passwords import Passwords
from examhall.accounts.ticket_sheet import TicketSheets
from examhall.accounts.tokens import Signer
from examhall.accounts.turnstile import Turnstile
from examhall.analyses.announcing import relay_calculations
from examhall.base import problem
from examhall.base.db import Connection, Database
from examhall.base.errors import NotFound, Refusal
from examhall.base.event_stream import Broadcast, Streams
from examhall.base.front import Front, send_refusal
from examhall.base.group_commit import GroupCommit, Write
from examhall.base.languages import offer_pseudo_languages
from examhall.base.listen import Listener
from examhall.base.pieces import SMALLEST_BYTES
from examhall.base.requests import ROUTE, Requests
from examhall.base.shared_store import SharedStore
from examhall.base.statements import STATEMENTS
from examhall.base.tracing import Tracing
from examhall.certificates import changes as certificate_changes
from examhall.certificates.gallery import Gallery
from examhall.certificates.issue import Issuer
from examhall.certificates.lists_route import PATHS as CERTIFICATE_LISTS
from examhall.certificates.lists_route import CertificateListsRoute
from examhall.certificates.pdf import Prints
from examhall.certificates.proofs import Proofs
from examhall.certificates.signing import Signer as CertificateSigner
from examhall.certificates.status_lists import StatusLists
from examhall.contests import contests
from examhall.contests.list_route import PATHS as CONTEST_LISTS
from examhall.contests.list_route import ROUTE as CONTEST_LIST
from examhall.contests.list_route import ContestListRoute
from examhall.contests.listing import ContestList
from examhall.contests.submissions import Submissions
from examhall.courses import courses
from examhall.events.log import EventLog
from examhall.events.refusals import noting_refusals
from examhall.exams import contents
from examhall.exams.sealing import SealedPapers
from examhall.ops.counting import counts_of_web
from examhall.ops.health import Health
from examhall.ops.limits import Limited, Limits
from examhall.ops.metrics import Exposition
from examhall.ops.watch import Watch
from examhall.reference import catalog
from examhall.reference.master_data import MasterData
from examhall.reports.sheets import ReportSheets
from examhall.scoring.conclude import CHANNEL as RESULTS
from examhall.settings import Settings
from examhall.sittings.autosave import Save, Saved, save_batch
from examhall.sittings.availabilities import Availabilities
from examhall.sittings.availability_route import PATHS as AVAILABILITIES
from examhall.sittings.availability_route import ROUTE as AVAILABILITY
from examhall.sittings.availability_route import AvailabilityRoute
from examhall.sittings.live import Live
from examhall.sittings.monitor import Monitors
from examhall.sittings.presence import Presence
from examhall.sittings.save_route import PATH, SaveRoute
from examhall.sittings.save_schema import PATH as SAVE_ROUTE
from examhall.sittings.start import Starts
from examhall.standings.boards import Boards
from examhall.web.errors import render_page_error
from examhall.web.sealed import pages_of
from examhall.web.staff.operator import Feed
from examhall.web.vendoring import FONTS

log = structlog.get_logger()

DESCRIPTION = """
Exams that thousands start in the same minute. An answer is acknowledged only after it is stored durably.

Errors are problem documents (RFC 9457) with a stable `code`. Instants are RFC 3339 in UTC; replies that
depend on time carry `server_time`. Every route below also answers under `/api` instead of `/api/v1`.
"""


# Handlers find these of the hall as request.app.state.database and so on.
SHARED = (
    "settings", "database", "signer", "certificate_signer", "status_lists", "issuer", "gallery",
    "prints", "proofs", "ticket_sheets", "report_sheets", "passwords", "openid", "turnstile",
    "availabilities", "starts", "contents", "sealed_papers", "contests", "contest_list", "submissions",
    "master_data", "health", "saves", "limits", "shared_store", "boards", "live", "monitors",
    "broadcast", "streams", "watch", "exposition", "events", "note", "storage",
)  # fmt: skip


class Hall:
    """One web process: what its routes share, opened and closed with it."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url is not None
        self.settings = settings
        # A second, direct address is given when the first leads through PgBouncer.
        pooled = settings.direct_url is not None
        self.database = Database(settings.database_url, pool_size=settings.pool_size, pooled=pooled)
        self.shared_store = SharedStore(settings.redis_url, release=__version__)
        self.limits = Limits(
            strangers=settings.rate_limit,
            persons=settings.rate_limit_person,
            saves=settings.rate_limit_saves,
            calculations=settings.rate_limit_calculations,
            store=self.shared_store,
        )
        self.signer = Signer(settings.secret)
        self.storage = settings.open_storage()
        self.certificate_signer = CertificateSigner(settings.certificate_key)
        self.issuer = Issuer(self.certificate_signer, settings.issuer_name, settings.url)
        self.gallery = Gallery(self.database)
        self.prints = Prints.of(self.database, self.storage, FONTS, self.issuer)
        self.proofs = Proofs.of(FONTS)
        self.ticket_sheets = TicketSheets(FONTS)
        self.report_sheets = ReportSheets(FONTS)
        self.status_lists = StatusLists(self.database)
        self.passwords = Passwords()
        self.turnstile = Turnstile(self.database, self.signer)
        self.availabilities = Availabilities(self.database)
        self.starts = Starts(self.database, self.availabilities)
        self.contents = contents.Contents(self.database)
        self.sealed_papers = SealedPapers(self.database, self.storage, self.contents, pages_of)
        self.contests = contests.Contests(self.database, self.contents, self.shared_store)
        self.contest_list = ContestList(self.contests)
        self.submissions = Submissions(self.database)
        self.master_data = MasterData(self.database, self.shared_store)
        self.tracing: Tracing | None = None
        write: Write[Save, Saved | Refusal] = save_batch
        if settings.otlp_endpoint is not None:
            self.tracing = Tracing(settings.otlp_endpoint, process=settings.process_name, version=__version__)
            write = self.tracing.batches(save_batch)
        self.saves: GroupCommit[Save, Saved | Refusal] = GroupCommit(
            settings.database_url, write, queue_limit=settings.save_queue_limit, pooled=pooled
        )
        self.health = Health(self.database, self.saves, self.shared_store)
        self.openid: OpenId | None = None
        if settings.oidc_issuer is not None and settings.oidc_client_id is not None:
            self.openid = OpenId(
                issuer=settings.oidc_issuer,
                client_id=settings.oidc_client_id,
                client_secret=settings.oidc_client_secret,
                redirect_uri=f"{settings.url}/sign-in/openid/back",
            )
        self.events = EventLog(self.database)
        # What handlers see of it.
        self.note = self.events.note
        self.save_route = SaveRoute(self.signer, self.database, self.saves, self.contents.of, self.note)
        self.listener = Listener(settings.direct_url or settings.database_url)
        self.requests = Requests()
        STATEMENTS.slow_s = settings.slow_statement_ms / 1000
        self.streams = Streams()
        self.broadcast = Broadcast(self.streams)
        self.presence = Presence(self.database, self.note)
        self.live = Live(self.database, self.broadcast, self.presence)
        self.monitors = Monitors(self.database, self.broadcast)
        self.boards = Boards(self.database)
        self._follow_changes()

        counts = counts_of_web(
            requests=self.requests,
            saves=self.saves,
            database=self.database,
            streams=self.streams,
            events=lambda: self.events.stats,
            limits=self.limits,
            store=self.shared_store,
        )
        self.watch = Watch(settings.metrics_folder, settings.process_name, counts, self.database)
        self.exposition = Exposition(self.watch)
        self.watch.on_tick = Feed(self.watch, self.broadcast).tell

    def _follow_changes(self) -> None:
        """What this process remembers or shows is dropped or told when the database says that it changed."""
        self.live.follow(self.listener, results_channel=RESULTS)
        self.boards.follow(self.listener, self.broadcast)
        relay_calculations(self.listener, self.broadcast)
        self.listener.on(ended.CHANNEL, self.signer.ended.remember_ended)
        self.listener.on(contents.CHANNEL, self.contents.drop)
        self.listener.on(contents.CHANNEL, self.sealed_papers.drop)
        self.listener.on(contents.CHANNEL, self.availabilities.drop_all)
        self.listener.on_reconnect(self.availabilities.forget_all)
        self.listener.on(contents.CHANNEL, self.contests.drop_lists)
        self.listener.on(courses.CHANNEL, self.contests.drop)
        self.listener.on(courses.CHANNEL, self.availabilities.drop_all)
        self.listener.on(contests.WARM_CHANNEL, self.contests.warm_soon)
        self.listener.on(catalog.CHANNEL, self.master_data.drop)
        self.listener.on_reconnect(self.master_data.forget_all)
        self.listener.on(certificate_changes.CHANNEL, self.gallery.drop_all)
        self.listener.on_reconnect(self.gallery.forget_all)
        self.listener.on(certificate_changes.CHANNEL, self.status_lists.forget)
        self.listener.on_reconnect(self.status_lists.forget_all)
        self.listener.on_reconnect(self._load_ended)
        self.listener.on_reconnect(self.contents.forget_all)
        self.listener.on_reconnect(self.sealed_papers.forget_all)
        self.listener.on_reconnect(self.contests.forget_all)

    async def _load_ended(self, conn: Connection) -> None:
        await ended.load_recently_ended(conn, self.signer.ended)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        await self.database.open()
        self.shared_store.open()
        self.listener.open()
        self.saves.open()
        self.watch.open()
        self.events.open()
        self.presence.open()
        try:
            yield
        finally:
            self.streams.close()
            self.monitors.close()
            # Requests in flight are answered by now; what they queued is written before the pool goes.
            await self.saves.close()
            await self.presence.close()
            await self.events.close()
            await self.watch.close()
            if self.tracing is not None:
                await self.tracing.close()
            await self.listener.close()
            self.passwords.close()
            await self.prints.close()
            await self.proofs.close()
            await self.ticket_sheets.close()
            await self.report_sheets.close()
            if self.openid is not None:
                await self.openid.close()
            await self.shared_store.close()
            await self.database.close()


def create_app(given: Settings | Hall) -> ASGIApp:
    """The application of one web process; around a hall of your own, if you open and close it yourself."""
    hall = Hall(given) if isinstance(given, Settings) else given
    if hall.settings.pseudo_languages:
        offer_pseudo_languages()
    api, pages = _create_api(), _create_pages()
    for app in (api, pages):
        for name in SHARED:
            setattr(app.state, name, getattr(hall, name))
    doors: ASGIApp = Limited(
        _Doors(hall, api, pages),
        hall.limits,
        hall.signer,
        trusted=hall.settings.rate_limit_trusted,
        proxies=hall.settings.trusted_proxies,
        page=render_page_error,
    )
    if hall.tracing is not None:
        doors = hall.tracing.around(doors, hall.requests)
    return Front(
        doors,
        uploads=routes.uploads(hall.settings),
        requests=hall.requests,
        access_log=hall.settings.access_log,
    )


def _create_api() -> FastAPI:
    api = FastAPI(
        title="Examhall",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        exception_handlers={
            Refusal: noting_refusals(problem.render_refusal),
            RequestValidationError: problem.render_malformed,
            HTTPException: problem.render_http_error,
            Exception: problem.render_bug,
        },
        redirect_slashes=False,
    )
    routes.mount_api(api)
    return api


def _create_pages() -> Starlette:
    return Starlette(
        routes=routes.PAGES,
        middleware=[Middleware(GZipMiddleware, minimum_size=SMALLEST_BYTES, compresslevel=5)],
        exception_handlers={
            Refusal: render_page_error,
            HTTPException: render_page_error,
            Exception: render_page_error,
        },
    )


class _Doors:
    """Which application a request is for: one of the hot routes, the API, or the pages."""

    def __init__(self, hall: Hall, api: ASGIApp, pages: ASGIApp) -> None:
        self._hall = hall
        self._api = api
        self._pages = pages
        self._contest_list = ContestListRoute(hall.signer, hall.contest_list)
        self._certificate_lists = CertificateListsRoute(hall.gallery)
        self._availability = AvailabilityRoute(hall.signer, hall.availabilities, hall.note)
        self._private_port = hall.settings.metrics_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            raise ValueError(f"no door for {scope['type']}")
        elif self._private_port is not None and not self._is_at_its_port(scope):
            await send_refusal(NotFound(), send, scope)
        elif scope["method"] == "POST" and (found := PATH.fullmatch(scope["path"])):
            scope[ROUTE] = SAVE_ROUTE
            await self._hall.save_route(scope, receive, send, int(found[1]))
        elif scope["method"] == "GET" and scope["path"] in AVAILABILITIES:
            scope[ROUTE] = AVAILABILITY
            await self._availability(scope, receive, send, self._api)
        elif scope["method"] == "GET" and scope["path"] in CONTEST_LISTS:
            scope[ROUTE] = CONTEST_LIST
            await self._contest_list(scope, receive, send, self._api)
        elif scope["method"] == "GET" and scope["path"] in CERTIFICATE_LISTS:
            scope[ROUTE] = CERTIFICATE_LISTS[scope["path"]]
            await self._certificate_lists(scope, receive, send, self._api)
        elif scope["path"].startswith(routes.API_PREFIXES):
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def _is_at_its_port(self, scope: Scope) -> bool:
        """Whether what is asked and the port where it is asked are both private, or neither is."""
        server = scope.get("server") or ("", None)
        return (server[1] == self._private_port) == (scope["path"] in routes.PRIVATE)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._hall.opened():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
