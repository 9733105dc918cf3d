"""How much each may ask, through the whole application; most of it without a database, as it is counted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs
from throttled import utils
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from examhall.accounts import tokens
from examhall.accounts.people import create_person
from examhall.accounts.tickets import issue_tickets
from examhall.app import Hall, create_app
from examhall.base import shared_store
from examhall.base.rates import Rates, read_rates
from examhall.base.shared_store import Away
from examhall.settings import Settings
from tests.valkey import Valkey

from .conftest import SECRET, Caller

pytestmark = pytest.mark.anyio

PRIVATE = "/api/v1/me"
SCHOOL = "203.0.113.7"


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine sixty requests take longer than it takes to be allowed one more."""
    monkeypatch.setattr(utils, "now_mono_f", lambda: 1000.0)


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """`gate(address, setting=...)`: a client at that address, of a server whose database is not there."""
    clients = []
    apps: dict[str, Any] = {}

    def at(address: str = SCHOOL, *, app: Any = None, **settings: Any) -> httpx.AsyncClient:
        key = str(settings)
        if app is None and key not in apps:
            chosen = Settings(data=tmp_path, given_secret=SECRET, database_url="postgresql://nowhere")
            apps[key] = as_served(replace(chosen, **settings))
        transport = httpx.ASGITransport(app or apps[key], client=(address, 4711))
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://testserver"))
        return clients[-1]

    yield at
    for client in clients:
        await client.aclose()


def as_served(settings: Settings | Hall) -> Any:
    """With what child.py has uvicorn put around it."""
    app = create_app(settings)
    known = settings.settings if isinstance(settings, Hall) else settings
    if not known.trusted_proxies:
        return app
    return ProxyHeadersMiddleware(app, [str(each) for each in known.trusted_proxies])  # type: ignore[arg-type]


async def statuses(client: httpx.AsyncClient, times: int, path: str = PRIVATE, **how: Any) -> list[int]:
    return [(await client.get(path, **how)).status_code for _ in range(times)]


def bearer(person_id: int) -> dict[str, str]:
    token = tokens.Signer(SECRET).access_token(person_id, uuid4(), ["candidate"])
    return {"Authorization": f"Bearer {token}"}


async def test_a_stranger_may_ask_sixty_times_and_then_waits(gate: Any) -> None:
    client = gate()
    first = await client.get(PRIVATE)
    assert first.headers["ratelimit-limit"] == "60"
    assert first.headers["ratelimit-remaining"] == "59"
    assert first.headers["ratelimit-reset"] == "1"
    assert await statuses(client, 59) == [401] * 59
    refused = await client.get(PRIVATE)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["code"] == "too_many_requests"
    assert "x-request-id" in refused.headers
    assert await statuses(gate("203.0.113.8"), 1) == [401]


async def test_a_browser_is_told_in_words(gate: Any) -> None:
    client = gate()
    browser = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en"}
    await statuses(client, 60, "/nothing/here")
    refused = await client.get("/nothing/here", headers=browser)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"].startswith("text/html")
    assert "Please wait a little and try again." in refused.text


async def test_an_hour_has_its_own_limit(gate: Any) -> None:
    client = gate(rate_limit=read_rates("60/second,80/hour"))
    found = [await client.get(PRIVATE) for _ in range(81)]
    assert [each.status_code for each in found] == [401] * 80 + [429]
    # What is told is the bucket that is emptier: 600 in ten seconds, or 80 an hour.
    assert {each.headers["ratelimit-limit"] for each in found} == {"80"}
    assert found[-1].headers["retry-after"] == "45"


@pytest.mark.parametrize(
    "path", ["/docs", "/openapi.json", "/exam-file.schema.json", "/static/x/css/none.css", "/metrics"]
)
async def test_what_watches_and_describes_the_server_is_not_counted(gate: Any, path: str) -> None:
    client = gate()
    await statuses(client, 61)
    reply = await client.get(path)
    assert reply.status_code != 429
    assert "ratelimit-limit" not in reply.headers


async def test_health_answers_whoever_asks_however_often(hall: Hall, gate: Any) -> None:
    client = gate(app=create_app(hall))
    await statuses(client, 61)
    assert await statuses(client, 5, "/health") == [200] * 5


async def test_addresses_of_one_ipv6_customer_are_one(gate: Any) -> None:
    found = [(await gate(f"2001:db8::{host:x}").get(PRIVATE)).status_code for host in range(61)]
    assert found == [401] * 60 + [429]
    assert await statuses(gate("2001:db8:0:1::1"), 1) == [401]


async def test_an_ipv4_address_in_the_dress_of_ipv6_is_the_same(gate: Any) -> None:
    await statuses(gate("203.0.113.7"), 60)
    assert await statuses(gate("::ffff:203.0.113.7"), 1) == [429]


