"""Results of what-ifs and standard setting in the browser; axe-core finds nothing on any of their pages."""

from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from examhall.accounts.access import Person
from examhall.analyses.calculate import ask_for_calculation
from examhall.analyses.document import read_scenario
from examhall.analyses.panels import Method, find_panel, invite_judges, open_panel
from examhall.analyses.projects import create_project
from examhall.analyses.scenarios import create_scenario
from tests.scoring.marked import add_marked_exam, simulated

from .conftest import Candidate, MakeCandidate, Served
from .test_accessibility_browser import alice, sideways, violations

__all__ = ["alice"]
pytestmark = [pytest.mark.anyio, pytest.mark.browser]

ROLES = ("analyst", "author")


async def an_exam(served: Served, someone: int) -> int:
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        # Candidates that no other test has.
        marks = simulated(60, np.linspace(-1.5, 1.5, 9))
        exam_id = await add_marked_exam(conn, marks, first=2_000_000 + 100 * someone)
        await conn.execute(
            """UPDATE results SET points = (SELECT sum(points) FROM marks
                WHERE marks.candidate_id = results.candidate_id AND marks.sitting_id = results.sitting_id)
                WHERE exam_id = %s""",
            (exam_id,),
        )
        return exam_id


async def asked_for(served: Served, exam_id: int, by: int, **document: Any) -> tuple[int, int]:
    """A project of theirs with a scenario that is being worked out: both ids."""
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        project_id = await create_project(conn, name="Board", description="", created_by=by)
        said = {"format": "examhall-scenario/1", "exams": [exam_id], **document}
        scenario_id = await create_scenario(
            conn, project_id, by=by, name="Softer", description="", scenario=read_scenario(said)
        )
        asked = await ask_for_calculation(conn, scenario_id, person_id=by)
    return project_id, asked.id


async def a_panel(served: Served, exam_id: int, by: int, method: Method = "angoff") -> int:
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        panel_id = await open_panel(
            conn, exam_id=exam_id, method=method, name="Board", description="Knows the rules.", created_by=by
        )
        panel = await find_panel(conn, panel_id, Person(by, ROLES))
        [[username]] = await served.rows("SELECT username FROM people WHERE id = %s", by)
        await invite_judges(conn, panel, [username])
        return panel_id


async def a_colleague(served: Served, make: MakeCandidate) -> Candidate:
    someone = await make()
    await served.rows(
        "UPDATE people SET roles = %s WHERE id = %s RETURNING id", ["candidate", *ROLES], someone.id
    )
    await someone.context.add_cookies([served.cookie(someone.id, *ROLES)])
    return someone


def changes(exam_id: int) -> dict[str, Any]:
    return {
        "questions": [{"exam_id": exam_id, "change": "drop", "question_number": 9, "award": "nobody"}],
        "pass_mark": {"percent": 45},
        "grade_bands": [
            {"name": "A", "from_percent": 75},
            {"name": "B", "from_percent": 45},
            {"name": "C", "from_percent": 0},
        ],
    }


async def test_a_scenario_is_read_compared_and_made_official(
    served: Served, candidate: MakeCandidate
) -> None:
    olga = await a_colleague(served, candidate)
    exam_id = await an_exam(served, olga.id)
    _project_id, calculation_id = await asked_for(served, exam_id, olga.id, **changes(exam_id))
    page = olga.page
    await page.goto(f"/staff/calculations/{calculation_id}")
    # Whatever it was when the page came: it comes anew by itself when the calculation is over.
    await page.wait_for_selector("#distribution .chart-area canvas")
    assert "60 sittings" in await page.inner_text(".from")
    async with page.expect_download() as download:
        await page.click(".files a >> nth=0")
    content = (await (await download.value).path()).read_text()
    assert content.count("\n") == 61
    await page.click("text=Compare with other scenarios")
    await page.wait_for_selector("#compared .chart-area canvas")
    await page.click(".sides thead a")
    await page.click("text=Make it official…")
    assert "Grades" in await page.inner_text(".cannot")
    await page.fill("#reason", "Question 9 was misprinted.")
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/key**")

    async def all_are_marked_again() -> bool:
        found = await served.rows(
            "SELECT count(*) FROM results WHERE exam_id = %s AND key_version = 2", exam_id
        )
        return found == [(60,)]

    await served.until(all_are_marked_again)
    assert await served.rows("SELECT pass_percent FROM exams WHERE id = %s", exam_id) == [(45,)]
    await page.goto(f"/staff/calculations/{calculation_id}/official")
    assert await page.locator("#reason").count() == 0
    assert "Question 9 was misprinted." in await page.inner_text("main")


