"""Signing in by an OpenID Connect provider: authorization code with PKCE, state and nonce.

Authlib knows the protocol; the requests are httpx's, as everywhere here.
"""

import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from examhall.accounts.identities import Identity, ProofInvalid
from examhall.base.errors import NotFound, Overloaded

log = structlog.get_logger()

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
LARGEST_REPLY_BYTES = 1_000_000
# What the provider says of itself, and its keys; a key that is not among them is looked for at once.
KEPT_S = 3600.0
# But not more often than this, whatever tokens are shown.
KEYS_AGAIN_S = 60.0
SCOPE = "openid profile email"
# Signatures that only the provider can make: never one by a shared secret, never none.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
# Its clock and ours.
LEEWAY_S = 60


class OpenIdNotSetUp(NotFound):
    """Signing in by another service is not set up here."""


class ProviderUnavailable(Overloaded):
    """The service that knows you does not answer just now. Please try again, or sign in another way."""


@dataclass(frozen=True)
class Begun:
    """What a browser brings back from the provider's page; kept in its cookie meanwhile."""

    state: str
    nonce: str
    verifier: str

    def as_claims(self) -> dict[str, object]:
        return asdict(self)


class OpenId:
    """One provider, named by its issuer, that knows us by a client id."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT,
            headers={"Accept-Encoding": "identity"},
            follow_redirects=False,
            transport=transport,
        )
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def close(self) -> None:
        await self._client.aclose()

    async def begin(self) -> tuple[str, Begun]:
        """Where the browser goes, and what it keeps until it is back."""
        # Late: it takes a tenth of a second that a server without a provider need not spend.
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        begun = Begun(*(secrets.token_urlsafe(32) for _ in range(3)))
        metadata = await self._about_provider()
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
        )
        return url, begun

    async def finish(self, *, code: str, begun: Begun) -> Identity:
        """Who came back with this code. Raises `ProofInvalid` when the provider does not vouch for it."""
        metadata = await self._about_provider()
        token = await self._exchange(metadata["token_endpoint"], code, begun)
        claims = await self._claims(metadata, token, begun)
        if not {"name", "email"} <= claims.keys() and "userinfo_endpoint" in metadata:
            more = await self._get(metadata["userinfo_endpoint"], bearer=str(token.get("access_token", "")))
            # Of somebody else: a token was put in place of another.
            if more.get("sub") != claims["sub"]:
                raise ProofInvalid
            if "email" in claims:
                # Whether an address is verified says who says the address.
                more = {name: value for name, value in more.items() if not name.startswith("email")}
            claims = more | claims
        return _identity(self.issuer, claims)

    async def _about_provider(self) -> dict[str, Any]:
        if self._metadata is None or time.monotonic() - self._metadata[0] > KEPT_S:
            metadata = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            # OpenID Connect Discovery 4.3: one that calls itself otherwise is another.
            if str(metadata.get("issuer", "")).rstrip("/") != self.issuer.rstrip("/"):
                log.error("the OpenID provider calls itself otherwise", issuer=metadata.get("issuer"))
                raise ProviderUnavailable
            if not all(_is_as_safe(str(metadata.get(name)), self.issuer) for name in needed):
                log.error("the OpenID provider has unusable endpoints", issuer=self.issuer)
                raise ProviderUnavailable
            self._metadata = time.monotonic(), metadata
        return self._metadata[1]

    async def _exchange(self, endpoint: str, code: str, begun: Begun) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": begun.verifier,
        }
        auth = None
        if self._client_secret is None:
            form["client_id"] = self._client_id
        else:
            auth = httpx.BasicAuth(self._client_id, self._client_secret)
        return await self._ask(self._client.build_request("POST", endpoint, data=form), auth=auth)

    async def _claims(self, metadata: dict[str, Any], token: dict[str, Any], begun: Begun) -> dict[str, Any]:
        """The ID token's claims, once its signature and OpenID Connect Core 3.1.3.7 hold."""
        from authlib.oidc.core import CodeIDToken

        read = await self._decode(metadata, str(token.get("id_token", "")))
        claims = CodeIDToken(
            read.claims,
            read.header,
            {"iss": {"value": metadata["issuer"]}, "aud": {"value": self._client_id}},
            {"nonce": begun.nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
        )
        try:
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            log.warning("an ID token was refused", error=str(error))
            raise ProofInvalid from error
        return dict(claims)

    async def _decode(self, metadata: dict[str, Any], id_token: str) -> jwt.Token:
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        algorithms = [each for each in ALGORITHMS if each in offered]
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        try:
            return jwt.decode(id_token, await self._key_set(metadata), registry=registry)
        except (JoseError, ValueError):
            # Its key may be newer than what we know of the provider's.
            keys = await self._key_set(metadata, at_most_s=KEYS_AGAIN_S)
        try:
            return jwt.decode(id_token, keys, registry=registry)
        except (JoseError, ValueError) as error:
            log.warning("an ID token was refused", error=str(error))
            raise ProofInvalid from error

    async def _key_set(self, metadata: dict[str, Any], *, at_most_s: float = KEPT_S) -> KeySet:
        if self._keys is None or time.monotonic() - self._keys[0] > at_most_s:
            found = await self._get(metadata["jwks_uri"])
            try:
                self._keys = time.monotonic(), KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderUnavailable from error
        return self._keys[1]

    async def _get(self, url: str, *, bearer: str | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return await self._ask(self._client.build_request("GET", url, headers=headers))

    async def _ask(self, request: httpx.Request, *, auth: httpx.Auth | None = None) -> dict[str, Any]:
        """A JSON object, read no further than `LARGEST_REPLY_BYTES`. A refusal is `ProofInvalid`."""
        body = bytearray()
        try:
            reply = await self._client.send(request, auth=auth, stream=True)
            try:
                async for part in reply.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_REPLY_BYTES:
                        raise ProviderUnavailable
            finally:
                await reply.aclose()
        except httpx.HTTPError as error:
            log.warning("the OpenID provider does not answer", url=str(request.url), error=repr(error))
            raise ProviderUnavailable from error
        if 400 <= reply.status_code < 500:
            log.warning("the OpenID provider refused", url=str(request.url), status=reply.status_code)
            raise ProofInvalid
        try:
            found = json.loads(body) if reply.status_code == httpx.codes.OK else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            log.warning("the OpenID provider answers oddly", url=str(request.url), status=reply.status_code)
            raise ProviderUnavailable
        return found


def _identity(issuer: str, claims: dict[str, Any]) -> Identity:
    subject = str(claims["sub"])
    email = claims.get("email")
    verified = claims.get("email_verified")
    # A few providers write it as a string.
    is_verified = verified is True or verified == "true"
    return Identity(
        provider=issuer,
        subject=subject,
        username=f"openid-{secrets.token_hex(6)}",
        full_name=str(claims.get("name") or ""),
        email=email if isinstance(email, str) and is_verified and _looks_right(email) else None,
    )


def _looks_right(email: str) -> bool:
    # PostgreSQL's lower() makes a k of the Kelvin sign: an address that looks like Alice's is not hers.
    return (
        email.isascii()
        and len(email) <= 254
        and email.count("@") == 1
        and email.isprintable()
        and " " not in email
    )


def _is_as_safe(url: str, issuer: str) -> bool:
    """By https, unless the provider itself is asked without: one for tests, on this machine."""
    return urlsplit(url).scheme == "https" or urlsplit(issuer).scheme == "http" == urlsplit(url).scheme
