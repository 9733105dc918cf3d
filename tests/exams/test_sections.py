"""Sections: saved all together by one author at a time, refused where candidates' exams would differ."""

import asyncio

import pytest

from examhall.base.db import Connection, Database
from examhall.exams.content import load_content
from examhall.exams.editing import ChangedMeanwhile, HasStarted
from examhall.exams.exam_file import BadExamFile, read_exam_file
from examhall.exams.exam_file_sections import Section
from examhall.exams.exam_file_writing import to_yaml
from examhall.exams.exporting import export_document
from examhall.exams.importing import import_exam
from examhall.exams.questions import OtherQuestions
from examhall.exams.readiness import readiness_of
from examhall.exams.sections import (
    BadSections,
    DrawsTooMany,
    SameTitle,
    UnequalPool,
    Wanted,
    find_arrangement,
    is_sealed,
    pools_that_fail,
    save_sections,
)
from examhall.sittings.start import start_sitting

pytestmark = pytest.mark.anyio

HEAD = "title: T\nduration: 1 h\nquestions:\n"
FIVE = HEAD + "".join(f"  - {{prompt: q{n}, options: [x, y], answer: A}}\n" for n in range(5))


async def add_olga(conn: Connection) -> int:
    cursor = await conn.execute(
        "INSERT INTO people (username, full_name, roles) VALUES ('olga', 'Olga', '{author}') RETURNING id"
    )
    return (await cursor.fetchone() or [0])[0]


async def add_draft(conn: Connection, text: str = FIVE) -> tuple[int, list[int]]:
    """The exam, and the ids of its questions in their order."""
    exam_id = await import_exam(conn, read_exam_file(text), created_by=None)
    await conn.execute("UPDATE exams SET is_draft = true WHERE id = %s", (exam_id,))
    return exam_id, [question.id for question in (await find_arrangement(conn, exam_id)).questions]


async def test_sections_are_saved_moved_and_taken_away(conn: Connection) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn)
    first = Wanted(Section("Algebra", "Calmly.", shuffle=True), ids[:2])
    second = Wanted(Section("Geometry", draw=2), ids[2:])
    saved = await save_sections(conn, exam_id=exam_id, wanted=[first, second], by=olga, seen=1)
    assert [(each.place, each.title, each.draw) for each in saved.sections] == [
        (1, "Algebra", None),
        (2, "Geometry", 2),
    ]
    content = await load_content(conn, exam_id)
    assert content.question_count == 4

    algebra, geometry = (each.id for each in saved.sections)
    swapped = [
        second._replace(id=geometry, question_ids=ids[1:]),
        first._replace(id=algebra, question_ids=()),
    ]
    again = await save_sections(conn, exam_id=exam_id, wanted=swapped, by=olga, seen=saved.version)
    assert [(each.id, each.place) for each in again.sections] == [(geometry, 1), (algebra, 2)]
    assert [question.section_id for question in again.questions] == [0, *[geometry] * 4]

    gone = await save_sections(conn, exam_id=exam_id, wanted=[], by=olga, seen=again.version)
    assert not gone.sections
    assert {question.section_id for question in gone.questions} == {0}


async def test_a_repeat_changes_nothing_and_is_told_the_same(conn: Connection) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn)
    wanted = [Wanted(Section("Pool", draw=1), ids)]
    first = await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1)
    assert await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1) == first


async def test_of_two_authors_at_once_one_is_told_what_the_other_changed(database: Database) -> None:
    async with database.transaction() as conn:
        olga = await add_olga(conn)
        exam_id, ids = await add_draft(conn)

    async def save(title: str) -> str:
        async with database.transaction() as conn:
            wanted = [Wanted(Section(title), ids)]
            await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1)
            return title

    outcomes = await asyncio.gather(*(save(f"S{n}") for n in range(5)), return_exceptions=True)
    lost = [each for each in outcomes if isinstance(each, ChangedMeanwhile)]
    [won] = [each for each in outcomes if isinstance(each, str)]
    assert len(lost) == 4
    assert lost[0].details["changes"][-1]["after"][0]["title"] == won  # type: ignore[index]
    async with database.connection() as conn:
        assert [each.title for each in (await find_arrangement(conn, exam_id)).sections] == [won]


