"""Walks through the office's pages, in each state that staff see them in."""

import numpy as np
import psycopg

from examhall.accounts.access import Person
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection
from examhall.certificates.revoking import revoke_certificate
from examhall.contests.submissions import Submission, Submitted, submit_all
from examhall.events.activity import roll_up_exam
from examhall.forms.forms import find_form
from examhall.forms.submissions import Filled, submit
from examhall.scoring.results import score_sittings
from tests.certificates.shelf import add_certificate, add_review
from tests.forms.rows import add_form
from tests.forms.test_fields import ALL as EVERY_KIND
from tests.pdfs import make_pdf
from tests.scoring.marked import add_marked_exam, simulated

from .conftest import SECRET, Candidate
from .looking import Look
from .test_pdf_paper_browser import with_paper


async def the_proof_of_certificates(alice: Candidate, look: Look) -> None:
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
    for path in ("/verify", "/verify?serial=7K3Q", "/verify/7K3Q", *(f"/verify/{each}" for each in serials)):
        await page.goto(path)
        if await page.locator("main summary").count():
            await page.locator("main summary").click()
        await look()
    await alice.context.add_cookies([served.cookie(olga, "author")])
    office = [f"/staff/certificates/{each}/revoke" for each in serials[:2]]
    for path in ("/staff/certificates/review", *office):
        await page.goto(path)
        await look()


async def a_paper_in_the_office_and_beside_its_answers(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    exam_id, olga = await with_paper(served, make_pdf(3)), await served.person("author")
    office = f"/staff/exams/{exam_id}/paper"
    await alice.context.add_cookies([served.cookie(olga, "author")])
    for path in (office, f"/staff/exams/{await served.exam()}/paper"):
        await page.goto(path)
        await look()
    await alice.sign_in()
    await alice.sit(exam_id)
    await page.wait_for_selector(".pdf-page[data-drawn]")
    await look()
    if await page.locator("[data-side=answers]").is_visible():
        await page.click("[data-side=answers]")
        await look()
    await alice.context.add_cookies([served.cookie(olga, "author")])
    await page.goto(office)
    await look()


async def the_item_analysis(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    anna = await served.person("analyst")
    await alice.context.add_cookies([served.cookie(anna, "analyst")])
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        # Candidates that no other test has.
        marks = simulated(60, np.linspace(-1.5, 1.5, 9))
        exam_id = await add_marked_exam(conn, marks, first=1_000_000 + 100 * anna)
    await page.goto(f"/staff/exams/{exam_id}/items")
    await look()
    await page.click(".blank button")

    async def is_calibrated() -> bool:
        return bool(await served.rows("SELECT FROM calibrations WHERE exam_id = %s", exam_id))

    await served.until(is_calibrated)
    await page.goto(f"/staff/exams/{exam_id}/items")
    await page.click(".items a[href='#item-3']")
    await page.wait_for_selector("#item-3[open] .chart-area canvas")
    await look()
    # On a phone rows are cards, and their heads are out of sight.
    await page.evaluate("document.querySelector('th[data-sort]:nth-child(2) button').click()")
    assert await page.locator("th[aria-sort]").count() == 1


async def what_went_on_in_an_exam(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    ivo = Candidate(await served.person("invigilator"), served, alice.context, page)
    await alice.context.add_cookies([served.cookie(ivo.id, "invigilator")])
    exam_id = await served.exam()
    await page.goto(f"/staff/exams/{exam_id}/activity")
    await look()
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
        await look()


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


async def courses_and_contests(alice: Candidate, look: Look) -> None:
    served, page = alice.served, alice.page
    await alice.context.add_cookies([served.cookie(await served.person("author"), "author")])
    for path in ("/staff/courses", "/staff/courses/new"):
        await page.goto(path)
        await look()
    code = f"A11Y-{alice.id}"
    await page.fill("#title", "Algebra")
    await page.fill("#code", code)
    await page.press("#code", "Enter")
    await page.wait_for_selector(".tabs")
    course = page.url
    await look()
    [(username,)] = await served.rows("SELECT username FROM people WHERE id = %s", alice.id)
    for csv in ("username,active\nnobody,yes\n", f"username\n{username}\n"):
        await page.goto(f"{course}/students")
        await page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": csv.encode()})
        await page.click(".drop button")
        await page.wait_for_selector("#problems, #changes")
        await look()
    await page.click("form[action$=apply] button")
    await page.wait_for_selector("#students")
    await look()
    contest = await served.exam("contest", course_id=int(course.rpartition("/")[2]))
    await page.goto(f"/staff/contests/{contest}")
    await look()
    async with await psycopg.AsyncConnection.connect(served.dsn) as conn:
        [outcome] = await submit_all(conn, [Submission(alice.id, contest, {(1, ""): "7"})])
        assert isinstance(outcome, Submitted)
        await score_sittings(conn, [(alice.id, outcome.sitting_id)])
    for path in (course, f"/staff/contests/{contest}"):
        await page.goto(path)
        await look()
    assert await page.locator(".chart-area canvas").count() == 2


async def forms(alice: Candidate, look: Look) -> None:
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
    await page.goto(f"/f/{link}")
    await look()
    await page.click("form[data-fill] button[type=submit]")
    await page.wait_for_selector("[data-wrong]:not([hidden])")
    await look()
    await page.goto(f"/f/{link}?sent=1")
    await look()
    await alice.sign_in()
    for path in ("/forms", f"/forms/{form_id}", f"/forms/submissions/{sent.submission_id}"):
        await page.goto(path)
        await look()
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
        await look()
