"""How hard questions of the bank have proved to be in the exams that had them."""

from collections.abc import Sequence
from dataclasses import dataclass

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class Difficulty:
    id: int
    # Logits of the exams that it was in, whose scales need not be the same.
    difficulty: float
    # The share who had it right, from 0 to 1; None where it is not right or wrong alone.
    facility: float | None
    # Of the exam in which most had it.
    persons: int


async def difficulties_of(conn: Connection, ids: Sequence[int]) -> dict[int, Difficulty]:
    """By the question of the bank; those that no calibrated exam has are left out."""
    found = await many(conn, SQL.difficulties, Difficulty, ids=list(ids))
    return {each.id: each for each in found}
