"""The item-analysis page and its files: what analysts see before, while and after an exam is calibrated."""

import json
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from arro3.io import read_parquet

from examhall.accounts.access import COOKIE
from examhall.accounts.tokens import Signer
from examhall.app import Hall
from examhall.scoring.calibrate import calibrate_exam
from tests.scoring.marked import add_marked_exam, simulated

from .conftest import SECRET, Caller

pytestmark = pytest.mark.anyio

DIFFICULTY = np.linspace(-1.5, 1.5, 9)


async def with_cookie(call: Any, name: str, *roles: str) -> Caller:
    who: Caller = await call(name, *roles)
    who.client.cookies.set(COOKIE, Signer(SECRET).cookie_token(who.id, uuid4(), list(roles)))
    return who


@pytest.fixture
async def anna(call: Any) -> Caller:
    return await with_cookie(call, "anna", "analyst")


async def add_exam(hall: Hall, persons: int = 30, *, wrong_key: int | None = None, **columns: Any) -> int:
    marks = simulated(persons, DIFFICULTY)
    if wrong_key is not None:
        marks[:, wrong_key - 1] = 1 - marks[:, wrong_key - 1]
    async with hall.database.transaction() as conn:
        return await add_marked_exam(conn, marks, **columns)


async def page(who: Caller, exam_id: int) -> str:
    reply = await who.get(f"/staff/exams/{exam_id}/items")
    assert reply.status_code == 200, reply.text
    return reply.text


async def jobs(hall: Hall) -> list[tuple[str, dict[str, int]]]:
    async with hall.database.transaction() as conn:
        cursor = await conn.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        return await cursor.fetchall()


async def calibrate_again(who: Caller, exam_id: int) -> None:
    claims = Signer(SECRET).read_cookie(who.client.cookies[COOKIE])
    token = Signer(SECRET).csrf_token(claims)
    reply = await who.client.post(f"/staff/exams/{exam_id}/items", data={"csrf_token": token})
    assert reply.status_code == 303, reply.text


async def test_the_page_says_what_to_look_at_first(hall: Hall, anna: Caller) -> None:
    exam_id = await add_exam(hall, 200, wrong_key=4)
    await calibrate_exam(hall.database, exam_id=exam_id)
    shown = await page(anna, exam_id)
    assert "Look first at 4:" in shown
    assert "The abler choose B more than the key." in shown
    assert 'id="item-9"' in shown
    assert "Wright map" in shown
    assert "KR-20" in shown


async def test_an_exam_without_an_end_is_concluded_from_the_page(hall: Hall, anna: Caller) -> None:
    exam_id = await add_exam(hall)
    assert "Conclude and analyse" in await page(anna, exam_id)
    for _ in range(2):
        await calibrate_again(anna, exam_id)
    assert await jobs(hall) == [("conclude_exam", {"exam_id": exam_id, "on_behalf_of": anna.id})]
    assert "New figures are being computed" in await page(anna, exam_id)


async def test_calibrating_again_goes_by_the_newest_key(hall: Hall, anna: Caller) -> None:
    exam_id = await add_exam(hall)
    await calibrate_exam(hall.database, exam_id=exam_id)
    async with hall.database.transaction() as conn:
        await conn.execute("INSERT INTO conclusions (exam_id, key_version) VALUES (%s, 1)", (exam_id,))
    await calibrate_again(anna, exam_id)
    assert await jobs(hall) == [
        ("calibrate_exam", {"exam_id": exam_id, "key_version": 1, "on_behalf_of": anna.id})
    ]


async def test_a_key_corrected_since_is_said(hall: Hall, anna: Caller) -> None:
    exam_id = await add_exam(hall)
    await calibrate_exam(hall.database, exam_id=exam_id)
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET key_version = 2")
    assert "The key was corrected since" in await page(anna, exam_id)


@pytest.mark.parametrize("persons", [0, 1, 9, 12])
async def test_small_exams_have_a_page_too(hall: Hall, anna: Caller, persons: int) -> None:
    exam_id = await add_exam(hall, persons)
    await calibrate_exam(hall.database, exam_id=exam_id)
    assert ("too few to calibrate" in await page(anna, exam_id)) == (persons < 10)


@pytest.mark.parametrize("marks", [np.ones((12, 3)), np.zeros((12, 1)), np.eye(12)])
async def test_exams_that_allow_no_estimate_have_a_page_too(
    hall: Hall, anna: Caller, marks: np.ndarray[Any, Any]
) -> None:
    async with hall.database.transaction() as conn:
        exam_id = await add_marked_exam(conn, marks.astype(np.int8))
    await calibrate_exam(hall.database, exam_id=exam_id)
    assert "Item by item" in await page(anna, exam_id)


async def test_files_are_what_they_say(hall: Hall, anna: Caller) -> None:
    exam_id = await add_exam(hall)
    address = f"/staff/exams/{exam_id}"
    assert (await anna.get(f"{address}/items.csv")).status_code == 404
    await calibrate_exam(hall.database, exam_id=exam_id)
    as_csv = await anna.get(f"{address}/items.csv")
    assert as_csv.text.splitlines()[0].startswith("item,question_number")
    assert as_csv.headers["content-disposition"].endswith(f'exam-{exam_id}-items-v1.csv"')
    assert len(json.loads((await anna.get(f"{address}/abilities.json")).content)["persons"]) == 30
    parquet = await anna.get(f"{address}/abilities.parquet")
    assert read_parquet(BytesIO(parquet.content)).read_all().num_rows == 30
    assert (await anna.get(f"{address}/items.xlsx")).status_code == 404
    assert (await anna.get("/staff/exams/999/items")).status_code == 404


async def test_authors_see_items_and_not_persons(hall: Hall, call: Any) -> None:
    exam_id = await add_exam(hall)
    await calibrate_exam(hall.database, exam_id=exam_id)
    olga = await with_cookie(call, "olga", "author")
    assert "abilities.csv" not in await page(olga, exam_id)
    assert (await olga.get(f"/staff/exams/{exam_id}/abilities.csv")).status_code == 403
    ivo = await with_cookie(call, "ivo", "invigilator")
    assert (await ivo.get(f"/staff/exams/{exam_id}/items")).status_code == 403


async def test_a_candidate_is_told_the_ability_once_it_is_released(hall: Hall, call: Any) -> None:
    alice: Caller = await call("alice")
    exam_id = await add_exam(hall, max(30, alice.id), release="by_hand")
    await calibrate_exam(hall.database, exam_id=exam_id)
    async with hall.database.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM sittings WHERE candidate_id = %s", (alice.id,))
        [(sitting_id,)] = await cursor.fetchall()
    assert (await alice.get(f"/api/v1/sessions/{sitting_id}/results")).status_code == 409
    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE exams SET released_at = now()")
    ability = (await alice.get(f"/api/v1/sessions/{sitting_id}/results")).json()["ability"]
    assert 200 <= ability["scaled"] <= 800
    assert ability["se"] > 0
    alice.client.cookies.set(COOKIE, Signer(SECRET).cookie_token(alice.id, uuid4(), ["candidate"]))
    shown = (await alice.get(f"/sittings/{sitting_id}/result")).text
    assert "Your scaled score" in shown
    assert str(round(ability["scaled"])) in shown
