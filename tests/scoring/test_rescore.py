"""After a correction of the key everybody is marked again: rightly, once, and with the old result kept."""

import random
from decimal import Decimal
from typing import Any

import pytest

from examhall.base.db import Connection
from examhall.base.errors import SomebodyWasFaster
from examhall.exams.correcting import list_corrections
from examhall.exams.release import release_results
from examhall.scoring.preview import preview_correction
from examhall.scoring.rescore import (
    apply_correction,
    changes_of_result,
    progress_of,
    rescore_sittings,
    results_changed,
)
from examhall.scoring.results import find_result, score_sittings

from .corrected import add_everything, correction, everything_marked, rescore_all, sat_by

pytestmark = pytest.mark.anyio

CANDIDATES = 40
CHANGES: list[dict[str, Any]] = [
    {"change": "key", "question_number": 1, "answer": "B"},
    {"change": "key", "question_number": 2, "answer": ["A"], "partial": False},
    {"change": "key", "question_number": 3, "answer": False},
    {"change": "key", "question_number": 4, "answer": "7", "tolerance": "1"},
    {"change": "key", "question_number": 6, "answer": ["A", "B", "C"]},
    {"change": "key", "question_number": 7, "answer": {"1": "A", "2": "B"}},
    {"change": "key", "question_number": 8, "answer": {"best": "C", "worst": "A"}},
    {"change": "accept", "question_number": 1, "answer": "C"},
    {"change": "accept", "question_number": 2, "answer": ["B", "A"]},
    {"change": "accept", "question_number": 4, "answer": "7"},
    {"change": "accept", "question_number": 5, "answer": "Lutetia"},
    {"change": "accept", "question_number": 6, "answer": ["C"]},
    {"change": "accept", "question_number": 9, "sub_part": "b", "answer": "2"},
    {"change": "drop", "question_number": 9, "award": "nobody"},
    {"change": "drop", "question_number": 9, "sub_part": "a", "award": "everybody"},
    {"change": "drop", "question_number": 10, "award": "nobody"},
    {"change": "drop", "question_number": 10, "award": "everybody"},
    {"change": "points", "question_number": 6, "points": "0.7"},
    {"change": "points", "question_number": 10, "points": 3},
]


@pytest.fixture
async def exam_id(conn: Connection) -> int:
    exam_id = await add_everything(conn)
    await conn.execute(
        """INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE
           SELECT n, 'c' || n, 'C ' || n FROM generate_series(1, 40) AS n"""
    )
    sittings = await sat_by(conn, exam_id, CANDIDATES)
    # A person has marked every second essay.
    await conn.execute(
        """UPDATE marks SET by_hand = 4
            WHERE question_number = 10 AND points IS NULL AND mod(sitting_id, 2) = 0"""
    )
    await score_sittings(conn, sittings)
    return exam_id


async def correct(conn: Connection, exam_id: int, *changes: dict[str, Any]) -> int:
    """Apply to the newest version, and mark everybody again; the new version of the key."""
    cursor = await conn.execute("SELECT version FROM exams WHERE id = %s", (exam_id,))
    [version] = await cursor.fetchone() or [0]
    exam = await apply_correction(
        conn, exam_id=exam_id, version=version, correction=correction(*changes), corrected_by=1
    )
    assert await rescore_all(conn, exam_id, exam.key_version) == CANDIDATES
    return exam.key_version


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c['change']}-{c['question_number']}")
async def test_the_preview_is_what_happens(conn: Connection, exam_id: int, change: dict[str, Any]) -> None:
    _, before = await everything_marked(conn)
    preview = await preview_correction(conn, exam_id=exam_id, correction=correction(change))
    assert (await everything_marked(conn))[1] == before, "a preview writes nothing"
    await correct(conn, exam_id, change)
    _, after = await everything_marked(conn)
    moves = [new[1] - old[1] for old, new in zip(before, after, strict=True)]
    assert preview.sittings == CANDIDATES
    assert preview.up == sum(move > 0 for move in moves)
    assert preview.down == sum(move < 0 for move in moves)
    assert preview.before is not None
    assert preview.after is not None
    assert preview.after.max_points == float(after[0][2])
    assert preview.before.mean_points == pytest.approx(float(sum(row[1] for row in before)) / CANDIDATES)
    assert preview.after.mean_points == pytest.approx(float(sum(row[1] for row in after)) / CANDIDATES)
    by_sitting = {row[0]: (float(old[1]), float(row[1])) for old, row in zip(before, after, strict=True)}
    for mover in preview.movers:
        assert by_sitting[mover.sitting_id] == (mover.points_before, mover.points_after)
    assert sum(preview.after.bands) == CANDIDATES


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c['change']}-{c['question_number']}")
async def test_a_correction_taken_back_gives_the_first_results_bit_for_bit(
    conn: Connection, exam_id: int, change: dict[str, Any]
) -> None:
    first = await everything_marked(conn)
    made = await correct(conn, exam_id, change)
    assert await everything_marked(conn) != first
    await correct(conn, exam_id, {"change": "undo", "key_version": made})
    assert await everything_marked(conn) == first


