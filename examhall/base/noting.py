"""What happens is noted in passing: whoever notes it neither waits nor fails."""

from typing import Protocol

from starlette.requests import Request


class Note(Protocol):
    def __call__(
        self, what: str, *, detail: str | None = None, age_s: float = 0.0, **ids: int | None
    ) -> None:
        """Remember that `what` happened so long ago, to these (`person_id=1, ...`)."""


def note(request: Request, what: str, *, detail: str | None = None, **ids: int | None) -> None:
    """`Note` for handlers."""
    request.app.state.note(what, detail=detail, **ids)
