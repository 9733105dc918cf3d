"""The switch of languages: strangers keep theirs in a cookie, people take theirs from browser to browser."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from examhall.accounts import access
from examhall.accounts.tokens import Signer
from examhall.base import languages
from examhall.base.languages import COOKIE, MARKED, MIRRORED

from .conftest import SECRET, Caller

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _offered() -> Iterator[None]:
    languages.offer_pseudo_languages()
    yield
    languages._offered.clear()
    languages.language_for.cache_clear()


async def choose(who: Caller, language: str, back: str = "/sign-in", **headers: str) -> Any:
    return await who.client.post("/language", data={"language": language, "next": back}, headers=headers)


def language_of(page: Any) -> tuple[str, str]:
    found = re.search(r'<html lang="([^"]+)" dir="(\w+)"', page.text)
    assert found, page.text
    return found[1], found[2]


async def a_browser(call: Any, person_id: int) -> Caller:
    """Another browser of the same person, signed in."""
    browser: Caller = await call(None)
    browser.client.cookies.set(access.COOKIE, Signer(SECRET).cookie_token(person_id, uuid4(), ["candidate"]))
    return browser


async def test_a_stranger_reads_on_in_the_language_that_they_chose(call: Any) -> None:
    stranger = await call(None)
    reply = await choose(stranger, MIRRORED, "/sign-in?next=/exams")
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?next=/exams")
    page = await stranger.get("/sign-in")
    assert language_of(page) == (MIRRORED, "rtl")
    assert page.headers["content-language"] == MIRRORED
    assert {"cookie", "accept-language"} <= {each.strip() for each in page.headers["vary"].split(",")}
    assert language_of(await (await call(None)).get("/sign-in")) == ("en", "ltr")


async def test_without_a_choice_it_is_what_the_browser_asks_for(call: Any) -> None:
    stranger = await call(None)
    page = await stranger.get("/", headers={"accept-language": f"tlh,{MIRRORED};q=0.9,en;q=0.1"})
    assert language_of(page) == (MIRRORED, "rtl")
    stranger.client.cookies.set(COOKIE, "nonsense")
    assert language_of(await stranger.get("/")) == ("en", "ltr")


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/sign-out", "/nowhere", "/language", ""],
)
async def test_nobody_is_sent_elsewhere(call: Any, back: str) -> None:
    reply = await choose(await call(None), MARKED, back)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


async def test_a_language_that_is_not_there_is_refused(call: Any) -> None:
    reply = await choose(await call(None), "xx; path=/")
    assert reply.status_code == 422
    assert "set-cookie" not in reply.headers


async def test_another_site_does_not_choose(call: Any) -> None:
    reply = await choose(await call(None), MARKED, **{"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


async def test_what_a_person_chose_comes_with_them_to_another_browser(hall: Any, call: Any) -> None:
    alice = await call("alice")
    here, there = await a_browser(call, alice.id), await a_browser(call, alice.id)
    await choose(here, MIRRORED)
    async with hall.database.connection() as conn:
        kept = await (await conn.execute("SELECT language FROM people WHERE id = %s", (alice.id,))).fetchone()
    assert kept == (MIRRORED,)
    first = await there.get("/exams?tab=past")
    assert (first.status_code, first.headers["location"]) == (303, "/exams?tab=past")
    assert language_of(await there.get("/exams")) == (MIRRORED, "rtl")


async def test_a_program_reads_refusals_in_its_language_under_the_same_code(call: Any) -> None:
    mallory = await call("mallory")
    english = (await mallory.get("/api/v1/sessions/1")).json()
    marked = await mallory.get("/api/v1/sessions/1", headers={"accept-language": MARKED})
    assert marked.json()["code"] == english["code"]
    assert marked.json()["detail"] == f"[!!{english['detail']}!!]"
    assert marked.json()["title"] == f"[!!{english['title']}!!]"
    assert marked.headers["content-language"] == MARKED


async def test_what_is_wrong_with_a_field_is_said_in_the_readers_language(call: Any) -> None:
    stranger = await call(None)
    body = {"username": "a" * 9_999}
    reply = await stranger.post("/api/v1/auth/login", body, headers={"accept-language": MARKED})
    assert reply.status_code == 422
    wrong = {each["path"]: each["message"] for each in reply.json()["fields"]}
    assert wrong["password"] == "[!!Field required!!]"
    assert all(message.startswith("[!!") for message in wrong.values())


async def test_the_hot_routes_speak_too(session: dict[str, Any], alice: Caller) -> None:
    path = f"/api/v1/sessions/{session['session_id']}/answers/"
    body = {"question_number": 999, "answer": "A", "revision": 1}
    reply = await alice.post(path, body, headers={"accept-language": MARKED})
    assert reply.json()["detail"].startswith("[!!")
