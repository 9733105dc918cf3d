"""A scenario becomes official: as its calculation and the preview said, once, by those who may."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from examhall.accounts.access import Person, WrongRole
from examhall.analyses.adopting import (
    NothingOfficial,
    NotOfScenario,
    OfficialAlready,
    adopt_scenario,
    left_out,
    made_official,
    plan_adoption,
)
from examhall.analyses.calculate import ask_for_calculation, read_outcome
from examhall.analyses.candidates import unpack
from examhall.analyses.document import read_scenario
from examhall.analyses.scenarios import SavedScenario, find_scenario
from examhall.base.db import Connection, Database
from examhall.base.errors import SomebodyWasFaster
from examhall.exams.correcting import list_corrections
from examhall.exams.correction import NothingToCorrect
from examhall.exams.pass_mark import set_pass_mark
from tests.certificates.given import add_template
from tests.scoring.corrected import jobs, rescore_all

from .conftest import Office
from .rows import add_person, add_scenario, worked_out

pytestmark = pytest.mark.anyio

REASON = "Option B is right as well, and question 3 was misprinted."


def changes(exam_id: int) -> list[dict[str, Any]]:
    return [
        {"exam_id": exam_id, "change": "accept", "question_number": 1, "answer": "B"},
        {"exam_id": exam_id, "change": "drop", "question_number": 3, "award": "nobody"},
        {"exam_id": exam_id, "change": "points", "question_number": 9, "sub_part": "a", "points": "2.5"},
    ]


async def saved(database: Database, office: Office, **document: Any) -> tuple[SavedScenario, Person]:
    """A new scenario of Ann's, and Olga, who may decide."""
    async with database.transaction() as conn:
        olga = await add_person(conn, "olga", "author")
        await conn.execute("INSERT INTO project_members VALUES (%s, %s, 'viewer')", (office.project_id, olga))
        scenario_id = await add_scenario(conn, office.project_id, office.ann, office.exam_id, **document)
        return await find_scenario(conn, scenario_id, olga), Person(olga, ("author",))


async def mark_all(conn: Connection, office: Office) -> None:
    """A person has given every essay three points: nothing waits."""
    await conn.execute("UPDATE marks SET by_hand = 3, points = 3 WHERE points IS NULL")
    await conn.execute(
        """UPDATE results SET unmarked = 0, points = (SELECT sum(points) FROM marks
            WHERE marks.candidate_id = results.candidate_id AND marks.sitting_id = results.sitting_id)"""
    )


async def official_results(conn: Connection) -> dict[int, tuple[Decimal, Decimal]]:
    cursor = await conn.execute("SELECT sitting_id, points, max_points FROM results")
    return {sitting: (points, most) for sitting, points, most in await cursor.fetchall()}


async def test_afterwards_everybody_has_what_the_calculation_said(database: Database, office: Office) -> None:
    async with database.transaction() as conn:
        await mark_all(conn, office)
        await conn.execute("UPDATE exams SET pass_percent = 50")
    scenario, olga = await saved(
        database, office, questions=changes(office.exam_id), pass_mark={"percent": 37.5}
    )
    async with database.transaction() as conn:
        asked = await ask_for_calculation(conn, scenario.id, person_id=office.ann)
    await worked_out(database)
    async with database.transaction() as conn:
        told, packed = await read_outcome(conn, asked.id)
        plan = await plan_adoption(conn, scenario.scenario, office.exam_id)
        adopted = await adopt_scenario(
            conn, scenario, exam_id=office.exam_id, version=plan.version, reason=REASON, by=olga
        )
    assert adopted.key_version == 2
    assert (adopted.pass_percent_before, adopted.pass_percent_after) == (Decimal(50), Decimal("37.50"))
    async with database.transaction() as conn:
        assert await rescore_all(conn, office.exam_id, 2) == 40
        after = await official_results(conn)
        cursor = await conn.execute("SELECT pass_percent, version FROM exams")
        assert await cursor.fetchone() == (Decimal("37.50"), adopted.exam_version)
    # To the last thousandth, and for each of them.
    said = {
        each.sitting_id: (Decimal(str(each.new_points)), Decimal(str(each.new_max_points)))
        for each in unpack(packed)
    }
    assert said == after
    passed = sum(100 * points >= Decimal("37.5") * most for points, most in after.values())
    assert plan.preview is not None
    assert plan.preview.before is not None
    assert plan.preview.after is not None
    assert told["new"]["passed"] == plan.preview.after.passed == passed
    assert told["official"]["passed"] == plan.preview.before.passed
    assert told["moves"]["newly_passed"] == plan.preview.newly_passed
    assert plan.preview.after.mean_percent == pytest.approx(told["new"]["mean_percent"], abs=1e-6)


