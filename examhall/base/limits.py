"""Limits on how often somebody may do something: by GCRA, in memory that stays bounded.

Each process counts for itself. Where processes share a store, a limit may be counted there as well, so that
what one process lets pass is known to the others. Without it, or while it is lost, a subject that spreads its
requests over all web workers is allowed the limit once by each of them.
"""

import math
from collections.abc import Awaitable, Iterable
from datetime import timedelta
from typing import NamedTuple, cast

from redis.asyncio import Redis
from throttled import (
    BaseRateLimiter,
    Quota,
    RateLimiterRegistry,
    RateLimitResult,
    RateLimitState,
    per_duration,
)
from throttled.asyncio import BaseRateLimiter as SharedRateLimiter
from throttled.asyncio import RateLimiterRegistry as SharedRegistry
from throttled.asyncio import RedisStore, RedisStoreBackend
from throttled.exceptions import StoreUnavailableError
from throttled.store import MemoryStore

from examhall.base.errors import TooManyRequests
from examhall.base.rates import Rate, Rates
from examhall.base.shared_store import Away, SharedStore

# Of each rate of each limit, half a kilobyte each. When a million addresses come, those not seen for longest
# are forgotten; to them everything is allowed again.
SUBJECTS_KEPT = 50_000
# A refusal always has something to wait for.
SHORTEST_S = 0.001


class Verdict(NamedTuple):
    """Whether it is allowed, and what is left in the bucket that is emptiest."""

    limit: int
    remaining: int
    # Until it is full again.
    reset_s: float
    # 0 when it is allowed.
    retry_after_s: float

    @property
    def is_refused(self) -> bool:
        return self.retry_after_s > 0

    def refusal(self) -> TooManyRequests:
        return TooManyRequests(retry_after=max(1, math.ceil(self.retry_after_s)))


UNLIMITED = Verdict(0, 1, 0.0, 0.0)


class Limit:
    """One rule, for each subject by itself. Without rates it allows everything."""

    def __init__(self, name: str, rates: Rates, store: SharedStore | None = None) -> None:
        self.name = name
        # How often it has refused, for the figures.
        self.refused = 0
        self._store = store
        self._here = [_here(rate) for rate in rates.rates]
        client = store.client if store is not None else None
        self._shared = [] if client is None else [_shared(name, rate, client) for rate in rates.rates]

    def take(self, subject: str, cost: int = 1) -> Verdict:
        """Use up some of what the subject is allowed, as far as this process knows: 4 microseconds a rate.

        What is refused uses nothing up.
        """
        return self._judge(limiter.limit(subject, cost) for limiter in self._here)

    def refuse(self, subject: str, cost: int = 1) -> TooManyRequests | None:
        """`take` where nobody asks what is left, and every microsecond counts."""
        for limiter in self._here:
            result = limiter.limit(subject, cost)
            if result.limited:
                return self._judge([result]).refusal()
        return None

    def look(self, subject: str) -> Verdict:
        """What `take` would say, using nothing up."""
        for limiter in self._here:
            state = limiter.peek(subject)
            if state.remaining < 1:
                self.refused += 1
                # The library's own `retry_after` of a peek says how long ago, not how long until.
                wait_s = state.reset_after - (state.limit - 1) * limiter.quota.emission_interval
                return Verdict(state.limit, 0, state.reset_after, max(wait_s, SHORTEST_S))
        return UNLIMITED

    async def take_shared(self, subject: str) -> Verdict:
        """`take`, as far as all processes know, if there is a store that they share and it answers."""
        verdict = self.take(subject)
        if verdict.is_refused or self._store is None or not self._shared:
            return verdict
        try:
            results = [
                await self._store.ask(lambda _, limiter=limiter: _limit(limiter, subject))  # type: ignore[misc]
                for limiter in self._shared
            ]
        except Away:
            return verdict
        return self._judge(results)

    async def require(self, subject: str) -> None:
        """`take_shared`, and refuse with 429 when there is nothing left. For handlers."""
        verdict = await self.take_shared(subject)
        if verdict.is_refused:
            raise verdict.refusal()

    def _judge(self, results: Iterable[RateLimitResult]) -> Verdict:
        states: list[RateLimitState] = []
        for result in results:
            states.append(result.state)
            if result.limited:
                self.refused += 1
                state = result.state
                return Verdict(state.limit, 0, state.reset_after, max(state.retry_after, SHORTEST_S))
        if not states:
            return UNLIMITED
        state = min(states, key=lambda state: state.remaining / state.limit)
        return Verdict(state.limit, state.remaining, state.reset_after, 0.0)


def _quota(rate: Rate) -> Quota:
    return per_duration(timedelta(seconds=rate.per_s), rate.count, rate.burst)


def _here(rate: Rate) -> BaseRateLimiter:
    # A store for each: the shortest rate's flood of subjects leaves the longer one's alone.
    return RateLimiterRegistry.get("gcra")(_quota(rate), MemoryStore(options={"MAX_SIZE": SUBJECTS_KEPT}))


def _shared(name: str, rate: Rate, client: Redis) -> SharedRateLimiter:
    return SharedRegistry.get("gcra")(
        _quota(rate), _OurStore(client), key_prefix=f"examhall:limit:{name}:{rate.per_s}"
    )


async def _limit(limiter: SharedRateLimiter, subject: str) -> RateLimitResult:
    try:
        return await cast(Awaitable[RateLimitResult], limiter.limit(subject))
    except StoreUnavailableError as error:
        raise ConnectionError(str(error)) from error


class _OurBackend(RedisStoreBackend):
    client: Redis

    def get_client(self) -> Redis:  # type: ignore[override]
        return self.client


class _OurStore(RedisStore):
    """The library's store over our own connections, which know when to give up."""

    _BACKEND_CLASS = _OurBackend

    def __init__(self, client: Redis) -> None:
        super().__init__()
        assert isinstance(self._backend, _OurBackend)
        self._backend.client = client
