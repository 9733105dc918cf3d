"""Every route refuses the stranger and Mallory, parametrised over the routes themselves."""

import re
from functools import cache
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from examhall import routes
from examhall.sittings import save_schema
from examhall.web import static

from .conftest import Caller

pytestmark = pytest.mark.anyio

Routes = list[tuple[str, str]]

# Open to everybody, on purpose.
PUBLIC = {
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("POST", "/api/v1/auth/ticket"),
    ("POST", "/api/v1/auth/telegram"),
    ("GET", "/api/v1/time"),
    ("GET", "/api/v1/leaderboard"),
    ("GET", "/api/v1/leaderboard/events"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/api/v1/contests/health"),
    ("GET", "/exam-file.schema.json"),
    ("GET", "/scenario.schema.json"),
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/leaderboard"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/telegram"),
    ("POST", "/sign-in/telegram"),
    ("GET", "/sign-in/openid"),
    ("GET", "/sign-in/openid/back"),
    ("POST", "/sign-out"),
    ("POST", "/language"),
    ("GET", "/design"),
    ("GET", "/t/{ticket}"),
    ("POST", "/t/{ticket}"),
    # Of use to whoever has the link that the office gave them.
    ("GET", "/password/{token}"),
    ("POST", "/password/{token}"),
    ("GET", "/static/{fingerprint}/{path:path}"),
    ("GET", "/favicon.ico"),
    # Whoever has a serial may know what it stands for; nobody finds one by asking.
    ("GET", "/api/v1/certificates/{serial}"),
    ("GET", "/api/v1/certificates/{serial}/badge"),
    ("GET", "/api/v1/certificates/{serial}/badge.jwt"),
    ("GET", "/api/v1/certificates/keys"),
    ("GET", "/api/v1/certificates/status/{number}"),
    ("GET", "/api/v1/certificates/{serial}/pdf"),
    ("GET", "/certificates/{serial}/pdf"),
    ("GET", "/certificates/{serial}/picture"),
    # What their holders or issuers show; of templates those that are public.
    ("GET", "/api/v1/certificates/public"),
    ("GET", "/api/v1/certificates/templates"),
    ("GET", "/certificates/gallery"),
    ("GET", "/certificates/templates/{template_id:int}/{version:int}/picture"),
    ("GET", "/verify"),
    ("GET", "/verify/{serial}"),
    ("GET", "/.well-known/examhall-keys.json"),
    ("GET", "/.well-known/did.json"),
    # Told to nobody but those who may sit the exam, and of use to nobody without the key.
    ("GET", "/sealed/{name}"),
    # Of use to whoever has the link of a form that an administrator opened to strangers.
    ("GET", "/f/{link}"),
    ("POST", "/f/{link}"),
}
# What a candidate who is nobody in particular may do.
EVERYBODYS = {
    # One's own.
    ("GET", "/account"),
    ("POST", "/account/disconnect"),
    ("POST", "/api/v1/auth/logout"),
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/exams"),
    ("GET", "/api/v1/contests"),
    ("GET", "/api/v1/contests/my-submissions-bulk"),
    ("GET", "/exams"),
    ("GET", "/api/v1/dashboard"),
    ("GET", "/api/v1/me/achievements"),
    ("GET", "/api/v1/master-data"),
    ("PUT", "/api/v1/me/standings"),
    ("GET", "/api/v1/forms"),
    ("GET", "/api/v1/me/submissions"),
    ("GET", "/forms"),
    ("GET", "/dashboard"),
    ("GET", "/api/v1/certificates/mine"),
    ("GET", "/certificates"),
    ("POST", "/leaderboard/visibility"),
}

BUNDLE = 15


@cache
def api_routes() -> list[tuple[str, str]]:
    api = FastAPI()
    routes.mount_api(api)
    found = {
        (method, path)
        for path, methods in api.openapi()["paths"].items()
        for method in (name.upper() for name in methods)
    }
    return sorted(found)


@cache
def page_routes() -> list[tuple[str, str]]:
    return sorted(
        (method, route.path)
        for route in routes.PAGES
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    )


def bundles(routes: Routes) -> list[Any]:
    """Some at a time: an application and a sitting of its own for each of a thousand takes minutes."""
    some = [routes[at : at + BUNDLE] for at in range(0, len(routes), BUNDLE)]
    return [pytest.param(each, id="-".join(each[0])) for each in some]


