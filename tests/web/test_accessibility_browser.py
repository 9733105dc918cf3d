"""axe-core finds nothing on any page: light and dark, on a phone and on a wide screen, in every state."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import psycopg
import pytest
from playwright.async_api import Browser, Page

from examhall.accounts.access import Person
from examhall.accounts.tokens import Signer
from examhall.base import clock
from examhall.base.db import Connection
from examhall.certificates.revoking import revoke_certificate
from examhall.contests.submissions import Submission, Submitted, submit_all
from examhall.events.activity import roll_up_exam
from examhall.forms.forms import find_form
from examhall.forms.submissions import Filled, submit
from examhall.scoring.results import score_sittings
from examhall.standings.ratings import rate_exam
from tests.certificates.shelf import add_certificate, add_review
from tests.forms.rows import add_form
from tests.forms.test_fields import ALL as EVERY_KIND
from tests.pdfs import make_pdf
from tests.scoring.marked import add_marked_exam, simulated
from tests.standings.field import add_held
from tests.standings.test_dashboard import a_past_exam, follow

from .conftest import SECRET, Candidate, Served
from .test_pdf_paper_browser import with_paper

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [
    ("light", 1280, 800),
    ("dark", 1280, 800),
    ("light", 390, 844),
    ("dark", 390, 844),
]


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    await page.evaluate(axe())
    # Not while something moves: half-faded text has half the contrast.
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    found = await page.evaluate("(rules) => axe.run({ runOnly: rules })", RULES)
    return [
        f"{page.url} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def sideways(page: Page) -> list[str]:
    """What is wider than the screen makes people scroll in two directions."""
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{page.url} is wider than the screen"] if wide else []


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
async def alice(request: pytest.FixtureRequest, served: Served, browser: Browser) -> AsyncIterator[Candidate]:
    scheme, width, height = request.param
    context = await browser.new_context(
        base_url=served.url,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    yield Candidate(await served.person(), served, context, await context.new_page())
    await context.close()


async def test_pages_outside_the_room(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    now = clock.now()
    soon = {"opens_at": now + timedelta(hours=1), "closes_at": now + timedelta(hours=3)}
    coming = await served.exam(**soon)
    held_back = await served.exam(release="by_hand")
    ticket = await served.ticket(coming, alice.id)
    found = []
    for path in ("/", "/sign-in", ticket, "/t/nonsense", "/nowhere"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    await page.goto("/sign-in")
    await page.fill("#username", "nobody")
    await page.fill("#password", "wrong")
    await page.press("#password", "Enter")
    await page.wait_for_selector("#problem")
    found += await violations(page) + await sideways(page)

    await alice.sign_in()
    await page.goto(f"/exams/{coming}")
    await page.wait_for_selector('[data-check="network"][data-state="good"]')
    found += await violations(page) + await sideways(page)
    await alice.sit(held_back)
    await page.click("#finish")
    await page.click("#confirm")
    await page.wait_for_url("**/result")
    found += await violations(page) + await sideways(page)
    await page.goto("/exams")
    found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""


async def test_the_dashboard(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    await page.goto("/dashboard")
    found = await violations(page) + await sideways(page)
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        for _ in range(2):
            await follow(conn, await a_past_exam(conn, alice.id))
    await page.goto("/dashboard")
    await page.wait_for_selector(".chart-area canvas")
    found += await violations(page) + await sideways(page)
    assert await page.locator(".topics li").count() == 2
    assert await page.locator(".badges .given").count() >= 3
    assert "\n".join(found) == ""


async def test_the_proof_of_certificates(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    exam_id, olga = await served.exam(), await served.person("author")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        genuine = await add_certificate(conn)
        revoked = await add_certificate(conn, holder="\u0416\u0430\u043d\u043d\u0430 " * 6)
        await revoke_certificate(conn, serial=revoked["serial"], reason="A wrong name", revoked_by=None)
        damaged = await add_certificate(conn)
        await conn.execute("UPDATE certificates SET facts = '{}' WHERE serial = %s", (damaged["serial"],))
        await add_review(conn, exam_id, alice.id)
    serials = [each["serial"] for each in (genuine, revoked, damaged)]
    found = []
    for path in ("/verify", "/verify?serial=7K3Q", "/verify/7K3Q", *(f"/verify/{each}" for each in serials)):
        await page.goto(path)
        if await page.locator("summary").count():
            await page.locator("summary").click()
        found += await violations(page) + await sideways(page)
    await alice.context.add_cookies([served.cookie(olga, "author")])
    office = [f"/staff/certificates/{each}/revoke" for each in serials[:2]]
    for path in ("/staff/certificates/review", *office):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""


async def test_a_paper_in_the_office_and_beside_its_answers(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    exam_id, olga = await with_paper(served, make_pdf(3)), await served.person("author")
    office = f"/staff/exams/{exam_id}/paper"
    await alice.context.add_cookies([served.cookie(olga, "author")])
    found = []
    for path in (office, f"/staff/exams/{await served.exam()}/paper"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    await alice.sign_in()
    await alice.sit(exam_id)
    await page.wait_for_selector(".pdf-page[data-drawn]")
    found += await violations(page) + await sideways(page)
    if await page.locator("[data-side=answers]").is_visible():
        await page.click("[data-side=answers]")
        found += await violations(page) + await sideways(page)
    await alice.context.add_cookies([served.cookie(olga, "author")])
    await page.goto(office)
    found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""


async def test_the_leaderboard(alice: Candidate) -> None:
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
    found = []
    for signed_in in (False, True):
        if signed_in:
            await alice.sign_in()
        for tab in tabs:
            await page.goto(f"/leaderboard?tab={tab}")
            await page.wait_for_selector("#note:not([hidden])")
            await page.evaluate("document.querySelector('.about').open = true")
            found += await violations(page) + await sideways(page)
    assert await page.locator(".mine").count() == 1
    assert "\n".join(found) == ""


async def test_the_item_analysis(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    anna = await served.person("analyst")
    await alice.context.add_cookies([served.cookie(anna, "analyst")])
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        # Candidates that no other test has.
        marks = simulated(60, np.linspace(-1.5, 1.5, 9))
        exam_id = await add_marked_exam(conn, marks, first=1_000_000 + 100 * anna)
    await page.goto(f"/staff/exams/{exam_id}/items")
    found = await violations(page) + await sideways(page)
    await page.click(".blank button")

    async def is_calibrated() -> bool:
        return bool(await served.rows("SELECT FROM calibrations WHERE exam_id = %s", exam_id))

    await served.until(is_calibrated)
    await page.goto(f"/staff/exams/{exam_id}/items")
    await page.click(".items a[href='#item-3']")
    await page.wait_for_selector("#item-3[open] .chart-area canvas")
    found += await violations(page) + await sideways(page)
    # On a phone rows are cards, and their heads are out of sight.
    await page.evaluate("document.querySelector('th[data-sort]:nth-child(2) button').click()")
    assert await page.locator("th[aria-sort]").count() == 1
    assert "\n".join(found) == ""


async def test_what_went_on_in_an_exam(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    ivo = Candidate(await served.person("invigilator"), served, alice.context, page)
    await alice.context.add_cookies([served.cookie(ivo.id, "invigilator")])
    exam_id = await served.exam()
    await page.goto(f"/staff/exams/{exam_id}/activity")
    found = await violations(page) + await sideways(page)
    async with await psycopg.AsyncConnection.connect(served.dsn, autocommit=True) as conn:
        sitting_id = await a_sitting(conn, exam_id, alice.id)
        await conn.execute(
            """INSERT INTO answer_history (candidate_id, sitting_id, question_number, sub_part, answer,
                                           revision, received_at, saved_at)
               SELECT %s, %s, n, '', '"A"', 1, now() - n * interval '1 min', now()
                 FROM generate_series(1, 9) AS n""",
            (alice.id, sitting_id),
        )
        async with conn.transaction():
            await roll_up_exam(conn, exam_id=exam_id)
    for path in (f"/staff/exams/{exam_id}/activity", "/staff/activity"):
        await page.goto(path)
        await page.wait_for_selector(".chart-area canvas")
        await page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""


async def a_sitting(conn: Connection, exam_id: int, candidate_id: int) -> int:
    """Handed in a minute ago, begun a quarter of an hour before."""
    cursor = await conn.execute(
        """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at,
                                 closes_at, closed_at, closed_by)
           VALUES (%s, %s, 1, 1, now() - interval '15 min', now(), now(), now() - interval '1 min',
                   'candidate')
           RETURNING id""",
        (candidate_id, exam_id),
    )
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def test_courses_and_contests(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.context.add_cookies([served.cookie(await served.person("author"), "author")])
    found = []
    for path in ("/staff/courses", "/staff/courses/new"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    code = f"A11Y-{alice.id}"
    await page.fill("#title", "Algebra")
    await page.fill("#code", code)
    await page.press("#code", "Enter")
    await page.wait_for_selector(".tabs")
    course = page.url
    found += await violations(page) + await sideways(page)
    [(username,)] = await served.rows("SELECT username FROM people WHERE id = %s", alice.id)
    for csv in ("username,active\nnobody,yes\n", f"username\n{username}\n"):
        await page.goto(f"{course}/students")
        await page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": csv.encode()})
        await page.click(".drop button")
        await page.wait_for_selector("#problems, #changes")
        found += await violations(page) + await sideways(page)
    await page.click("form[action$=apply] button")
    await page.wait_for_selector("#students")
    found += await violations(page) + await sideways(page)
    contest = await served.exam("contest", course_id=int(course.rpartition("/")[2]))
    await page.goto(f"/staff/contests/{contest}")
    found += await violations(page) + await sideways(page)
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        [outcome] = await submit_all(conn, [Submission(alice.id, contest, {(1, ""): "7"})])
        assert isinstance(outcome, Submitted)
        await score_sittings(conn, [(alice.id, outcome.sitting_id)])
    for path in (course, f"/staff/contests/{contest}"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    assert await page.locator(".chart-area canvas").count() == 2
    assert "\n".join(found) == ""


async def test_the_room_and_its_result(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    sitting_id = await alice.sit(await served.exam())
    found: list[str] = []

    async def look() -> None:
        found.extend(await violations(page) + await sideways(page))

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
    assert "\n".join(found) == ""
    assert len(await served.stored(sitting_id)) == 2


async def test_a_sealed_exam_from_the_lobby_to_the_room(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    await alice.sign_in()
    exam_id = await served.exam(opens_at=clock.now() + timedelta(seconds=9), sealed_before_s=3600)
    await page.goto(f"/exams/{exam_id}")
    await page.wait_for_selector('[data-check="paper"][data-state="good"]')
    found = await violations(page) + await sideways(page)
    await page.click("#start", timeout=20_000)
    await page.wait_for_url("**/sittings/*")
    await alice.ready()
    found += await violations(page) + await sideways(page)
    author = await served.person("author")
    await alice.context.add_cookies([served.cookie(author, "author")])
    await page.goto(f"/staff/exams/{exam_id}")
    await page.wait_for_selector("#sealed")
    assert found + await violations(page) + await sideways(page) == []


async def test_the_room_at_200_percent_and_narrow(served: Served, browser: Browser) -> None:
    # 1280 x 800 at 400 percent, as WCAG 1.4.10 has it.
    context = await browser.new_context(base_url=served.url, viewport={"width": 320, "height": 256})
    alice = Candidate(await served.person(), served, context, await context.new_page())
    await alice.sign_in()
    await alice.sit(await served.exam())
    found = []
    for _ in range(10):
        found += await sideways(alice.page)
        await alice.page.keyboard.press("Alt+PageDown")
    await context.close()
    assert "\n".join(found) == ""


async def test_targets_are_large_enough_for_a_finger(alice: Candidate) -> None:
    page = alice.page
    await alice.sign_in()
    await alice.sit(await alice.served.exam())
    small: list[str] = []
    for place in range(10):
        small += await page.evaluate(
            """() => [...document.querySelectorAll("button, a[href], select, input, summary")]
              .map((one) => [one.closest("label") ?? one, one])
              .filter(([, one]) => one.offsetParent && !one.closest(".skip"))
              .map(([target, one]) => [target.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
              .filter(([box]) => box.width < 43.9 || box.height < 43.9)
              .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${html}`)"""
        )
        if place < 9:
            await page.click("[data-go='1']")
    assert small == []


async def test_forms(alice: Candidate) -> None:
    served, page = alice.served, alice.page
    olga = await served.person("admin")
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        admin = Person(olga, ("admin",))
        form_id = await add_form(conn, admin, fields=EVERY_KIND, strangers=True)
        link = (await find_form(conn, form_id)).link
        plain = await add_form(conn, admin)
        filled = Filled(1, {"name": "Alice", "age": 17})
        signer = Signer(SECRET)
        sent = await submit(conn, signer, plain, filled, me=Person(alice.id), request_key="k")
        [(organisation_id,)] = await (
            await conn.execute(
                "INSERT INTO organisations (code, name, kind) VALUES (%s, 'Centre', 'school') RETURNING id",
                (f"TC-{alice.id}",),
            )
        ).fetchall()
    found = []
    await page.goto(f"/f/{link}")
    found += await violations(page) + await sideways(page)
    await page.click("form[data-fill] button[type=submit]")
    await page.wait_for_selector("[data-wrong]:not([hidden])")
    found += await violations(page) + await sideways(page)
    await page.goto(f"/f/{link}?sent=1")
    found += await violations(page)
    await alice.sign_in()
    for path in ("/forms", f"/forms/{form_id}", f"/forms/submissions/{sent.submission_id}"):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    await alice.context.add_cookies([served.cookie(olga, "admin")])
    for path in (
        "/staff/forms",
        f"/staff/forms/{form_id}/edit",
        f"/staff/forms/{plain}",
        f"/staff/forms/{plain}?status=accepted",
        f"/staff/submissions/{sent.submission_id}",
        "/staff/organisations",
        f"/staff/organisations/{organisation_id}",
        f"/staff/organisations/{organisation_id}/edit",
    ):
        await page.goto(path)
        found += await violations(page) + await sideways(page)
    assert "\n".join(found) == ""
