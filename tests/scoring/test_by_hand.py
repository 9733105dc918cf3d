from decimal import Decimal

import pytest

from examhall.base.db import Connection
from examhall.exams.correction import ByHand
from examhall.exams.marking_scheme import NewScheme
from examhall.scoring.by_hand import (
    MarkFinished,
    NoSuchTask,
    TaskTaken,
    find_task,
    save_sheet,
    skip_task,
    take_next,
)
from examhall.scoring.by_hand_finish import NotComplete, NotFinished, TooManyPoints, finish_task, reopen_task
from examhall.scoring.by_hand_renewing import renew_results
from examhall.scoring.by_hand_schemes import MarkingHasBegun, save_scheme
from examhall.scoring.conclude import conclude_due
from examhall.scoring.readmission import let_in_again
from examhall.scoring.rescore import apply_correction, rescore_sittings
from examhall.scoring.results import score_sittings
from examhall.sittings.interventions import Order

from .corrected import correction
from .essays import RUBRIC, add_essays, by_two, mark_next, people, result, sheet, whats, write_essay

pytestmark = pytest.mark.anyio

PAST = "2026-01-01 12:00Z"


async def test_an_essay_waits_for_one_marker_and_counts_when_it_is_finished(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    sitting = await write_essay(conn, exam_id, alice)
    assert await result(conn, sitting) == (1, 7, 1)
    done = await mark_next(conn, exam_id, mina, "4.25")
    assert (done.points, done.is_settled) == (Decimal("4.25"), True)
    assert await result(conn, sitting) == (Decimal("5.25"), 7, 0)
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) is None
    assert await whats(conn, sitting) == ["finished", "settled"]


async def test_an_empty_essay_waits_for_nobody(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    sitting = await write_essay(conn, exam_id, alice, text="")
    assert await result(conn, sitting) == (1, 7, 0)
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) is None


async def test_nobody_marks_their_own_answer(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    [alice] = await people(conn, 1)
    await write_essay(conn, exam_id, alice)
    assert await take_next(conn, exam_id=exam_id, marker_id=alice) is None


async def test_two_markers_are_two_people_and_their_mean_counts(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id)
    alice, mina, karel = await people(conn, 3)
    sitting = await write_essay(conn, exam_id, alice)
    assert (await mark_next(conn, exam_id, mina, 3)).is_settled is False
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) is None
    assert await result(conn, sitting) == (1, 7, 1)
    assert (await mark_next(conn, exam_id, karel, "3.55")).is_settled is True
    assert await result(conn, sitting) == (Decimal("4.275"), 7, 0)


async def test_who_differ_too_much_are_joined_by_a_third(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id)
    alice, mina, karel, sabina = await people(conn, 4)
    sitting = await write_essay(conn, exam_id, alice)
    await mark_next(conn, exam_id, mina, 1)
    assert (await mark_next(conn, exam_id, karel, 5)).is_settled is False
    assert [await take_next(conn, exam_id=exam_id, marker_id=each) for each in (mina, karel)] == [None, None]
    assert (await mark_next(conn, exam_id, sabina, 4)).is_settled is True
    assert await result(conn, sitting) == (Decimal("5.5"), 7, 0)
    assert await whats(conn, sitting) == ["finished", "finished", "third_asked", "finished", "settled"]


async def test_a_skipped_answer_comes_back_last_and_others_may_take_it(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, bob, mina, karel = await people(conn, 4)
    await write_essay(conn, exam_id, alice)
    await write_essay(conn, exam_id, bob)
    first = await take_next(conn, exam_id=exam_id, marker_id=mina)
    assert first is not None
    await save_sheet(conn, first, mina, sheet(2, comment="half way"))
    await skip_task(conn, first, mina)
    second = await take_next(conn, exam_id=exam_id, marker_id=mina)
    assert second not in (None, first)
    await finish_task(conn, second or 0, mina, sheet(2))
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) == first
    assert (await find_task(conn, first, mina)).comment == "half way"
    await skip_task(conn, first, mina)
    assert await take_next(conn, exam_id=exam_id, marker_id=karel) == first
    # What Mina wrote is hers.
    assert (await find_task(conn, first, karel)).comment is None


