"""Checks of the way to the candidates: address, TLS, proxy, compression, Redis."""

import re
import socket
import ssl
import time
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

import redis.asyncio
from redis.exceptions import RedisError

from examhall.ops.preflight.finding import Finding, failed, graded, passed, warned

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

PATIENCE_S = 5.0
CERTIFICATE_DAYS, CERTIFICATE_DAYS_LEFT = 21, 3
# A larger part of the internet than anybody's proxies or rooms.
WIDE = {4: 8, 6: 16}


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(given_url: str | None, url: str) -> Finding:
    """Tickets carry it, and by it cookies know whether they are for https alone."""
    if given_url is None:
        mend = "set EXAMHALL_URL to the address that candidates use, https://..."
        return warned("address", f"EXAMHALL_URL is not set: tickets will say {url}", mend)
    if is_loopback(url):
        return warned("address", f"{url} is this machine's own", "set EXAMHALL_URL to the address people use")
    return passed("address", url)


def check_tls(url: str, context: ssl.SSLContext | None = None) -> Finding:
    """https, with a certificate that browsers believe for some weeks. Cookies are then for https alone."""
    if not url.startswith("https:"):
        if is_loopback(url):
            return warned(
                "tls", "not used, on this machine's own address", "have a proxy do TLS; docs/operators.md"
            )
        mend = "have a proxy do TLS and set EXAMHALL_URL=https://...; docs/operators.md, Behind a proxy"
        return failed("tls", "sign-ins and answers travel unencrypted", mend)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), PATIENCE_S) as plain,
            (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        mend = "renew the certificate, and serve the whole chain"
        return failed("tls", f"browsers will not believe {host}: {error.verify_message}", mend)
    except OSError as error:
        return warned(
            "tls", f"{url} cannot be reached from here: {error}", "check it from a candidate's network"
        )
    days = (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400
    return graded(
        "tls",
        f"the certificate is good for {days:.0f} more days",
        "renew it before the exam",
        fails=days < CERTIFICATE_DAYS_LEFT,
        warns=days < CERTIFICATE_DAYS,
    )


def check_compression(url: str) -> Finding:
    """Pages and what they load come compressed, through whatever stands before the server."""
    mend = "have the proxy pass Accept-Encoding on, or compress by itself (nginx: gzip on, gzip_types)"
    try:
        page, headers = _fetch(url + "/")
        plain = [] if headers.get("content-encoding") else ["the page"]
        if style := re.search(rb'href="(/static/[^"]+/css/app\.css)"', page):
            _, headers = _fetch(url + style[1].decode())
            plain += [] if headers.get("content-encoding") else ["what it loads"]
    except (OSError, HTTPException, ValueError) as error:
        return warned("compression", f"{url} cannot be asked: {error}", "start the server, then look again")
    if plain:
        return warned("compression", f"{' and '.join(plain)} came uncompressed from {url}", mend)
    return passed("compression", f"replies of {url} are compressed")


def _fetch(url: str) -> tuple[bytes, HTTPMessage]:
    """What is there, undone if it was compressed, and the headers."""
    import gzip

    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:  # noqa: S310
        body: bytes = reply.read()
        return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body), reply.headers


def check_proxies(url: str, trusted: Networks, limit_free: Networks) -> Finding:
    """Behind a proxy that is not trusted, all candidates have one address, and its limits."""
    wide = [each for each in (*trusted, *limit_free) if each.prefixlen < WIDE[each.version]]
    if wide:
        mend = "name the proxies alone in EXAMHALL_TRUSTED_PROXIES, your rooms in EXAMHALL_RATE_LIMIT_TRUSTED"
        return failed("proxies", f"{wide[0]} is trusted: anybody may say any address is theirs", mend)
    if url.startswith("https:") and not trusted:
        mend = "set EXAMHALL_TRUSTED_PROXIES to the address of the proxy that does TLS"
        found = "no proxy is trusted: all candidates seem to come from the proxy, and share its limits"
        return failed("proxies", found, mend)
    return passed("proxies", f"{len(trusted)} trusted")


async def check_redis(url: str | None) -> Finding:
    """The service runs without; but who set it expects it to be there."""
    if url is None:
        return passed("redis", "not used; each process has caches of its own")
    client = redis.asyncio.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        began = time.perf_counter()
        await client.ping()
        took_ms = (time.perf_counter() - began) * 1000
    except (RedisError, OSError) as error:
        mend = "start it or correct EXAMHALL_REDIS_URL; without it the service goes on, with more queries"
        return warned("redis", f"cannot be reached: {error}", mend)
    finally:
        await client.aclose()
    return passed("redis", f"answers in {took_ms:.1f} ms")