async def test_a_correction_is_made_as_if_by_hand_with_the_reason(database: Database, office: Office) -> None:
    scenario, olga = await saved(database, office, questions=changes(office.exam_id))
    async with database.transaction() as conn:
        await adopt_scenario(conn, scenario, exam_id=office.exam_id, version=1, reason=REASON, by=olga)
    async with database.transaction() as conn:
        [made] = await list_corrections(conn, office.exam_id)
        assert (made.reason, made.corrected_by) == (REASON, "Olga")
        assert [change["question_number"] for change in made.changes] == [1, 3, 9]
        [one] = await made_official(conn, scenario.id, scenario.version)
        assert (one.exam_id, one.key_version, one.adopted_by, one.reason) == (
            office.exam_id, 2, "Olga", REASON
        )  # fmt: skip
    assert await jobs(database, "rescore_sittings")


async def test_a_pass_mark_alone_marks_nobody_again(database: Database, office: Office) -> None:
    scenario, olga = await saved(database, office, pass_mark={"percent": 60})
    async with database.transaction() as conn:
        plan = await plan_adoption(conn, scenario.scenario, office.exam_id)
        assert plan.preview is not None
        assert (plan.preview.up, plan.preview.down, plan.changes) == (0, 0, 0)
        adopted = await adopt_scenario(
            conn, scenario, exam_id=office.exam_id, version=plan.version, reason=REASON, by=olga
        )
    assert (adopted.key_version, adopted.pass_percent_after) == (None, Decimal(60))
    assert await jobs(database, "rescore_sittings") == []
    # No rule asks who passes.
    assert await jobs(database, "issue_certificates") == []


async def test_a_pass_mark_gives_certificates_to_whom_it_lets_pass(
    database: Database, office: Office
) -> None:
    scenario, olga = await saved(database, office, pass_mark={"percent": 60})
    async with database.transaction() as conn:
        template_id = await add_template(conn)
        await conn.execute(
            """INSERT INTO certificate_rules (exam_id, template_id, condition, title, followed)
               VALUES (%s, %s, 'passed', 'Diploma', 1)""",
            (office.exam_id, template_id),
        )
        await adopt_scenario(conn, scenario, exam_id=office.exam_id, version=1, reason=REASON, by=olga)
    assert len(await jobs(database, "issue_certificates")) == 1


async def test_of_many_who_decide_at_once_one_does(database: Database, office: Office) -> None:
    scenario, olga = await saved(
        database, office, questions=changes(office.exam_id), pass_mark={"percent": 40}
    )

    async def decide() -> str:
        try:
            async with database.transaction() as conn:
                await adopt_scenario(
                    conn, scenario, exam_id=office.exam_id, version=1, reason=REASON, by=olga
                )
        except OfficialAlready:
            return "already"
        return "decided"

    found = await asyncio.gather(*(decide() for _ in range(4)))
    assert sorted(found) == ["already"] * 3 + ["decided"]
    async with database.transaction() as conn:
        assert len(await list_corrections(conn, office.exam_id)) == 1


