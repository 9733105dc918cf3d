"""How a calculation stands, told to every process, and by each to the streams that follow it."""

import json
from typing import Final

from examhall.base.db import Connection, run
from examhall.base.event_stream import Broadcast, encoded
from examhall.base.listen import Listener
from examhall.base.sqlfile import beside

SQL = beside(__file__)

CHANNEL: Final = "examhall_calculations"
# No later event follows these.
OVER: Final = frozenset(("done", "failed", "cancelled"))


def payload(calculation_id: int, status: str, progress: float, stage: str) -> str:
    return json.dumps(
        {"calculation_id": calculation_id, "status": status, "progress": round(progress, 3), "stage": stage}
    )


async def announce(conn: Connection, *payloads: str) -> None:
    """Tell every process, when this commits."""
    if payloads:
        await run(conn, SQL.announce, channel=CHANNEL, payloads=list(payloads))


def topic(calculation_id: int) -> tuple[str, int]:
    return ("calculation", calculation_id)


def event(told: str, status: str) -> bytes:
    """The event of a stream; its id says whether it was the last."""
    return encoded(told, name="calculation", event_id=status)


def relay_calculations(listener: Listener, broadcast: Broadcast) -> None:
    """Before the listener opens: what is announced is told to the streams that follow it."""

    def heard(told: str) -> None:
        said = json.loads(told)
        if isinstance(said, dict) and "calculation_id" in said:
            broadcast.tell(topic(said["calculation_id"]), event(told, str(said.get("status"))))

    broadcast.relay(listener, CHANNEL, heard)
