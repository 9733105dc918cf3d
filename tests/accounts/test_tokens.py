import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from examhall.accounts import tokens
from examhall.accounts.tokens import (
    ACCESS_LIFE,
    BROWSER_LIFE,
    COOKIE_LIFE,
    COOKIE_RENEWED_AFTER,
    Signer,
    TokenInvalid,
)
from examhall.base import clock

SECRET = "a secret of the tests and of nobody else"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SIGN_IN = UUID(int=7)


@pytest.fixture
def at(monkeypatch):
    """Move the clock: `at(NOON)`."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    at(NOON)
    return at


@pytest.fixture
def access(signer, at) -> str:
    return signer.access_token(42, SIGN_IN, ["author"], exam_id=3)


def test_a_token_says_who_and_for_which_exam(signer, access):
    for _ in range(2):
        claims = signer.read_access(access)
        assert (claims.person_id, claims.sign_in_id, claims.roles, claims.exam_id) == (
            42,
            SIGN_IN,
            ("author",),
            3,
        )


def test_every_process_with_the_secret_reads_it_and_no_other(access):
    assert Signer(SECRET.encode()).read_access(access).person_id == 42
    with pytest.raises(TokenInvalid):
        Signer(SECRET + "!").read_access(access)


def test_it_runs_out_even_where_it_was_read_before(signer, access, at):
    at(NOON + ACCESS_LIFE - timedelta(seconds=1))
    signer.read_access(access)
    at(NOON + ACCESS_LIFE)
    with pytest.raises(TokenInvalid):
        signer.read_access(access)


def test_it_dies_with_its_sign_in_even_where_it_was_read_before(signer, access):
    signer.read_access(access)
    signer.ended.remember_ended(str(SIGN_IN))
    with pytest.raises(TokenInvalid):
        signer.read_access(access)


def test_a_token_of_one_purpose_means_nothing_to_another(signer, access):
    cookie = signer.cookie_token(42, SIGN_IN, ["author"])
    with pytest.raises(TokenInvalid):
        signer.read_cookie(access)
    with pytest.raises(TokenInvalid):
        signer.read_access(cookie)
    with pytest.raises(TokenInvalid):
        signer.read_access(signer.ticket(SIGN_IN))
    assert signer.read_ticket(access) is None
    assert not signer.is_csrf_token(signer.read_cookie(cookie), cookie)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries() -> list[str]:
    claims = {"sub": "1", "sid": str(SIGN_IN), "roles": ["admin"], "iat": 0, "exp": 2**40}
    public = OctKey.import_key(b"k" * 32)
    return [
        "",
        ".",
        "..",
        f"{part({'alg': 'none'})}.{part(claims)}.",
        f"{part({'alg': 'None'})}.{part(claims)}.",
        f"{part({'alg': 'HS256'})}.{part(claims)}.",
        jwt.encode({"alg": "HS256"}, claims, public),
        jwt.encode({"alg": "HS512"}, claims, OctKey.import_key(b"k" * 64), algorithms=["HS512"]),
        jwt.encode(
            {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}, "kid": "../../dev/null"}, claims, public
        ),
        f"{part([])}.{part(claims)}.AAAA",
        "W1tbW1tb" * 240 + ".e30.AAAA",
        "é.é.é",
        "\ud800",
        "a" * 5_000,
    ]


@pytest.mark.parametrize("forged", forgeries())
def test_what_we_did_not_sign_is_refused(signer, at, forged):
    with pytest.raises(TokenInvalid):
        signer.read_access(forged)
    assert signer.read_ticket(forged) is None


def test_a_changed_token_is_refused(signer, access):
    header, payload, signature = access.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    with pytest.raises(TokenInvalid):
        signer.read_access(f"{header}.{part(claims | {'roles': ['admin']})}.{signature}")


def test_memory_of_read_tokens_is_bounded(signer, at, monkeypatch):
    monkeypatch.setattr(tokens, "CACHED_TOKENS", 3)
    made = [signer.access_token(number, uuid4(), []) for number in range(10)]
    for number, token in enumerate(made * 2):
        assert signer.read_access(token).person_id == number % 10
    assert len(signer._access._read) == 3


def test_a_secret_that_could_be_guessed_is_not_taken():
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Signer("short")


def test_an_old_cookie_is_renewed_and_a_young_one_is_not(signer, at):
    claims = signer.read_cookie(signer.cookie_token(42, SIGN_IN, ["candidate"], exam_id=3))
    assert signer.renewed_cookie(claims) is None
    at(NOON + COOKIE_RENEWED_AFTER)
    renewed = signer.renewed_cookie(claims)
    at(NOON + COOKIE_RENEWED_AFTER + COOKIE_LIFE - timedelta(seconds=1))
    assert signer.read_cookie(renewed).exam_id == 3
    assert signer.csrf_token(signer.read_cookie(renewed)) == signer.csrf_token(claims)


def test_no_renewal_keeps_a_browser_signed_in_beyond_its_life(signer, at):
    """After that the database has forgotten the sign-in, and nobody could end it any more."""
    end = NOON + BROWSER_LIFE
    moment, claims = NOON, signer.read_cookie(signer.cookie_token(42, SIGN_IN, ["admin"], exam_id=3))
    while (moment := moment + COOKIE_LIFE - timedelta(minutes=1)) < end:
        at(moment)
        if (renewed := signer.renewed_cookie(claims)) is not None:
            claims = signer.read_cookie(renewed)
        assert (claims.roles, claims.exam_id, claims.signed_in_at) == (("admin",), 3, NOON.timestamp())
    assert claims.expires_at == end.timestamp()
    assert signer.renewed_cookie(claims) is None


def test_a_csrf_token_belongs_to_one_sign_in(signer, at):
    mine = signer.read_cookie(signer.cookie_token(42, SIGN_IN, []))
    theirs = signer.read_cookie(signer.cookie_token(42, UUID(int=8), []))
    assert signer.is_csrf_token(mine, signer.csrf_token(mine))
    assert not signer.is_csrf_token(mine, signer.csrf_token(theirs))
    assert not signer.is_csrf_token(mine, "")
    assert not signer.is_csrf_token(mine, "é\ud800")


@given(st.uuids())
def test_a_ticket_reads_back_and_no_other_way_of_writing_it_does(ticket_id):
    signer = Signer(SECRET)
    token = signer.ticket(ticket_id)
    assert signer.read_ticket(token) == ticket_id
    assert Signer(SECRET + "!").read_ticket(token) is None
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {token[:-1] + character for character in last} - {token}
    others |= {token + "=", token + " ", token[1:], token.replace(token[0], "+", 1)}
    assert {signer.read_ticket(other) for other in others} == {None}
