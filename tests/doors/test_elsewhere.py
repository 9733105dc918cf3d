"""The pages of signing in by accounts elsewhere: through the front door, with a real OpenID provider."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from examhall.accounts.access import COOKIE
from examhall.accounts.identities import Identity, connect_identity
from examhall.accounts.people import create_person
from examhall.accounts.sign_in import Fresh
from examhall.app import Hall, create_app
from examhall.base import clock
from examhall.settings import Settings
from examhall.web.elsewhere import PENDING
from tests.accounts.test_telegram import TOKEN, signed
from tests.doors.conftest import SECRET

pytestmark = pytest.mark.anyio
SITE = "http://testserver"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as provider:
        assert provider.stdout
        yield f"http://localhost:{json.loads(provider.stdout.readline())}"
        # Asked to stop it waits a minute for whoever might still come.
        provider.kill()


@pytest.fixture
async def hall(dsn: str, tmp_path: Path, issuer: str) -> AsyncIterator[Hall]:
    settings = replace(
        Settings(data=tmp_path, given_secret=SECRET, given_url=SITE),
        database_url=dsn,
        telegram_bot_token=TOKEN,
        oidc_issuer=issuer,
        oidc_client_id="examhall",
        oidc_client_secret="s3cret",
        oidc_name="Campus",
    )
    hall = Hall(settings)
    async with hall.opened():
        yield hall


@dataclass
class Browser:
    """Ours, with its cookies; the provider's pages are visited by another client."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.client.post(path, data=form, headers={"Sec-Fetch-Site": "same-origin"})

    async def at_provider(self, address: str, sub: str) -> str:
        """Sign in there; give where it sends us."""
        async with httpx.AsyncClient() as elsewhere:
            form = await elsewhere.get(address)
            assert form.status_code == 200, form.text
            reply = await elsewhere.post(address, data={"sub": sub})
            assert reply.status_code == 302, reply.text
            return reply.headers["location"]

    async def come_in(self, sub: str, begin: str = "/sign-in/openid") -> httpx.Response:
        away = await self.get(begin)
        assert away.status_code == 303
        return await self.get(await self.at_provider(away.headers["location"], sub))

    @property
    def is_in(self) -> bool:
        return COOKIE in self.client.cookies


@pytest.fixture
async def browser(hall: Hall) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(hall)), base_url=SITE) as client:
        yield Browser(client)


async def people(hall: Hall) -> list[tuple[str, str, str | None, list[str]]]:
    async with hall.database.connection() as conn:
        found = await conn.execute("SELECT username, full_name, email, roles FROM people ORDER BY id")
        return list(await found.fetchall())


async def enter(hall: Hall, browser: Browser, username: str, *, password: bool = True) -> int:
    """Somebody of ours, signed in by cookie."""
    async with hall.database.transaction() as conn:
        person_id = await create_person(
            conn, username=username, full_name=username.title(), password_hash="x" if password else None
        )
    token = hall.signer.cookie_token(person_id, Fresh.of(browser=True).sign_in_id, ["candidate"])
    browser.client.cookies.set(COOKIE, token)
    return person_id


