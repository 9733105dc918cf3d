from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from examhall.accounts.access import (
    COOKIE,
    CSRF_FIELD,
    CSRF_HEADER,
    Person,
    WrongRole,
    clear_cookie,
    csrf_token,
    may_see_exam,
    page_person,
    refuse_cross_site,
    renew_cookie,
    require_role,
    set_cookie,
)
from examhall.base import clock, problem
from examhall.base.errors import Refusal

pytestmark = pytest.mark.anyio

SIGN_IN = UUID(int=7)


async def page(request: Request) -> Response:
    person = await page_person(request)
    response = PlainTextResponse(f"{person.id} {csrf_token(request, person)}")
    renew_cookie(request, response, person, secure=True)
    return response


async def before_sign_in(request: Request) -> Response:
    refuse_cross_site(request)
    return PlainTextResponse("welcome")


@pytest.fixture
async def browser(signer):
    app = Starlette(
        routes=[
            Route("/", page, methods=["GET", "POST"]),
            Route("/sign-in", before_sign_in, methods=["POST"]),
        ],
        exception_handlers={Refusal: problem.render_refusal},
    )
    app.state.signer = signer
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://exams.example.org") as client:
        yield client


@pytest.mark.parametrize(
    ("roles", "exam_id", "asked", "allowed"),
    [
        (("author",), None, ("author", "analyst"), True),
        (("admin",), None, ("author",), True),
        (("candidate",), None, ("author",), False),
        (("author",), None, (), False),
        ((), None, ("author",), False),
        (("admin", "author"), 3, ("author",), False),
    ],
)
def test_who_has_a_role(roles, exam_id, asked, allowed):
    person = Person(1, roles, exam_id)
    if allowed:
        require_role(person, *asked)
    else:
        with pytest.raises(WrongRole):
            require_role(person, *asked)


def test_a_ticket_reaches_its_exam_alone():
    assert [may_see_exam(Person(1, exam_id=3), exam) for exam in (3, 4)] == [True, False]
    assert may_see_exam(Person(1), 4)


async def test_a_form_is_taken_with_the_token_of_its_page(browser, signer):
    headers = {"Cookie": f"{COOKIE}={signer.cookie_token(1, SIGN_IN, [])}"}
    token = (await browser.get("/", headers=headers)).text.split()[1]
    other = signer.csrf_token(signer.read_cookie(signer.cookie_token(1, UUID(int=8), [])))
    for data, more, status in (
        ({CSRF_FIELD: token}, {}, 200),
        ({}, {CSRF_HEADER: token}, 200),
        ({}, {}, 403),
        ({CSRF_FIELD: other}, {}, 403),
        ({CSRF_FIELD: token}, {CSRF_HEADER: other}, 403),
    ):
        assert (await browser.post("/", data=data, headers={**headers, **more})).status_code == status
    reply = await browser.post("/", files={CSRF_FIELD: ("token.txt", token)}, headers=headers)
    assert reply.status_code == 403


async def test_pages_take_no_bearer_token(browser, signer):
    token = signer.access_token(1, SIGN_IN, [])
    assert (await browser.get("/", headers={"Authorization": f"Bearer {token}"})).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://exams.example.org"}, 403),
        ({"Origin": "https://exams.example.org"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://exams.example.org.evil.example"}, 403),
    ],
)
async def test_no_other_site_signs_a_browser_in(browser, headers, status):
    assert (await browser.post("/sign-in", headers=headers)).status_code == status


async def test_an_old_cookie_is_replaced_by_the_page(browser, signer, monkeypatch):
    headers = {"Cookie": f"{COOKIE}={signer.cookie_token(1, SIGN_IN, [])}"}
    assert "set-cookie" not in (await browser.get("/", headers=headers)).headers
    later = clock.now().timestamp() + 2 * 3600
    monkeypatch.setattr(clock, "now", lambda: clock.datetime.fromtimestamp(later, clock.UTC))
    assert f"{COOKIE}=ey" in (await browser.get("/", headers=headers)).headers["set-cookie"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites():
    response = Response()
    set_cookie(response, "token", secure=True)
    assert {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax", "Secure"} <= set(
        response.headers["set-cookie"].split("; ")
    )
    set_cookie(response := Response(), "token", secure=False)
    assert "Secure" not in response.headers["set-cookie"]
    clear_cookie(response := Response())
    assert "Max-Age=0" in response.headers["set-cookie"]
