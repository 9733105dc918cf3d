"""What is made by POST is made once under an Idempotency-Key, however often the request arrives."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from examhall.app import Hall
from tests.scoring.corrected import add_everything

from .conftest import Caller

pytestmark = pytest.mark.anyio

FAR = datetime(2100, 1, 1, tzinfo=UTC)
KEY = {"Idempotency-Key": "once-1"}
# Whatever else the server says to so many, it is not that there are two.
BUSY = {429, 503}
AT_ONCE, IN_FLIGHT = 1000, 100


class Way(NamedTuple):
    path: str
    body: dict[str, Any]
    other: dict[str, Any]
    # Counts what there is.
    count: str


@pytest.fixture
async def nora(call: Any) -> Caller:
    found: Caller = await call("nora", "analyst", "author")
    return found


@pytest.fixture
async def ways(hall: Hall, nora: Caller) -> dict[str, Way]:
    async with hall.database.transaction() as conn:
        exam_id = await add_everything(conn)
        cursor = await conn.execute(
            """INSERT INTO exams (title, kind, duration_s, opens_at)
               VALUES ('x', 'mock_exam', 60, %s) RETURNING id""",
            (FAR,),
        )
        [draft] = await cursor.fetchone() or [0]
    project = (await nora.post("/api/v1/projects", {"name": "Spring"})).json()["id"]
    at, questions = f"/api/v1/projects/{project}/scenarios", f"/api/v1/exams/{draft}/questions"
    document = {"format": "examhall-scenario/1", "exams": [exam_id]}
    question = {"prompt": "Which?", "options": ["no", "yes"], "answer": "B"}
    scenario = (await nora.post(at, {"name": "As it is", "document": document})).json()["id"]
    first = (await nora.post(questions, {"question": question})).json()["id"]
    second = (await nora.post(questions, {"question": question})).json()["id"]
    panel = {"method": "angoff", "name": "Teachers"}
    scenarios = "SELECT count(*) FROM scenarios"
    of_draft = f"SELECT count(*) FROM questions WHERE exam_id = {draft}"
    return {
        "question": Way(questions, {"question": question}, {"question": question, "place": 1}, of_draft),
        "copy of a question": Way(f"{questions}/{first}/duplicate", {}, {}, of_draft)._replace(
            other={"path": f"{questions}/{second}/duplicate"}
        ),
        "project": Way("/api/v1/projects", {"name": "A"}, {"name": "B"}, "SELECT count(*) FROM projects"),
        "scenario": Way(
            at, {"name": "A", "document": document}, {"name": "B", "document": document}, scenarios
        ),
        "copy of a scenario": Way(
            f"/api/v1/scenarios/{scenario}/copy", {"name": "A"}, {"name": "B"}, scenarios
        ),
        "panel": Way(
            f"/api/v1/exams/{exam_id}/panels", panel, panel | {"name": "B"}, "SELECT count(*) FROM panels"
        ),
    }


KINDS = ("question", "copy of a question", "project", "scenario", "copy of a scenario", "panel")


async def count(hall: Hall, way: Way) -> int:
    async with hall.database.connection() as conn:
        found = await (await conn.execute(way.count.encode())).fetchone()
        assert found is not None
        return int(found[0])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_repeat_makes_no_second_one(
    hall: Hall, nora: Caller, call: Any, ways: dict[str, Way], kind: str
) -> None:
    way = ways[kind]
    before = await count(hall, way)
    first = await nora.post(way.path, way.body, headers=KEY)
    assert first.status_code == 201, first.text
    again = await nora.post(way.path, way.body, headers=KEY)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert again.headers["ETag"] == first.headers["ETag"]
    assert await count(hall, way) == before + 1
    # Something else under the same key is told, and not made.
    path = way.other.get("path", way.path)
    other = await nora.post(path, {} if "path" in way.other else way.other, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "key_used_for_another")
    assert await count(hall, way) == before + 1
    # Without the key, or under another, it is a second one.
    assert (await nora.post(way.path, way.body)).status_code == 201
    assert (await nora.post(way.path, way.body, headers={"Idempotency-Key": "2"})).status_code == 201
    assert await count(hall, way) == before + 3


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_sent_many_times_at_once_is_made_once(
    hall: Hall, nora: Caller, ways: dict[str, Way], kind: str
) -> None:
    way = ways[kind]
    before = await count(hall, way)
    # All of them for one; the others by as many as fit into the pool several times.
    number = AT_ONCE if kind == "project" else IN_FLIGHT
    turn = asyncio.Semaphore(IN_FLIGHT)

    async def send() -> tuple[int, int]:
        async with turn:
            reply = await nora.post(way.path, way.body, headers=KEY)
        return reply.status_code, reply.json().get("id", 0)

    replies = await asyncio.gather(*(send() for _ in range(number)))
    statuses = Counter(status for status, _ in replies)
    assert statuses[201] == 1
    assert set(statuses) <= {200, 201} | BUSY
    assert len({made for status, made in replies if status not in BUSY}) == 1
    assert await count(hall, way) == before + 1


async def test_two_people_may_use_the_same_key(call: Any, nora: Caller, ways: dict[str, Way]) -> None:
    mia = await call("mia", "analyst")
    way = ways["project"]
    replies = [await each.post(way.path, way.body, headers=KEY) for each in (nora, mia)]
    assert [reply.status_code for reply in replies] == [201, 201]


async def test_what_was_refused_may_be_sent_again(nora: Caller, ways: dict[str, Way]) -> None:
    way = ways["question"]
    wrong = await nora.post(way.path, {"question": {"prompt": "Q", "answer": "A"}}, headers=KEY)
    assert wrong.status_code == 422
    assert (await nora.post(way.path, way.body, headers=KEY)).status_code == 201