def filled(path: str, session: dict[str, Any]) -> str:
    """Alice's own ids, wherever a path asks for one."""
    values = {
        "exam_id": session["exam_id"],
        "contest_id": session["exam_id"],
        "name": "triangle",
        "ticket_id": uuid4(),
    }
    address = re.sub(
        r"\{(\w+)(?::\w+)?\}", lambda asked: str(values.get(asked[1], session["session_id"])), path
    )
    return address + ("?test_type=SJT" if path.endswith("/availability") else "")


async def assign_to_alice(hall: Any, session: dict[str, Any]) -> None:
    """So that for Mallory the exam is not there either."""
    async with hall.database.transaction() as conn:
        await conn.execute(
            "INSERT INTO assignments SELECT %s, candidate_id FROM sittings", (session["exam_id"],)
        )


def a_body(method: str, path: str) -> Any:
    if path == save_schema.PATH:
        return {"question_number": 1, "answer": "B", "revision": 9}
    if path.endswith("/forms/{form_id}/submissions"):
        return {"fields_version": 1, "data": {}}
    if path.endswith("/submissions"):
        return {"answers": []}
    if path.endswith("/visibility") and method == "PUT":
        return {"public": True}
    return {"test_type": "SJT"} if path.endswith("attempts/start") else None


async def ask(who: Caller, method: str, path: str, session: dict[str, Any]) -> Any:
    body = a_body(method, path)
    return await who.client.request(method, filled(path, session), json=body)


def test_the_routes_are_found() -> None:
    assert len(api_routes()) > 20
    assert len(page_routes()) > 8
    assert {("POST", save_schema.PATH), ("GET", "/exams/{exam_id:int}")} <= {*api_routes(), *page_routes()}
    assert not [route for route in PUBLIC | EVERYBODYS if route not in {*api_routes(), *page_routes()}]


@pytest.mark.parametrize("some", bundles([each for each in api_routes() if each not in PUBLIC]))
async def test_a_stranger_is_asked_to_sign_in(call: Any, session: dict[str, Any], some: Routes) -> None:
    for method, path in some:
        reply = await ask(await call(None), method, path, session)
        assert reply.status_code == 401, (method, path, reply.text)
        assert reply.json()["code"]


@pytest.mark.parametrize("some", bundles([each for each in page_routes() if each not in PUBLIC]))
async def test_a_strangers_browser_is_sent_to_sign_in(
    call: Any, session: dict[str, Any], some: Routes
) -> None:
    for method, path in some:
        reply = await ask(await call(None), method, path, session)
        # By an address without a host: that of the request may be anybody's.
        assert reply.headers.get("location", "/sign-in?").startswith("/sign-in?"), (method, path)
        assert reply.status_code == (303 if method == "GET" else 401), (method, path)


@pytest.mark.parametrize("some", bundles([each for each in api_routes() if each not in PUBLIC | EVERYBODYS]))
async def test_mallory_gets_nothing_of_alices(
    hall: Any, mallory: Caller, session: dict[str, Any], some: Routes
) -> None:
    await assign_to_alice(hall, session)
    for method, path in some:
        reply = await ask(mallory, method, path, session)
        assert reply.status_code in (403, 404), (method, path, reply.text)
        async with hall.database.connection() as conn:
            cursor = await conn.execute(
                """SELECT (SELECT count(*) FROM answers),
                          (SELECT count(*) FROM sittings WHERE closed_at IS NULL)"""
            )
            assert await cursor.fetchone() == (0, 1), (method, path)


@pytest.mark.parametrize("some", bundles([each for each in page_routes() if each not in PUBLIC | EVERYBODYS]))
async def test_mallorys_browser_gets_nothing_of_alices(
    hall: Any, mallory: Caller, session: dict[str, Any], some: Routes
) -> None:
    await assign_to_alice(hall, session)
    mallory.client.cookies.set("examhall", hall.signer.cookie_token(mallory.id, uuid4(), ["candidate"]))
    for method, path in some:
        reply = await ask(mallory, method, path, session)
        assert reply.status_code in (403, 404), (method, path, reply.status_code, reply.headers)


async def test_pictures_of_the_instructions_are_for_those_who_may_sit(
    hall: Any, call: Any, mallory: Caller, session: dict[str, Any]
) -> None:
    await assign_to_alice(hall, session)
    olga = await call("olga")
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET instructions = '![](triangle)'")
        await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (session["exam_id"], olga.id))
    for who, status in ((olga, 200), (mallory, 404)):
        cookie = hall.signer.cookie_token(who.id, uuid4(), ["candidate"])
        who.client.cookies.set("examhall", cookie)
        assert (await who.get(f"/exams/{session['exam_id']}/pictures/triangle")).status_code == status


