"""What a process of the generator is told on its standard input, and what it says on its standard output."""

from dataclasses import dataclass, field

import msgspec

from examhall.ops.rehearse.human import Item, Script


@dataclass(frozen=True)
class Plan:
    """All that one process of candidates needs."""

    host: str
    port: int
    tls: bool
    exam_id: int
    items: list[Item]
    scripts: list[Script]
    # By the wall clock, which all processes of one machine share: seconds since 1970.
    opens_at: float
    # How long each may work after the start; what is still missing then is closed by time.
    work_s: float
    # Every window is over: who still waits gives up.
    ends_at: float
    pace: float
    ledger: str
    # From outside nobody can look into the database: candidates learn the items from their sessions, and ask
    # at the end what is stored.
    from_outside: bool = False


class Second(msgspec.Struct):
    """What one process did in one second."""

    at: float
    # Share of one core.
    cpu: float
    # How late a timer of this process was at worst: beyond a few ms it had no time for its candidates.
    lag_ms: float
    # Name of a request -> bucket -> how many took as long.
    times: dict[str, dict[int, int]] = field(default_factory=dict)
    # Name of a request -> status, or what was wrong -> how often.
    failures: dict[str, dict[str, int]] = field(default_factory=dict)
    # Where its candidates are: outside, lobby, room, done.
    places: dict[str, int] = field(default_factory=dict)
    # Said once, when all are done.
    finished: bool = False


encode_plan = msgspec.json.Encoder().encode


def decode_plan(line: bytes) -> Plan:
    return msgspec.json.decode(line, type=Plan)


encode_second = msgspec.json.Encoder().encode
decode_second = msgspec.json.Decoder(Second).decode