async def test_a_judge_is_saved_through_a_lost_connection(served: Served, candidate: MakeCandidate) -> None:
    judge = await a_colleague(served, candidate)
    exam_id = await an_exam(served, judge.id)
    panel_id = await a_panel(served, exam_id, judge.id)
    page = judge.page

    async def kept(expected: dict[int, int]) -> None:
        async def are_there() -> bool:
            found = await served.rows(
                "SELECT question_number, percent::int FROM panel_ratings WHERE panel_id = %s", panel_id
            )
            return dict(found) == expected

        await served.until(are_there)

    await page.goto(f"/staff/panels/{panel_id}/judge")
    await page.fill("#rating-1", "80")
    await kept({1: 80})
    await page.wait_for_selector('#saved:text-is("Saved")')
    await judge.context.set_offline(True)
    await page.fill("#rating-2", "55")
    await page.fill("#rating-1", "75")
    await page.wait_for_selector('#saved:text("no connection")')
    await judge.context.set_offline(False)
    await kept({1: 75, 2: 55})
    await page.goto(f"/staff/panels/{panel_id}")
    # Who judges does not see what the panel finds; not even an analyst.
    assert await page.locator("#cut").count() == 0


async def test_a_judge_without_scripts_saves_by_the_button(served: Served, candidate: MakeCandidate) -> None:
    judge = await candidate(java_script_enabled=False)
    await judge.context.add_cookies([served.cookie(judge.id, *ROLES)])
    await served.rows("UPDATE people SET roles = '{author,analyst}' WHERE id = %s RETURNING id", judge.id)
    exam_id = await an_exam(served, judge.id)
    panel_id = await a_panel(served, exam_id, judge.id)
    await judge.page.goto(f"/staff/panels/{panel_id}/judge")
    for number in range(1, 10):
        await judge.page.fill(f"#rating-{number}", str(10 * number))
    await judge.page.click("main button[type=submit]")
    assert await judge.page.input_value("#rating-9") == "90"
    assert "9 / 9" in await judge.page.inner_text("#rated")


async def test_pages_of_results_and_of_panels(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    anna = await served.person(*ROLES)
    await alice.context.add_cookies([served.cookie(anna, *ROLES)])
    exam_id = await an_exam(served, anna)
    project_id, calculation_id = await asked_for(served, exam_id, anna, **changes(exam_id))
    address = f"/staff/calculations/{calculation_id}"
    await page.goto(address)
    await page.wait_for_selector("#distribution .chart-area canvas")
    await _with_groups(served, calculation_id)
    found = []
    await page.goto(address)
    for summary in await page.locator(".more summary").all():
        if await summary.is_visible() and not await summary.evaluate("one => one.parentElement.open"):
            await summary.click()
    assert await page.locator(".matrix").count() == 1
    found += await violations(page) + await sideways(page)
    await served.rows(
        """UPDATE calculations SET status = 'failed', result = NULL, candidates = NULL, error = 'Too large.',
           error_code = 'too_large' WHERE id = %s RETURNING id""",
        calculation_id,
    )
    for path in (address, f"/staff/projects/{project_id}/compare", f"{address}/official"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    panel_id = await a_panel(served, exam_id, anna)
    for path in (
        f"/staff/exams/{exam_id}/standards",
        f"/staff/panels/{panel_id}/judge",
        f"/staff/panels/{panel_id}",
    ):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    for number in range(1, 10):
        await served.rows(
            "INSERT INTO panel_ratings VALUES (%s, %s, 1, %s, '', 60, 1, now()) RETURNING 1",
            panel_id, anna, number,
        )  # fmt: skip
    assert await page.locator("text=Begin round 2").count() == 0
    await page.reload()
    await page.click("text=Begin round 2…")
    found += await violations(page) + await sideways(page)
    await page.click("text=Yes, begin it")
    await page.goto(f"/staff/panels/{panel_id}/judge")
    found += await violations(page) + await sideways(page)
    assert await page.locator(".feedback").count() == 9
    await page.goto(f"/staff/panels/{panel_id}")
    await page.click("text=Close the panel…")
    await page.click("text=Yes, close it")
    await page.wait_for_selector("#cut")
    found += await violations(page) + await sideways(page)
    assert "60.0%" in await page.inner_text(".cut")
    assert "\n".join(found) == ""


async def _with_groups(served: Served, calculation_id: int) -> None:
    """As if there were courses large enough to be compared, with items of every size."""
    [[told]] = await served.rows("SELECT result FROM calculations WHERE id = %s", calculation_id)
    item = {"exam_id": 1, "question_number": 1, "sub_part": "", "reference": 300, "focal": 90}
    known = {"odds_ratio": 2.1, "effect": -1.7, "se": 0.4, "chi_squared": 17.9, "p": 0.0001, "why": ""}
    nothing = dict.fromkeys(known) | {"size": "", "why": "few_focal"}
    sizes = [item | known | {"size": size} for size in "ABC"] + [item | nothing]
    group = {
        "id": 1, "code": "ALG-1", "name": "Algebra", "candidates": 90, "official": told["official"],
        "new": told["new"], "newly_passed": 1, "newly_failed": 2, "dif": sizes,
    }  # fmt: skip
    small = group | {"id": 2, "code": "GEO-1", "name": "Geometry", "candidates": 12, "dif": None}
    told["groups"] = {
        "by": "course", "groups": [group, small], "groups_left_out": 1, "candidates_in_none": 3
    }  # fmt: skip
    await served.rows(
        "UPDATE calculations SET result = %s WHERE id = %s RETURNING id", Jsonb(told), calculation_id
    )
