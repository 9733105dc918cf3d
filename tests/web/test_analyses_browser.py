"""An analyst writes a scenario in the browser while another changes it; axe-core finds nothing on the way."""

import psycopg
import pytest

from examhall.analyses.document import read_scenario
from examhall.analyses.projects import create_project, set_member
from examhall.analyses.scenarios import find_scenario, save_scenario
from tests.scoring.corrected import add_everything, sat_by

from .conftest import Candidate
from .test_accessibility_browser import alice, sideways, violations

__all__ = ["alice"]

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_two_analysts_write_the_same_scenario(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    found: list[str] = []

    async def look() -> None:
        await page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        found.extend(await violations(page) + await sideways(page))

    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 8)
    nora, olga = await served.person("analyst"), await served.person("author")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        project_id = await create_project(conn, name="Spring mock", description="What if?", created_by=nora)
        [username] = await (
            await conn.execute("SELECT username FROM people WHERE id = %s", (olga,))
        ).fetchone() or [""]
        await set_member(conn, project_id, by=nora, username=username, role="editor")
    await alice.context.add_cookies([served.cookie(nora, "analyst")])

    await page.goto("/staff/analyses?archived")
    await look()
    await page.goto("/staff/analyses")
    await look()
    await page.click("text=Spring mock")
    await page.wait_for_selector("#members")
    await look()
    await page.click("text=New scenario")
    await look()
    await page.check(f"input[value='{exam_id}']")
    await page.click("text=Go on")
    await page.wait_for_selector("#scenario")
    await page.fill("#name", "Question 1 corrected")
    row = f"#q-{exam_id}-1"
    # An answer is asked for only where the choice needs one.
    assert not await page.is_visible(f"{row} input.to")
    await page.select_option(f"{row} select", "key")
    await page.fill(f"{row} input.to", "Z")
    assert await page.is_visible("#unsaved")
    await page.click(".savebar button[value=save]")
    await page.wait_for_selector("#problems")
    await look()
    assert await page.get_attribute(f"{row} input.to", "aria-invalid") == "true"
    await page.fill(f"{row} input.to", "B")
    await page.select_option("#bands", "own")
    await page.fill("#own_bands", "Good 50\nPoor 0")
    await page.press("#name", "Enter")
    await page.wait_for_url("**/staff/scenarios/*?saved")
    await look()
    assert "Question 1: B is right instead." in await page.inner_text(".in-words")

    scenario_id = int(page.url.rpartition("/")[2].partition("?")[0])
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        saved = await find_scenario(conn, scenario_id, olga)
        theirs = read_scenario(saved.document | {"pass_mark": {"percent": 60}})
        await save_scenario(
            conn, scenario_id, by=olga, version=1, name=saved.name, description="", scenario=theirs
        )
    await page.fill("#weights input" if await page.locator("#weights input").count() else "#negative", "0.5")
    await page.click(".savebar button[value=save]")
    await page.wait_for_selector("#faster")
    await look()
    assert "60% of all points pass." in await page.inner_text("#faster")
    await page.click("text=Take theirs instead")
    assert await page.input_value("#pass_percent") == "60"

    await page.click("text=Save and calculate")
    await page.wait_for_url("**/staff/calculations/*")
    await page.goto(f"/staff/analyses/{project_id}")
    await look()
    for path in (
        "/staff/analyses/new",
        f"/staff/analyses/{project_id}/edit",
        f"/staff/scenarios/{scenario_id}?version=1",
        "/staff/master-data",
        "/staff/master-data/grade_bands/ects",
    ):
        await page.goto(path)
        await look()
    await alice.context.add_cookies([served.cookie(await served.person("admin"), "admin")])
    for path in ("scales/new", "scales/percent", "topics/algebra", "rating_tiers/master"):
        await page.goto(f"/staff/master-data/{path}")
        await look()
    assert "\n".join(found) == ""