@pytest.mark.parametrize("seed", range(5))
async def test_many_corrections_taken_back_in_reverse_give_the_first_results(
    conn: Connection, exam_id: int, seed: int
) -> None:
    first = await everything_marked(conn)
    chosen = random.Random(seed).sample(CHANGES, 6)
    made = [await correct(conn, exam_id, change) for change in chosen]
    for key_version in reversed(made):
        await correct(conn, exam_id, {"change": "undo", "key_version": key_version})
    assert await everything_marked(conn) == first


async def test_rescoring_twice_changes_nothing_and_keeps_one_history(conn: Connection, exam_id: int) -> None:
    sittings = [(row[0], row[1]) for row in await rows(conn, "SELECT candidate_id, id FROM sittings")]
    key_version = await correct(conn, exam_id, CHANGES[0])
    once = await everything_marked(conn), await rows(conn, "SELECT * FROM result_history ORDER BY 2")
    assert await rescore_all(conn, exam_id, key_version) == 0
    await score_sittings(conn, sittings)
    assert (
        await everything_marked(conn),
        await rows(conn, "SELECT * FROM result_history ORDER BY 2"),
    ) == once
    assert len(once[1]) == CANDIDATES


async def test_the_result_that_was_replaced_is_kept_as_it_was(conn: Connection, exam_id: int) -> None:
    kept = """SELECT sitting_id, key_version, exam_version, points, max_points, unmarked, marked_at
                FROM {} ORDER BY 1"""
    old = await rows(conn, kept.format("results"))
    await correct(conn, exam_id, {"change": "drop", "question_number": 1, "award": "nobody"})
    assert await rows(conn, kept.format("result_history")) == old
    assert await rows(conn, "SELECT DISTINCT replaced_by FROM result_history") == [(2,)]


async def test_what_nobody_has_marked_stays_unmarked(conn: Connection, exam_id: int) -> None:
    unmarked = "SELECT sitting_id FROM marks WHERE points IS NULL ORDER BY 1"
    waiting = await rows(conn, unmarked)
    assert waiting
    await correct(conn, exam_id, CHANGES[0])
    assert await rows(conn, unmarked) == waiting
    assert await rows(conn, "SELECT sitting_id FROM results WHERE unmarked = 1 ORDER BY 1") == waiting


async def test_marks_given_by_hand_outlast_corrections(conn: Connection, exam_id: int) -> None:
    given = await rows(conn, "SELECT sitting_id, by_hand FROM marks WHERE by_hand IS NOT NULL ORDER BY 1")
    assert given
    for change in (CHANGES[15], CHANGES[18], CHANGES[0]):
        await correct(conn, exam_id, change)
        assert (
            await rows(conn, "SELECT sitting_id, by_hand FROM marks WHERE by_hand IS NOT NULL ORDER BY 1")
            == given
        )
    await correct(conn, exam_id, {"change": "points", "question_number": 10, "points": 5})
    assert await rows(conn, "SELECT DISTINCT points FROM marks WHERE by_hand IS NOT NULL") == [(Decimal(4),)]


async def test_a_sitting_marked_by_its_own_job_keeps_its_old_result_too(
    conn: Connection, exam_id: int
) -> None:
    """Whoever comes first replaces the result: a repeated marking must not swallow what was."""
    [first] = await rows(conn, "SELECT candidate_id, id FROM sittings ORDER BY id LIMIT 1")
    exam = await apply_correction(
        conn, exam_id=exam_id, version=1, correction=correction(CHANGES[0]), corrected_by=1
    )
    await score_sittings(conn, [first])
    assert await rescore_all(conn, exam_id, exam.key_version) == CANDIDATES - 1
    assert await rows(conn, "SELECT count(*) FROM result_history") == [(CANDIDATES,)]


