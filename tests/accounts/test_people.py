import asyncio

import pytest

from examhall.accounts.directory import Sought, list_people
from examhall.accounts.people import (
    EmailTaken,
    Imported,
    NoSuchPerson,
    UsernameTaken,
    create_person,
    find_account,
    import_people,
)
from examhall.accounts.people_file import BadPeopleFile
from examhall.base.db import Database
from tests.accounts.office import PASSWORD, count, sign_in

pytestmark = pytest.mark.anyio


async def row(database, username):
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT full_name, email, roles, active, version FROM people WHERE username = %s", (username,)
        )
        return await cursor.fetchone()


async def bad_lines(database, passwords, text):
    with pytest.raises(BadPeopleFile) as caught:
        await import_people(database, passwords, text)
    return [(field["line"], field["column"]) for field in caught.value.details["fields"]]


async def test_creates_and_updates(database, passwords, alice):
    text = (
        "username,full_name,email,password,roles,active\n"
        "ALICE,Alice Again,,,,\n"
        "bob,Bob,bob@example.com,secret,author invigilator,\n"
        "carl,Carl,,,,no\n"
    )
    assert await import_people(database, passwords, text) == Imported(created=2, updated=1, unchanged=0)
    # Empty cells leave what is stored; for somebody new there is a default.
    assert await row(database, "ALICE") == ("Alice Again", "alice@example.com", ["candidate"], True, 2)
    assert await row(database, "bob") == ("Bob", "bob@example.com", ["author", "invigilator"], True, 1)
    assert await row(database, "carl") == ("Carl", None, ["candidate"], False, 1)
    await sign_in(database, passwords, name="bob", password="secret")
    await sign_in(database, passwords)


async def test_the_same_file_again_changes_nothing_and_signs_nobody_out(database, passwords):
    text = "username,full_name,email,password,roles\nbob,Bob,bob@example.com,secret,author\n"
    await import_people(database, passwords, text)
    await sign_in(database, passwords, name="bob", password="secret")
    assert await import_people(database, passwords, text) == Imported(created=0, updated=0, unchanged=1)
    assert (await row(database, "bob"))[-1] == 1
    assert await count(database, "sign_ins", "ended_at IS NOT NULL") == 0


@pytest.mark.parametrize(
    ("columns", "cells", "ended"),
    [
        ("password", "another", 1),
        ("password", PASSWORD, 0),
        ("active", "no", 1),
        ("active", "yes", 0),
        ("roles", "author", 1),
        ("roles", "author candidate", 0),
        ("email", "new@example.com", 0),
    ],
)
async def test_whoever_loses_a_right_or_gets_a_password_is_signed_out(
    database, passwords, alice, columns, cells, ended
):
    await sign_in(database, passwords)
    await import_people(database, passwords, f"username,full_name,{columns}\nalice,Alice,{cells}")
    assert await count(database, "sign_ins", "ended_by = 'staff'") == ended


async def test_one_bad_line_and_nothing_is_imported(database, passwords, alice):
    text = "username,full_name,email\nbob,Bob,bob@example.com\ncarl,Carl,ALICE@example.com\n"
    assert await bad_lines(database, passwords, text) == [(3, "email")]
    assert await count(database, "people") == 1


async def test_twice_in_a_file_is_once_too_often_whatever_the_case(database, passwords):
    text = (
        "username,full_name,email\nbob,Bob,\nBOB,Bob,\ncarl,Carl,one@example.com\ndora,Dora,ONE@example.com\n"
    )
    found = await bad_lines(database, passwords, text)
    assert found == [(2, "username"), (3, "username"), (4, "email"), (5, "email")]
    assert await count(database, "people") == 0


async def test_two_imports_of_the_same_people_at_once(dsn, database, passwords):
    other = Database(dsn)
    await other.open()
    forth = [f"p{n},P{n},p{n}@example.com,secret{n}" for n in range(20)]
    texts = ["username,full_name,email,password\n" + "\n".join(rows) for rows in (forth, forth[::-1])]
    done = await asyncio.gather(
        *(import_people((database, other)[n % 2], passwords, texts[n % 2]) for n in range(6))
    )
    assert sum(each.created for each in done) == 20
    assert await count(database, "people") == 20
    await other.close()


async def test_two_imports_at_once_that_want_one_email(dsn, database, passwords):
    other = Database(dsn)
    await other.open()
    outcomes = await asyncio.gather(
        *(
            import_people(
                (database, other)[n % 2], passwords, f"username,full_name,email\np{n},P,p@example.com"
            )
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Imported) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, BadPeopleFile) for outcome in outcomes) == 7
    await other.close()


async def test_people_sign_in_while_an_import_is_written(database, passwords, alice):
    async with database.transaction() as importing:
        await importing.execute("LOCK TABLE people IN SHARE ROW EXCLUSIVE MODE")
        await asyncio.wait_for(sign_in(database, passwords), 5)


async def test_an_account_is_created_once(conn):
    first = await create_person(conn, username="bob", full_name="Bob", email="bob@example.com")
    assert (await find_account(conn, first)).email == "bob@example.com"
    for username, email, refusal in (
        ("BOB", None, UsernameTaken),
        ("bobby", "Bob@Example.com", EmailTaken),
    ):
        with pytest.raises(refusal):
            async with conn.transaction():
                await create_person(conn, username=username, full_name="Bob", email=email)


async def test_whoever_is_inactive_is_nobody(conn):
    person_id = await create_person(conn, username="bob", full_name="Bob")
    await conn.execute("UPDATE people SET active = false")
    with pytest.raises(NoSuchPerson):
        await find_account(conn, person_id)


async def test_people_of_one_name_are_listed_in_the_order_of_their_ids(conn):
    ids = [await create_person(conn, username=f"p{n}", full_name="P") for n in range(3)]
    assert [each.id for each in await list_people(conn, Sought(), after=ids[0], limit=5)] == ids[1:]
    assert [each.id for each in await list_people(conn, Sought(), after=0, limit=2)] == ids[:2]
