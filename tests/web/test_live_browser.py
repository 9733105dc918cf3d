"""A candidate's page beside what an invigilator does: by the API of the same server, without a reload."""

import asyncio
import re
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page, expect

from examhall.accounts.tokens import Signer
from tests.pdfs import make_pdf
from tests.web.conftest import SECRET, MakeCandidate, Served
from tests.web.test_pdf_paper_browser import PHONE, with_paper

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


class Ivy:
    """An invigilator."""

    def __init__(self, served: Served, person_id: int, exam_id: int) -> None:
        token = Signer(SECRET).access_token(person_id, uuid4(), ["invigilator"])
        self._client = httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {token}"})
        self._exam_id = exam_id

    async def does(self, what: str, **body: object) -> None:
        async with asyncio.timeout(20):
            reply = await self._client.post(f"/api/v1/exams/{self._exam_id}/{what}", json=body or None)
        assert reply.status_code == 200, reply.text


async def hears(page: Page) -> None:
    """Its stream is open: rooms open theirs within three seconds, not all at once."""
    await page.wait_for_selector("body[data-live=open]")


@pytest.fixture
async def ivy(served: Served):
    clients = []

    async def made(exam_id: int) -> Ivy:
        ivy = Ivy(served, await served.person("invigilator"), exam_id)
        clients.append(ivy._client)
        return ivy

    yield made
    for client in clients:
        await client.aclose()


async def test_given_time_and_announcements_arrive(served, candidate: MakeCandidate, ivy) -> None:
    exam_id = await served.exam(duration_s=600)
    alice = await candidate()
    page = alice.page
    await alice.sit(exam_id)
    await hears(page)
    invigilator = await ivy(exam_id)
    await invigilator.does("announcements", text="Question 2: read 3 for 8. <b>Sorry.</b>")
    await expect(page.locator("#news li p").first).to_have_text("Question 2: read 3 for 8. <b>Sorry.</b>")
    await expect(page.locator("#shout")).to_contain_text("read 3 for 8")
    before = await page.text_content("#clock .clock")
    await invigilator.does("time", seconds=3600, reason="The projector failed.")
    given = "You have 60 minutes more. The projector failed."
    await expect(page.locator("#news li p").first).to_have_text(given)
    assert before is not None
    # All of it may have come within the first second.
    assert re.match(r"10:00|9:", before)
    await expect(page.locator("#clock .clock")).to_have_text(re.compile(r"^1:(10:00|09:)"))
    # Read, and put away.
    await page.click("#news li button >> nth=0")
    await page.click("#news li button >> nth=0")
    await expect(page.locator("#news")).to_be_hidden()


@pytest.mark.parametrize("far", [0, 10_000])
async def test_an_announcement_moves_nothing_and_is_in_sight(served, candidate, ivy, far: int) -> None:
    exam_id = await served.exam(duration_s=600)
    alice = await candidate(**PHONE)
    page = alice.page
    await alice.sit(exam_id)
    await hears(page)
    await page.evaluate("(far) => scrollTo(0, far)", far)
    where = """() => [...document.querySelectorAll('.current .choice, .room-foot .button')].map(
        (one) => Math.round(one.getBoundingClientRect().top))"""
    before = await page.evaluate(where)
    invigilator = await ivy(exam_id)
    await invigilator.does("announcements", text="Question 2: read 3 for 8. " * 6)
    note = page.locator("#news li")
    await expect(note).to_be_in_viewport(ratio=1)
    # Nor under the foot, nor under the bar.
    covered = """(note) => {
        const { left, top, bottom } = note.getBoundingClientRect();
        return [top + 4, bottom - 4].some((y) => !note.contains(document.elementFromPoint(left + 20, y)));
    }"""
    assert not await note.evaluate(covered)
    assert await page.evaluate(where) == before
    await page.click("#news li button")
    await expect(page.locator("#news")).to_be_hidden()


async def test_who_comes_back_reads_what_was_announced(served, candidate: MakeCandidate, ivy) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    await alice.sit(exam_id)
    await (await ivy(exam_id)).does("announcements", text="Keep calm.")
    await expect(alice.page.locator("#news li")).to_have_count(1)
    await alice.page.reload()
    await alice.ready()
    await expect(alice.page.locator("#news li p")).to_have_text("Keep calm.")


async def test_a_pause_stops_the_clock_hides_the_questions_and_loses_nothing(
    served, candidate: MakeCandidate, ivy
) -> None:
    exam_id = await served.exam(shuffle_options=False)
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(exam_id)
    invigilator = await ivy(exam_id)
    await hears(page)
    await alice.turn_to(5)
    # Still being typed when the pause comes.
    await alice.write("Ташкент")
    await invigilator.does("pause", reason="Fire alarm.")
    await expect(page.locator("#paused")).to_be_visible()
    await expect(page.locator("#paused-why")).to_have_text("Fire alarm.")
    await expect(page.locator("#main")).to_be_hidden()
    await alice.saved()
    stood = await page.text_content("#clock .clock")
    await served.until(lambda: served.has(sitting_id, {"5": "Ташкент"}))
    await page.wait_for_timeout(1_300)
    assert await page.text_content("#clock .clock") == stood
    # Another device, and a reload, find it paused too.
    await page.reload()
    await alice.ready()
    await expect(page.locator("#paused")).to_be_visible()
    await hears(page)
    await invigilator.does("resume")
    await expect(page.locator("#main")).to_be_visible()
    await expect(page.locator("#news li p").first).to_contain_text("The exam goes on.")
    await alice.turn_to(1)
    await alice.choose(0)
    await alice.saved()
    await served.until(lambda: served.has(sitting_id, {"1": "A", "5": "Ташкент"}))


async def test_the_time_of_a_pause_runs_out_for_nobody(served, candidate: MakeCandidate, ivy) -> None:
    """Longer than what was left: the page does not hand in, nor does the server."""
    exam_id = await served.exam(duration_s=5, grace_s=0)
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    invigilator = await ivy(exam_id)
    await invigilator.does("pause", reason="Smoke.")
    await expect(alice.page.locator("#paused")).to_be_visible()
    await alice.page.wait_for_timeout(5_500)
    assert await served.rows("SELECT closed_at FROM sittings WHERE id = %s", sitting_id) == [(None,)]
    await invigilator.does("resume")
    await alice.page.wait_for_url("**/result")
    closed = await served.rows(
        "SELECT deadline_at - started_at > interval '10 s' FROM sittings WHERE id = %s", sitting_id
    )
    assert closed == [(True,)]


async def test_closed_by_staff_leads_to_the_result(served, candidate: MakeCandidate, ivy) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    await alice.sit(exam_id)
    await (await ivy(exam_id)).does("close", reason="The house is on fire.")
    await alice.page.wait_for_url("**/result")


async def test_what_is_said_is_in_sight_beside_a_paper_on_a_phone(served, candidate, ivy) -> None:
    exam_id = await with_paper(served, make_pdf(3))
    alice = await candidate(**PHONE)
    await alice.sit(exam_id)
    await hears(alice.page)
    invigilator = await ivy(exam_id)
    await invigilator.does("announcements", text="Question 2: read 3 for 8.")
    await expect(alice.page.locator("#news li p").first).to_be_in_viewport(ratio=1)
    await invigilator.does("pause", reason="Fire alarm.")
    await expect(alice.page.locator(".room-pause .sheet")).to_be_in_viewport(ratio=1)