def csrf(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found
    return found[1]


async def test_the_sign_in_page_offers_both(browser):
    page = await browser.get("/sign-in?next=/leaderboard")
    assert 'href="/sign-in/openid?next=/leaderboard"' in page.text
    assert "Sign in with Campus" in page.text
    assert "https://oauth.telegram.org/auth?bot_id=123456&amp;origin=http%3A%2F%2Ftestserver" in page.text


async def test_somebody_the_provider_knows_comes_in_and_is_the_same_the_next_time(hall, browser):
    reply = await browser.come_in("alice", "/sign-in/openid?next=/leaderboard")
    assert (reply.status_code, reply.headers["location"]) == (303, "/leaderboard")
    assert browser.is_in
    (alice,) = await people(hall)
    assert alice[1:] == ("Alice Example", "alice@example.org", ["candidate"])
    browser.client.cookies.clear()
    assert (await browser.come_in("alice")).headers["location"] == "/exams"
    assert len(await people(hall)) == 1


async def test_a_verified_address_finds_the_account_that_is_there(hall, browser):
    async with hall.database.transaction() as conn:
        await create_person(
            conn, username="staff", full_name="A", email="Alice@example.org", roles=["author"]
        )
    await browser.come_in("alice")
    assert (await browser.get("/staff/exams")).status_code == 200
    assert len(await people(hall)) == 1


async def test_an_address_that_only_looks_alike_finds_nobody(hall, browser):
    async with hall.database.transaction() as conn:
        await create_person(conn, username="kate", full_name="K", email="kate@example.org", roles=["admin"])
    await browser.come_in("kelvin")
    assert (await browser.get("/staff/exams")).status_code == 403
    assert [email for _, _, email, _ in await people(hall)] == ["kate@example.org", None]


async def test_without_sign_up_a_new_person_stays_outside(hall, browser):
    object.__setattr__(hall.settings, "sign_up", False)
    reply = await browser.come_in("bob")
    assert reply.status_code == 403
    assert "You are not signed in" in reply.text
    assert not browser.is_in
    assert await people(hall) == []


async def test_a_way_back_that_began_elsewhere_is_refused(browser):
    """An attacker's link, which would sign the victim in as the attacker."""
    away = await browser.get("/sign-in/openid")
    back = await browser.at_provider(away.headers["location"], "alice")
    browser.client.cookies.clear()
    reply = await browser.get(back)
    assert (reply.status_code, browser.is_in) == (401, False)


async def test_the_state_of_another_visit_is_refused(browser):
    first = (await browser.get("/sign-in/openid")).headers["location"]
    await browser.get("/sign-in/openid")
    reply = await browser.get(await browser.at_provider(first, "alice"))
    assert (reply.status_code, browser.is_in) == (401, False)


async def test_a_code_comes_back_once(browser):
    away = await browser.get("/sign-in/openid")
    pending = browser.client.cookies[PENDING]
    back = await browser.at_provider(away.headers["location"], "alice")
    assert (await browser.get(back)).status_code == 303
    browser.client.cookies.clear()
    browser.client.cookies.set(PENDING, pending)
    reply = await browser.get(back)
    assert (reply.status_code, browser.is_in) == (401, False)


@pytest.mark.parametrize(
    "query", ["", "?error=access_denied&state=x", "?code=x&state=%00", "?code=" + "x" * 9000]
)
async def test_whatever_comes_back_is_a_page(browser, query):
    await browser.get("/sign-in/openid")
    assert (await browser.get(f"/sign-in/openid/back{query}")).status_code == 401


async def test_it_never_leads_to_another_site(browser):
    reply = await browser.come_in("alice", "/sign-in/openid?next=//evil.example.org")
    assert reply.headers["location"] == "/exams"


async def test_telegrams_link_shows_whom_it_names_and_signs_in_by_a_button(hall, browser):
    fields = signed(id=4711, first_name='<b>"Olima"</b>', auth_date=int(clock.now().timestamp()))
    page = await browser.get(f"/sign-in/telegram?{httpx.QueryParams(fields)}")
    assert page.status_code == 200
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    assert not browser.is_in
    reply = await browser.post(
        "/sign-in/telegram", **{f"telegram_{name}": str(value) for name, value in fields.items()}
    )
    assert (reply.status_code, reply.headers["location"], browser.is_in) == (303, "/exams", True)
    browser.client.cookies.clear()
    again = await browser.post(
        "/sign-in/telegram", **{f"telegram_{name}": str(value) for name, value in fields.items()}
    )
    assert (again.status_code, browser.is_in) == (401, False)


async def test_another_sites_form_cannot_sign_in(browser):
    fields = signed(id=4711, auth_date=int(clock.now().timestamp()))
    form = {f"telegram_{name}": str(value) for name, value in fields.items()}
    reply = await browser.client.post(
        "/sign-in/telegram", data=form, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (reply.status_code, browser.is_in) == (403, False)


async def test_an_account_is_connected_used_and_disconnected(hall, browser):
    person_id = await enter(hall, browser, "carol")
    page = (await browser.get("/account")).text
    address = re.search(r'href="(/sign-in/openid\?connect=[^"]+)"', page)
    assert address
    assert (await browser.come_in("bob", address[1])).headers["location"] == "/account"
    page = (await browser.get("/account")).text
    assert "Connected" in page
    cookie = browser.client.cookies[COOKIE]
    browser.client.cookies.clear()
    await browser.come_in("bob")
    assert hall.signer.read_cookie(browser.client.cookies[COOKIE]).person_id == person_id
    browser.client.cookies.clear()
    browser.client.cookies.set(COOKIE, cookie)
    form = {"provider": hall.settings.oidc_issuer, "csrf_token": csrf(page)}
    assert (await browser.post("/account/disconnect", **form)).status_code == 303
    assert "Connected" not in (await browser.get("/account")).text


async def test_connecting_is_for_whoever_asked_for_it(hall, browser):
    """The link of one person does not connect the browser of another."""
    await enter(hall, browser, "carol")
    page = (await browser.get("/account")).text
    address = re.search(r'href="(/sign-in/openid\?connect=[^"]+)"', page)
    await enter(hall, browser, "dave")
    assert (await browser.come_in("bob", address[1])).status_code == 401


async def test_what_is_connected_to_somebody_stays_theirs(hall, browser):
    await browser.come_in("bob")
    browser.client.cookies.clear()
    await enter(hall, browser, "carol")
    page = (await browser.get("/account")).text
    address = re.search(r'href="(/sign-in/openid\?connect=[^"]+)"', page)
    reply = await browser.come_in("bob", address[1])
    assert reply.status_code == 409


async def test_telegram_is_connected_to_whoever_asked_for_it(hall, browser):
    person_id = await enter(hall, browser, "carol")
    page = (await browser.get("/account")).text
    address = re.search(r'href="(/sign-in/telegram\?connect=[^"]+)"', page)
    assert address
    away = await browser.get(address[1])
    assert away.headers["location"].startswith("https://oauth.telegram.org/auth?")
    fields = signed(id=4711, first_name="Olima", auth_date=int(clock.now().timestamp()))
    page = await browser.get(f"/sign-in/telegram?{httpx.QueryParams(fields)}")
    form = {f"telegram_{name}": str(value) for name, value in fields.items()} | {"connect": "yes"}
    refused = await browser.post("/sign-in/telegram", **form)
    assert refused.status_code == 403
    reply = await browser.post("/sign-in/telegram", **form, csrf_token=csrf(page.text))
    assert reply.headers["location"] == "/account"
    async with hall.database.connection() as conn:
        found = await conn.execute("SELECT person_id FROM identities WHERE provider = 'telegram'")
        assert await found.fetchall() == [(person_id,)]


async def test_a_link_that_somebody_sent_connects_nothing(hall, browser):
    """Mallory's own proof under Carol's name: one click more, and Mallory could sign in as Carol."""
    await enter(hall, browser, "mallory")
    page = (await browser.get("/account")).text
    address = re.search(r'href="(/sign-in/telegram\?connect=[^"]+)"', page)
    await enter(hall, browser, "carol")
    fields = signed(id=666, first_name="Carol", auth_date=int(clock.now().timestamp()))
    form = {f"telegram_{name}": str(value) for name, value in fields.items()} | {"connect": "yes"}
    # Neither by itself nor after a link that begins connecting Mallory's account.
    for lure in ("/sign-in/telegram", address[1]):
        await browser.get(lure)
        page = await browser.get(f"/sign-in/telegram?{httpx.QueryParams(fields)}")
        assert (page.status_code, 'name="connect"' in page.text) == (403, False)
        reply = await browser.post("/sign-in/telegram", **form, csrf_token=csrf(page.text))
        assert reply.status_code == 403
    async with hall.database.connection() as conn:
        found = await conn.execute("SELECT count(*) FROM identities")
        assert await found.fetchall() == [(0,)]


async def test_the_last_way_in_is_kept(hall, browser):
    person_id = await enter(hall, browser, "carol", password=False)
    async with hall.database.transaction() as conn:
        await connect_identity(conn, Identity("telegram", "1", "", "", None), person_id=person_id)
    page = (await browser.get("/account")).text
    assert "Your only way in" in page
    reply = await browser.post("/account/disconnect", provider="telegram", csrf_token=csrf(page))
    assert reply.status_code == 409
    assert "no password" in reply.text


async def test_a_ticket_has_no_account_page(hall, browser):
    async with hall.database.transaction() as conn:
        person_id = await create_person(conn, username="t", full_name="T")
    token = hall.signer.cookie_token(person_id, Fresh.of(browser=True).sign_in_id, ["candidate"], 1)
    browser.client.cookies.set(COOKIE, token)
    assert (await browser.get("/account")).status_code == 403


async def test_a_provider_that_is_down_is_said(dsn, tmp_path):
    settings = replace(
        Settings(data=tmp_path, given_secret=SECRET, given_url=SITE),
        database_url=dsn,
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="x",
    )
    hall = Hall(settings)
    async with (
        hall.opened(),
        httpx.AsyncClient(transport=httpx.ASGITransport(create_app(hall)), base_url=SITE) as client,
    ):
        reply = await client.get("/sign-in/openid")
        assert reply.status_code == 503
        assert "does not answer" in reply.text
