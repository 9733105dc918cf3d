"""GET /tests/availability without a framework: everybody asks for it while they wait, again and again.

A plain ASGI application, as the save route is. It answers the plain question of somebody signed in; all
else, refusals too, it leaves to the route of the API.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from examhall.accounts.access import claims_of
from examhall.accounts.tokens import Signer
from examhall.base.errors import Refusal
from examhall.base.front import send_json
from examhall.base.noting import Note
from examhall.sittings.availabilities import Availabilities
from examhall.sittings.availability import Availability
from examhall.sittings.replies import AvailabilityOut

ROUTE = "/api/v1/tests/availability"
PATHS = frozenset({"/api/tests/availability", ROUTE})
# Nothing that is written with a % or a +.
QUERY = re.compile(rb"test_type=([A-Za-z0-9_.-]{1,100})")


def _encode(availability: Availability) -> bytes:
    return AvailabilityOut.of(availability).model_dump_json().encode()


class AvailabilityRoute:
    def __init__(self, signer: Signer, availabilities: Availabilities, note: Note) -> None:
        self._signer = signer
        self._availabilities = availabilities
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send, otherwise: ASGIApp) -> None:
        asked = QUERY.fullmatch(scope["query_string"])
        if asked is None:
            await otherwise(scope, receive, send)
            return
        try:
            claims = claims_of(scope, self._signer)
            found = await self._availabilities.of_test_type(
                test_type=asked[1].decode(), candidate_id=claims.person_id, only_exam_id=claims.exam_id
            )
        except Refusal:
            await otherwise(scope, receive, send)
            return
        self._note("lobby_opened", person_id=claims.person_id, exam_id=found.exam_id)
        await send_json(200, found.json(_encode), send)