async def test_two_scenarios_official_at_once_do_not_wait_in_a_circle(
    database: Database, office: Office
) -> None:
    scenario, by = await saved(database, office, pass_mark={"percent": 40})
    async with database.transaction() as conn:
        another_id = await add_scenario(conn, office.project_id, office.ann, office.exam_id)
        another = await find_scenario(conn, another_id, by.id)
    both_took = asyncio.Barrier(2)

    async def decide(scenario: SavedScenario) -> None:
        async with database.transaction() as conn:
            # As far as `adopt_scenario` is before it touches the exam: both refer to its row.
            await conn.execute(
                """INSERT INTO scenario_adoptions
                          (scenario_id, scenario_version, exam_id, exam_version, reason, adopted_by)
                   VALUES (%s, %s, %s, 0, '', %s)""",
                (scenario.id, scenario.version, office.exam_id, by.id),
            )
            await both_took.wait()
            await set_pass_mark(conn, exam_id=office.exam_id, version=1, percent=Decimal(40))

    done = await asyncio.gather(decide(scenario), decide(another), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [SomebodyWasFaster]


async def test_sent_again_it_is_refused_whatever_the_version(database: Database, office: Office) -> None:
    scenario, olga = await saved(database, office, pass_mark={"percent": 40})

    async def decide(version: int) -> None:
        async with database.transaction() as conn:
            await adopt_scenario(
                conn, scenario, exam_id=office.exam_id, version=version, reason=REASON, by=olga
            )

    await decide(1)
    for version in (1, 2):
        with pytest.raises(OfficialAlready):
            await decide(version)


async def test_whoever_was_slower_changes_nothing(database: Database, office: Office) -> None:
    scenario, olga = await saved(
        database, office, questions=changes(office.exam_id), pass_mark={"percent": 40}
    )
    async with database.transaction() as conn:
        await conn.execute("UPDATE exams SET version = 2")

    async def decide() -> None:
        async with database.transaction() as conn:
            await adopt_scenario(conn, scenario, exam_id=office.exam_id, version=1, reason=REASON, by=olga)

    with pytest.raises(SomebodyWasFaster) as refused:
        await decide()
    assert refused.value.details == {"version": 2}
    async with database.transaction() as conn:
        assert await made_official(conn, scenario.id, scenario.version) == []
        assert await list_corrections(conn, office.exam_id) == []
        cursor = await conn.execute("SELECT pass_percent FROM exams")
        assert await cursor.fetchone() == (None,)


async def test_what_the_key_says_already_is_no_decision(database: Database, office: Office) -> None:
    accept = {"exam_id": office.exam_id, "change": "accept", "question_number": 1, "answer": "A"}
    scenario, _olga = await saved(database, office, questions=[accept])
    async with database.transaction() as conn:
        with pytest.raises(NothingToCorrect):
            await plan_adoption(conn, scenario.scenario, office.exam_id)


async def test_analysts_plan_and_authors_decide(database: Database, office: Office) -> None:
    scenario, _olga = await saved(database, office, pass_mark={"percent": 40})
    async with database.transaction() as conn:
        for roles in (("analyst",), ("candidate",), ("invigilator",)):
            with pytest.raises(WrongRole):
                await adopt_scenario(
                    conn,
                    scenario,
                    exam_id=office.exam_id,
                    version=1,
                    reason=REASON,
                    by=Person(office.ann, roles),
                )


async def test_what_no_exam_has_is_named_and_not_done(database: Database, office: Office) -> None:
    scenario, olga = await saved(
        database,
        office,
        curve={"kind": "add", "points": 2},
        negative_marking={"fraction": "1/3"},
        grade_bands=[{"name": "A", "from_percent": 50}, {"name": "B", "from_percent": 0}],
        exclude_below_minutes=5,
        subgroups={"by": "course"},
    )
    async with database.transaction() as conn:
        plan = await plan_adoption(conn, scenario.scenario, office.exam_id)
        assert plan.preview is None
        assert sorted(plan.left_out) == ["curve", "exclude_below_minutes", "grade_bands", "negative_marking"]
        with pytest.raises(NothingOfficial):
            await adopt_scenario(conn, scenario, exam_id=office.exam_id, version=1, reason=REASON, by=olga)
        with pytest.raises(NotOfScenario):
            await plan_adoption(conn, scenario.scenario, office.exam_id + 1)


def test_the_pass_mark_of_several_exams_together_is_none_of_theirs() -> None:
    document = {"format": "examhall-scenario/1", "exams": [1, 2], "pass_mark": {"percent": 50}}
    assert left_out(read_scenario(document)) == ["pass_mark"]
    assert left_out(read_scenario(document | {"exams": [1], "curve": {"kind": "none"}})) == []