async def test_what_would_make_candidates_exams_unequal_is_refused(conn: Connection) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn, FIVE + "  - {prompt: big, type: essay, points: 5}\n")

    async def refused(kind: type[Exception], *wanted: Wanted) -> None:
        with pytest.raises(kind):
            await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1)

    await refused(UnequalPool, Wanted(Section("P", draw=2), ids))
    await refused(DrawsTooMany, Wanted(Section("P", draw=6), ids[:5]))
    await refused(SameTitle, Wanted(Section("P"), ids[:1]), Wanted(Section("p"), ids[1:]))
    await refused(BadSections, Wanted(Section("P"), ids[:1]), Wanted(Section("Q"), ids[:1]))
    await refused(OtherQuestions, Wanted(Section("P"), [10**9]))
    allowed = Wanted(Section("P", draw=2, unequal_points=True), ids)
    await save_sections(conn, exam_id=exam_id, wanted=[allowed], by=olga, seen=1)


async def test_a_pool_that_no_longer_fits_keeps_a_draft_from_being_published(conn: Connection) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn)
    wanted = [Wanted(Section("Pool", draw=5), ids)]
    await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1)
    assert await pools_that_fail(conn, exam_id) == []
    await conn.execute("UPDATE items SET points = 2 WHERE exam_id = %s AND question_number = 1", (exam_id,))
    assert await pools_that_fail(conn, exam_id) == [("Pool", UnequalPool)]
    assert [each.field for each in (await readiness_of(conn, exam_id)).missing] == ["sections"]
    await conn.execute("DELETE FROM questions WHERE exam_id = %s AND number = 1", (exam_id,))
    assert await pools_that_fail(conn, exam_id) == [("Pool", DrawsTooMany)]


async def test_who_seals_pools_is_told_that_they_travel_whole(
    conn: Connection,
) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn)

    async def told() -> bool:
        return any("sealed" in note for note in (await readiness_of(conn, exam_id)).notes)

    await conn.execute(
        "UPDATE exams SET sealed_before_s = 3600, opens_at = %s WHERE id = %s", ("2090-01-01", exam_id)
    )
    assert await is_sealed(conn, exam_id)
    assert not await told()
    wanted = [Wanted(Section("Pool", draw=2), ids)]
    await save_sections(conn, exam_id=exam_id, wanted=wanted, by=olga, seen=1)
    assert await told()
    await conn.execute("UPDATE exams SET sealed_before_s = NULL WHERE id = %s", (exam_id,))
    assert not await told()


async def test_once_somebody_started_sections_stay(conn: Connection) -> None:
    olga = await add_olga(conn)
    exam_id, ids = await add_draft(conn)
    await conn.execute("UPDATE exams SET is_draft = false WHERE id = %s", (exam_id,))
    await start_sitting(conn, exam_id=exam_id, candidate_id=olga)
    with pytest.raises(HasStarted):
        await save_sections(conn, exam_id=exam_id, wanted=[Wanted(Section("P"), ids)], by=olga, seen=1)


SECTIONED = (
    "title: T\nduration: 1 h\nsections:\n"
    "  - {title: Algebra, instructions: Calmly., shuffle: yes}\n"
    "  - {title: Pool, draw: 1, unequal_points: yes}\n"
    "questions:\n"
    "  - {section: Pool, prompt: a, type: essay}\n"
    "  - {section: Pool, prompt: b, type: essay, points: 3}\n"
    "  - {section: Algebra, prompt: c, type: essay}\n"
    "  - {prompt: d, type: essay}\n"
)


async def test_an_exam_file_keeps_its_sections_there_and_back(conn: Connection) -> None:
    exam_id = await import_exam(conn, read_exam_file(SECTIONED), created_by=None)
    content = await load_content(conn, exam_id)
    # First those in no section, then section by section.
    assert [number for number, _ in content.questions] == [4, 3, 1, 2]
    again = read_exam_file(to_yaml(await export_document(conn, exam_id)))
    assert again.sections == read_exam_file(SECTIONED).sections
    assert [question.section for question in again.questions] == ["Pool", "Pool", "Algebra", None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("section: Algebra", "section: Geometry"), "Geometry"),
        (("draw: 1", "draw: 3"), "3 questions are drawn"),
        ((", unequal_points: yes", ""), "different points"),
        (("title: Pool", "title: algebra"), "Another section"),
        (("title: Algebra, ", ""), "no `title`"),
    ],
)
def test_a_file_whose_sections_do_not_fit_is_refused(change: tuple[str, str], message: str) -> None:
    with pytest.raises(BadExamFile) as refused:
        read_exam_file(SECTIONED.replace(*change))
    assert message in str(refused.value.details)
