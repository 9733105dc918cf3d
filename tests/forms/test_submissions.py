"""Submissions: one however often it is sent, what they give, and from which status to which."""

import asyncio
from typing import Any

import pytest

from examhall.accounts.access import Person
from examhall.accounts.people import find_account
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection, Database
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.forms.checking import BadAnswers
from examhall.forms.erasing import erase_submission
from examhall.forms.fields import write_document
from examhall.forms.forms import FormChanged, FormNotOpen, NoSuchForm, edit_form, find_form
from examhall.forms.history import list_history
from examhall.forms.organisations import set_member
from examhall.forms.submissions import (
    NEXT,
    STATUSES,
    Filled,
    NoSuchSubmission,
    NotFromHere,
    RequestKeyUsed,
    SentAlready,
    UnknownOrganisation,
    change_status,
    find_submission,
    find_submission_for,
    submit,
    withdraw,
)

from ..courses.rows import add_course
from .rows import AGE, DATA, NAME, add_admin, add_form, add_organisation, add_person

pytestmark = pytest.mark.anyio
SIGNER = Signer("a secret for tests that is long enough")


async def send(conn: Connection, form_id: int, me: Person | None, key: str = "k", **more: Any) -> int:
    wanted: dict[str, Any] = {"fields_version": 1, "data": DATA} | more
    filled = Filled(**wanted)
    return (await submit(conn, SIGNER, form_id, filled, me=me, request_key=key)).submission_id


async def edit(conn: Connection, form_id: int, me: Person, fields: Any = None, **changed: Any) -> None:
    form = await find_form(conn, form_id)
    settings = type(form.settings)(**vars(form.settings) | changed)
    schema = form.schema if fields is None else write_document(fields)
    await edit_form(conn, form_id, settings, version=form.version, schema=schema, order=None, me=me)