async def test_nobody_escapes_by_saying_that_they_come_from_elsewhere(gate: Any) -> None:
    client = gate()
    with capture_logs() as logged:
        found = [
            (await client.get(PRIVATE, headers={"X-Forwarded-For": f"198.51.100.{host}"})).status_code
            for host in range(65)
        ]
    assert found == [401] * 60 + [429] * 5
    warning = "requests carry X-Forwarded-For, but EXAMHALL_TRUSTED_PROXIES names no proxy"
    assert [each["event"] for each in logged] == [warning]


async def test_behind_a_proxy_the_last_address_that_is_no_proxy_of_ours_counts(gate: Any) -> None:
    proxies = {"trusted_proxies": (ip_network("10.0.0.0/24"),)}
    client = gate("10.0.0.1", **proxies)

    async def ask(forwarded: str) -> int:
        return (await client.get(PRIVATE, headers={"X-Forwarded-For": forwarded})).status_code

    # What the client itself wrote stands left of what the proxies saw.
    found = [await ask(f"192.0.2.{host}, 198.51.100.1, 10.0.0.2") for host in range(61)]
    assert found == [401] * 60 + [429]
    assert await ask("198.51.100.1, 198.51.100.2") == 401
    # Another server in between that is no proxy of ours is not believed.
    stranger = gate("10.0.9.1", **proxies)
    assert await statuses(stranger, 61, headers={"X-Forwarded-For": "127.0.0.1"}) == [401] * 60 + [429]


@pytest.mark.parametrize("header", ["", ",", "unknown", "1.2.3.4.5", "[::1", "x" * 5000, "\x7f", "1.2.3.4:x"])
async def test_a_proxy_that_talks_rubbish_breaks_nothing(gate: Any, header: str) -> None:
    client = gate("10.0.0.1", trusted_proxies=(ip_network("10.0.0.1"),))
    assert await statuses(client, 61, headers={"X-Forwarded-For": header}) == [401] * 60 + [429]


async def test_a_port_beside_the_address_makes_no_difference(gate: Any) -> None:
    client = gate("10.0.0.1", trusted_proxies=(ip_network("10.0.0.1"),))
    found = [
        (await client.get(PRIVATE, headers={"X-Forwarded-For": f"198.51.100.1:{port}"})).status_code
        for port in range(4000, 4061)
    ]
    assert found[-1] == 429


async def test_a_trusted_network_is_not_counted(gate: Any) -> None:
    client = gate("192.168.4.4", rate_limit_trusted=(ip_network("192.168.0.0/16"),))
    assert await statuses(client, 100) == [401] * 100


async def test_limits_can_be_off(gate: Any) -> None:
    client = gate(rate_limit=Rates())
    assert await statuses(client, 100) == [401] * 100
    assert "ratelimit-limit" not in (await client.get(PRIVATE)).headers


async def test_somebody_signed_in_is_counted_as_a_person_wherever_they_sit(
    gate: Any, hall: Hall, alice: Caller, mallory: Caller
) -> None:
    client = gate(app=create_app(hall))
    await statuses(client, 61)
    mine = {"headers": dict(alice.client.headers)}
    assert await statuses(client, 100, **mine) == [200] * 100
    assert (await client.get(PRIVATE, **mine)).headers["ratelimit-limit"] == "1200"


async def test_a_person_has_a_limit_of_their_own(gate: Any) -> None:
    rates = {"rate_limit_person": read_rates("5/minute")}
    from_home, from_school = gate("198.51.100.1", **rates), gate(**rates)
    await statuses(from_home, 5, "/api/v1/nothing", headers=bearer(1))
    assert await statuses(from_school, 1, "/api/v1/nothing", headers=bearer(1)) == [429]
    assert await statuses(from_school, 1, "/api/v1/nothing", headers=bearer(2)) == [404]
    cookie = tokens.Signer(SECRET).cookie_token(1, uuid4(), ["candidate"])
    assert await statuses(from_school, 1, "/nothing", headers={"Cookie": f"a=b; examhall={cookie}"}) == [429]


