"""Each process's memory of who may sit what, for those who ask again and again while they wait.

For a second at most, for it is a permission; a start asks the database and nothing else. The clock in it goes
on: an exam opens and closes by it at its very instant, however old the rest is.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from starlette.requests import Request

from examhall.base.cache import DECIDES_S, Cache
from examhall.base.clock import rfc3339
from examhall.base.db import Connection, Database
from examhall.base.shared_transaction import SharedTransaction
from examhall.sittings.availability import (
    Availability,
    ExamNotFound,
    OfExam,
    OfTestType,
    availabilities,
    exams_of_test_types,
)

# A few hundred bytes each; more than ask within a second.
KEPT = 20_000
# What stands before the time in a reply.
CLOCK = b'"server_time":"'


class Remembered:
    """What was read, with a clock that goes on."""

    __slots__ = ("_at", "_availability", "_parts", "_until")

    def __init__(self, availability: Availability) -> None:
        self._availability = availability
        self._at = time.monotonic()
        self._parts: tuple[bytes, bytes] | None = None
        self._until: datetime | None = None

    @property
    def exam_id(self) -> int:
        return self._availability.exam_id

    def now(self) -> Availability:
        return replace(self._availability, server_time=self._clock())

    def json(self, encode: Callable[[Availability], bytes]) -> bytes:
        """`now` as `encode` writes it, by writing the time alone anew until an exam opens or closes.

        The same `encode` each time; it writes `server_time` as RFC 3339.
        """
        clock = self._clock()
        if self._parts is None or (self._until is not None and clock >= self._until):
            before, name, after = encode(replace(self._availability, server_time=clock)).partition(CLOCK)
            assert name
            self._parts = before + name, after[after.index(b'"') :]
            edges = (self._availability.opens_at, self._availability.closes_at)
            self._until = min((edge for edge in edges if edge is not None and edge > clock), default=None)
        before, after = self._parts
        return before + rfc3339(clock).encode() + after

    def _clock(self) -> datetime:
        return self._availability.server_time + timedelta(seconds=time.monotonic() - self._at)


class Availabilities:
    def __init__(self, database: Database) -> None:
        # A thousand who look once a second each find nothing remembered: they share statements instead.
        self._reading = SharedTransaction(database, availabilities)
        self._choosing = SharedTransaction(database, exams_of_test_types)
        self._of_exam: Cache[tuple[int, int], Remembered] = Cache(
            name="availability", ttl_s=DECIDES_S, size=KEPT
        )
        self._exams: Cache[tuple[int, str, int | None], int] = Cache(
            name="test types", ttl_s=DECIDES_S, size=KEPT
        )

    async def of_exam(self, *, exam_id: int, candidate_id: int) -> Remembered:
        """`availability_of_exam`, as of a second ago at most."""

        async def ask() -> Remembered:
            found = await self._reading.submit(OfExam(candidate_id, exam_id))
            if found is None:
                raise ExamNotFound
            return Remembered(found)

        return await self._of_exam.get((candidate_id, exam_id), ask)

    async def of_test_type(
        self, *, test_type: str, candidate_id: int, only_exam_id: int | None
    ) -> Remembered:
        """That of the exam which the test type means for this person, as of a second ago at most."""

        async def ask() -> int:
            found = await self._choosing.submit(OfTestType(candidate_id, test_type, only_exam_id))
            if found is None:
                raise ExamNotFound
            return found

        exam_id = await self._exams.get((candidate_id, test_type, only_exam_id), ask)
        return await self.of_exam(exam_id=exam_id, candidate_id=candidate_id)

    def drop(self, *, exam_id: int, candidate_id: int) -> None:
        """They started or handed in here: whoever asks next in this process is told so."""
        self._of_exam.drop((candidate_id, exam_id))

    def drop_all(self, payload: str) -> None:
        """Some exam changed: its window, or who may sit it."""
        self._of_exam.clear()
        self._exams.clear()

    async def forget_all(self, conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        self.drop_all("")


def availabilities_of(request: Request) -> Availabilities:
    availabilities: Availabilities = request.app.state.availabilities
    return availabilities
