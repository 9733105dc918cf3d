"""The leaderboard through its doors: the API, the page, and what strangers see of people."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.base.clock import now
from examhall.standings.names import short_name
from examhall.standings.ratings import rate_exam
from tests.standings.field import add_held, correct

from .conftest import Caller

pytestmark = pytest.mark.anyio

PATIENCE_S = 10


@pytest.fixture
async def people(call: Callable[..., Any]) -> list[Caller]:
    return [await call(name) for name in ("alice example", "bob builder", "carol")]


@pytest.fixture
async def rated_exam(hall: Hall, people: list[Caller]) -> int:
    """Alice came first, then Bob, then Carol."""
    async with hall.database.transaction() as conn:
        exam_id = await add_held(
            conn, {who.id: 9 - place for place, who in enumerate(people)}, closes_at=now()
        )
        await rate_exam(conn, exam_id=exam_id, key_version=1)
    return exam_id


async def board(who: Caller, **asked: object) -> dict[str, Any]:
    reply = await who.get("/api/v1/leaderboard", params=asked)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


def with_cookie(hall: Hall, who: Caller, exam_id: int | None = None) -> Caller:
    """As a browser that is signed in."""
    token = hall.signer.cookie_token(who.id, uuid4(), ["candidate"], exam_id)
    who.client.headers.pop("Authorization", None)
    who.client.cookies.set("examhall", token)
    return who


async def test_the_leaderboard_has_ranks_names_ratings_and_my_entry(
    people: list[Caller], rated_exam: int
) -> None:
    found = await board(people[1])
    assert [(item["rank"], item["name"], item["is_me"]) for item in found["items"]] == [
        (1, "Alice Example", False),
        (2, "Bob Builder", True),
        (3, "Carol", False),
    ]
    assert found["items"][0]["rating"] > 1500 > found["items"][2]["rating"]
    assert {item["tier"] for item in found["items"]} == {"newcomer"}
    assert (found["my_entry"]["rank"], found["participants"]) == (2, 3)
    assert found["server_time"].endswith("Z")


async def test_strangers_see_names_short_and_no_entry_of_their_own(
    call: Callable[..., Any], rated_exam: int
) -> None:
    found = await board(await call(None))
    assert [item["name"] for item in found["items"]] == ["Alice E.", "Bob B.", "Carol"]
    assert found["my_entry"] is None


async def test_a_walk_by_cursor_over_the_api(people: list[Caller], rated_exam: int) -> None:
    names, cursor = [], None
    for _ in range(4):
        found = await board(people[0], limit=1, **({"cursor": cursor} if cursor else {}))
        names += [item["name"] for item in found["items"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert names == ["Alice Example", "Bob Builder", "Carol"]
    assert (await people[0].get("/api/v1/leaderboard?cursor=x")).json()["code"] == "bad_cursor"


async def test_new_results_reach_the_list_and_my_entry_is_fresh_before(
    hall: Hall, people: list[Caller], rated_exam: int
) -> None:
    carol = people[2]
    assert (await board(carol))["my_entry"]["rank"] == 3
    async with hall.database.transaction() as conn:
        points = {who.id: place for place, who in enumerate(people)}
        key_version = await correct(conn, rated_exam, points)
        await rate_exam(conn, exam_id=rated_exam, key_version=key_version)
    # Whatever the page in memory says.
    assert (await board(carol))["my_entry"]["rank"] == 1

    async def is_told() -> bool:
        return bool((await board(carol))["items"][0]["name"] == "Carol")

    await until(is_told)


async def test_who_hides_is_seen_by_nobody_else(
    hall: Hall, call: Callable[..., Any], people: list[Caller], rated_exam: int
) -> None:
    alice, bob, _ = people
    await board(bob)
    assert (await alice.client.put("/api/v1/me/standings", json={"hidden": True})).status_code == 204

    async def is_gone() -> bool:
        return "Alice" not in str((await board(bob))["items"])

    await until(is_gone)
    stranger = await call(None)
    for who in (bob, stranger):
        for asked in ({}, {"tab": "exam", "exam_id": rated_exam}):
            assert "Alice" not in str(await board(who, **asked))
    assert "Alice" not in (await stranger.get("/leaderboard")).text
    mine = (await board(alice))["my_entry"]
    assert (mine["rank"], mine["hidden"]) == (1, True)
    assert [item["rank"] for item in (await board(bob))["items"]] == [2, 3]


async def test_an_exams_standing_over_the_api(
    hall: Hall, call: Callable[..., Any], people: list[Caller], rated_exam: int
) -> None:
    found = await board(people[2], tab="exam", exam_id=rated_exam)
    assert found["exam"]["state"] == "final"
    assert [item["points"] for item in found["items"]] == [9, 8, 7]
    assert found["items"][0]["rating_change"] > 0
    assert found["my_entry"]["rank"] == 3
    assert (await people[0].get("/api/v1/leaderboard?tab=exam")).json()["code"] == "exam_id_required"
    async with hall.database.transaction() as conn:
        held_back = await add_held(conn, {people[0].id: 1}, on=3)
    refused = await people[0].get(f"/api/v1/leaderboard?tab=exam&exam_id={held_back}")
    assert (refused.status_code, refused.json()["code"]) == (409, "standing_not_shown")
    analyst = await call("anna", "analyst")
    assert (await board(analyst, tab="exam", exam_id=held_back))["exam"]["state"] == "live"
    # Who is in, an invigilator sees; who reached what, as anybody else.
    invigilator = await call("ivo", "invigilator")
    refused = await invigilator.get(f"/api/v1/leaderboard?tab=exam&exam_id={held_back}")
    assert (refused.status_code, refused.json()["code"]) == (409, "standing_not_shown")


async def test_a_ticket_shows_whose_it_is_only_its_own_exam(
    hall: Hall, people: list[Caller], rated_exam: int
) -> None:
    with_cookie(hall, people[0], exam_id=rated_exam)
    assert (await board(people[0]))["my_entry"] is None
    assert (await board(people[0]))["items"][1]["name"] == "Bob B."
    assert (await board(people[0], tab="exam", exam_id=rated_exam))["my_entry"]["rank"] == 1
    csrf = hall.signer.csrf_token(hall.signer.read_cookie(people[0].client.cookies["examhall"]))
    refused = await people[0].client.put(
        "/api/v1/me/standings", json={"hidden": True}, headers={"X-CSRF-Token": csrf}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "ticket_only")


async def test_a_bearer_token_that_is_not_valid_is_no_stranger(call: Callable[..., Any]) -> None:
    stranger = await call(None)
    stranger.client.headers["Authorization"] = "Bearer nonsense"
    assert (await stranger.get("/api/v1/leaderboard")).status_code == 401


@pytest.mark.parametrize("tab", ["top_rated", "most_improved", "streaks", "exam"])
async def test_every_tab_of_the_page_is_there_for_everybody(
    hall: Hall, call: Callable[..., Any], people: list[Caller], rated_exam: int, tab: str
) -> None:
    stranger = await call(None)
    for who in (stranger, with_cookie(hall, people[1])):
        page = await who.get(f"/leaderboard?tab={tab}")
        assert page.status_code == 200
        assert ("Bob Builder" in page.text) == (who is not stranger)


async def test_an_empty_leaderboard_says_so(call: Callable[..., Any]) -> None:
    stranger = await call(None)
    assert "Nobody is rated yet" in (await stranger.get("/leaderboard")).text
    assert "No places yet" in (await stranger.get("/leaderboard?tab=exam")).text


async def test_a_page_before_the_results_says_not_yet(hall: Hall, people: list[Caller]) -> None:
    async with hall.database.transaction() as conn:
        exam_id = await add_held(conn, {people[0].id: 1}, release="by_hand")
    page = await with_cookie(hall, people[0]).get(f"/leaderboard?tab=exam&exam_id={exam_id}")
    assert page.status_code == 200
    assert "Not yet" in page.text


@pytest.mark.parametrize(
    "asked",
    ["tab=worst", "tab=exam&exam_id=x", "tab=exam&exam_id=99999999999999999999", "tab=exam&exam_id=7"],
)
async def test_a_page_that_is_not_there_is_not_found(call: Callable[..., Any], asked: str) -> None:
    assert (await (await call(None)).get(f"/leaderboard?{asked}")).status_code == 404


async def test_the_page_hides_me_and_shows_me_again(
    hall: Hall, people: list[Caller], rated_exam: int
) -> None:
    alice = with_cookie(hall, people[0])
    csrf = hall.signer.csrf_token(hall.signer.read_cookie(alice.client.cookies["examhall"]))
    for hidden in ("yes", "no"):
        form = {"csrf_token": csrf, "hidden": hidden, "back": "/leaderboard?tab=streaks"}
        reply = await alice.client.post("/leaderboard/visibility", data=form)
        assert (reply.status_code, reply.headers["location"]) == (303, "/leaderboard?tab=streaks")
        assert (await board(alice))["my_entry"]["hidden"] == (hidden == "yes")
    form = {"csrf_token": csrf, "hidden": "no", "back": "https://evil.example"}
    reply = await alice.client.post("/leaderboard/visibility", data=form)
    assert reply.headers["location"] == "/leaderboard"


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("Alice Example", "Alice E."),
        ("Alice Mary van der Example", "Alice E."),
        ("Example, Alice", "Alice E."),
        ("Candidate 17", "Candidate 17"),
        ("Alice", "Alice"),
        ("王小明", "王…"),
        ("", "–"),
    ],
)
def test_a_short_name_tells_no_surname(full: str, short: str) -> None:
    assert short_name(full) == short
