"""The directory: people are found in any script, by an index, and changed without harm to the others."""

import asyncio
import csv
from io import StringIO
from uuid import uuid4

import psycopg
import pytest

from examhall.accounts.directory import (
    SQL,
    NoSuchSignIn,
    Sought,
    edit_person,
    end_sign_in_of,
    find_person,
    list_people,
    list_sign_ins,
    people_csv,
)
from examhall.accounts.people import (
    EmailTaken,
    LastAdmin,
    NoSuchPerson,
    OwnRights,
    UsernameTaken,
    create_person,
    import_people,
)
from examhall.base.errors import SomebodyWasFaster
from tests.accounts.office import count

pytestmark = pytest.mark.anyio


async def found(conn, search, **sought):
    return [each.username for each in await list_people(conn, Sought(search, **sought), limit=50)]


async def change(conn, person_id, *, by, **changes):
    now = vars(await find_person(conn, person_id))
    now = {name: now[name] for name in ("version", "username", "full_name", "email", "roles", "active")}
    return await edit_person(conn, person_id, by=by, **now | changes)


@pytest.fixture
async def people(conn):
    return {
        username: await create_person(
            conn, username=username, full_name=full_name, email=f"{username}@example.com", roles=[role]
        )
        for username, full_name, role in (
            ("otkir", "Oʻtkir Gʻulomov", "candidate"),
            ("zhanna", "Жанна Ёлкина", "candidate"),
            ("ada_l", "Ada Lovelace", "admin"),
            ("noor", "نور الهدى", "author"),
        )
    }


@pytest.mark.parametrize(
    ("search", "usernames"),
    [
        ("ada", ["ada_l"]),
        ("LOVE a", ["ada_l"]),
        ("ace", []),
        ("o'tkir", ["otkir"]),
        ("O‘tkir g'ulom", ["otkir"]),
        ("жан ёл", ["zhanna"]),
        ("نور", ["noor"]),
        ("zhanna@example.com", ["zhanna"]),
        ("%", []),
        ("' | !x:* & \\", []),
        ("ada' & 'x", []),
    ],
)
async def test_people_are_found_by_the_beginnings_of_words(conn, people, search, usernames):
    assert await found(conn, search) == usernames


async def test_people_are_filtered_and_come_by_name_page_by_page(conn, people):
    assert await found(conn, "", role="author") == ["noor"]
    assert await found(conn, "example", role="candidate") == ["otkir", "zhanna"]
    await change(conn, people["noor"], by=people["ada_l"], active=False)
    assert await found(conn, "", active=False) == ["noor"]
    names = []
    after = 0
    while page := await list_people(conn, Sought(), after=after, limit=1):
        names += [page[0].username]
        after = page[0].id
    assert names == ["ada_l", "otkir", "zhanna", "noor"]


async def test_of_100_000_people_a_search_reads_the_few_by_an_index(dsn):
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            """INSERT INTO people (username, full_name, email)
               SELECT 'person' || n, 'Name' || n % 3000 || ' Family' || n % 7000, 'p' || n || '@example.com'
                 FROM generate_series(1, 100000) AS n"""
        )
        conn.execute("VACUUM ANALYZE people")
        where = {"role": None, "active": None, "group_id": None, "after": 0, "after_name": "", "limit": 51}
        searched = _plan(conn, SQL.search_people, where | {"search": "name77 family777"})
        listed = _plan(conn, SQL.list_people, where | {"after_name": "name5", "after": 500})
    assert "people_words" in searched
    assert "Seq Scan on people" not in searched
    assert "people_name" in listed
    assert "Seq Scan on people" not in listed


def _plan(conn, query, values):
    return "\n".join(line for (line,) in conn.execute(f"EXPLAIN {query.text}".encode(), values))


async def test_of_two_edits_of_a_version_the_second_is_told(conn, people):
    otkir, ada = people["otkir"], people["ada_l"]
    await change(conn, otkir, by=ada, full_name="Oʻtkir")
    with pytest.raises(SomebodyWasFaster) as caught:
        await change(conn, otkir, by=ada, full_name="Another", version=1)
    assert caught.value.details == {"version": 2}
    with pytest.raises(NoSuchPerson):
        await edit_person(
            conn, 10**9, by=ada, version=1, username="x", full_name="X", email=None, roles=[], active=True
        )


