"""Who is behind what is done now, for the record that the database itself keeps of it.

Set where somebody is recognised, or where a process begins. base/db.py hands it to PostgreSQL in the packet
of BEGIN, as a setting of that transaction alone; triggers read it there.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, NamedTuple, TypeAlias

from examhall.base.logs import REQUEST_ID

# A page, the API, the command line, a job worker; or the server by itself and for strangers.
Door: TypeAlias = Literal["page", "api", "command", "worker", "server"]
SETTING: Final = "examhall.who"
# What goes into a statement as it is.
UNSAFE = re.compile(r"[^A-Za-z0-9._@:+-]")
LONGEST_TRACE = 64


class Actor(NamedTuple):
    person_id: int | None
    door: Door
    # Whether what they do may change something that is recorded: a request to read is not handed over.
    writes: bool = True
    # Whether jobs that follow are done on their behalf.
    is_staff: bool = False
    # Where it can be found again; without it the request's id.
    trace: str = ""

    @property
    def text(self) -> str:
        """As the setting has it, without a character that means anything to SQL."""
        trace = UNSAFE.sub("_", self.trace or REQUEST_ID.get().decode())[:LONGEST_TRACE]
        return f"{self.person_id or ''}|{self.door}|{trace}"


ACTOR: ContextVar[Actor | None] = ContextVar("actor", default=None)


def statement() -> bytes:
    """What makes a transaction know on whose behalf it is; nothing where nobody is behind it."""
    actor = ACTOR.get()
    if actor is None or not actor.writes:
        return b""
    return f"SET LOCAL {SETTING} = '{actor.text}'".encode()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Within this, what is done is done by them."""
    before = ACTOR.set(actor)
    try:
        yield
    finally:
        ACTOR.reset(before)
