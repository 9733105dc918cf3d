"""Authors keep questions in the bank from one exam and take them into another, with newer versions."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import Served
from .test_question_editor_browser import PNG, save, texts

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

FAR = "2100-01-01 09:00+00"


async def test_a_question_is_kept_found_taken_and_made_better(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    first = await served.exam("pools", opens_at=FAR)
    second = await served.exam("pools", opens_at=FAR)
    olga, oleg = await author(), await author()

    await olga.goto(f"/staff/exams/{first}/questions")
    await olga.get_by_role("link", name="Question bank").first.click()
    card = olga.locator(".bank-card").nth(2)
    await card.get_by_text("Save to the bank").click()
    await card.get_by_label("Subject").select_option(label="Mathematics")
    await card.get_by_role("button", name="Save").click()
    await olga.get_by_role("link", name="version 1").wait_for()

    await oleg.goto(f"/staff/exams/{second}/bank")
    await oleg.get_by_role("link", name="Take from the bank").click()
    await oleg.get_by_label("Subject").select_option(label="Mathematics")
    await oleg.get_by_role("button", name="Search").click()
    await oleg.get_by_role("button", name="Take it").click()
    await oleg.wait_for_url(f"**/staff/exams/{second}/questions#question-*")
    count = "SELECT count(*) FROM questions WHERE exam_id = %s"
    assert await served.rows(count, second) == [(12,)]

    # Somebody makes it better; somebody else, who had it open, is told.
    [(bank_id,)] = await served.rows(
        "SELECT bank_question_id FROM questions WHERE exam_id = %s AND number = 12", second
    )
    for page, answer in ((olga, 5), (oleg, 6)):
        await page.goto(f"/staff/bank/{bank_id}")
        await page.get_by_text("Write a newer version as text").click()
        text = page.get_by_label("The question with its key")
        assert (await text.input_value()).startswith("prompt:")
        await text.fill((await text.input_value()).replace("answer: 4", f"answer: {answer}"))
    await olga.get_by_role("button", name="Save as a newer version").click()
    new, old = (olga.locator(f".difference {name}").first for name in ("ins", "del"))
    await expect(new).to_contain_text("5")
    below, above = await new.bounding_box(), await old.bounding_box()
    assert below
    assert above
    # Line by line, each under the one before.
    assert below["y"] >= above["y"] + above["height"]
    await oleg.get_by_role("button", name="Save as a newer version").click()
    await oleg.get_by_role("alert").get_by_text("newer version").wait_for()

    await oleg.goto(f"/staff/exams/{second}/bank")
    await oleg.get_by_text("Version 2 is there").wait_for()
    await oleg.get_by_role("button", name="Take it over").click()
    await oleg.get_by_role("link", name="version 2").wait_for()
    key = "SELECT key ->> 'value' FROM items WHERE exam_id = %s AND question_number = %s"
    assert await served.rows(key, second, 12) == [("5",)]
    # The exam that it came from has what it had.
    assert await served.rows(key, first, 3) == [("4",)]


async def test_a_mistake_in_a_question_is_told_by_its_line(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    page = await author()
    await page.goto("/staff/bank")
    await page.get_by_text("New question").click()
    await page.get_by_role("link", name="As text").click()
    await page.get_by_label("The question with its key").fill("prompt: x\ntype: number\n")
    await page.get_by_role("button", name="Save in the bank").click()
    await page.get_by_role("alert").get_by_text("answer").first.wait_for()
    text = page.get_by_label("The question with its key")
    await text.fill("prompt: Why?\ntype: essay\n")
    await page.get_by_role("button", name="Save in the bank").click()
    await page.wait_for_url(re.compile(r"/staff/bank/\d+$"))
    await page.get_by_role("button", name="Archive").click()
    await page.get_by_role("button", name="Bring it back").wait_for()


def written(page: Page) -> int:
    """The id of the bank's question on the page that saved it."""
    return int(page.url.split("/")[-2])


async def is_drawn(image: Locator) -> None:
    """The picture has come, and is the one of a single dot that was brought."""
    await expect(image).to_have_js_property("naturalWidth", 1)


async def document_of(served: Served, bank_id: int) -> tuple[Any, ...]:
    [found] = await served.rows(
        """SELECT version, subject, topic, document FROM bank_questions JOIN bank_versions USING (version)
           WHERE bank_question_id = id AND id = %s""",
        bank_id,
    )
    return found


