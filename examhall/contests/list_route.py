"""GET /contests without a framework: a class asks for it in the same second, and the answer is in memory.

A plain ASGI application, as the save route is: FastAPI's routing would cost several times what the list does.
What it does not understand it leaves to the route of the API, which says what is wrong.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from examhall.accounts.access import Person, claims_of
from examhall.accounts.tokens import Signer
from examhall.base.errors import Refusal
from examhall.base.front import send_json, send_refusal
from examhall.base.wire import LARGEST_ID
from examhall.contests.listing import ContestList

ROUTE = "/api/v1/contests"
PATHS = frozenset({"/api/contests", ROUTE})
QUERY = re.compile(rb"(?:course_id=([1-9][0-9]{0,17}))?")
A_PAGE = 50


class ContestListRoute:
    def __init__(self, signer: Signer, contests: ContestList) -> None:
        self._signer = signer
        self._contests = contests

    async def __call__(self, scope: Scope, receive: Receive, send: Send, otherwise: ASGIApp) -> None:
        asked = QUERY.fullmatch(scope["query_string"])
        if asked is None:
            await otherwise(scope, receive, send)
            return
        try:
            claims = claims_of(scope, self._signer)
            body = await self._contests.page(
                Person(claims.person_id, claims.roles, claims.exam_id, claims),
                course_id=int(asked[1]) if asked[1] else None,
                before_id=LARGEST_ID,
                limit=A_PAGE,
            )
        except Refusal as refusal:
            await send_refusal(refusal, send, scope)
            return
        await send_json(200, body, send)
