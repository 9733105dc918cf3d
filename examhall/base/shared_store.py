"""Redis or Valkey, where there is one: what processes and nodes share besides PostgreSQL.

Nothing depends on it. It may die or freeze at any moment: whoever asks it then waits `ASK_S` once, and from
then on nobody asks it at all until it has answered a ping again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal, TypeAlias, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger()

Answer = TypeVar("Answer")
Ask: TypeAlias = Callable[[Redis], Awaitable[Answer]]

# It answers in under a millisecond. Where this is too strict, because the machine is busy, the ping that
# follows says so, and it is asked again a moment later.
ASK_S = 0.01
# What does not answer a ping within this is lost.
PING_S = 1.0
AGAIN_S = 0.5
# Commands are short; a thousand that ask at once take turns.
CONNECTIONS = 16


class Away(Exception):
    """The store cannot be asked now. The caller goes on without it."""


class SharedStore:
    """One process's way to the store; without an address it is always `Away`, and never missed."""

    def __init__(self, url: str | None, *, release: str = "") -> None:
        # What one release has stored, another does not read.
        self.release = release
        self.client = None if url is None else _client(url)
        # Off until the first ping: nobody waits for connections to be made.
        self._reachable = False
        self._lost = False
        self._recovering: asyncio.Task[None] | None = None
        self._missed = False
        self._on_return: list[Ask[object]] = []

    @property
    def is_there(self) -> bool:
        """Whether an address was given."""
        return self.client is not None

    @property
    def state(self) -> Literal["off", "ok", "lost"]:
        if not self.is_there:
            return "off"
        return "lost" if self._lost else "ok"

    def on_return(self, ask: Ask[object]) -> None:
        """Asked before anybody else when the store is back and something was missed meanwhile (`missed`)."""
        self._on_return.append(ask)

    def missed(self) -> None:
        """What was to be told to the store could not be: nobody may believe it until `on_return` has run."""
        if self.client is not None:
            self._missed = True
            self._doubt()

    def open(self) -> None:
        if self.client is not None:
            self._doubt()

    async def close(self) -> None:
        if self._recovering is not None:
            self._recovering.cancel()
            await asyncio.gather(self._recovering, return_exceptions=True)
        if self.client is not None:
            with suppress(RedisError, OSError):
                await self.client.aclose()
        self._reachable = False

    async def ask(self, ask: Ask[Answer]) -> Answer:
        """The store's answer. Raises `Away` at once while it is lost, and after `ASK_S` when it just was."""
        if not self._reachable or self.client is None:
            raise Away
        try:
            async with asyncio.timeout(ASK_S):
                return await ask(self.client)
        except (RedisError, OSError) as error:
            self._doubt()
            raise Away from error

    def _doubt(self) -> None:
        self._reachable = False
        if self._recovering is None or self._recovering.done():
            self._recovering = asyncio.create_task(self._recover(), name="shared store")

    async def _recover(self) -> None:
        assert self.client is not None
        while not self._reachable:
            try:
                async with asyncio.timeout(PING_S):
                    await self.client.ping()
                    while self._missed:
                        self._missed = False
                        for ask in self._on_return:
                            await ask(self.client)
            except (RedisError, OSError) as error:
                # Perhaps half of it was said.
                self._missed = True
                if not self._lost:
                    self._lost = True
                    log.warning("shared store lost; going on without it", error=str(error) or "no answer")
                await asyncio.sleep(AGAIN_S)
            else:
                self._reachable = True
        if self._lost:
            self._lost = False
            log.info("shared store is back")


def _client(url: str) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=None,
        socket_connect_timeout=PING_S,
        # Whoever asks does not wait for a second try.
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)