async def test_nobody_takes_a_name_or_an_address_that_somebody_has(conn, people):
    for changes, refusal in (
        ({"username": "ADA_L"}, UsernameTaken),
        ({"email": "NOOR@example.com"}, EmailTaken),
    ):
        with pytest.raises(refusal):
            async with conn.transaction():
                await change(conn, people["otkir"], by=people["ada_l"], **changes)


@pytest.mark.parametrize(
    "changes", [{"roles": ["admin", "author"]}, {"roles": ["candidate"]}, {"active": False}]
)
async def test_nobody_changes_their_own_rights(conn, people, changes):
    ada = people["ada_l"]
    await change(conn, people["noor"], by=ada, roles=["admin"])
    with pytest.raises(OwnRights):
        await change(conn, ada, by=ada, **changes)
    # Their name they may.
    assert (await change(conn, ada, by=ada, full_name="Ada King")).full_name == "Ada King"


@pytest.mark.parametrize("changes", [{"roles": ["candidate"]}, {"active": False}])
async def test_the_last_admin_stays_one(conn, people, changes):
    with pytest.raises(LastAdmin):
        await change(conn, people["ada_l"], by=people["noor"], **changes)


async def test_two_admins_who_take_the_right_from_each_other_leave_one(database):
    async with database.transaction() as conn:
        first, second = [
            await create_person(conn, username=name, full_name=name, roles=["admin"]) for name in ("a", "b")
        ]

    async def take_from(other, by):
        async with database.transaction() as conn:
            await change(conn, other, by=by, roles=["candidate"])

    done = await asyncio.gather(take_from(first, second), take_from(second, first), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["LastAdmin", "NoneType"]
    assert await count(database, "people", "'admin' = ANY(roles)") == 1


async def test_a_file_takes_the_last_admin_away_as_little_as_a_form(database, passwords, admin):
    for text, by, refusal in (
        ("username,full_name,roles\nadam,Adam,candidate\n", None, LastAdmin),
        ("username,full_name,roles\nADAM,Adam,candidate\nbob,Bob,admin\n", admin, OwnRights),
        ("username,full_name,active\nadam,Adam,no\nbob,Bob,\n", admin, OwnRights),
    ):
        with pytest.raises(refusal):
            await import_people(database, passwords, text, by=by)
    assert await count(database, "people", "active AND 'admin' = ANY(roles)") == 1
    assert await count(database, "people") == 1


async def test_who_loses_a_role_is_signed_out_and_who_gets_one_is_not(conn, people):
    noor, ada = people["noor"], people["ada_l"]
    sign_in = uuid4()
    await conn.execute(
        """INSERT INTO sign_ins (id, person_id, method, expires_at)
           VALUES (%s, %s, 'password', now() + interval '1 hour')""",
        (sign_in, noor),
    )
    await change(conn, noor, by=ada, roles=["author", "analyst"])
    assert [each.is_live for each in await list_sign_ins(conn, noor)] == [True]
    with pytest.raises(NoSuchSignIn):
        await end_sign_in_of(conn, ada, sign_in)
    await change(conn, noor, by=ada, roles=["analyst"])
    [ended] = await list_sign_ins(conn, noor)
    assert (ended.is_live, ended.ended_by) == (False, "staff")


async def test_the_export_comes_back_as_it_is_and_holds_no_formula(database, passwords):
    async with database.transaction() as conn:
        for username, full_name in (("mallory", '=HYPERLINK("http://evil")'), ("ada", 'Ada "Countess", L.')):
            await create_person(conn, username=username, full_name=full_name)
    text = "".join([piece async for piece in people_csv(database, Sought())])
    rows = {row["username"]: row for row in csv.DictReader(StringIO(text))}
    assert rows["mallory"]["full_name"] == "'" + '=HYPERLINK("http://evil")'
    again = await import_people(database, passwords, text)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
