"""Pictures of an exam: each candidate gets those that stand in what they were given, and no others."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam

from .conftest import Caller

pytestmark = pytest.mark.anyio

SVG = b64encode(b'<svg xmlns="http://www.w3.org/2000/svg"/>').decode()
POOLED = [f"pool-{number}" for number in range(2, 8)]
FOR_ALL = ["instructions", "section", "first"]
# Question 1 is everybody's, of 2 to 7 each candidate has two; one shows its picture in an option alone.
EXAM = f"""
title: Pools
duration: 1 h
attempts: 2
instructions: See ![this](instructions).
pictures: {{{", ".join(f"{name}: {{data: {SVG}}}" for name in [*FOR_ALL, *POOLED, "nowhere"])}}}
sections:
  - title: Pool
    draw: 2
    instructions: See ![that](section).
questions:
  - {{prompt: "![One](first)", options: [x, y], answer: A}}
  - {{section: Pool, prompt: "Which?", options: [x, "![It](pool-2)"], answer: A}}
""" + "".join(
    f'  - {{section: Pool, prompt: "![It](pool-{number})", options: [x, y], answer: A}}\n'
    for number in range(3, 8)
)


@pytest.fixture
async def pools(hall: Hall) -> int:
    async with hall.database.transaction() as conn:
        return await import_exam(conn, read_exam_file(EXAM), created_by=None)


async def seen_by(hall: Hall, who: Caller, exam_id: int, *roles: str) -> set[str]:
    """The pictures that somebody is given of whom the office knows these roles."""
    cookie = hall.signer.cookie_token(who.id, uuid4(), [*roles] or ["candidate"])
    who.client.cookies.set("examhall", cookie)
    replies = {
        name: await who.get(f"/exams/{exam_id}/pictures/{name}") for name in [*FOR_ALL, *POOLED, "nowhere"]
    }
    assert {reply.status_code for reply in replies.values()} <= {200, 404}
    return {name for name, reply in replies.items() if reply.status_code == 200}


async def start(who: Caller, exam_id: int) -> tuple[int, set[str]]:
    """The sitting, and the pictures of the pool's questions in it."""
    session = (await who.post(f"/api/v1/exams/{exam_id}/sessions")).json()
    drawn = {f"pool-{question['number']}" for question in session["questions"]} & {*POOLED}
    assert len(drawn) == 2
    return session["session_id"], drawn


async def test_a_candidate_gets_the_pictures_of_the_questions_that_were_drawn_for_them(
    hall: Hall, alice: Caller, pools: int
) -> None:
    # Before the start, those of the instructions.
    assert await seen_by(hall, alice, pools) == {"instructions"}
    sitting_id, first = await start(alice, pools)
    assert await seen_by(hall, alice, pools) == {*FOR_ALL, *first}
    # Handed in, they stay hers; another attempt brings its own.
    await alice.post(f"/api/v1/sessions/{sitting_id}/submit")
    assert await seen_by(hall, alice, pools) == {*FOR_ALL, *first}
    _, second = await start(alice, pools)
    assert await seen_by(hall, alice, pools) == {*FOR_ALL, *first, *second}


async def test_many_candidates_get_all_pictures_among_them_and_each_two(
    hall: Hall, call: Callable[..., Any], pools: int
) -> None:
    among_them = set[str]()
    for number in range(20):
        who = await call(f"person-{number}")
        _, drawn = await start(who, pools)
        assert await seen_by(hall, who, pools) == {*FOR_ALL, *drawn}
        among_them |= drawn
    assert among_them == {*POOLED}


async def test_the_authors_see_every_picture_of_a_pool(
    hall: Hall, alice: Caller, call: Callable[..., Any], pools: int
) -> None:
    olga = await call("olga", "author")
    every = {*FOR_ALL, *POOLED, "nowhere"}
    assert await seen_by(hall, olga, pools, "author") == every
    # An author who tries the exam is an author still.
    await start(olga, pools)
    assert await seen_by(hall, olga, pools, "author") == every
    assert await seen_by(hall, alice, pools, "analyst") == every


async def test_who_marks_the_exam_sees_every_picture_of_it_and_other_markers_none(
    hall: Hall, call: Callable[..., Any], pools: int
) -> None:
    mark, other = await call("mark", "marker"), await call("other", "marker")
    async with hall.database.transaction() as conn:
        await conn.execute("INSERT INTO exam_markers (exam_id, person_id) VALUES (%s, %s)", (pools, mark.id))
        await conn.execute("INSERT INTO assignments (exam_id, person_id) VALUES (%s, %s)", (pools, mark.id))
    assert len(await seen_by(hall, mark, pools, "marker")) == len(FOR_ALL) + len(POOLED) + 1
    assert await seen_by(hall, other, pools, "marker") == set()


async def test_of_an_exam_without_pools_whoever_sits_it_sees_every_picture(hall: Hall, alice: Caller) -> None:
    text = EXAM.replace("    draw: 2\n", "")
    async with hall.database.transaction() as conn:
        exam_id = await import_exam(conn, read_exam_file(text), created_by=None)
    assert await seen_by(hall, alice, exam_id) == {"instructions"}
    await alice.post(f"/api/v1/exams/{exam_id}/sessions")
    assert await seen_by(hall, alice, exam_id) == {*FOR_ALL, *POOLED, "nowhere"}
