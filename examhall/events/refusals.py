"""Notes whom the API refused what they asked for, on the way to the renderer of refusals."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from examhall.accounts.access import SAFE_METHODS, claims_of, signer_of
from examhall.base.errors import Refusal
from examhall.base.noting import note

Renderer: TypeAlias = Callable[[Request, Exception], Coroutine[Any, Any, Response]]

# Nobody is signed in there yet; how often a stranger may try, the rate limits say.
SIGN_IN = ("/auth/login", "/auth/ticket")


def noting_refusals(render: Renderer) -> Renderer:
    """The renderer, noting first what signed-in people were refused to do, and who could not come in.

    Not what they were refused to look at, nor what strangers try: they could fill the log.
    """

    async def noted(request: Request, error: Exception) -> Response:
        if request.method not in SAFE_METHODS and isinstance(error, Refusal):
            _note(request, error)
        return await render(request, error)

    return noted


def _note(request: Request, refusal: Refusal) -> None:
    try:
        person_id = claims_of(request.scope, signer_of(request)).person_id
    except Refusal:
        if not request.url.path.endswith(SIGN_IN):
            return
        person_id = None
    ids = {name: _number(request.path_params.get(name)) for name in ("exam_id", "session_id")}
    note(
        request,
        "refused",
        detail=refusal.code,
        person_id=person_id,
        exam_id=ids["exam_id"],
        sitting_id=ids["session_id"],
    )


def _number(given: object) -> int | None:
    """A path's number as the path has it; what no row can have is nobody's."""
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