@pytest.mark.parametrize(
    "some", bundles([each for each in api_routes() + page_routes() if each not in PUBLIC | EVERYBODYS])
)
async def test_a_ticket_for_another_exam_opens_nothing_of_this_one(
    hall: Any, alice: Caller, session: dict[str, Any], some: Routes
) -> None:
    """Whoever found Alice's ticket for one exam must not hand in another for her, nor read how it went."""
    other = ["candidate"], session["exam_id"] + 1
    alice.client.headers["Authorization"] = f"Bearer {hall.signer.access_token(alice.id, uuid4(), *other)}"
    cookie = hall.signer.cookie_token(alice.id, uuid4(), *other)
    alice.client.cookies.set("examhall", cookie)
    token = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    for method, path in some:
        if (method, path) in page_routes():
            alice.client.headers["X-CSRF-Token"] = token
        reply = await ask(alice, method, path, session)
        assert reply.status_code in (403, 404), (method, path, reply.text)
        async with hall.database.connection() as conn:
            cursor = await conn.execute("SELECT count(*) FROM sittings WHERE closed_at IS NULL")
            assert await cursor.fetchone() == (1,), (method, path)


async def test_a_cookie_alone_changes_nothing(hall: Any, alice: Caller, session: dict[str, Any]) -> None:
    """Another site's form brings the cookie, but not the token that our pages carry."""
    token = hall.signer.cookie_token(alice.id, uuid4(), ["candidate"])
    claims = hall.signer.read_cookie(token)
    del alice.client.headers["Authorization"]
    alice.client.cookies.set("examhall", token)
    for path in (f"/sessions/{session['session_id']}/answers/", f"/sessions/{session['session_id']}/submit"):
        reply = await alice.post(path, {"question_number": 1, "answer": "B"})
        assert (reply.status_code, reply.json()["code"]) == (403, "cross_site")
    saved = await alice.post(
        f"/sessions/{session['session_id']}/answers/",
        {"question_number": 1, "answer": "B"},
        headers={"X-CSRF-Token": hall.signer.csrf_token(claims)},
    )
    assert saved.status_code == 200


@pytest.mark.parametrize(
    "some",
    bundles(
        [
            each
            for each in api_routes() + page_routes()
            if each[0] != "GET" and each not in PUBLIC and each[1] != save_schema.PATH
        ]
    ),
)
async def test_no_other_sites_form_changes_anything_for_the_office(
    hall: Any, call: Any, session: dict[str, Any], some: Routes
) -> None:
    boss = await call("boss", "admin")
    boss.client.headers.pop("Authorization")
    boss.client.cookies.set("examhall", hall.signer.cookie_token(boss.id, uuid4(), ["admin"]))
    another = hall.signer.read_cookie(hall.signer.cookie_token(boss.id, uuid4(), ["admin"]))
    for (method, path), said in product(some, ({}, {"X-CSRF-Token": hall.signer.csrf_token(another)})):
        sent = {"data": {"a": "b"}} if (method, path) in page_routes() else {"json": a_body(method, path)}
        reply = await boss.client.request(method, filled(path, session), headers=said, **sent)
        assert reply.status_code == 403, (method, path, reply.text)
        assert "did not come from one of our pages" in reply.text, (method, path)


async def test_who_signed_out_saves_nothing_more(hall: Any, alice: Caller, session: dict[str, Any]) -> None:
    claims = hall.signer.read_access(alice.client.headers["Authorization"].removeprefix("Bearer "))
    hall.signer.ended.remember_ended(str(claims.sign_in_id))
    reply = await alice.post(
        f"/sessions/{session['session_id']}/answers/", {"question_number": 1, "answer": "B"}
    )
    assert reply.status_code == 401


def test_no_route_is_mounted_that_openapi_does_not_know() -> None:
    api = FastAPI()
    routes.mount_api(api)
    known = {path.removeprefix("/api/v1") for path in api.openapi()["paths"]}
    mounted = {
        route.path
        for router in (*routes.UNDER_API, *routes.AT_THE_ROOT)
        for route in router.routes
        if isinstance(route, APIRoute)
    }
    assert mounted
    assert mounted <= known


async def test_the_icon_is_where_browsers_look_for_it_by_themselves(call: Any) -> None:
    stranger = await call(None)
    reply = await stranger.client.get("/favicon.ico", headers={"accept-encoding": "identity"})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.content == static.content("img/favicon.svg")[0]
    assert reply.headers["cache-control"] == "public, max-age=86400"
