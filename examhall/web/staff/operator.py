"""The operator's page: the whole server second by second, and what holds it back."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.clock import now
from examhall.base.db import Unavailable
from examhall.base.errors import Malformed
from examhall.base.event_stream import Broadcast, encoded
from examhall.ops.bottlenecks import Bottleneck, find_bottlenecks
from examhall.ops.performance import caches_of, statements_of
from examhall.ops.sampling import Index, Storage, look_at_storage
from examhall.ops.tick import Tick
from examhall.ops.watch import Watch
from examhall.web.frame import framed
from examhall.web.i18n import language_of, languages, translations
from examhall.web.numbers import numbers

# Digits of what a chart draws.
DIGITS = 4
NAMES = tuple(field for field in Tick.__struct_fields__ if field != "at")
# Where a sentence has a value, and with how many digits.
PLACE = re.compile(r"%\((\w+)\)(?:\.(\d)f|[ds])")
# Indexes shown: the most used, and those that nobody used.
INDEXES = 12


class Feed:
    """Tells every open operator's page of this process what the last second brought."""

    def __init__(self, watch: Watch, broadcast: Broadcast) -> None:
        self._watch = watch
        self._broadcast = broadcast

    def tell(self, tick: Tick) -> None:
        """Costs nothing while nobody looks."""
        for language in languages():
            if self._broadcast.followers(topic := ("operator", language)):
                self._broadcast.tell(topic, self.event([tick], language))

    def event(self, ticks: list[Tick], language: str) -> bytes:
        text = msgspec.json.encode({**_columns(ticks), **_latest(self._watch, language)})
        return encoded(text.decode(), event_id=f"{ticks[-1].at:.3f}" if ticks else None)


async def operator_page(request: Request) -> Response:
    """GET /operator"""
    me = await _operator(request)
    watch: Watch = request.app.state.watch
    account, storage = None, Storage([], [], None)
    # When the database is away this page is wanted most: it shows what the processes know by themselves.
    with suppress(Unavailable):
        async with request.app.state.database.transaction() as conn:
            account = await find_account(conn, me.id)
        storage = await look_at_storage(request.app.state.database)
    ticks = list(watch.ticks)
    whole = watch.whole()
    language = language_of(request)
    return framed(
        request,
        me,
        account,
        "staff/operator.html",
        tick=ticks[-1] if ticks else Tick(),
        minutes=_by_minute(ticks),
        history=_columns(ticks),
        latest=_latest(watch, language),
        last=f"{ticks[-1].at:.3f}" if ticks else "0",
        started_at=datetime.fromtimestamp(
            min(whole.gauges["process_start_time_seconds"].values(), default=now().timestamp()), UTC
        ),
        processes=watch.processes(),
        caches=caches_of(whole),
        statements=statements_of(whole),
        slow=[(run, datetime.fromtimestamp(run.at, UTC)) for run in reversed(whole.slow)],
        storage=storage,
        used_indexes=storage.indexes[:INDEXES],
        unused_indexes=_unused(storage),
        largest=max((table.bytes for table in storage.tables), default=1),
    )


async def operator_events(request: Request) -> Response:
    """GET /operator/events?after=: each second from then on, and those missed in between at once."""
    await _operator(request)
    after = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    try:
        since = float(after)
    except ValueError as error:
        raise Malformed("after is a moment, in seconds since 1970.") from error
    language = language_of(request)
    stream = request.app.state.broadcast.follow(("operator", language))
    watch: Watch = request.app.state.watch
    if missed := [tick for tick in watch.ticks if tick.at > since]:
        stream.send(Feed(watch, request.app.state.broadcast).event(missed, language))
    return stream  # type: ignore[no-any-return]


async def _operator(request: Request) -> Person:
    me = await page_person(request)
    require_role(me, "admin")
    return me


def _latest(watch: Watch, language: str) -> dict[str, Any]:
    """What is of now alone: the busiest routes, the coming deadlines, what holds the server back."""
    whole = watch.latest()
    found = find_bottlenecks(list(watch.ticks)[-60:], whole)
    return {
        "routes": [
            [each.method, each.route, *map(_rounded, (each.per_s, each.p50, each.p95, each.p99, each.errors))]
            for each in watch.routes()
        ],
        "deadlines": whole.deadlines,
        "bottlenecks": [in_words(each, language) for each in found],
    }


def in_words(found: Bottleneck, language: str) -> str:
    """Its sentence, with figures as the language writes them."""
    write = numbers(language)

    def one(place: re.Match[str]) -> str:
        value = found.values[place[1]]
        return write.fixed(value, int(place[2] or 0)) if isinstance(value, int | float) else str(value)

    return PLACE.sub(one, translations(language).ugettext(found.sentence))


def _columns(ticks: list[Tick]) -> dict[str, Any]:
    """Column by column, as charts want it; a third of the size of row by row."""
    return {
        "at": [round(tick.at, 1) for tick in ticks],
        "columns": {name: [_rounded(getattr(tick, name)) for tick in ticks] for name in NAMES},
    }


def _rounded(value: float | None) -> float | None:
    if value is None:
        return None
    # Through text: to so many significant digits, whatever the size.
    number = float(f"{value:.{DIGITS}g}")
    return int(number) if number == int(number) else number


def _by_minute(ticks: list[Tick]) -> list[dict[str, Any]]:
    """The last minutes as a table, for who cannot see the charts: means, and the worst of what can be bad."""
    minutes: dict[int, list[Tick]] = {}
    for tick in ticks:
        minutes.setdefault(int(tick.at // 60), []).append(tick)
    return [
        {
            "at": datetime.fromtimestamp(minute * 60, UTC),
            "requests": sum(tick.requests for tick in found) / len(found),
            "p99": max((tick.p99 for tick in found if tick.p99 is not None), default=None),
            "saves": sum(tick.saves for tick in found) / len(found),
            "queue": max(tick.queue for tick in found),
            "pool": max(tick.pool_out for tick in found),
            "live": max(tick.live for tick in found),
            "cpu": sum(tick.cpu for tick in found) / len(found),
        }
        for minute, found in sorted(minutes.items(), reverse=True)
    ]


def _unused(storage: Storage) -> list[Index]:
    """Indexes that no query has used since the statistics began; those that forbid doubles work unseen."""
    found = [index for index in storage.indexes if not index.scans and not index.is_unique]
    return sorted(found, key=lambda index: -index.bytes)[:INDEXES]


routes = [Route("/operator", operator_page), Route("/operator/events", operator_events)]