async def test_whose_token_ran_out_in_the_exam_is_told_so_and_no_stranger(
    gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole school that started at once runs out at once, and must not be taken for one stranger."""
    client = gate()
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "ACCESS_LIFE", -tokens.ACCESS_LIFE)
        old = [bearer(person_id) for person_id in range(100)]
    found = [(await client.get(PRIVATE, headers=each)).status_code for each in old]
    assert found == [401] * 100
    # A token that we never made makes nobody a person.
    assert 429 in await statuses(client, 61, headers={"Authorization": "Bearer x.y.z"})


async def test_a_school_behind_one_address_comes_in_however_many_they_are(gate: Any) -> None:
    client = gate()
    for path in ("/", "/sign-in", "/exams/7", "/exams"):
        assert set(await statuses(client, 300, path)) <= {200, 303}


@pytest.mark.parametrize("door", ["page", "api"])
async def test_tickets_open_the_door_even_when_the_address_has_used_up_everything(
    gate: Any, hall: Hall, exam_id: int, door: str
) -> None:
    client = gate(app=create_app(hall))
    async with hall.database.transaction() as conn:
        people = [
            await create_person(conn, username=f"c{n}", full_name="C", roles=["candidate"]) for n in range(80)
        ]
        issued = await issue_tickets(conn, hall.signer, exam_id=exam_id, person_ids=people)
    await statuses(client, 61)
    for _ in range(61):
        refused = await client.post("/auth/ticket", json={"ticket": "x" * 43})
    assert refused.status_code == 429
    for ticket in issued:
        if door == "api":
            reply = await client.post("/auth/ticket", json={"ticket": ticket.token})
            assert reply.status_code == 200, reply.text
        else:
            assert (await client.get(f"/t/{ticket.token}")).status_code == 200
            client.cookies.clear()
            assert (await client.post(f"/t/{ticket.token}")).status_code == 303
            client.cookies.clear()


async def test_one_ticket_over_and_over_is_stopped(gate: Any) -> None:
    client = gate()
    ticket = tokens.Signer(SECRET).ticket(uuid4())
    body = {"ticket": ticket, "more": 1}
    found = [(await client.post("/auth/ticket", json=body)).status_code for _ in range(61)]
    assert found == [422] * 60 + [429]
    assert (await client.get(f"/t/{ticket}")).status_code == 429


async def test_failed_sign_ins_are_counted_and_good_ones_are_not(
    gate: Any, hall: Hall, alice: Caller
) -> None:
    client = gate(app=create_app(hall))
    body = {"ticket": "x" * 43}
    found = [(await client.post("/auth/ticket", json=body)).status_code for _ in range(61)]
    assert found == [401] * 60 + [429]
    assert (await client.post("/auth/login", json={"username": "alice", "password": "x"})).status_code == 429
    # What has nothing to do with coming in has its own count.
    assert await statuses(client, 1) == [401]


async def saves(caller: Caller, session: dict[str, Any], times: int, **answer: Any) -> list[httpx.Response]:
    url = f"/sessions/{session['session_id']}/answers/"
    body = {"question_number": 1, "answer": "A"} | answer
    return [await caller.post(url, body | {"revision": n}) for n in range(1, times + 1)]


async def test_no_candidate_fills_the_disk(
    gate: Any, hall: Hall, alice: Caller, session: dict[str, Any], call: Any
) -> None:
    strict = Hall(replace(hall.settings, rate_limit_saves=read_rates("2/hour")))
    app = create_app(strict)

    def there(caller: Caller) -> Caller:
        client = gate(app=app)
        client.headers.update(caller.client.headers)
        return Caller(caller.id, client)

    async with strict.opened():
        replies = await saves(there(alice), session, 3)
        assert [each.status_code for each in replies] == [200, 200, 429]
        assert replies[-1].headers["content-type"] == "application/problem+json"
        assert 1700 < int(replies[-1].headers["retry-after"]) <= 1800
        # Nobody else is concerned, nor anything else of hers.
        url = f"/api/v1/sessions/{session['session_id']}"
        assert (await there(alice).get(url)).status_code == 200
        assert [each.status_code for each in await saves(there(await call("bob")), session, 1)] == [404]


async def test_a_long_save_counts_for_more(gate: Any) -> None:
    client = gate(rate_limit_saves=read_rates("10/hour"))
    long = {"content": b"x" * 4096 * 9, "headers": bearer(1) | {"Content-Type": "application/json"}}
    assert (await client.post("/sessions/1/answers/", **long)).status_code != 429
    assert (await client.post("/sessions/1/answers/", **long)).status_code == 429


async def test_web_workers_that_share_a_store_count_together(
    gate: Any, hall: Hall, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Busy as this machine may be, the store is there; and its clock cannot be stopped.
    monkeypatch.setattr(shared_store, "ASK_S", 10)
    slowly = replace(hall.settings, redis_url=valkey.url, rate_limit=read_rates("60/hour"))
    halls = [Hall(slowly) for _ in range(2)]
    async with halls[0].opened(), halls[1].opened():
        clients = [gate(app=create_app(each)) for each in halls]
        for each in halls:
            while each.shared_store.state != "ok" or not await reached(each):
                await asyncio.sleep(0.01)
        assert await statuses(clients[0], 40) == [401] * 40
        assert await statuses(clients[1], 21) == [401] * 20 + [429]
        assert await statuses(clients[0], 1) == [429]
        assert (await clients[0].get("/health")).json()["checks"]["redis"] is True
        valkey.kill()
        # Then each counts for itself, from what it has seen, and nobody notices anything else.
        assert await statuses(clients[0], 20) == [401] * 19 + [429]
        assert await statuses(clients[1], 41) == [401] * 39 + [429] * 2
        health = await clients[0].get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert health.json()["checks"] == {"database": True, "saving": True, "redis": False}
        figures = (await clients[0].get("/metrics")).text
        assert 'limits_refused_total{limit="addresses"} 2.0' in figures
        assert "shared_store_reachable" in figures


async def reached(hall: Hall) -> bool:
    try:
        await hall.shared_store.ask(lambda redis: redis.ping())
    except Away:
        return False
    return True
