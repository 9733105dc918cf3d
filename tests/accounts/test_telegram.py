import asyncio
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.accounts.identities import ProofInvalid
from examhall.accounts.telegram import OLDEST, ProofTooOld, read_proof
from examhall.base import clock
from tests.accounts.office import count

TOKEN = "123456:" + "t" * 35
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def signed(token: str = TOKEN, **fields: str | int) -> dict[str, str | int]:
    """As https://core.telegram.org/widgets/login says, written once more and the long way."""
    lines = sorted(f"{name}={value}" for name, value in fields.items())
    secret = hashlib.sha256(token.encode("ascii"))
    code = hmac.new(secret.digest(), "\n".join(lines).encode(), hashlib.sha256)
    return fields | {"hash": code.hexdigest()}


def alice(at: datetime = NOW, **more: str | int) -> dict[str, str | int]:
    fields: dict[str, str | int] = {"id": 4711, "first_name": "Олима", "auth_date": int(at.timestamp())}
    return signed(**fields | more)


def test_a_line_in_a_name_is_no_field():
    """What Telegram would sign for an account named so, read as if it were somebody else's."""
    given = alice(first_name="Mallory\nid=1", last_name="M")
    forged = given | {"first_name": "Mallory", "id": 1}
    forged[f"id={given['id']}\nlast_name"] = forged.pop("last_name")
    with pytest.raises(ProofInvalid):
        read_proof(forged, bot_token=TOKEN, now=NOW)


def test_a_published_example_is_accepted():
    # Worked out with another program: printf and openssl.
    fields = {
        "id": "1",
        "first_name": "Ada",
        "auth_date": "1893499200",
        "hash": "3448282f7e13a36eaac92490bdc473b809fd9b254c5782d552d08cb6ea40bf4a",
    }
    proof = read_proof(fields, bot_token=TOKEN, now=NOW)
    assert (proof.identity.subject, proof.identity.full_name) == ("1", "Ada")


def test_who_it_is_is_what_telegram_says():
    identity = read_proof(alice(last_name="Каримова", username="olima"), bot_token=TOKEN, now=NOW).identity
    assert identity.provider == "telegram"
    assert identity.subject == "4711"
    assert identity.full_name == "Олима Каримова"
    assert identity.email is None


@pytest.mark.parametrize("name", ["id", "first_name", "auth_date", "photo_url"])
def test_no_field_can_be_changed(name):
    fields = alice(photo_url="https://example.org/a.jpg")
    with pytest.raises(ProofInvalid):
        read_proof(fields | {name: "5"}, bot_token=TOKEN, now=NOW)


def test_no_field_can_be_added_or_taken_away():
    with pytest.raises(ProofInvalid):
        read_proof(alice() | {"username": "boss"}, bot_token=TOKEN, now=NOW)
    fields = alice(last_name="Smith")
    del fields["last_name"]
    with pytest.raises(ProofInvalid):
        read_proof(fields, bot_token=TOKEN, now=NOW)


@pytest.mark.parametrize("given", ["", "é", "A" * 64, "0" * 63])
def test_another_hash_is_refused(given):
    with pytest.raises(ProofInvalid):
        read_proof(alice() | {"hash": given}, bot_token=TOKEN, now=NOW)


def test_another_bots_signature_is_refused():
    fields = {"id": 1, "auth_date": int(NOW.timestamp())}
    with pytest.raises(ProofInvalid):
        read_proof(signed("654321:" + "t" * 35, **fields), bot_token=TOKEN, now=NOW)


def test_age_is_limited_both_ways():
    read_proof(alice(NOW - OLDEST), bot_token=TOKEN, now=NOW)
    for at in (NOW - OLDEST - timedelta(seconds=1), NOW + timedelta(minutes=2)):
        with pytest.raises(ProofTooOld):
            read_proof(alice(at), bot_token=TOKEN, now=NOW)


@pytest.mark.parametrize("fields", [{}, {"id": 1}, {"auth_date": 1}, {"id": "1 OR 1=1", "auth_date": 1}])
def test_signed_nonsense_is_refused_too(fields):
    with pytest.raises(ProofInvalid):
        read_proof(signed(**fields), bot_token=TOKEN, now=NOW)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(), max_size=6))
def test_whatever_comes_is_refused_and_breaks_nothing(fields):
    with pytest.raises(ProofInvalid):
        read_proof(fields, bot_token=TOKEN, now=NOW)


@pytest.fixture
def with_bot(app):
    app.state.settings.telegram_bot_token = TOKEN


pytestmark = [pytest.mark.anyio]


async def show(client, **more):
    return await client.post("/auth/telegram", json=alice(clock.now(), **more))


async def test_somebody_new_becomes_a_candidate_and_is_known_the_next_time(client, with_bot, database):
    first = await show(client, last_name="K.")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    user = first.json()["user"]
    assert (user["username"], user["full_name"], user["roles"]) == (
        "telegram-4711",
        "Олима K.",
        ["candidate"],
    )
    me = await client.get("/me", headers={"Authorization": f"Bearer {first.json()['access_token']}"})
    assert me.json()["id"] == user["id"]
    again = await show(client, username="olima")
    assert again.json()["user"]["id"] == user["id"]


async def test_a_proof_is_good_once_however_many_show_it(client, with_bot, database):
    fields = alice(clock.now())
    replies = await asyncio.gather(*(client.post("/auth/telegram", json=fields) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] + [401] * 19
    assert {reply.json()["code"] for reply in replies if reply.status_code == 401} == {"proof_used"}
    assert await count(database, "sign_ins") == 1


async def test_somebody_new_coming_many_times_at_once_is_one_person(client, with_bot, database):
    replies = await asyncio.gather(*(show(client, first_name=f"A{number}") for number in range(20)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["user"]["id"] for reply in replies}) == 1
    assert await count(database, "people") == 1


async def test_a_refused_sign_up_leaves_nothing_and_spends_nothing(client, with_bot, app, database):
    app.state.settings.sign_up = False
    fields = alice(clock.now())
    reply = await client.post("/auth/telegram", json=fields)
    assert (reply.status_code, reply.json()["code"]) == (403, "sign_up_closed")
    assert await count(database, "people") == await count(database, "spent_proofs") == 0
    app.state.settings.sign_up = True
    assert (await client.post("/auth/telegram", json=fields)).status_code == 200


async def test_an_inactive_account_stays_closed(client, with_bot, database):
    await show(client)
    async with database.transaction() as conn:
        await conn.execute("UPDATE people SET active = false")
    reply = await show(client, username="again")
    assert (reply.status_code, reply.json()["code"]) == (403, "account_closed")


async def test_without_a_bot_there_is_no_such_way_in(client):
    reply = await show(client)
    assert (reply.status_code, reply.json()["code"]) == (404, "telegram_not_set_up")


@pytest.mark.parametrize(
    "body", [[], {"id": [1]}, {"id": True, "hash": "x"}, {"x" * 51: "y"}, {"id": "x" * 1001}, {"id": "\0"}]
)
async def test_what_telegram_never_sends_is_malformed(client, with_bot, body):
    reply = await client.post("/auth/telegram", json=body)
    assert reply.status_code == 422


async def test_a_name_is_a_line_of_text(client, with_bot):
    reply = await show(client, first_name="<b>A\u202e\nB</b>\u0007", last_name="x" * 300)
    name = reply.json()["user"]["full_name"]
    assert name.startswith("<b>A B</b> xxx")
    assert len(name) == 200
