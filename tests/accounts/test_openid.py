"""What a provider could send that is not the truth; the truth is told by a real one in tests/doors."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from examhall.accounts.identities import ProofInvalid
from examhall.accounts.openid import LARGEST_REPLY_BYTES, OpenId, ProviderUnavailable

pytestmark = pytest.mark.anyio

ISSUER = "https://idp.example.org"
KEY = RSAKey.generate_key(2048, {"kid": "first"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "first"})


@dataclass
class Provider:
    """Answers as told: by default as a good one does."""

    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    signing: Any = field(default_factory=lambda: KEY)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    id_token: str | None = None
    keys: KeySet = field(default_factory=lambda: KeySet([KEY]))
    token_status: int = 200
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        match request.url.path:
            case "/.well-known/openid-configuration":
                about = {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                    "userinfo_endpoint": f"{ISSUER}/userinfo",
                    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                }
                return httpx.Response(200, json=about | self.metadata)
            case "/keys":
                return httpx.Response(200, json=self.keys.as_dict(private=False))
            case "/token":
                token = {"access_token": "at", "token_type": "Bearer", "id_token": self._id_token()}
                return httpx.Response(self.token_status, json=token)
            case "/userinfo":
                return httpx.Response(200, json=self.userinfo or {"sub": "alice"})
        return httpx.Response(404)

    def _id_token(self) -> str:
        if self.id_token is not None:
            return self.id_token
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "alice", "aud": "examhall", "iat": now, "exp": now + 60}
        said = claims | {"nonce": self.nonce} | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(self.header, said, self.signing, algorithms=["RS256", "HS256"])

    def openid(self) -> OpenId:
        return OpenId(
            issuer=ISSUER,
            client_id="examhall",
            client_secret="s3cret",
            redirect_uri="https://exams.example.org/sign-in/openid/back",
            transport=httpx.MockTransport(self),
        )


async def come_back(provider: Provider):
    openid = provider.openid()
    try:
        _, begun = await openid.begin()
        provider.nonce = provider.nonce or begun.nonce
        return await openid.finish(code="c0de", begun=begun)
    finally:
        await openid.close()


async def test_the_browser_is_sent_with_state_nonce_and_challenge():
    openid = Provider().openid()
    url, begun = await openid.begin()
    _, other = await openid.begin()
    await openid.close()
    assert url.startswith(f"{ISSUER}/authorize?")
    query = parse_qs(urlsplit(url).query)
    assert query["client_id"] == ["examhall"]
    assert query["redirect_uri"] == ["https://exams.example.org/sign-in/openid/back"]
    assert query["code_challenge_method"] == ["S256"]
    assert begun.verifier not in url
    assert {begun.state, begun.nonce}.isdisjoint({other.state, other.nonce})


async def test_the_code_is_exchanged_with_our_secret_and_the_verifier():
    provider = Provider(claims={"name": "Alice", "email": "a@example.org", "email_verified": True})
    identity = await come_back(provider)
    assert (identity.provider, identity.subject, identity.email) == (ISSUER, "alice", "a@example.org")
    (exchange,) = [each for each in provider.asked if each.url.path == "/token"]
    assert exchange.headers["authorization"].startswith("Basic ")
    assert b"code_verifier=" in exchange.content


async def test_name_and_address_may_come_from_userinfo():
    told = {"sub": "alice", "name": "Alice", "email": "a@example.org", "email_verified": True}
    identity = await come_back(Provider(userinfo=told))
    assert (identity.full_name, identity.email) == ("Alice", "a@example.org")


async def test_userinfo_of_somebody_else_is_refused():
    with pytest.raises(ProofInvalid):
        await come_back(Provider(userinfo={"sub": "bob", "email": "a@example.org", "email_verified": True}))


@pytest.mark.parametrize("verified", [False, None, "yes", 1])
async def test_an_address_that_the_provider_has_not_verified_is_nobodys(verified):
    claims = {"name": "A", "email": "boss@example.org", "email_verified": verified}
    assert (await come_back(Provider(claims=claims))).email is None


async def test_an_address_is_verified_by_who_says_it():
    told = {"sub": "alice", "name": "A", "email": "a@example.org", "email_verified": True}
    provider = Provider(claims={"email": "boss@example.org"}, userinfo=told)
    assert (await come_back(provider)).email is None


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["examhall", "another"], "azp": "another"},
        {"iss": "https://evil.example.org"},
        {"exp": 1_600_000_000},
        {"sub": None},
        {"exp": None},
    ],
    ids=str,
)
async def test_a_token_that_says_something_else_is_refused(claims):
    with pytest.raises(ProofInvalid):
        await come_back(Provider(claims=claims))


async def test_a_token_signed_by_another_key_is_refused():
    with pytest.raises(ProofInvalid):
        await come_back(Provider(signing=OTHER_KEY))


def by_shared_secret(claims: dict[str, object], secret: bytes) -> str:
    """By hand: the library would not sign with a public key."""

    def part(raw: bytes) -> str:
        return urlsafe_b64encode(raw).rstrip(b"=").decode()

    signed = (
        f"{part(json.dumps({'alg': 'HS256', 'kid': 'first'}).encode())}.{part(json.dumps(claims).encode())}"
    )
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"


@pytest.mark.parametrize("secret", [KEY.as_pem(private=False), b"s3cret"], ids=["public key", "our secret"])
async def test_a_token_signed_with_what_is_public_or_shared_is_refused(secret):
    """Though the provider says that it offers HS256."""
    provider = Provider()
    openid = provider.openid()
    _, begun = await openid.begin()
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "alice",
        "aud": "examhall",
        "iat": now,
        "exp": now + 60,
        "nonce": begun.nonce,
    }
    provider.id_token = by_shared_secret(claims, secret)
    with pytest.raises(ProofInvalid):
        await openid.finish(code="c", begun=begun)
    await openid.close()


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.", "ü", "x" * 100_000]
)
async def test_what_is_no_token_is_refused(token):
    with pytest.raises(ProofInvalid):
        await come_back(Provider(id_token=token))


async def test_a_new_key_of_the_provider_is_found():
    provider = Provider()
    openid = provider.openid()
    for kid in ("first", "second"):
        _, begun = await openid.begin()
        provider.nonce = begun.nonce
        provider.signing = RSAKey.generate_key(2048, {"kid": kid})
        provider.header = {"alg": "RS256", "kid": kid}
        provider.keys = KeySet([provider.signing])
        if openid._keys is not None:
            # As if the keys were asked for a while ago.
            openid._keys = openid._keys[0] - 120, openid._keys[1]
        assert (await openid.finish(code="c", begun=begun)).subject == "alice"
    await openid.close()


async def test_bad_tokens_do_not_make_us_ask_for_keys_each_time():
    provider = Provider(signing=OTHER_KEY)
    openid = provider.openid()
    for _ in range(5):
        _, begun = await openid.begin()
        with pytest.raises(ProofInvalid):
            await openid.finish(code="c", begun=begun)
    await openid.close()
    assert sum(each.url.path == "/keys" for each in provider.asked) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example.org"},
        {"token_endpoint": "http://idp.example.org/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
async def test_a_provider_that_leads_elsewhere_is_not_followed(metadata):
    with pytest.raises(ProviderUnavailable):
        await Provider(metadata=metadata).openid().begin()


async def test_a_code_that_the_provider_refuses_proves_nothing():
    with pytest.raises(ProofInvalid):
        await come_back(Provider(token_status=400))


async def test_a_provider_that_fails_is_unavailable():
    with pytest.raises(ProviderUnavailable):
        await come_back(Provider(token_status=500))


async def test_an_endless_reply_is_not_read():
    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps({"x": "y" * LARGEST_REPLY_BYTES}).encode())

    openid = OpenId(
        issuer=ISSUER,
        client_id="a",
        client_secret=None,
        redirect_uri="x",
        transport=httpx.MockTransport(endless),
    )
    with pytest.raises(ProviderUnavailable):
        await openid.begin()
