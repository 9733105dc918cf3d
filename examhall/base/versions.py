"""Versions on the wire: the ETag of what staff edit, and the If-Match that a change of it takes."""

import re

from starlette.requests import Request

from examhall.base.errors import Refusal, SomebodyWasFaster

ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"')


class VersionRequired(Refusal):
    """Say which version you are changing: send its ETag as If-Match, or its version."""

    status = 428


def etag(version: int) -> str:
    return f'"{version}"'


def version_wanted(request: Request, in_body: int | None) -> int:
    """The version that the caller saw, by If-Match or in the body. One that no row can have is an old one."""
    given = request.headers.get("If-Match")
    if given is None:
        if in_body is None:
            raise VersionRequired
        return in_body
    found = ETAG.fullmatch(given.strip())
    if found is None or in_body not in (None, int(found[1])):
        raise SomebodyWasFaster
    return int(found[1])
