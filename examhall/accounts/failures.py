"""Limits on failed sign-ins, in a table that all processes share.

Three counters, each over 15 minutes from its first failure:
- an account from one address: stops guessing at one person's password;
- an account from anywhere: stops guessing spread over many addresses. It is the larger one on purpose:
  whoever wants to lock a candidate out by failing in the candidate's name needs ten addresses, and the
  candidate waits 15 minutes at most, stays signed in where they are, and can always enter with a ticket;
- an address: stops trying one password on many accounts. A school that shares one address belongs in
  EXAMHALL_RATE_LIMIT_TRUSTED, whose networks are spared both counters that an address has a part in. The
  account's own holds there too: those who would guess a classmate's password sit in the same room.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from examhall.base.db import Connection, many, run
from examhall.base.errors import TooManyRequests
from examhall.base.sqlfile import beside

SQL = beside(__file__)

WINDOW = timedelta(minutes=15)
ACCOUNT_FROM_ADDRESS = 10
ACCOUNT_FROM_ANYWHERE = 100
ADDRESS = 50
# What one customer of an internet provider is given; they can use any address in it.
IPV6_PREFIX = 64

Network: TypeAlias = IPv4Network | IPv6Network
Networks: TypeAlias = Sequence[Network]


class TooManySignIns(TooManyRequests):
    """Too many failed attempts to sign in. Please wait, or ask for an admission ticket."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)


@dataclass(frozen=True)
class Counter:
    subject: str
    failures: int
    # Until the counter starts anew.
    remaining_s: int


@dataclass(frozen=True)
class Limits:
    """Which counters one attempt moves: subject -> failures allowed."""

    account: dict[str, int]
    address: dict[str, int]

    @classmethod
    def of(cls, *, person_id: int | None, name: str, address: str, trusted: Networks) -> "Limits":
        """An attempt on an account that does not exist is limited like any other, so that nobody can tell."""
        # Hashed, because people type their password into the wrong field.
        account = str(person_id or hashlib.sha256(name.lower().encode()).hexdigest())
        network = network_of(address)
        if is_within(network, trusted):
            return cls({f"account {account}": ACCOUNT_FROM_ANYWHERE}, {})
        return cls(
            {
                f"account {account}": ACCOUNT_FROM_ANYWHERE,
                f"account {account} from {network}": ACCOUNT_FROM_ADDRESS,
            },
            {f"address {network}": ADDRESS},
        )

    def check(self, counters: Sequence[Counter], *, spared: int = 0) -> None:
        """Refuse when a counter is at its limit; `spared` more are let pass."""
        allowed = self.account | self.address
        waits = [
            counter.remaining_s
            for counter in counters
            if counter.failures >= allowed[counter.subject] + spared
        ]
        if waits:
            raise TooManySignIns(max(1, *waits))


def network_of(address: str) -> Network | None:
    """An address as it is counted: IPv4 alone, IPv6 by its /64. None when it is not an address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return ip_network((parsed, IPV6_PREFIX), strict=False)
        parsed = parsed.ipv4_mapped
    return ip_network(parsed)


def is_within(network: Network | None, others: Networks) -> bool:
    return network is not None and any(
        network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
        for other in others
    )


async def refuse_when_limited(conn: Connection, limits: Limits) -> None:
    """Before the costly part. Those already under way are judged once more when they are done."""
    subjects = [*limits.account, *limits.address]
    if subjects:
        limits.check(await many(conn, SQL.read_counters, Counter, subjects=subjects, window=WINDOW))


async def count_failure(conn: Connection, limits: Limits) -> TooManySignIns | None:
    """Count a failed attempt. The refusal is returned, not raised: raised here, it would undo the count.

    However many attempts ran side by side, only as many as the limit allows are told that they failed.
    """
    subjects = [*limits.account, *limits.address]
    if not subjects:
        return None
    counters = await many(conn, SQL.count_failure, Counter, subjects=subjects, window=WINDOW)
    try:
        limits.check(counters, spared=1)
    except TooManySignIns as refusal:
        return refusal
    return None


async def forgive(conn: Connection, limits: Limits) -> None:
    """Clear the account's counters after the right password, unless a limit was reached meanwhile.

    Without that last look, a thousand guesses sent at once would all be verified before the first is counted.
    """
    if not limits.account:
        return
    limits.check(
        await many(conn, SQL.hold_account_counters, Counter, subjects=[*limits.account], window=WINDOW)
    )
    limits.check(
        await many(conn, SQL.hold_address_counters, Counter, subjects=[*limits.address], window=WINDOW)
    )
    await run(conn, SQL.clear_counters, subjects=[*limits.account])


async def forget_old_failures(conn: Connection) -> int:
    return await run(conn, SQL.forget_old_failures, window=WINDOW)
