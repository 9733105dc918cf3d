"""What could keep the browser from sending or showing an answer, or from saying that one is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Route, expect

from examhall.accounts.tokens import Signer

from .conftest import SECRET, Candidate, Served

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

MakeCandidate = Callable[..., Awaitable[Candidate]]
TEXT = 5
# IndexedDB that neither does as it is told nor fails, as behind a frozen tab that holds the store.
HANGING_WRITES = """
    const transaction = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...how) {
        const made = transaction.apply(this, how);
        if (how[1] === "readwrite") Object.defineProperty(made, "oncomplete", { set() {} });
        return made;
    };
"""
HANGING_READS = """
    const getAll = IDBObjectStore.prototype.getAll;
    IDBObjectStore.prototype.getAll = function (...what) {
        return Object.defineProperty(getAll.apply(this, what), "onsuccess", { set() {} });
    };
"""


async def test_an_answer_saved_without_a_revision_is_shown(served: Served, candidate: MakeCandidate) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam())
    token = Signer(SECRET).access_token(alice.id, uuid4(), ["candidate"])
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as phone:
        url = f"{served.url}/api/v1/sessions/{sitting_id}/answers/"
        reply = await phone.post(url, json={"question_number": TEXT, "answer": "Tashkent"})
        assert reply.status_code == 200
    await alice.page.reload()
    await alice.ready()
    await expect(alice.page.locator(f"#q{TEXT}")).to_have_value("Tashkent")


@pytest.mark.parametrize("hanging", [HANGING_WRITES, HANGING_READS])
async def test_an_answer_is_sent_though_the_browsers_memory_hangs(
    served: Served, candidate: MakeCandidate, hanging: str
) -> None:
    alice = await candidate()
    await alice.context.add_init_script(hanging)
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    await alice.choose(1)
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "B"}


async def test_a_page_that_never_comes_does_not_hold_up_the_answers(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    sitting_id = await alice.sit(await served.exam(shuffle_options=False))
    asked = asyncio.Event()

    async def never(route: Route) -> None:
        asked.set()

    # Where a page that was signed out looks for its new token.
    await alice.page.route(f"**/sittings/{sitting_id}", never)
    cookies = await alice.context.cookies()
    await alice.context.clear_cookies()
    await alice.choose(0)
    await asked.wait()
    await alice.context.add_cookies(cookies)  # type: ignore[arg-type]
    await alice.saved()
    assert await served.stored(sitting_id) == {"1": "A"}


async def test_what_was_being_typed_when_the_exam_was_closed_elsewhere_is_said(
    served: Served, candidate: MakeCandidate
) -> None:
    alice = await candidate()
    page = alice.page
    sitting_id = await alice.sit(await served.exam())
    await alice.turn_to(TEXT)
    # Somebody who types without a pause: nothing of it is in the outbox yet.
    await page.evaluate(
        """() => setInterval(() => {
            const box = document.querySelector("#q5");
            box.value = "Tashkent";
            box.dispatchEvent(new Event("input", { bubbles: true }));
        }, 50)"""
    )
    token = Signer(SECRET).access_token(alice.id, uuid4(), ["candidate"])
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as phone:
        reply = await phone.post(f"{served.url}/api/v1/sessions/{sitting_id}/submit")
        assert reply.status_code == 200
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#over [data-lost]")).to_contain_text("Question 5 Tashkent")
    assert await served.stored(sitting_id) == {}
