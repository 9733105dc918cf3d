"""What the tests of saving share: saves in short, what is stored, the save statement without a guard."""

import time

from examhall.base.db import Connection
from examhall.base.sqlfile import Query
from examhall.sittings import autosave
from examhall.sittings.autosave import Answer, Save

from .seats import Seat


def save(
    seat: Seat, answer: str = "A", revision: int = 1, *, number: int = 1, part: str = "", age_s: float = 0
) -> Save:
    """One answer, received `age_s` seconds ago."""
    given = Answer(number, part, f'"{answer}"'.encode(), revision)
    return Save(seat.candidate_id, seat.sitting_id, [given], time.monotonic() - age_s)


async def stored(conn: Connection, seat: Seat, number: int = 1, part: str = "") -> tuple[str, int] | None:
    """The answer and its revision, as a reader sees them."""
    cursor = await conn.execute(
        """SELECT answer #>> '{}', revision FROM answers
            WHERE candidate_id = %s AND sitting_id = %s AND question_number = %s AND sub_part = %s""",
        (seat.candidate_id, seat.sitting_id, number, part),
    )
    return await cursor.fetchone()


async def history(conn: Connection, seat: Seat) -> list[tuple[str, int]]:
    cursor = await conn.execute(
        """SELECT answer #>> '{}', revision FROM answer_history
            WHERE sitting_id = %s ORDER BY saved_at, revision""",
        (seat.sitting_id,),
    )
    return await cursor.fetchall()


class Unguarded:
    """The queries of autosave.sql with a guard taken out of save_batch: what a control runs against."""

    def __init__(self, guard: str, instead: str) -> None:
        real = autosave.SQL.save_batch
        assert guard in real.text, "the guard is no longer in the statement"
        self.save_batch = Query(real.name, real.text.replace(guard, instead), real.parameters)  # type: ignore[arg-type]
