"""What a request makes is made once: a repeat under the same Idempotency-Key is given what the first made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Self

import msgspec
from fastapi import Header

from examhall.base.db import Connection, maybe, run
from examhall.base.errors import Conflict
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# Whoever repeats a request does so within minutes; a program whose machine was away, within days.
KEPT_FOR = timedelta(days=30)

RequestKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        description="For 30 days a repeat with the same key makes no second one, and is given the first.",
    ),
]


class KeyUsedForAnother(Conflict):
    """This Idempotency-Key came before with something else. Nothing was done now."""


@dataclass(frozen=True)
class Made:
    id: int
    # False: the same request had made it before.
    is_new: bool


@dataclass(frozen=True)
class RequestKey:
    """By which a repeat is known, and what was asked for under it."""

    key: str
    asked: Any

    @classmethod
    def of(cls, key: str | None, asked: Any) -> Self | None:
        return None if key is None else cls(key, asked)

    @property
    def hash(self) -> bytes:
        return sha256(msgspec.json.encode(self.asked, order="sorted")).digest()


@dataclass(frozen=True)
class _Claimed:
    person_id: int


@dataclass(frozen=True)
class _MadeBefore:
    thing_id: int
    request_hash: bytes


async def make_once(
    conn: Connection, request: RequestKey | None, *, kind: str, by: int, make: Callable[[], Awaitable[int]]
) -> Made:
    """Let `make` make something, whose id it gives, unless the same request did before.

    However often one person's request arrives, at once or later, one makes it: the primary key lets one claim
    it, the others wait for its commit and are given that id; if it is refused, the next one tries. Without a
    request it is made in any case. Raises KeyUsedForAnother for another request under the same key.
    """
    if request is None:
        return Made(await make(), is_new=True)
    place = {"person_id": by, "kind": kind, "request_key": request.key}
    while await maybe(conn, SQL.claim, _Claimed, **place, request_hash=request.hash) is None:
        before = await maybe(conn, SQL.made_before, _MadeBefore, **place)
        # None: forgotten in between; then it can be claimed.
        if before is not None:
            if before.request_hash != request.hash:
                raise KeyUsedForAnother
            return Made(before.thing_id, is_new=False)
    made = await make()
    await run(conn, SQL.note_made, **place, thing_id=made)
    return Made(made, is_new=True)


async def forget_old_requests(conn: Connection) -> int:
    """Forget which requests made what, 30 days later; what they made stays. Give how many."""
    return await run(conn, SQL.forget_old_requests, kept_for=KEPT_FOR)
