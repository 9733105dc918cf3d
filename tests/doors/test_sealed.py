"""Sealed papers through the front door: downloaded before, opened by the start, told to nobody else."""

import zlib
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from examhall.app import Hall
from examhall.base import clock
from examhall.events.sealed import SealedUse, use_of_sealed
from examhall.exams.content import arrange, load_content
from examhall.exams.contents import announce_change
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.seal import open_document

from .conftest import FOLDER, Caller
from .test_strangers import PUBLIC, api_routes, filled, page_routes

pytestmark = pytest.mark.anyio


async def change(hall: Hall, exam_id: int, **columns: object) -> None:
    """As whoever changes an exam does: with an announcement, which is heard here."""
    async with hall.database.transaction() as conn:
        for name, value in columns.items():
            await conn.execute(f"UPDATE exams SET {name} = %s WHERE id = %s".encode(), (value, exam_id))
        await announce_change(conn, exam_id)
    # Heard at once: the announcement itself takes a moment.
    for memory in (hall.contents, hall.sealed_papers):
        memory.drop(str(exam_id))
    hall.availabilities.drop_all("")


@pytest.fixture
async def sealed_exam(hall: Hall, exam_id: int) -> int:
    opens_at = clock.now() + timedelta(hours=1)
    await change(hall, exam_id, opens_at=opens_at, sealed_before_s=86_400, shuffle_questions=True)
    return exam_id


async def open_now(hall: Hall, exam_id: int) -> None:
    await change(hall, exam_id, opens_at=clock.now() - timedelta(minutes=1))


async def rows(hall: Hall, query: str) -> list[tuple[Any, ...]]:
    async with hall.database.connection() as conn:
        return await (await conn.execute(query.encode())).fetchall()


async def download(who: Caller, exam_id: int) -> tuple[dict[str, Any], bytes]:
    found = await who.get(f"/api/v1/exams/{exam_id}/sealed")
    assert found.status_code == 200, found.text
    sealed = await who.get(found.json()["url"])
    assert sealed.status_code == 200
    return found.json(), sealed.content


def opened(sealed: bytes, key: str, exam_id: int, version: str) -> dict[str, Any]:
    document = open_document(sealed, key=urlsafe_b64decode(key + "="), exam_id=exam_id, version=version)
    found: dict[str, Any] = msgspec.json.decode(document)
    return found


async def secrets_of(hall: Hall, exam_id: int) -> list[str]:
    """What is written in the questions, if long enough to be recognised; the key as it may be written."""
    async with hall.database.connection() as conn:
        content = await load_content(conn, exam_id)
    texts = []
    for question in arrange(content, None):
        texts.append(question["prompt"])
        for item in question["items"]:
            texts.append(item["prompt"])
            texts += [each["text"] for name in ("options", "left", "right") for each in item.get(name, ())]
    [(key,)] = await rows(hall, "SELECT key FROM sealed_papers")
    texts += [key.hex(), b64encode(key).decode().rstrip("="), urlsafe_b64encode(key).decode().rstrip("=")]
    return [text for text in texts if len(text) > 6]


async def test_before_the_start_no_route_tells_a_candidate_the_paper_or_its_key(
    hall: Hall, alice: Caller, sealed_exam: int
) -> None:
    found, sealed = await download(alice, sealed_exam)
    told = [sealed.decode("latin-1"), str(found)]
    cookie = hall.signer.cookie_token(alice.id, uuid4(), ["candidate"])
    alice.client.cookies.set("examhall", cookie)
    alice.client.headers["X-CSRF-Token"] = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    session = {"exam_id": sealed_exam, "session_id": 1}
    refused = 0
    for method, path in [*api_routes(), *page_routes()]:
        # What never ends, signs out, or is the same for everybody.
        if "events" in path or "logout" in path or "sign-out" in path or path.startswith("/static"):
            continue
        for query in ("", f"?sealed={found['version']}"):
            reply = await alice.client.request(method, filled(path, session).partition("?")[0] + query)
            told.append(reply.text)
            refused += reply.status_code == 400
    assert refused
    assert await rows(hall, "SELECT FROM sittings") == []
    for secret in await secrets_of(hall, sealed_exam):
        assert not any(secret in text for text in told), secret
    # The same search finds them once it is open.
    await open_now(hall, sealed_exam)
    reply = await alice.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")
    assert any(secret in reply.text for secret in await secrets_of(hall, sealed_exam))


async def test_what_is_downloaded_tells_nothing(hall: Hall, alice: Caller, sealed_exam: int) -> None:
    found, sealed = await download(alice, sealed_exam)
    assert (len(sealed), len(sealed)) == (found["size"], 65_536)
    assert len(zlib.compress(sealed, 9)) >= len(sealed)
    assert b"One of each" not in sealed
    assert set(found) == {"url", "version", "size", "sha256", "parts", "server_time"}


