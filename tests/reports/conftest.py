from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from examhall.base.db import Connection, Database
from examhall.base.typesetting import Typesetter
from examhall.scoring.calibrate import calibrate_exam
from examhall.standings.ratings import rate_exam
from examhall.standings.topics import summarise_topics
from tests.standings.test_streaks import person
from tests.standings.test_topics import exam, sat

FONTS = Path(__file__).parents[2] / "examhall" / "web" / "vendor" / "fonts"


@pytest.fixture
async def typesetter() -> AsyncIterator[Typesetter]:
    typesetter = Typesetter(FONTS)
    yield typesetter
    await typesetter.close()


@dataclass(frozen=True)
class PastExam:
    id: int
    candidates: Sequence[int]

    async def sitting_of(self, conn: Connection, candidate_id: int) -> int:
        cursor = await conn.execute("SELECT id FROM sittings WHERE candidate_id = %s", (candidate_id,))
        found = await cursor.fetchone()
        assert found is not None
        return int(found[0])


async def add_past_exam(database: Database, *, candidates: int = 12, release: str = "at_once") -> PastExam:
    """An exam with reports that so many sat; the first got all right, the others some here, some there."""
    async with database.transaction() as conn:
        exam_id = await exam(conn, release=release)
        people = [await person(conn, f"sitter{exam_id}-{n}") for n in range(candidates)]
        for place, who in enumerate(people):
            await sat(conn, exam_id, who, right=range(1 + place % 4, 13 - place // 2))
        await conn.execute(
            "UPDATE exams SET opens_at = now() - interval '3 h', closes_at = now() - interval '1 h',"
            " reports = true WHERE id = %s",
            (exam_id,),
        )
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    return PastExam(exam_id, people)


async def settle(database: Database, past: PastExam, *, key_version: int = 1) -> None:
    """What the worker does before reports are due."""
    await calibrate_exam(database, exam_id=past.id, key_version=key_version)
    async with database.transaction() as conn:
        await summarise_topics(conn, past.id)
        await rate_exam(conn, exam_id=past.id, key_version=key_version)
