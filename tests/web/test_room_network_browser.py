"""The room on a bad network, and beside a bad server: nothing typed is lost, and nothing is claimed."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from .conftest import MakeCandidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# Places of questions in the demo's exam of every type.
SINGLE, MULTIPLE, TRUE_FALSE, NUMBER, TEXT, ORDER, MATCH, BEST, PARTS, ESSAY = range(1, 11)
SAVES = "**/api/v1/sessions/*/answers/"


async def test_what_is_typed_while_the_network_is_cut_arrives_afterwards(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await alice.choose(0)
    await alice.saved()
    await alice.context.set_offline(True)
    await alice.choose(1)
    await alice.turn_to(NUMBER)
    await alice.write("9")
    await alice.turn_to(ESSAY)
    for word in ("Written", "while", "nothing", "answers"):
        await page.locator(".current textarea").press_sequentially(word + " ", delay=20)
        await asyncio.sleep(0.8)
    await alice.turn_to(NUMBER)
    await alice.write("10")
    await expect(page.locator("#overall .state")).to_have_text("3 answers wait")
    await expect(page.locator("#alert")).to_be_visible()
    assert await served.stored(sitting_id) == {"1": "A"}

    await alice.context.set_offline(False)
    await alice.saved()
    await expect(page.locator("#alert")).to_be_hidden()
    assert await served.stored(sitting_id) == {"1": "B", "4": "10", "10": "Written while nothing answers "}


async def test_a_killed_tab_loses_nothing(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await alice.context.set_offline(True)
    await alice.choose(2)
    await alice.turn_to(ESSAY)
    await alice.write("Only this device has seen it.")
    await expect(alice.page.locator(".current .state")).to_have_attribute("data-state", "waiting")
    cdp = await alice.context.new_cdp_session(alice.page)
    crashed = asyncio.Event()
    alice.page.on("crash", lambda _: crashed.set())
    killing = asyncio.ensure_future(cdp.send("Page.crash"))
    await crashed.wait()
    killing.cancel()
    await alice.page.close()
    assert await served.stored(sitting_id) == {}

    await alice.context.set_offline(False)
    alice.page = await alice.context.new_page()
    await alice.page.goto(f"/sittings/{sitting_id}")
    await alice.ready()
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "C", "10": "Only this device has seen it."}
    await expect(alice.page.locator("#q10")).to_have_value("Only this device has seen it.")


async def test_what_was_typed_a_moment_before_the_tab_is_closed_arrives(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam())
    await alice.turn_to(ESSAY)
    await alice.page.locator(".current textarea").press_sequentially("the last word")
    await alice.page.goto("about:blank")
    await served.until(lambda: served.has(sitting_id, {"10": "the last word"}))


async def test_what_did_not_arrive_before_the_end_is_said(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam(duration_s=5, grace_s=0))
    await alice.turn_to(TEXT)
    await alice.context.set_offline(True)
    await alice.write("Tashkent")
    await expect(page.locator("#over-title")).to_have_text("The time is over", timeout=20_000)
    await served.until(
        lambda: served.gives("SELECT closed_by FROM sittings WHERE id = %s", sitting_id, [("deadline",)])
    )
    await alice.context.set_offline(False)
    await expect(page.locator("#over [data-text]")).to_contain_text("1 answer did not arrive")
    await expect(page.locator("#over [data-lost]")).to_contain_text("Question 5 Tashkent")
    assert await served.stored(sitting_id) == {}

    await page.click("#over a")
    await expect(page.locator("#not-arrived")).to_contain_text("Tashkent")


async def test_a_busy_server_is_asked_again(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    tries = 0

    async def busy(route: Route) -> None:
        nonlocal tries
        tries += 1
        if tries > 3:
            await route.continue_()
        else:
            headers = {"retry-after": "1"} if tries == 1 else {}
            problem = {"code": "overloaded"} if tries < 3 else None
            await route.fulfill(status=503, headers=headers, json=problem)

    await alice.page.route(SAVES, busy)
    await alice.choose(0)
    await expect(alice.page.locator(".current .state")).to_contain_text("the server is busy")
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "A"}


async def test_a_page_of_somebody_elses_network_is_no_acknowledgement(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    portal = True

    async def captive(route: Route) -> None:
        if portal:
            await route.fulfill(status=200, content_type="text/html", body="<h1>Welcome to our café</h1>")
        else:
            await route.continue_()

    await alice.page.route(SAVES, captive)
    await alice.choose(0)
    await expect(alice.page.locator(".current .state")).to_have_attribute("data-state", "waiting")
    portal = False
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "A"}


async def test_an_answer_that_is_refused_holds_up_no_other(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await alice.context.set_offline(True)
    await alice.choose(0)
    await alice.turn_to(TEXT)
    await page.evaluate("document.querySelector('#q5').maxLength = 9999")
    await alice.write("x" * 600)
    await alice.turn_to(NUMBER)
    await alice.write("10")
    await expect(page.locator("#overall .state")).to_have_text("3 answers wait")
    await alice.context.set_offline(False)
    await expect(page.locator("#overall .state")).to_have_text("1 not accepted")
    await served.until(lambda: served.has(sitting_id, {"1": "A", "4": "10"}))
    await alice.turn_to(TEXT)
    await expect(page.locator(".current .state")).to_contain_text(
        "Not accepted: This answer is longer than the question allows."
    )
    await alice.write("Tashkent")
    await alice.saved()
    assert (await served.stored(sitting_id))["5"] == "Tashkent"