async def test_with_the_start_comes_the_key_to_the_same_questions_as_everybody_has(
    hall: Hall, call: Any, sealed_exam: int
) -> None:
    people = [await call(f"alice{n}") for n in range(3)]
    downloads = [await download(who, sealed_exam) for who in people]
    await open_now(hall, sealed_exam)
    orders = []
    for who, (found, sealed) in zip(people, downloads, strict=True):
        reply = await who.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")
        short = reply.json()
        assert "questions" not in short
        document = opened(sealed, short["sealed"]["key"], sealed_exam, found["version"])
        by_number = {question["number"]: question for question in document["questions"]}
        arranged = []
        for number, shuffles in short["sealed"]["order"]:
            question = by_number[number]
            lists = [
                item[name] for item in question["items"] for name in ("options", "right") if name in item
            ]
            for entries, places in zip(lists, shuffles, strict=True):
                entries[:] = [entries[place] for place in places]
            arranged.append(question)
        ordinary = (await who.post(f"/api/v1/exams/{sealed_exam}/sessions")).json()
        assert arranged == ordinary["questions"]
        assert {name: short[name] for name in short if name not in ("sealed", "server_time")} == {
            name: ordinary[name] for name in ordinary if name not in ("questions", "server_time")
        }
        assert len(reply.content) < 2_000 < len(msgspec.json.encode(ordinary))
        orders.append(arranged)
    assert orders[0] != orders[1] or orders[1] != orders[2]


async def bytes_of(who: Caller, method: str, path: str) -> int:
    """On the wire, compressed as browsers ask for it."""
    async with who.client.stream(method, path, headers={"accept-encoding": "gzip"}) as reply:
        assert reply.status_code == 200
        return sum([len(piece) async for piece in reply.aiter_raw()])


async def test_the_start_of_a_whole_mock_exam_moves_about_a_kilobyte(hall: Hall, alice: Caller) -> None:
    source = (FOLDER / "mathematics.yaml").read_bytes()
    async with hall.database.transaction() as conn:
        exam_id = await import_exam(conn, read_exam_file(source, folder=FOLDER), created_by=None)
    shuffled = {"shuffle_questions": True, "shuffle_options": True}
    await change(
        hall, exam_id, opens_at=clock.now() - timedelta(minutes=1), sealed_before_s=86_400, **shuffled
    )
    paper = await hall.sealed_papers.current(exam_id)
    path = f"/api/v1/exams/{exam_id}/sessions"
    sealed = await bytes_of(alice, "POST", f"{path}?sealed={paper.version}")
    whole = await bytes_of(alice, "POST", path)
    session = (await alice.post(path)).json()["session_id"]
    alice.client.cookies.set("examhall", hall.signer.cookie_token(alice.id, uuid4(), ["candidate"]))
    page = await bytes_of(alice, "GET", f"/sittings/{session}")
    assert sealed < 1_100
    assert (whole > 5 * sealed, page > 10 * sealed) == (True, True), (sealed, whole, page)


async def test_the_pictures_are_in_it(hall: Hall, alice: Caller, sealed_exam: int) -> None:
    found, sealed = await download(alice, sealed_exam)
    await open_now(hall, sealed_exam)
    reply = await alice.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")
    document = opened(sealed, reply.json()["sealed"]["key"], sealed_exam, found["version"])
    [(name, content)] = await rows(hall, "SELECT name, content FROM pictures")
    assert document["pictures"] == {name: {"type": "image/svg+xml", "data": b64encode(content).decode()}}
    assert "Which number is" in document["pages"]["en"]


async def test_a_changed_exam_has_another_paper_and_the_old_one_gets_no_key(
    hall: Hall, alice: Caller, sealed_exam: int
) -> None:
    found, _ = await download(alice, sealed_exam)
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE questions SET prompt = 'What is new?' WHERE number = 1")
    await change(hall, sealed_exam)
    newer, _ = await download(alice, sealed_exam)
    assert newer["version"] != found["version"]
    assert newer["sha256"] != found["sha256"]
    await open_now(hall, sealed_exam)
    reply = (await alice.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")).json()
    assert "sealed" not in reply
    assert "What is new?" in [question["prompt"] for question in reply["questions"]]
    # Undone, the first one is valid again: one content, one key.
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE questions SET prompt = 'Which number is **prime**?' WHERE number = 1")
    await change(hall, sealed_exam)
    assert (await download(alice, sealed_exam))[0]["version"] == found["version"]


@pytest.mark.parametrize("given", ["", "0123456789abcdef", "x" * 64, "🙂"])
async def test_who_names_no_paper_of_ours_gets_the_questions(
    hall: Hall, alice: Caller, sealed_exam: int, given: str
) -> None:
    await open_now(hall, sealed_exam)
    reply = await alice.post(f"/api/v1/exams/{sealed_exam}/sessions", params={"sealed": given})
    assert (reply.status_code, len(reply.json()["questions"])) == (200, 10)


async def test_the_paper_is_told_of_only_where_there_is_one_from_its_hour_on_to_whoever_may_sit(
    hall: Hall, alice: Caller, mallory: Caller, sealed_exam: int
) -> None:
    path = f"/api/v1/exams/{sealed_exam}/sealed"
    async with hall.database.transaction() as conn:
        await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (sealed_exam, alice.id))
    assert (await mallory.get(path)).json()["code"] == "exam_not_found"
    await change(hall, sealed_exam, sealed_before_s=60)
    early = await alice.get(path)
    assert (early.status_code, early.json()["code"]) == (400, "sealed_too_early")
    assert early.json()["from_at"] > early.json()["server_time"]
    assert await rows(hall, "SELECT FROM sealed_papers") == []
    await change(hall, sealed_exam, sealed_before_s=None)
    assert (await alice.get(path)).json()["code"] == "not_sealed"


