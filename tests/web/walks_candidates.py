"""Walks through the pages of strangers and candidates, in each state that they see them in."""

from datetime import timedelta

import psycopg

from examhall.base import clock
from examhall.standings.ratings import rate_exam
from tests.standings.field import add_held
from tests.standings.test_dashboard import a_past_exam, follow

from .conftest import Candidate
from .looking import Look


async def pages_outside_the_room(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    now = clock.now()
    soon = {"opens_at": now + timedelta(hours=1), "closes_at": now + timedelta(hours=3)}
    coming = await served.exam(**soon)
    held_back = await served.exam(release="by_hand")
    ticket = await served.ticket(coming, alice.id)
    for path in ("/", "/sign-in", ticket, "/t/nonsense", "/nowhere"):
        await page.goto(path)
        await look()
    await page.goto("/sign-in")
    await page.fill("#username", "nobody")
    await page.fill("#password", "wrong")
    await page.press("#password", "Enter")
    await page.wait_for_selector("#problem")
    await look()

    await alice.sign_in()
    await page.goto(f"/exams/{coming}")
    await page.wait_for_selector('[data-check="network"][data-state="good"]')
    await look()
    await alice.sit(held_back)
    await page.click("#finish")
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    await look()
    await page.goto("/exams")
    await look()


async def the_dashboard(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    await page.goto("/dashboard")
    await look()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for _ in range(2):
            await follow(conn, await a_past_exam(conn, alice.id))
    await page.goto("/dashboard")
    await page.wait_for_selector(".chart-area canvas")
    await look()
    assert await page.locator(".topics li").count() == 2
    assert await page.locator(".badges .given").count() >= 3


async def the_leaderboard(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    people = [alice.id, *[await served.person() for _ in range(5)]]
    now = clock.now()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for ago in (3, 2, 1):
            points = {one: (place * ago) % 4 for place, one in enumerate(people)}
            exam_id = await add_held(conn, points, closes_at=now - timedelta(hours=ago))
            await rate_exam(conn, exam_id=exam_id, key_version=1)
        running = await add_held(
            conn, dict.fromkeys(people, 1), closes_at=now + timedelta(hours=1), live_standing=True
        )
    tabs = ["top_rated", "most_improved", "streaks", "exam", f"exam&exam_id={running}"]
    for signed_in in (False, True):
        if signed_in:
            await alice.sign_in()
        for tab in tabs:
            await page.goto(f"/leaderboard?tab={tab}")
            await page.wait_for_selector("#note:not([hidden])")
            await page.evaluate("document.querySelector('.about').open = true")
            await look()
    assert await page.locator(".mine").count() == 1


async def the_room_and_its_result(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    sitting_id = await alice.sit(await served.exam())

    await alice.choose(1)
    await page.click(".current .flag")
    await alice.saved()
    await look()
    for _ in range(9):
        await page.click("[data-go='1']")
        await page.wait_for_selector(".current .math.done, .current:not(:has(.math))", state="attached")
        await look()
    await alice.context.set_offline(True)
    await alice.write("waits")
    await page.wait_for_selector("#alert:not([hidden])")
    await look()
    await alice.context.set_offline(False)
    await alice.saved()
    if await page.locator("#open-sheet").is_visible():
        await page.click("#open-sheet")
        await look()
        await page.keyboard.press("Escape")
    await page.click("#finish")
    await look()
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    await page.wait_for_selector(".figure", timeout=20_000)
    await page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    await look()
    assert len(await served.stored(sitting_id)) == 2


async def a_sealed_exam_from_the_lobby_to_the_room(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    exam_id = await served.exam(opens_at=clock.now() + timedelta(seconds=9), sealed_before_s=3600)
    await page.goto(f"/exams/{exam_id}")
    await page.wait_for_selector('[data-check="paper"][data-state="good"]')
    await look()
    await page.click("#start", timeout=20_000)
    await page.wait_for_url("**/sittings/*")
    await alice.ready()
    await look()
    author = await served.person("author")
    await alice.context.add_cookies([served.cookie(author, "author")])
    await page.goto(f"/staff/exams/{exam_id}")
    await page.wait_for_selector("#sealed")
    await look()