async def test_what_was_sent_is_kept_with_the_version_it_was_filled_in_by(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(conn, olga)
    submission_id = await send(conn, form_id, ann)
    await edit(conn, form_id, olga, [NAME])
    found = await find_submission(conn, submission_id)
    assert (found.data, found.form_version, found.status, found.full_name) == (DATA, 1, "new", "Ann")
    older = await find_form(conn, form_id, fields_version=1)
    assert [field.name for field in older.fields] == ["name", "age"]
    assert (await find_form(conn, form_id)).fields_version == 2


async def test_a_form_that_changed_meanwhile_says_so(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(conn, olga)
    # Its title is no matter of whoever is filling it in.
    await edit(conn, form_id, olga, title="Another")
    await send(conn, form_id, ann)
    await edit(conn, form_id, olga, [NAME])
    with pytest.raises(FormChanged) as refused:
        await send(conn, form_id, ann, "k2")
    assert refused.value.details["fields_version"] == 2


async def test_one_request_is_one_submission_however_often_it_arrives(database: Database) -> None:
    async with database.transaction() as conn:
        olga, ann = await add_admin(conn), await add_person(conn)
        form_id = await add_form(conn, olga, once=True)

    async def request() -> int:
        async with database.transaction() as conn:
            return await send(conn, form_id, ann)

    assert len(set(await asyncio.gather(*(request() for _ in range(20))))) == 1
    async with database.transaction() as conn:
        await edit(conn, form_id, olga, status="closed")
        # The answer got lost on its way; the form was closed meanwhile.
        assert await send(conn, form_id, ann)
        with pytest.raises(FormNotOpen):
            await send(conn, form_id, ann, "another")
        with pytest.raises(RequestKeyUsed):
            await send(conn, form_id, ann, data={"name": "Ben"})


async def test_strangers_requests_are_told_apart_too(conn: Connection) -> None:
    olga = await add_admin(conn)
    form_id = await add_form(conn, olga, strangers=True)
    link = (await find_form(conn, form_id)).link
    filled = Filled(1, DATA)
    with pytest.raises(NoSuchForm):
        await submit(conn, SIGNER, form_id, filled, me=None, request_key="k", link="guessed")
    sent = [
        await submit(conn, SIGNER, form_id, filled, me=None, request_key=key, link=link)
        for key in ("a", "a", "b")
    ]
    assert [each.is_new for each in sent] == [True, False, True]
    assert sent[0].submission_id == sent[1].submission_id


async def test_submissions_that_came_by_the_same_key_can_all_be_erased(conn: Connection) -> None:
    olga = await add_admin(conn)
    form_id = await add_form(conn, olga, strangers=True)
    link = (await find_form(conn, form_id)).link
    theirs = [await send(conn, form_id, await add_person(conn), "1") for _ in range(2)]
    stranger = await submit(conn, SIGNER, form_id, Filled(1, DATA), me=None, request_key="1", link=link)
    for submission_id in (*theirs, stranger.submission_id):
        await erase_submission(conn, submission_id, by=olga.id)
        assert (await find_submission(conn, submission_id)).data is None


async def test_a_form_that_can_be_sent_once_is(database: Database) -> None:
    async with database.transaction() as conn:
        olga, ann = await add_admin(conn), await add_person(conn)
        form_id = await add_form(conn, olga, once=True)

    async def request(key: str) -> int | None:
        try:
            async with database.transaction() as conn:
                return await send(conn, form_id, ann, key)
        except SentAlready:
            return None

    sent = await asyncio.gather(*(request(str(n)) for n in range(10)))
    [submission_id] = [each for each in sent if each]
    async with database.transaction() as conn:
        await withdraw(conn, submission_id, me=ann)
        again = await send(conn, form_id, ann, "again")
        # What was withdrawn can be sent anew; what was rejected comes back only if nothing else stands.
        await change_status(conn, SIGNER, again, to="rejected", version=1, me=olga)
        await send(conn, form_id, ann, "third")
        with pytest.raises(SentAlready):
            await change_status(conn, SIGNER, again, to="in_review", version=2, me=olga)


async def test_a_form_that_is_being_closed_takes_all_or_nothing(database: Database) -> None:
    async with database.transaction() as conn:
        olga, ann = await add_admin(conn), await add_person(conn)
        form_id = await add_form(conn, olga)
    async with database.transaction() as closing:
        await edit(closing, form_id, olga, status="closed")

        async def late() -> None:
            async with database.transaction() as conn:
                await send(conn, form_id, ann)

        waiting = asyncio.create_task(late())
        await asyncio.sleep(0.2)
        assert not waiting.done()
    with pytest.raises(FormNotOpen):
        await waiting


@pytest.mark.parametrize("start", STATUSES)
@pytest.mark.parametrize("to", STATUSES)
async def test_only_the_ways_that_there_are_can_be_gone(conn: Connection, start: str, to: str) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    submission_id = await send(conn, await add_form(conn, olga), ann)
    await conn.execute("UPDATE form_submissions SET status = %s WHERE id = %s", (start, submission_id))
    if to in NEXT[start]:
        await change_status(conn, SIGNER, submission_id, to=to, version=1, me=olga)
        assert (await find_submission(conn, submission_id)).status == to
    else:
        with pytest.raises(NotFromHere):
            await change_status(conn, SIGNER, submission_id, to=to, version=1, me=olga)


async def test_of_two_who_decide_at_once_one_does(database: Database) -> None:
    async with database.transaction() as conn:
        olga, ann = await add_admin(conn), await add_person(conn)
        submission_id = await send(conn, await add_form(conn, olga), ann)

    async def decide(to: str) -> str | None:
        try:
            async with database.transaction() as conn:
                await change_status(conn, SIGNER, submission_id, to=to, version=1, me=olga)
        except SomebodyWasFaster:
            return None
        return to

    decided = {each for each in await asyncio.gather(*map(decide, ["accepted", "rejected"] * 4)) if each}
    async with database.transaction() as conn:
        found = await find_submission(conn, submission_id)
        # Whoever repeats what was decided is told that it is so.
        assert decided == {found.status}
        history = await list_history(conn, submission_id)
    assert [event.what for event in history] == ["submitted", "status"]


async def test_only_the_sender_withdraws_and_not_what_is_decided(conn: Connection) -> None:
    olga, ann, mallory = await add_admin(conn), await add_person(conn), await add_person(conn)
    submission_id = await send(conn, await add_form(conn, olga), ann)
    for stranger in (mallory, olga):
        with pytest.raises(NoSuchSubmission):
            await withdraw(conn, submission_id, me=stranger)
    await withdraw(conn, submission_id, me=ann)
    await withdraw(conn, submission_id, me=ann)
    assert [event.to_status for event in await list_history(conn, submission_id)] == ["new", "withdrawn"]
    accepted = await send(conn, await add_form(conn, olga), ann)
    await change_status(conn, SIGNER, accepted, to="accepted", version=1, me=olga)
    with pytest.raises(NotFromHere):
        await withdraw(conn, accepted, me=ann)


async def test_wrong_answers_leave_nothing(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(conn, olga)
    with pytest.raises(BadAnswers):
        await send(conn, form_id, ann, data={"age": 3})
    cursor = await conn.execute("SELECT count(*) FROM form_submissions")
    assert await cursor.fetchone() == (0,)


async def test_an_organisations_form_is_its_members(conn: Connection) -> None:
    olga, ann, mallory = await add_admin(conn), await add_person(conn), await add_person(conn)
    centre = await add_organisation(conn)
    form_id = await add_form(conn, olga, organisation_id=centre)
    username = (await find_account(conn, ann.id)).username
    await set_member(conn, centre, username=username, manager=False)
    submission_id = await send(conn, form_id, ann)
    assert (await find_submission(conn, submission_id)).organisation_id == centre
    with pytest.raises(NoSuchForm):
        await send(conn, form_id, mallory)
    # Who came with a ticket for an exam fills in no forms.
    with pytest.raises(NoSuchForm):
        await send(conn, form_id, Person(ann.id, exam_id=5), "k2")


async def test_an_organisation_is_named_by_its_code(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    centre = await add_organisation(conn, "TC-9")
    form_id = await add_form(conn, olga, asks_organisation=True)
    found = await find_submission(conn, await send(conn, form_id, ann, organisation=" tc-9 "))
    assert found.organisation_id == centre
    with pytest.raises(UnknownOrganisation):
        await send(conn, form_id, ann, "k2", organisation="TC-10")


async def test_a_manager_sees_their_organisations_submissions_and_no_others(conn: Connection) -> None:
    olga, ann, mia = await add_admin(conn), await add_person(conn), await add_person(conn, name="Mia")
    centre, other = await add_organisation(conn, "TC-1"), await add_organisation(conn, "TC-2")
    form_id = await add_form(conn, olga, asks_organisation=True)
    theirs = await send(conn, form_id, ann, organisation="TC-1")
    elsewhere = await send(conn, form_id, ann, "k2", organisation="TC-2")
    username = (await find_account(conn, mia.id)).username
    await set_member(conn, centre, username=username, manager=False)
    with pytest.raises(NoSuchSubmission):
        await find_submission_for(conn, theirs, mia)
    await set_member(conn, centre, username=username, manager=True)
    assert (await find_submission_for(conn, theirs, mia)).id == theirs
    for hidden in (elsewhere, 10**9):
        with pytest.raises(NoSuchSubmission):
            await find_submission_for(conn, hidden, mia)
    assert other != centre


async def add_exam(conn: Connection) -> int:
    cursor = await conn.execute(
        "INSERT INTO exams (title, kind, duration_s) VALUES ('Mock', 'mock_exam', 60) RETURNING id"
    )
    return int((await cursor.fetchall())[0][0])


async def given(conn: Connection, person_id: int) -> tuple[int, int]:
    """How many places in courses and tickets somebody has."""
    cursor = await conn.execute(
        "SELECT (SELECT count(*) FROM enrolments WHERE person_id = %(id)s AND active),"
        " (SELECT count(*) FROM tickets WHERE person_id = %(id)s)",
        {"id": person_id},
    )
    [(courses, tickets)] = await cursor.fetchall()
    return courses, tickets


async def test_what_a_form_gives_at_once_is_given_with_the_submission(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(
        conn, olga, enrols_in=await add_course(conn), tickets_for=await add_exam(conn), gives="at_once"
    )
    submission_id = await send(conn, form_id, ann)
    await send(conn, form_id, ann)
    await send(conn, form_id, ann, "second")
    assert await given(conn, ann.id) == (1, 1)
    history = [event.what for event in await list_history(conn, submission_id)]
    assert history == ["submitted", "enrolled", "ticketed"]


async def test_what_a_form_gives_on_acceptance_is_given_then_and_once(conn: Connection) -> None:
    olga, ann, ben = await add_admin(conn), await add_person(conn), await add_person(conn)
    exam_id = await add_exam(conn)
    await conn.execute("INSERT INTO assignments VALUES (%s, %s)", (exam_id, ben.id))
    form_id = await add_form(conn, olga, enrols_in=await add_course(conn), tickets_for=exam_id)
    submission_id = await send(conn, form_id, ann)
    assert await given(conn, ann.id) == (0, 0)
    await change_status(conn, SIGNER, submission_id, to="accepted", version=1, me=olga)
    # An answer that got lost: the same again.
    await change_status(conn, SIGNER, submission_id, to="accepted", version=1, me=olga)
    assert await given(conn, ann.id) == (1, 1)
    cursor = await conn.execute("SELECT admitted FROM admission(%s, NULL, %s)", (exam_id, ann.id))
    assert await cursor.fetchone() == (True,)


async def test_what_cannot_be_given_is_not_half_given(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(conn, olga, enrols_in=await add_course(conn), tickets_for=await add_exam(conn))
    submission_id = await send(conn, form_id, ann)
    await conn.execute("UPDATE people SET active = false WHERE id = %s", (ann.id,))
    with pytest.raises(Refusal):
        async with conn.transaction():
            await change_status(conn, SIGNER, submission_id, to="accepted", version=1, me=olga)
    assert await given(conn, ann.id) == (0, 0)
    assert (await find_submission(conn, submission_id)).status == "new"


async def test_a_field_that_is_gone_is_not_asked_for(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    form_id = await add_form(conn, olga, fields=[AGE])
    with pytest.raises(BadAnswers):
        await send(conn, form_id, ann)
