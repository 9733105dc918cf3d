"""An exam with a PDF paper in a real browser: the paper is drawn, the answers beside it are stored."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from examhall.accounts.tokens import Signer
from tests.pdfs import make_pdf

from .conftest import SECRET, MakeCandidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PAPER = "**/api/v1/exams/*/paper*"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}
# How much of a canvas is darker than paper.
INK = """() => {
    const canvas = document.querySelector(".pdf-page canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let dark = 0;
    for (let at = 0; at < data.length; at += 4) dark += data[at] < 128;
    return dark;
}"""


@pytest.fixture
async def exam_id(served: Served) -> int:
    return await with_paper(served, make_pdf(5, words="Question"))


async def with_paper(served: Served, content: bytes) -> int:
    exam_id = await served.exam("paper")
    author = await served.person("author")
    token = Signer(SECRET).access_token(author, uuid4(), ["author"])
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {token}"}) as olga:
        reply = await olga.put(f"/api/v1/exams/{exam_id}/paper?version=0", content=content)
        assert reply.status_code == 200, reply.text
    return exam_id


async def drawn(page: Page, number: int = 1) -> None:
    await expect(page.locator(f".pdf-page >> nth={number - 1}")).to_have_attribute("data-drawn", "")


async def test_the_paper_is_drawn_and_answered_beside(
    served: Served, candidate: MakeCandidate, exam_id: int
) -> None:
    alice = await candidate()
    page = alice.page
    complaints: list[str] = []
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    sitting_id = await alice.sit(exam_id)
    await drawn(page)
    assert await page.evaluate(INK) > 500
    await expect(page.locator("#pdf [data-pages]")).to_have_text("of 5")
    # Readable without eyes.
    await expect(page.locator(".pdf-page >> nth=0").locator("p")).to_have_text("Question 1")
    # All questions are on the sheet; whichever is answered is the current one.
    await page.click("#question-3 .choice >> nth=1")
    await expect(page.locator("#question-3")).to_have_class("question current")
    await alice.saved()
    assert await served.has(sitting_id, {"3": "B"})
    assert complaints == []


async def test_pages_are_turned_by_button_number_and_key_and_remembered(
    candidate: MakeCandidate, exam_id: int
) -> None:
    alice = await candidate()
    page = alice.page
    await alice.sit(exam_id)
    await drawn(page)
    place = page.locator("#pdf-page")
    await page.click("[data-page='1']")
    await expect(place).to_have_value("2")
    await place.fill("5")
    await place.press("Enter")
    await drawn(page, 5)
    await expect(page.locator("[data-page='1']")).to_be_disabled()
    await page.locator(".pdf-pages").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(place).to_have_value("4")
    # The room's own arrows still move between questions, outside.
    await expect(page.locator("#question-1")).to_have_class("question current")
    await page.reload()
    await drawn(page, 4)
    await expect(place).to_have_value("4")


async def test_it_is_magnified_and_fitted_again(candidate: MakeCandidate, exam_id: int) -> None:
    alice = await candidate()
    page = alice.page
    await alice.sit(exam_id)
    await drawn(page)
    width = "document.querySelector('.pdf-page').offsetWidth"
    fitted = await page.evaluate(width)
    await page.click("[data-zoom='1']")
    await expect(page.locator("[data-percent]")).to_have_text("125%")
    assert await page.evaluate(width) == int(fitted * 1.25)
    await page.click("[data-zoom='0']")
    assert await page.evaluate(width) == fitted


async def test_on_a_phone_it_is_the_paper_or_the_answers(
    served: Served, candidate: MakeCandidate, exam_id: int
) -> None:
    alice = await candidate(**PHONE)
    page = alice.page
    sitting_id = await alice.sit(exam_id)
    await drawn(page)
    await expect(page.locator("#main")).to_be_hidden()
    await page.click("[data-side=answers]")
    await expect(page.locator("#pdf")).to_be_hidden()
    await page.click("#question-1 .choice >> nth=0")
    await alice.saved()
    assert await served.has(sitting_id, {"1": "A"})
    await page.click("[data-side=paper]")
    await expect(page.locator(".pdf-page >> nth=0")).to_be_visible()
    # Whoever hands in is led to the answers.
    await page.click("#finish")
    await page.click("#hand-in .grid button >> nth=1")
    await expect(page.locator("#question-3")).to_be_in_viewport()


async def test_a_network_cut_in_the_middle_of_the_paper_is_healed_and_answers_go_on(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await with_paper(served, make_pdf(2, padding=3_000_000))
    alice = await candidate()
    page = alice.page
    asked: list[str | None] = []
    cut = asyncio.Event()

    async def bad_network(route: Route) -> None:
        wanted = await route.request.header_value("range")
        asked.append(wanted)
        if cut.is_set():
            await route.continue_()
        elif len(asked) == 1:
            reply = await route.fetch()
            headers = {**reply.headers, "content-length": "3001000"}
            # The first megabyte, and then nothing more.
            await route.fulfill(status=200, headers=headers, body=(await reply.body())[:1_000_000])
        else:
            await route.abort()

    await page.route(PAPER, bad_network)
    sitting_id = await alice.sit(exam_id)
    await expect(page.locator("[data-wait] [data-text]")).to_contain_text("No network just now")
    await page.click("#question-2 .choice >> nth=2")
    await alice.saved()
    assert await served.has(sitting_id, {"2": "C"})
    cut.set()
    await drawn(page)


async def test_a_paper_that_is_refused_says_why_and_can_be_asked_for_again(
    candidate: MakeCandidate, exam_id: int
) -> None:
    alice = await candidate()
    page = alice.page

    async def refuse(route: Route) -> None:
        await route.fulfill(status=403, json={"detail": "This exam is over."})

    await page.route(PAPER, refuse)
    await alice.sit(exam_id)
    await expect(page.locator("[data-failed] p >> nth=0")).to_have_text("This exam is over.")
    await page.unroute(PAPER)
    await page.click("[data-again]")
    await drawn(page)


async def test_a_pdf_with_scripts_runs_none_of_them(served: Served, candidate: MakeCandidate) -> None:
    script = b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\); this.exportDataObject\\(\\);) >>"
    exam_id = await with_paper(served, make_pdf(1, extra=script))
    alice = await candidate()
    said: list[str] = []
    alice.page.on("dialog", lambda dialog: said.append(dialog.message))
    await alice.sit(exam_id)
    await drawn(alice.page)
    assert said == []


async def test_an_exam_without_a_paper_loads_nothing_of_it(served: Served, candidate: MakeCandidate) -> None:
    exam_id = await served.exam()
    alice = await candidate()
    loaded: list[str] = []
    alice.page.on("request", lambda request: loaded.append(request.url))
    await alice.sit(exam_id)
    assert [url for url in loaded if "pdf" in url] == []