async def test_authors_get_the_key_before_if_they_say_why_and_it_is_kept_who_did(
    hall: Hall, call: Any, alice: Caller, sealed_exam: int
) -> None:
    path = f"/api/v1/exams/{sealed_exam}/sealed/key"
    olga = await call("olga", "author")
    for who in (alice, await call("ivo", "invigilator"), await call("nora", "analyst")):
        assert (await who.post(path, {"reason": "curious"})).json()["code"] == "wrong_role"
    assert (await olga.post(path, {"reason": ""})).status_code == 422
    assert await rows(hall, "SELECT FROM sealed_key_releases") == []
    told = (await olga.post(path, {"reason": "The network of room 4 is down: printing."})).json()
    sealed = await olga.get(told["url"])
    document = opened(sealed.content, told["key"], sealed_exam, told["version"])
    assert len(document["questions"]) == 10
    assert await rows(hall, "SELECT exam_id, person_id, reason FROM sealed_key_releases") == [
        (sealed_exam, olga.id, "The network of room 4 is down: printing.")
    ]


async def test_staff_see_how_far_the_paper_came_and_who_had_the_key(
    hall: Hall, call: Any, alice: Caller, sealed_exam: int
) -> None:
    found, _ = await download(alice, sealed_exam)
    olga = await call("olga", "author")
    await olga.post(f"/api/v1/exams/{sealed_exam}/sealed/key", {"reason": "Printing <b>now</b>"})
    await open_now(hall, sealed_exam)
    await alice.post(f"/api/v1/exams/{sealed_exam}/sessions?sealed={found['version']}")
    await hall.events.close()
    async with hall.database.connection() as conn:
        use = await use_of_sealed(conn, exam_id=sealed_exam, since=clock.now() - timedelta(days=1))
    assert use == SealedUse(downloaded=1, opened=1, failed=0)
    olga.client.cookies.set("examhall", hall.signer.cookie_token(olga.id, uuid4(), ["author"]))
    page = (await olga.get(f"/staff/exams/{sealed_exam}")).text
    assert "Sealed paper" in page
    assert "Printing &lt;b&gt;now&lt;/b&gt;" in page
    await change(hall, sealed_exam, sealed_before_s=None)
    assert "Sealed paper" not in (await olga.get(f"/staff/exams/{sealed_exam}")).text


@pytest.mark.parametrize(
    "body", [None, {}, {"reason": " \0"}, {"reason": "x" * 501}, {"reason": 5}, {"reason": "x", "y": 1}, []]
)
async def test_without_a_reason_that_can_be_kept_there_is_no_key(
    hall: Hall, call: Any, sealed_exam: int, body: object
) -> None:
    olga = await call("olga", "author")
    reply = await olga.client.post(f"/api/v1/exams/{sealed_exam}/sealed/key", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, "malformed")
    assert await rows(hall, "SELECT FROM sealed_key_releases") == []


async def test_what_a_browser_could_not_open_is_noted(hall: Hall, alice: Caller, sealed_exam: int) -> None:
    await open_now(hall, sealed_exam)
    cookie = hall.signer.cookie_token(alice.id, uuid4(), ["candidate"])
    alice.client.cookies.set("examhall", cookie)
    token = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    for failure in ("tag", "<script>", ""):
        form = {"csrf_token": token, "sealed": failure}
        reply = await alice.client.post(f"/exams/{sealed_exam}/start", data=form)
        assert reply.status_code == 303
    await hall.events.close()
    assert await rows(hall, "SELECT detail FROM events WHERE what = 'sealed_failed'") == [("tag",)]


def test_only_the_bytes_are_for_everybody() -> None:
    ours = [route for route in [*api_routes(), *page_routes()] if "sealed" in route[1]]
    assert len(ours) == 3
    assert [route for route in ours if route in PUBLIC] == [("GET", "/sealed/{name}")]


async def test_who_has_a_window_of_their_own_gets_it_before_that(
    alice: Caller, call: Any, exam_id: int, hall: Hall
) -> None:
    now = clock.now()
    async with hall.database.transaction() as conn:
        await conn.execute(
            "UPDATE exams SET opens_at = %s, closes_at = %s, sealed_before_s = 600 WHERE id = %s",
            (now + timedelta(days=1), now + timedelta(days=2), exam_id),
        )
        await conn.execute(
            "INSERT INTO accommodations (exam_id, person_id, opens_at) VALUES (%s, %s, %s)",
            (exam_id, alice.id, now + timedelta(minutes=5)),
        )
    assert (await alice.get(f"/api/v1/exams/{exam_id}/sealed")).status_code == 200
    bob = await call("bob")
    assert (await bob.get(f"/api/v1/exams/{exam_id}/sealed")).json()["code"] == "sealed_too_early"
