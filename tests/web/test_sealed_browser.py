"""Sealed papers in a real browser: downloaded in the lobby, opened at the start, or done without."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Page, Request, Route, expect

from examhall.base import clock
from examhall.exams.contents import CHANNEL
from tests.pdfs import make_pdf

from .conftest import Candidate, Served
from .test_pdf_paper_browser import INK, drawn, with_paper

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

MakeCandidate = Callable[..., Awaitable[Candidate]]

SEALED = re.compile(r"/sealed/[0-9a-f]{32}\.bin")
# What a person sees of the questions, in their order: numbers, texts, letters, labels, pictures.
SEEN = """() => [...document.querySelectorAll(".question")].map((question) => ({
  number: question.dataset.number,
  title: question.querySelector("h2").textContent,
  text: question.textContent.replace(/\\s+/g, " "),
  letters: [...question.querySelectorAll("[data-letter]")].map((tick) => tick.dataset.letter + tick.value),
  moves: [...question.querySelectorAll("[data-move]")].map((it) => it.ariaLabel),
  keys: [...question.querySelectorAll("[data-key]")].map((row) => row.dataset.key),
  choices: [...question.querySelectorAll("option")].map((option) => option.value + option.text),
  rows: [...question.querySelectorAll(".extremes .tick")].map((tick) => tick.name + tick.value),
  pictures: [...question.querySelectorAll("img")].map((it) => [it.naturalWidth, it.naturalHeight, it.alt]),
  formulas: [...question.querySelectorAll(".math")].map((math) => math.dataset.display),
}))"""


async def sealed_exam(served: Served, name: str = "every-type", **columns: object) -> int:
    """It opens in a few seconds: time enough for a lobby to fetch the paper."""
    opens_at = clock.now() + timedelta(seconds=6)
    settings = {"shuffle_questions": True, "shuffle_options": True} | columns
    return await served.exam(name, opens_at=opens_at, sealed_before_s=86_400, **settings)


async def wait_with_the_paper(someone: Candidate, exam_id: int) -> Page:
    await someone.page.goto(f"/exams/{exam_id}")
    await expect(someone.page.locator('[data-check="paper"]')).to_have_attribute("data-state", "good")
    return someone.page


async def start(someone: Candidate) -> int:
    await someone.page.click("#start", timeout=20_000)
    await someone.page.wait_for_url("**/sittings/*")
    await someone.ready()
    return int(someone.page.url.rpartition("/")[2])


async def seen(page: Page) -> Any:
    """After every formula is set and every picture there."""
    for place in range(await page.locator(".question").count()):
        await page.click(f"#grid button >> nth={place}")
    await expect(page.locator(".math:not(.done)")).to_have_count(0)
    return await page.evaluate(SEEN)


NOTED = "SELECT what, detail FROM events WHERE exam_id = %s AND what IN ('sealed_failed', 'sealed_opened')"


async def test_the_start_moves_about_a_kilobyte_and_shows_what_everybody_sees(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served)
    alice, bob = await candidate(), await candidate()
    asked: list[Request] = []
    alice.page.on("request", lambda request: asked.append(request))
    page = await wait_with_the_paper(alice, exam_id)
    await wait_with_the_paper(bob, exam_id)
    assert [request.url for request in asked if SEALED.search(request.url)]

    await page.locator("#start:enabled").wait_for(timeout=20_000)
    asked.clear()
    sitting = await start(alice)
    # Between the press and the room one request went out that brings anything.
    starts = [request for request in asked if "/sessions?sealed=" in request.url]
    assert len(starts) == 1
    sizes = await starts[0].sizes()
    assert sizes["responseBodySize"] < 1_500
    assert not [request for request in asked if request.is_navigation_request()]
    assert not [request for request in asked if "/pictures/" in request.url]

    await start(bob)
    mine, bobs = await seen(page), await seen(bob.page)
    assert mine != bobs
    for someone, theirs in ((alice, mine), (bob, bobs)):
        # The same room by the ordinary way.
        await someone.page.reload()
        await someone.ready()
        assert await seen(someone.page) == theirs

    await alice.turn_to(1)
    assert await served.rows("SELECT count(*) FROM sittings WHERE exam_id = %s", exam_id) == [(2,)]
    assert str(sitting) in page.url


async def test_answers_given_in_a_room_that_came_sealed_are_saved_and_handed_in(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served, shuffle_questions=False, shuffle_options=False)
    alice = await candidate()
    page = await wait_with_the_paper(alice, exam_id)
    sitting = await start(alice)
    # The clock is the server's, though the page was written for a lobby some time ago.
    await expect(page.locator("#clock .clock")).to_have_text(re.compile(r"^(30:00|29:5\d)$"))
    await expect(page.locator(".current h2")).to_be_focused()
    await alice.choose(2)
    await alice.saved()
    await served.until(lambda: served.has(sitting, {"1": "C"}))
    await page.click("#finish")
    await page.click("#confirm")
    await page.wait_for_url(f"**/sittings/{sitting}/result")


async def test_the_network_may_go_between_the_lobby_and_the_start(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served)
    alice = await candidate()
    page = await wait_with_the_paper(alice, exam_id)
    await page.locator("#start:enabled").wait_for(timeout=20_000)
    await alice.context.set_offline(True)
    await page.click("#start")
    await expect(page.locator("#say")).to_contain_text("keep trying")
    await alice.context.set_offline(False)
    await page.wait_for_url("**/sittings/*")
    await alice.ready()
    await served.until(lambda: served.gives(NOTED, exam_id, [("sealed_opened", None)]))


async def test_a_paper_that_somebody_changed_on_its_way_is_not_used_and_that_is_noted(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served)
    alice = await candidate()
    page = alice.page

    async def tamper(route: Route) -> None:
        reply = await route.fetch()
        body = bytearray(await reply.body())
        body[100] ^= 1
        await route.fulfill(response=reply, body=bytes(body))

    await page.route(SEALED, tamper)
    await page.goto(f"/exams/{exam_id}")
    await expect(page.locator('[data-check="paper"]')).to_have_attribute("data-state", "wait")
    await start(alice)
    assert await page.locator(".question").count() == 10
    await served.until(lambda: served.gives(NOTED, exam_id, [("sealed_failed", "hash")]))


async def test_a_paper_changed_on_the_device_does_not_open_and_the_ordinary_one_comes(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served)
    alice = await candidate()
    page = alice.page
    # A browser whose hashes are always right: the tag must see it.
    await page.add_init_script(
        """const decrypt = SubtleCrypto.prototype.decrypt;
           SubtleCrypto.prototype.decrypt = function (how, key, data) {
             const copy = new Uint8Array(data.slice(0)); copy[5] ^= 1;
             return decrypt.call(this, how, key, copy);
           };"""
    )
    await wait_with_the_paper(alice, exam_id)
    await start(alice)
    assert await page.locator(".question").count() == 10
    await served.until(
        lambda: served.gives(NOTED, exam_id, [("sealed_opened", None), ("sealed_failed", "tag")])
    )


async def test_a_browser_that_may_not_decrypt_starts_as_ever(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served)
    alice = await candidate()
    # As at an address that is not secure.
    await alice.page.add_init_script("delete Object.getPrototypeOf(crypto).subtle")
    asked: list[str] = []
    alice.page.on("request", lambda request: asked.append(request.url))
    await alice.page.goto(f"/exams/{exam_id}")
    await start(alice)
    assert not [url for url in asked if "sealed=" in url or SEALED.search(url)]


async def test_a_lobby_whose_script_fails_starts_as_ever(served: Served, candidate: MakeCandidate) -> None:
    exam_id = await sealed_exam(served)
    alice = await candidate()
    await alice.page.route("**/js/sealed.js", lambda route: route.abort())
    await alice.page.goto(f"/exams/{exam_id}")
    await start(alice)
    assert await alice.page.locator(".question").count() == 10


async def test_who_comes_when_it_is_open_downloads_nothing(served: Served, candidate: MakeCandidate) -> None:
    exam_id = await served.exam(opens_at=clock.now() - timedelta(hours=1), sealed_before_s=86_400)
    alice = await candidate()
    asked: list[str] = []
    alice.page.on("request", lambda request: asked.append(request.url))
    await alice.sit(exam_id)
    assert not [url for url in asked if "sealed" in url]


async def test_a_whole_mock_exam_with_formulas_and_pictures_comes_sealed(
    served: Served, candidate: MakeCandidate
) -> None:
    exam_id = await sealed_exam(served, "mathematics")
    alice = await candidate()
    page = await wait_with_the_paper(alice, exam_id)
    await start(alice)
    mine = await seen(page)
    assert len(mine) == 45
    assert any(question["pictures"] for question in mine)
    await page.reload()
    await alice.ready()
    assert await seen(page) == mine


async def test_the_pdf_comes_sealed_too(served: Served, candidate: MakeCandidate) -> None:
    exam_id = await with_paper(served, make_pdf(5, words="Question"))
    # Changed behind the server's back: it has not looked at this exam before.
    opens_at = clock.now() + timedelta(seconds=8)
    await served.rows(
        "UPDATE exams SET opens_at = %s, sealed_before_s = 3600 WHERE id = %s RETURNING pg_notify(%s, %s)",
        opens_at, exam_id, CHANNEL, str(exam_id),
    )  # fmt: skip
    alice = await candidate()
    page = alice.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await wait_with_the_paper(alice, exam_id)
    await start(alice)
    await drawn(page)
    assert await page.evaluate(INK) > 500
    assert not [url for url in asked if url.partition("?")[0].endswith("/paper")]
    # By the ordinary way, it is fetched.
    await page.reload()
    await drawn(page)
    assert [url for url in asked if url.partition("?")[0].endswith("/paper")]