async def test_the_bank_is_written_in_the_editor_of_exams_and_nobody_overwrites_anybody(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    olga, oleg = await author(), await author()
    await olga.goto("/staff/bank")
    await olga.get_by_text("New question").click()
    await olga.get_by_role("link", name="One right answer").click()
    await olga.fill("#prompt", "Which is $\\sqrt{4}$?")
    await texts(olga, "options", "one", "two")
    await olga.check("[aria-label='Option B is right']")
    await olga.select_option("#subject", label="Mathematics")
    await olga.select_option("#filed", label="Algebra")
    await olga.frame_locator("#look").locator(".katex").first.wait_for()
    await save(olga)
    await olga.wait_for_url("**/staff/bank/*/edit")
    choice = written(olga)
    version, subject, topic, document = await document_of(served, choice)
    assert (version, subject, topic) == (1, "mathematics", "algebra")
    assert (document["answer"], document["topic"]) == ("B", "Algebra")

    # Oleg has it open when Olga changes its points; he changes what it asks.
    await oleg.goto(f"/staff/bank/{choice}")
    await oleg.get_by_role("link", name="Edit").click()
    await oleg.fill("#prompt", "Which of them is $\\sqrt{4}$?")
    await oleg.select_option("#filed", label="Functions")
    await olga.fill("#q-points", "3")
    await olga.select_option("#subject", label="Physics")
    await save(olga)
    await oleg.click(".save-bar .primary")
    theirs = oleg.locator(".theirs")
    await theirs.get_by_text("Points").wait_for()
    await theirs.get_by_text("Physics").wait_for()
    assert await theirs.get_by_text("Algebra").count() == 0
    # What only she changed is in his form; saved, nothing of either is lost.
    assert await oleg.input_value("#q-points") == "3"
    assert await oleg.input_value("#subject") == "physics"
    await save(oleg)
    version, subject, topic, document = await document_of(served, choice)
    assert (version, subject, topic, document["points"]) == (3, "physics", "functions", "3")
    assert document["prompt"].startswith("Which of them")
    assert document["topic"] == "Functions"

    # The next one is filed as the one before.
    await olga.goto(f"/staff/bank/{choice}/edit")
    await olga.get_by_role("button", name="Save and add another").click()
    await olga.wait_for_url("**/staff/bank/new?*")
    assert await olga.input_value("#subject") == "physics"


async def test_a_picture_of_a_question_of_the_bank_goes_with_it_into_an_exam(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    exam_id = await served.exam("pools", opens_at=FAR)
    page = await author()
    await page.goto("/staff/bank/new?kind=number")
    assert await page.get_by_label("Bring a picture").is_hidden()
    await page.get_by_text("Save the question once").wait_for()
    await page.fill("#prompt", "How many?")
    await page.fill("#q-numbers", "7")
    await save(page)
    await page.set_input_files("#picture", {"name": "dots.png", "mimeType": "image/png", "buffer": PNG})
    await expect(page.locator("#prompt")).to_have_value(re.compile(r"\]\(dots-"))
    await is_drawn(page.frame_locator("#look").locator("img[src*='/staff/bank/']"))
    await save(page)
    bank_id = written(page)
    assert (await document_of(served, bank_id))[0] == 2
    await page.goto(f"/staff/bank/{bank_id}/pictures")
    await is_drawn(page.locator(".picture-frame img"))

    await page.goto(f"/staff/bank?exam={exam_id}&q=How+many")
    await page.get_by_role("button", name="Take it").first.click()
    await page.wait_for_url(f"**/staff/exams/{exam_id}/questions#question-*")
    taken = "SELECT name FROM pictures WHERE exam_id = %s AND name LIKE 'dots-%%'"
    [[name]] = await served.rows(taken, exam_id)
    prompt = "SELECT prompt FROM questions WHERE exam_id = %s AND bank_question_id = %s"
    [[text]] = await served.rows(prompt, exam_id, bank_id)
    assert f"]({name})" in text


async def test_without_a_script_a_question_of_the_bank_is_written_and_changed(
    served: Served, author: Callable[..., Awaitable[Page]]
) -> None:
    page = await author(java_script_enabled=False)
    await page.goto("/staff/bank/new?kind=true_false")
    await page.fill("#prompt", "Water is wet.")
    await page.click(".save-bar .primary")
    await page.locator(".wrong").first.wait_for()
    await page.check("[name=q-truth][value=true]")
    await page.click(".save-bar .primary")
    await page.wait_for_url("**/edit?saved=1")
    await page.get_by_role("link", name="Pictures").click()
    await page.set_input_files("#picture", {"name": "wet.png", "mimeType": "image/png", "buffer": PNG})
    await page.get_by_role("button", name="Bring it").click()
    name = (await page.locator(".picture-cards code").inner_text()).removeprefix("![…](").removesuffix(")")
    # Nothing shows it yet: it can go, and come again.
    await page.get_by_role("button", name=f"Delete {name}").click()
    await page.get_by_text("No pictures yet").wait_for()
    await page.set_input_files("#picture", {"name": "wet.png", "mimeType": "image/png", "buffer": PNG})
    await page.get_by_role("button", name="Bring it").click()
    await page.get_by_role("link", name="Edit").click()
    await page.fill("#prompt", f"Water ![a drop]({name}) is wet.")
    await page.click(".save-bar .primary")
    await page.wait_for_url("**/edit?saved=1")
    bank_id = int(page.url.split("/")[-2])
    version, _, _, document = await document_of(served, bank_id)
    assert (version, document["answer"], name in document["prompt"]) == (2, True, True)
    await page.goto(f"/staff/bank/{bank_id}/pictures")
    assert await page.get_by_role("button", name=f"Delete {name}").count() == 0
