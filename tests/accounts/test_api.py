import asyncio
from uuid import uuid4

import httpx
import pytest

from examhall.accounts.access import COOKIE, CSRF_HEADER
from examhall.accounts.failures import ACCOUNT_FROM_ADDRESS
from examhall.accounts.people import create_person
from tests.accounts.office import PASSWORD, count, sign_in

pytestmark = pytest.mark.anyio


async def login(client, **body):
    return await client.post("/auth/login", json={"username": "alice", "password": PASSWORD} | body)


async def bearer(client, **body) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await login(client, **body)).json()['access_token']}"}


@pytest.fixture
async def as_admin(signer, database, admin) -> dict[str, str]:
    return {"Authorization": f"Bearer {signer.access_token(admin, uuid4(), ['admin'])}"}


@pytest.fixture
async def in_browser(signer, database, passwords, alice) -> tuple[dict[str, str], str]:
    """Alice's cookie, and the CSRF token that her pages carry."""
    done = await sign_in(database, passwords, browser=True)
    token = signer.cookie_token(alice, done.id, done.roles)
    return {"Cookie": f"theme=dark; {COOKIE}={token}"}, signer.csrf_token(signer.read_cookie(token))


async def test_signing_in_gives_what_old_and_new_clients_expect(client, alice):
    reply = await client.post("/auth/login", json={"email": "alice@example.com", "password": PASSWORD})
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    signed_in = reply.json()
    assert signed_in["accessToken"] == signed_in["access_token"]
    assert (signed_in["token_type"], signed_in["expires_in"]) == ("bearer", 900)
    assert signed_in["user"] == {
        "id": alice,
        "username": "alice",
        "email": "alice@example.com",
        "full_name": "Alice <A.> & Söhne",
        "roles": ["candidate"],
        "exam_id": None,
    }
    me = await client.get("/me", headers={"Authorization": f"bearer {signed_in['access_token']}"})
    assert me.json() == signed_in["user"]


async def test_wrong_is_one_reply_whatever_is_wrong(client, alice):
    replies = [
        await login(client, password="wrong"),
        await login(client, username="nobody"),
        await client.post("/auth/login", json={"email": "nobody@example.com", "password": PASSWORD}),
    ]
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1
    assert replies[0].json()["code"] == "wrong_credentials"


async def test_too_many_failures_say_how_long_to_wait(client, alice):
    for _ in range(ACCOUNT_FROM_ADDRESS):
        assert (await login(client, password="wrong")).status_code == 401
    reply = await login(client)
    assert (reply.status_code, reply.json()["code"]) == (429, "too_many_sign_ins")
    assert 880 < int(reply.headers["retry-after"]) <= 900


BAD_LOGINS = [
    {},
    {"username": "alice"},
    {"username": "alice", "email": "alice@example.com", "password": "x"},
    {"username": "alice", "password": ""},
    {"username": "alice", "password": 7},
    {"username": ["alice"], "password": "x"},
    {"username": "alice", "password": "x", "admin": True},
    {"username": "a\0b", "password": "x"},
    {"username": "alice", "password": "x\0"},
    {"username": "x" * 255, "password": "x"},
    {"username": "alice", "password": "x" * 1001},
    {"username": "alice", "password": "ä" * 600},
    [],
    "alice",
    None,
]


async def test_a_body_that_is_not_a_sign_in_is_422(client, alice):
    for body in BAD_LOGINS:
        reply = await client.post("/auth/login", json=body)
        assert (body, reply.status_code) == (body, 422)
        assert reply.headers["content-type"] == "application/problem+json"


BAD_BYTES = [
    (b"{", 422),
    (b"\xff\xfe", 422),
    (b'{"username": "\\ud800", "password": "x"}', 422),
    # Deeper than the parser goes.
    (b"[" * 100_000, 400),
    (b'{"a":' * 50_000, 400),
]


async def test_bytes_that_are_no_json_are_refused(client):
    for content, status in BAD_BYTES:
        reply = await client.post(
            "/auth/login", content=content, headers={"Content-Type": "application/json"}
        )
        assert (content[:50], reply.status_code) == (content[:50], status)