async def test_jobs_of_an_older_correction_do_nothing(conn: Connection, exam_id: int) -> None:
    for version, change in ((1, CHANGES[0]), (2, CHANGES[1])):
        await apply_correction(
            conn, exam_id=exam_id, version=version, correction=correction(change), corrected_by=1
        )
    assert await rescore_all(conn, exam_id, 2) == 0
    assert await progress_of(conn, exam_id) == (await progress_of(conn, exam_id))
    assert (await progress_of(conn, exam_id)).marked == 0
    assert await rescore_all(conn, exam_id, 3) == CANDIDATES
    assert (await progress_of(conn, exam_id)).marked == CANDIDATES
    assert await rows(conn, "SELECT DISTINCT key_version, replaced_by FROM result_history") == [(1, 3)]


async def test_who_saw_an_older_version_is_told(conn: Connection, exam_id: int) -> None:
    await apply_correction(
        conn, exam_id=exam_id, version=1, correction=correction(CHANGES[0]), corrected_by=1
    )
    with pytest.raises(SomebodyWasFaster):
        await apply_correction(
            conn, exam_id=exam_id, version=1, correction=correction(CHANGES[0]), corrected_by=1
        )
    assert len(await list_corrections(conn, exam_id)) == 1


async def test_history_says_who_what_when_and_why(conn: Connection, exam_id: int) -> None:
    await correct(conn, exam_id, CHANGES[0])
    [made] = await list_corrections(conn, exam_id)
    assert (made.key_version, made.corrected_by, made.reason) == (2, "C 1", "The key was wrong.")
    [change] = made.changes
    assert change["from"] == {"key": {"correct": ["A"]}, "points": "2.000"}
    assert change["to"] == {"key": {"correct": ["B"]}, "points": "2.000"}
    changed = (await results_changed(conn, exam_id))[2]
    assert changed.replaced == CANDIDATES
    assert 0 < changed.up < CANDIDATES
    assert 0 < changed.down < CANDIDATES


async def test_a_chunk_has_its_sittings_and_no_others(conn: Connection, exam_id: int) -> None:
    exam = await apply_correction(
        conn, exam_id=exam_id, version=1, correction=correction(CHANGES[0]), corrected_by=1
    )
    ids = [row[0] for row in await rows(conn, "SELECT id FROM sittings ORDER BY id")]
    chunk = {"first_id": ids[3], "last_id": ids[8], "exam_id": exam_id, "key_version": exam.key_version}
    assert await rescore_sittings(conn, **chunk) == 6
    assert await rescore_sittings(conn, **chunk) == 0
    assert [row[0] for row in await rows(conn, "SELECT sitting_id FROM result_history ORDER BY 1")] == ids[
        3:9
    ]


async def test_a_candidate_is_told_what_changed_once_results_are_released(
    conn: Connection, exam_id: int
) -> None:
    await conn.execute("UPDATE exams SET release = 'by_hand'")
    [(candidate_id, sitting_id)] = await rows(
        conn,
        """SELECT candidate_id, sitting_id FROM marks WHERE question_number = 1 AND points = 2
            ORDER BY sitting_id LIMIT 1""",
    )
    mine = {"sitting_id": sitting_id, "candidate_id": candidate_id}
    [(points,)] = await rows(conn, "SELECT points FROM results WHERE sitting_id = %s", sitting_id)
    await correct(conn, exam_id, CHANGES[0])
    assert await changes_of_result(conn, **mine) == []
    await release_results(conn, exam_id=exam_id)
    [told] = await changes_of_result(conn, **mine)
    assert (told.points, told.new_points, told.question_numbers) == (points, points - 2, [1])
    assert not told.was_released
    result, _ = await find_result(conn, **mine)
    assert result.points == points - 2
    assert await changes_of_result(conn, sitting_id=sitting_id, candidate_id=candidate_id + 1) == []


async def rows(conn: Connection, query: str, *parameters: object) -> list[Any]:
    return await (await conn.execute(query.encode(), parameters or None)).fetchall()
