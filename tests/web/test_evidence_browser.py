"""A candidate in the room, and the office reading what became of it."""

import json
import re

import pytest
from playwright.async_api import Page, expect

from examhall.certificates.pdf_reader import read_pdf
from examhall.certificates.signing import is_genuine, read_base64url
from tests.web.conftest import MakeCandidate, MakePage, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_what_alice_does_is_read_step_by_step(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    exam_id = await served.exam(shuffle_options=False, shuffle_questions=False)
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    await alice.choose(0)
    await alice.saved()
    await alice.choose(1)
    await alice.saved()
    path = f"/staff/exams/{exam_id}/sittings/{sitting_id}"

    olga = await office("author")
    await olga.goto(path)
    await expect(olga.locator("h1")).to_contain_text("Alice")
    steps = olga.locator(".step")
    await expect(steps.filter(has_text="Started")).to_have_count(1)
    answered = steps.filter(has_text="Question 1 was answered")
    await expect(answered).to_have_count(2)
    await expect(answered.first.locator(".given b")).to_have_text("A")
    await expect(answered.last.locator(".given b")).to_have_text("B")
    stored = await served.rows("SELECT count(*) FROM answer_history WHERE sitting_id = %s", sitting_id)
    await expect(olga.locator(".step.changed, .step.repeated, .step.late")).to_have_count(stored[0][0])

    await olga.select_option("#question", "2")
    await olga.click(".evidence-filter [type=submit]")
    await expect(olga.locator("main")).to_contain_text("Nothing was saved for this question.")

    ivan = await office("invigilator")
    await ivan.goto(path)
    await expect(ivan.locator(".step").filter(has_text="An answer to question 1 was saved")).to_have_count(2)
    await expect(ivan.locator(".given")).to_have_count(0)

    root = await office("admin")
    await root.goto(f"{path}")
    await root.click("text=Who read it")
    # Olga twice, Ivan, and Root.
    await expect(root.locator(".deed-said")).to_have_count(4)
    await expect(root.locator(".deed-said").first).to_contain_text("read the history of sitting")


async def test_the_pdf_carries_facts_that_the_servers_key_signed(
    served: Served, candidate: MakeCandidate, office: MakePage
) -> None:
    exam_id = await served.exam(shuffle_options=False, shuffle_questions=False)
    alice = await candidate()
    sitting_id = await alice.sit(exam_id)
    await alice.choose(2)
    await alice.saved()
    olga = await office("author")
    reply = await olga.request.get(f"{served.url}/staff/exams/{exam_id}/sittings/{sitting_id}/evidence.pdf")
    assert reply.status == 200
    content = await reply.body()
    assert content.startswith(b"%PDF-")
    attached = _attachment(content)
    keys = {key["kid"]: key["x"] for key in (await _keys(olga, served))["keys"]}
    public_key = read_base64url(keys[attached["key_id"]])
    signature = read_base64url(attached["signature"])
    assert is_genuine(attached["facts"], signature, public_key)
    assert not is_genuine(attached["facts"].replace('\\"C\\"', '\\"D\\"'), signature, public_key)
    facts = json.loads(attached["facts"])
    [saved] = [step for step in facts["steps"] if step["what"] == "saved"]
    assert (saved["question"], json.loads(saved["answer"])) == ("1", "C")
    noted = await served.rows(
        "SELECT after ->> 'sha256' FROM audit_entries WHERE deed = 'evidence_printed' AND thing = %s",
        str(sitting_id),
    )
    assert re.fullmatch("[0-9a-f]{64}", noted[0][0])


async def test_a_change_is_in_the_record_in_words_with_before_and_after(
    served: Served, office: MakePage
) -> None:
    exam_id = await served.exam(title="Mock 4", pass_percent=55)
    await served.rows(
        """WITH who AS (SELECT set_config('examhall.who', %s, true))
           UPDATE exams SET pass_percent = 60 FROM who WHERE id = %s RETURNING id""",
        f"{await served.person('author')}|page|r-1",
        exam_id,
    )
    olga = await office("author")
    await olga.goto(f"/staff/exams/{exam_id}/history")
    changed = olga.locator(".deed").first
    await expect(changed).to_contain_text("changed the pass mark of exam “Mock 4” from 55% to 60%")
    await changed.locator("summary").click()
    await expect(changed.locator(".was")).to_have_text("55%")
    await expect(changed.locator(".is")).to_have_text("60%")
    reply = await olga.goto("/staff/audit")
    assert reply is not None
    assert reply.status == 403
    root = await office("admin")
    await root.goto("/staff/audit")
    await root.fill("#q", "mock 60")
    await root.click(".audit-search [type=submit]")
    await expect(root.locator(".deed-said").first).to_contain_text("changed the pass mark")


async def _keys(page: Page, served: Served) -> dict[str, list[dict[str, str]]]:
    reply = await page.request.get(f"{served.url}/.well-known/examhall-keys.json")
    found: dict[str, list[dict[str, str]]] = await reply.json()
    return found


def _attachment(content: bytes) -> dict[str, str]:
    [attached] = read_pdf(content, "examhall-evidence.json").attachments
    found: dict[str, str] = json.loads(attached)
    return found
