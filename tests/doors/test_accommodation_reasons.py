"""Why somebody has more time is read by those who give it; everybody in the office sees that they have it."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.courses.groups import change_members, create_group
from examhall.exams.accommodations import Terms, give_accommodation
from tests.sittings.seats import add_exam, add_seat

pytestmark = pytest.mark.anyio

WHY = "Dyslexia, certified"


@pytest.fixture
async def room(hall: Hall, call: Any) -> tuple[int, int, int, int]:
    """An exam, a group, somebody in it, and their sitting; the person has more time, and so has the group."""
    alice = await call("alice")
    async with hall.database.transaction() as conn:
        exam_id = await add_exam(conn)
        seat = await add_seat(conn, candidate_id=alice.id, exam_id=exam_id)
        group_id = await create_group(conn, name="Room 4", description="", created_by=None)
        await change_members(conn, group_id, ["alice"], way="add")
        for whose in ({"person_id": alice.id}, {"group_id": group_id}):
            await give_accommodation(
                conn, Terms(factor=Decimal("1.25"), reason=WHY), by=None, exam_id=exam_id, **whose
            )
    return exam_id, group_id, alice.id, seat.sitting_id


@pytest.mark.parametrize(
    ("role", "reads"), [("invigilator", False), ("analyst", False), ("author", True), ("admin", True)]
)
async def test_a_reason_is_read_by_those_who_give_time_and_the_time_by_all_of_the_staff(
    call: Any, hall: Hall, room: tuple[int, int, int, int], role: str, reads: bool
) -> None:
    exam_id, group_id, alice_id, sitting_id = room
    me = await call("olga", role)
    for query in (f"exam_id={exam_id}", f"group_id={group_id}"):
        reply = await me.get(f"/api/v1/accommodations?{query}")
        assert reply.status_code == 200
        assert {each["factor"] for each in reply.json()} == {1.25}
        assert {each["reason"] for each in reply.json()} == {WHY if reads else ""}
    of_person = await me.get(f"/api/v1/accommodations?person_id={alice_id}")
    assert (of_person.status_code == 200, WHY in of_person.text) == (reads, reads)

    me.client.cookies.set("examhall", hall.signer.cookie_token(me.id, uuid4(), [role]))
    for page in (f"/staff/exams/{exam_id}/candidates", f"/staff/groups/{group_id}"):
        reply = await me.get(page)
        assert (reply.status_code, WHY in reply.text) == (200, reads), page
        assert "1.25" in reply.text
    elsewhere = [
        f"/staff/exams/{exam_id}/live",
        f"/staff/exams/{exam_id}/history",
        f"/staff/exams/{exam_id}/sittings/{sitting_id}",
        f"/api/v1/sessions/{sitting_id}/evidence",
        f"/api/v1/exams/{exam_id}/candidates",
        f"/api/v1/exams/{exam_id}/interventions",
        f"/api/v1/exams/{exam_id}/owed-time",
        "/staff/audit",
        "/staff/audit.csv",
        "/api/v1/audit",
    ]
    if not reads:
        for page in elsewhere:
            assert WHY not in (await me.get(page)).text, page


async def test_a_candidate_reads_no_reason_of_anybody(call: Any, room: tuple[int, int, int, int]) -> None:
    exam_id, group_id, alice_id, _ = room
    bob = await call("bob")
    for query in (f"exam_id={exam_id}", f"group_id={group_id}", f"person_id={alice_id}"):
        assert (await bob.get(f"/api/v1/accommodations?{query}")).status_code == 403


async def test_who_is_put_into_a_group_that_has_more_time_is_seen_there_and_on_record(
    call: Any, hall: Hall
) -> None:
    olga, ada, alice = await call("olga", "author"), await call("ada", "admin"), await call("alice")
    async with hall.database.transaction() as conn:
        exam_id = await add_exam(conn)
        await add_seat(conn, candidate_id=alice.id, exam_id=exam_id)
        group_id = await create_group(conn, name="Room 4", description="", created_by=None)
        await give_accommodation(conn, Terms(extra_s=900), by=None, exam_id=exam_id, group_id=group_id)
    olga.client.cookies.set("examhall", hall.signer.cookie_token(olga.id, uuid4(), ["author"]))

    async def seen() -> tuple[int, list[str], bool]:
        [found] = (await olga.get(f"/api/v1/exams/{exam_id}/candidates")).json()["items"]
        page = (await olga.get(f"/staff/exams/{exam_id}/candidates")).text
        return found["extra_s"], found["through_groups"], "by group Room 4" in page

    assert await seen() == (0, [], False)
    for way, expected in (("add", (900, ["Room 4"], True)), ("remove", (0, [], False))):
        body = {"usernames": ["alice"], "way": way}
        assert (await olga.post(f"/api/v1/groups/{group_id}/members", body)).status_code == 200
        assert await seen() == expected
    record = (await ada.get(f"/api/v1/audit?kind=group_members&person_id={alice.id}")).json()["items"]
    assert [(each["deed"], each["actor_id"], each["thing"]) for each in record] == [
        (deed, olga.id, f"{group_id},{alice.id}") for deed in ("removed", "added")
    ]
    # What is theirs by name stands before the group's.
    async with hall.database.transaction() as conn:
        await give_accommodation(conn, Terms(extra_s=60), by=None, exam_id=exam_id, person_id=alice.id)
    await olga.post(f"/api/v1/groups/{group_id}/members", {"usernames": ["alice"]})
    assert await seen() == (60, [], False)