async def test_an_answer_in_hand_is_given_again_to_whoever_has_it(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, bob, mina = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    await write_essay(conn, exam_id, bob)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina)
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) == task


async def test_a_silent_markers_answer_goes_to_the_next_and_what_they_wrote_stays_theirs(
    conn: Connection,
) -> None:
    exam_id = await add_essays(conn)
    alice, mina, karel = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina)
    assert task is not None
    await save_sheet(conn, task, mina, sheet(2, comment="mine"))
    assert await take_next(conn, exam_id=exam_id, marker_id=karel) is None
    await conn.execute("UPDATE marking_tasks SET leased_until = now() - interval '1 second'")
    assert await take_next(conn, exam_id=exam_id, marker_id=karel) == task
    with pytest.raises(TaskTaken):
        await save_sheet(conn, task, mina, sheet(3, revision=2))
    with pytest.raises(TaskTaken):
        await finish_task(conn, task, mina, sheet(3, revision=2))
    with pytest.raises(NoSuchTask):
        await find_task(conn, task, mina)
    await skip_task(conn, task, karel)
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) == task
    assert (await find_task(conn, task, mina)).comment == "mine"


async def test_a_late_save_does_not_overwrite_a_newer_one(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0
    await save_sheet(conn, task, mina, sheet(2, revision=7, comment="newer"))
    assert (await save_sheet(conn, task, mina, sheet(1, revision=6, comment="late"))).revision == 7
    found = await find_task(conn, task, mina)
    assert (found.points, found.comment, found.revision) == (2, "newer", 7)
    await finish_task(conn, task, mina, sheet(3, revision=8))
    with pytest.raises(MarkFinished):
        await save_sheet(conn, task, mina, sheet(0, revision=9))


async def test_a_repeated_finish_changes_nothing(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    sitting = await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0
    once = await finish_task(conn, task, mina, sheet(3))
    assert await finish_task(conn, task, mina, sheet(5, revision=2)) == once
    assert await result(conn, sitting) == (4, 7, 0)
    assert await whats(conn, sitting) == ["finished", "settled"]


async def test_a_rubric_adds_up_to_the_points(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    await by_two(conn, exam_id, NewScheme(rubric=RUBRIC))
    alice, mina = await people(conn, 2)
    sitting = await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0
    for levels in ({}, {"c1": 3}, {"c1": 3, "c2": 3}, {"c1": -1, "c2": 1}):
        with pytest.raises(NotComplete):
            await finish_task(conn, task, mina, sheet(6, levels=levels))
    # What a client says of the sum is not asked.
    await finish_task(conn, task, mina, sheet(6, levels={"c1": 3, "c2": 1}))
    assert await result(conn, sitting) == (5, 7, 0)


async def test_points_are_needed_and_no_more_than_there_are(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0
    with pytest.raises(NotComplete):
        await finish_task(conn, task, mina, sheet())
    with pytest.raises(TooManyPoints):
        await finish_task(conn, task, mina, sheet("6.01"))


async def test_before_results_are_final_a_reopened_mark_makes_them_wait(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, olga = await people(conn, 3)
    sitting = await write_essay(conn, exam_id, alice)
    task = (await mark_next(conn, exam_id, mina, 3)).task_id
    await reopen_task(conn, task, by=olga, is_author=True, reason="The last page was overlooked.")
    assert await result(conn, sitting) == (1, 7, 1)
    assert await take_next(conn, exam_id=exam_id, marker_id=olga) is None
    with pytest.raises(NotFinished):
        await reopen_task(conn, task, by=olga, is_author=True, reason="Once more.")
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) == task
    await finish_task(conn, task, mina, sheet(5, revision=2))
    assert await result(conn, sitting) == (6, 7, 0)
    assert await whats(conn, sitting) == ["finished", "settled", "reopened", "finished", "settled"]


async def test_a_marker_reopens_their_own_mark_and_no_other(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, karel = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    task = (await mark_next(conn, exam_id, mina, 3)).task_id
    with pytest.raises(NoSuchTask):
        await reopen_task(conn, task, by=karel, is_author=False, reason="Not mine.")
    await reopen_task(conn, task, by=mina, is_author=False, reason="A slip.")


async def test_once_results_are_final_they_stand_until_the_new_mark_and_follow_again(
    conn: Connection,
) -> None:
    exam_id = await add_essays(conn, opens_at="2026-01-01 10:00Z", closes_at=None)
    alice, bob, mina, olga = await people(conn, 4)
    sitting = await write_essay(conn, exam_id, alice)
    other = await write_essay(conn, exam_id, bob)
    tasks = {}
    for _ in range(2):
        done = await mark_next(conn, exam_id, mina, 3)
        cursor = await conn.execute("SELECT sitting_id FROM marking_tasks WHERE id = %s", (done.task_id,))
        tasks[(await cursor.fetchone())[0]] = done.task_id  # type: ignore[index]
    await conn.execute("UPDATE exams SET closes_at = %s WHERE id = %s", (PAST, exam_id))
    assert [each.key_version for each in await conclude_due(conn, ["rate_exam"])] == [1]

    await reopen_task(conn, tasks[sitting], by=olga, is_author=True, reason="An appeal.")
    with pytest.raises(NoSuchTask):
        await reopen_task(conn, tasks[other], by=mina, is_author=False, reason="A slip.")
    assert await result(conn, sitting) == (4, 7, 0)
    await finish_task(conn, tasks[sitting], mina, sheet(6, revision=2))
    assert await result(conn, sitting) == (4, 7, 0)
    assert await renew_results(conn, exam_id) == 1
    assert await result(conn, sitting) == (7, 7, 0)
    assert await renew_results(conn, exam_id) == 0
    assert await conclude_due(conn, ["rate_exam"]) == []
    while await rescore_sittings(conn, exam_id=exam_id, key_version=2, first_id=1, last_id=2**62):
        pass
    assert [each.key_version for each in await conclude_due(conn, ["rate_exam"])] == [2]
    cursor = await conn.execute("SELECT sitting_id, points FROM result_history ORDER BY sitting_id")
    assert await cursor.fetchall() == [(sitting, 4), (other, 4)]


async def test_a_new_mark_with_the_same_points_leaves_what_is_final(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, olga = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    task = (await mark_next(conn, exam_id, mina, 3)).task_id
    await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    await reopen_task(conn, task, by=olga, is_author=True, reason="An appeal.")
    await finish_task(conn, task, mina, sheet(3, revision=2))
    cursor = await conn.execute("SELECT key_version FROM exams WHERE id = %s", (exam_id,))
    assert await cursor.fetchone() == (1,)


async def test_an_item_of_any_kind_is_put_to_marking_by_hand_and_back(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, olga = await people(conn, 3)
    sitting = await write_essay(conn, exam_id, alice)

    async def change(version: int, by_hand: bool) -> None:
        change = ByHand(change="by_hand", question_number=1, by_hand=by_hand).model_dump()
        await apply_correction(
            conn, exam_id=exam_id, version=version, correction=correction(change), corrected_by=olga
        )
        await rescore_sittings(conn, exam_id=exam_id, key_version=version + 1, first_id=1, last_id=2**62)

    await change(1, True)
    assert await result(conn, sitting) == (0, 7, 2)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina, slot=(1, "")) or 0
    assert (await find_task(conn, task, mina)).answer == "A"
    await finish_task(conn, task, mina, sheet("0.5"))
    assert await result(conn, sitting) == (Decimal("0.5"), 7, 1)
    await change(2, False)
    assert await result(conn, sitting) == (1, 7, 1)
    await change(3, True)
    assert await result(conn, sitting) == (Decimal("0.5"), 7, 1)


async def test_a_dropped_essay_is_handed_out_no_longer(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, olga = await people(conn, 3)
    sitting = await write_essay(conn, exam_id, alice)
    drop = {"change": "drop", "question_number": 2, "award": "nobody"}
    await apply_correction(conn, exam_id=exam_id, version=1, correction=correction(drop), corrected_by=olga)
    await rescore_sittings(conn, exam_id=exam_id, key_version=2, first_id=1, last_id=2**62)
    assert await take_next(conn, exam_id=exam_id, marker_id=mina) is None
    undo = {"change": "undo", "key_version": 2}
    await apply_correction(conn, exam_id=exam_id, version=2, correction=correction(undo), corrected_by=olga)
    await rescore_sittings(conn, exam_id=exam_id, key_version=3, first_id=1, last_id=2**62)
    await mark_next(conn, exam_id, mina, 2)
    assert await result(conn, sitting) == (3, 7, 0)


async def test_who_is_let_in_again_and_writes_something_else_is_marked_anew(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, bob, mina, ivo = await people(conn, 4)
    changed, kept = await write_essay(conn, exam_id, alice), await write_essay(conn, exam_id, bob)
    for _ in range(2):
        await mark_next(conn, exam_id, mina, 3)
    order = Order(
        exam_id=exam_id, done_by=ivo, request_key="again", sitting_ids=[changed, kept], reason="Fire."
    )
    await let_in_again(conn, order, seconds=600)
    await conn.execute(
        "UPDATE answers SET answer = '\"Another essay.\"' WHERE sitting_id = %s AND question_number = 2",
        (changed,),
    )
    await conn.execute("UPDATE sittings SET closed_at = now(), closed_by = 'candidate'")
    await score_sittings(conn, [(alice, changed), (bob, kept)])
    assert await result(conn, changed) == (1, 7, 1)
    assert await result(conn, kept) == (4, 7, 0)
    assert await whats(conn, changed) == ["finished", "settled", "withdrawn"]
    await mark_next(conn, exam_id, mina, 6)
    assert await result(conn, changed) == (7, 7, 0)


async def test_a_stranger_finds_no_answer(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina, mallory = await people(conn, 3)
    await write_essay(conn, exam_id, alice)
    task = await take_next(conn, exam_id=exam_id, marker_id=mina) or 0
    with pytest.raises(NoSuchTask):
        await find_task(conn, task, mallory)
    with pytest.raises(NoSuchTask):
        await save_sheet(conn, task, mallory, sheet(0))
    with pytest.raises(NoSuchTask):
        await finish_task(conn, task, mallory, sheet(0))
    with pytest.raises(NoSuchTask):
        await skip_task(conn, task, mallory)


async def test_once_a_mark_is_finished_only_the_guidance_changes(conn: Connection) -> None:
    exam_id = await add_essays(conn)
    alice, mina = await people(conn, 2)
    await write_essay(conn, exam_id, alice)
    # What one marker cannot differ by is no part of the scheme.
    said = {"markers": 1, "differ_above": Decimal(1)}
    await by_two(conn, exam_id, NewScheme.model_validate(said))
    await mark_next(conn, exam_id, mina, 4)
    essay = {"exam_id": exam_id, "question_number": 2, "sub_part": ""}
    guided = NewScheme.model_validate(said | {"guidance": "Be kind."})
    assert await save_scheme(conn, **essay, scheme=guided, seen=1) == 2
    for other in (NewScheme(markers=2), NewScheme(rubric=RUBRIC), NewScheme(third_rule="median")):
        with pytest.raises(MarkingHasBegun):
            await save_scheme(conn, **essay, scheme=other, seen=2)