async def test_refreshing_gives_a_new_pair_and_a_token_that_comes_again_ends_all(client, alice):
    first = (await login(client)).json()
    second = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    again = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_token_invalid")
    last = await client.post("/auth/refresh", json={"refresh_token": second.json()["refresh_token"]})
    assert last.status_code == 401


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(client, alice):
    signed_in = (await login(client)).json()
    reply = await client.get("/me", headers={"Authorization": f"Bearer {signed_in['refresh_token']}"})
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    reply = await client.post("/auth/ticket", json={"ticket": signed_in["refresh_token"]})
    assert reply.status_code == 401
    reply = await client.post("/auth/refresh", json={"refresh_token": signed_in["access_token"][:200]})
    assert reply.status_code == 401


@pytest.mark.parametrize("how", ["access", "refresh"])
async def test_signing_out_kills_the_access_token_at_once(client, alice, how):
    signed_in = (await login(client)).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    assert (await client.get("/me", headers=headers)).status_code == 200
    if how == "access":
        reply = await client.post("/auth/logout", headers=headers)
    else:
        reply = await client.post("/auth/logout", json={"refresh_token": signed_in["refresh_token"]})
    assert reply.status_code == 204
    reply = await client.get("/me", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (401, "token_invalid")


async def test_without_any_token_nobody_signs_out(client, alice):
    assert (await client.post("/auth/logout")).status_code == 401
    assert (await client.post("/auth/logout", json={"refresh_token": "unknown"})).status_code == 204


async def test_a_cookie_reads_and_changes_only_with_the_csrf_token(client, database, in_browser):
    cookie, csrf = in_browser
    assert (await client.get("/me", headers=cookie)).json()["username"] == "alice"
    for headers in ({}, {CSRF_HEADER: ""}, {CSRF_HEADER: csrf[:-1]}, {CSRF_HEADER: "é".encode()}):
        reply = await client.post("/auth/logout", headers={**cookie, **headers})
        assert (reply.status_code, reply.json()["code"]) == (403, "cross_site")
    assert await count(database, "sign_ins", "ended_at IS NOT NULL") == 0
    reply = await client.post("/auth/logout", headers={**cookie, CSRF_HEADER: csrf})
    assert reply.status_code == 204
    assert f'{COOKIE}=""' in reply.headers["set-cookie"]
    assert (await client.get("/me", headers=cookie)).status_code == 401


async def test_a_bad_bearer_token_is_refused_beside_a_good_cookie(client, in_browser):
    cookie, _ = in_browser
    assert (await client.get("/me", headers={**cookie, "Authorization": "Bearer x"})).status_code == 401
    assert (await client.get("/me", headers={**cookie, "Authorization": "Basic eA=="})).status_code == 200


async def test_a_token_in_the_cookie_or_a_cookie_as_bearer_is_refused(client, in_browser, alice):
    cookie, _ = in_browser
    token = cookie["Cookie"].partition(f"{COOKIE}=")[2]
    assert (await client.get("/me", headers={"Authorization": f"Bearer {token}"})).status_code == 401
    access = (await login(client)).json()["access_token"]
    assert (await client.get("/me", headers={"Cookie": f"{COOKIE}={access}"})).status_code == 401


STAFF_ROUTES = [
    ("GET", "/people"),
    ("POST", "/people/import"),
    ("POST", "/exams/1/tickets"),
    ("GET", "/exams/1/tickets"),
    ("DELETE", "/exams/1/tickets/00000000-0000-0000-0000-000000000000"),
]


async def test_staff_routes_refuse_the_stranger_the_candidate_and_whoever_came_by_ticket(
    client, signer, alice, admin
):
    candidate = await bearer(client)
    ticket = {"Authorization": f"Bearer {signer.access_token(admin, uuid4(), ['admin'], exam_id=1)}"}
    for method, path in STAFF_ROUTES:
        assert (path, (await client.request(method, path)).status_code) == (path, 401)
        for headers in (candidate, ticket):
            reply = await client.request(method, path, headers=headers)
            assert (path, reply.status_code, reply.json()["code"]) == (path, 403, "wrong_role")


async def test_an_author_issues_tickets_but_imports_nobody(client, signer, database, exam):
    async with database.transaction() as conn:
        author = await create_person(conn, username="olga", full_name="Olga", roles=["author"])
    headers = {"Authorization": f"Bearer {signer.access_token(author, uuid4(), ['author'])}"}
    reply = await client.post(f"/exams/{exam}/tickets", headers=headers, json={"person_ids": [author]})
    assert reply.status_code == 200
    reply = await client.post("/people/import", headers={**headers, "Content-Type": "text/csv"}, content="x")
    assert reply.status_code == 403


async def test_people_are_imported_and_listed_page_by_page(client, as_admin):
    csv = "username,full_name,password\n" + "".join(f"p{n},Person {n},secret\n" for n in range(3))
    reply = await client.post(
        "/people/import", headers={**as_admin, "Content-Type": "text/csv; charset=utf-8"}, content=csv
    )
    assert reply.json() == {"created": 3, "updated": 0, "unchanged": 0}
    seen, cursor = [], "0"
    while cursor is not None:
        page = (await client.get("/people", params={"limit": 2, "cursor": cursor}, headers=as_admin)).json()
        seen += [person["username"] for person in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["adam", "p0", "p1", "p2"]


async def test_what_is_no_people_file_is_refused(client, as_admin):
    for content_type, content, status in (
        ("application/json", "{}", 415),
        ("text/csv", b"\xff", 422),
        ("text/csv", "username,full_name\n!,X\n", 422),
        ("text/csv", "", 422),
    ):
        headers = {**as_admin, "Content-Type": content_type}
        reply = await client.post("/people/import", headers=headers, content=content)
        assert (content, reply.status_code) == (content, status)


async def test_a_page_that_cannot_be_is_422(client, as_admin):
    for query in ("cursor=x", "cursor=-1", f"cursor={2**63}", "limit=0", "limit=201"):
        assert (query, (await client.get(f"/people?{query}", headers=as_admin)).status_code) == (query, 422)


async def test_tickets_from_issue_to_entry_to_revocation(client, as_admin, exam, alice, admin):
    url = f"/exams/{exam}/tickets"
    page = (await client.post(url, headers=as_admin, json={"person_ids": [alice, admin]})).json()
    assert page["next_cursor"] is None
    ticket = next(each for each in page["items"] if each["username"] == "alice")
    assert ticket["url"] == f"https://exams.example.org/t/{ticket['ticket']}"

    first = (await client.get(f"{url}?limit=1", headers=as_admin)).json()
    second = (await client.get(f"{url}?limit=1&cursor={first['next_cursor']}", headers=as_admin)).json()
    assert first["items"] + second["items"] == page["items"]
    csv = await client.get(url, headers={**as_admin, "Accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.splitlines()[2] == f"alice,{ticket['ticket']},{ticket['url']}"
    assert csv.text == (await client.post(url, headers={**as_admin, "Accept": "text/csv"}, json={
        "person_ids": [alice, admin]})).text  # fmt: skip

    entered = (await client.post("/auth/ticket", json={"ticket": ticket["ticket"]})).json()
    assert entered["user"]["exam_id"] == exam
    mine = {"Authorization": f"Bearer {entered['access_token']}"}
    assert (await client.get("/me", headers=mine)).json() == entered["user"]

    assert (await client.delete(f"{url}/{ticket['id']}", headers=as_admin)).status_code == 204
    assert (await client.post("/auth/ticket", json={"ticket": ticket["ticket"]})).status_code == 401
    assert (
        await client.post("/auth/refresh", json={"refresh_token": entered["refresh_token"]})
    ).status_code == 401


BAD_ISSUES = [
    ("999", None, 404),
    ("0", None, 422),
    (str(2**63), None, 422),
    ("x", None, 422),
    ("1", {"person_ids": [999]}, 422),
    ("1", {"person_ids": [2**63]}, 422),
    ("1", {"person_ids": "all"}, 422),
    ("1", {"people": []}, 422),
]


async def test_tickets_that_cannot_be_issued_are_refused(client, as_admin, exam):
    for exam_id, body, status in BAD_ISSUES:
        reply = await client.post(f"/exams/{exam_id}/tickets", headers=as_admin, json=body)
        assert (exam_id, body, reply.status_code) == (exam_id, body, status)


async def test_two_hundred_sign_in_at_once(app, alice):
    transport = httpx.ASGITransport(app, client=("10.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://exams.example.org") as client:
        replies = await asyncio.gather(*(login(client) for _ in range(200)))
    assert {reply.status_code for reply in replies} == {200}


async def test_openapi_tells_how_each_route_may_refuse(app):
    paths = app.openapi()["paths"]
    assert "wrong_credentials" in paths["/auth/login"]["post"]["responses"]["401"]["description"]
    assert paths["/me"]["get"]["security"] == [{"HTTPBearer": []}]
    for path, methods in paths.items():
        for method in methods.values():
            assert method["summary"], path
