"""Refusals: outcomes the caller can understand and act on.

A refusal's class says which status it has, its docstring is the sentence the person reads, and its
name is the code a program reads. Anything that is not a `Refusal` is a bug and is rendered as a 500.
"""

import re
from typing import ClassVar


class Refusal(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400
    retry_after_s: ClassVar[int | None] = None

    def __init__(self, detail: str | None = None, **details: object) -> None:
        self.detail = detail or self.sentence()
        super().__init__(self.detail)
        self.details = details

    @property
    def code(self) -> str:
        return self.word()

    @classmethod
    def word(cls) -> str:
        """The stable word for programs."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def sentence(cls) -> str:
        """What a person reads, unless the raiser knows better."""
        return " ".join((cls.__doc__ or "").split())


class Unauthorized(Refusal):
    """Please sign in."""

    status = 401


class Forbidden(Refusal):
    """Your account may not do this."""

    status = 403


class NotFound(Refusal):
    """There is nothing here, or you may not see it."""

    status = 404


class Conflict(Refusal):
    """The current state does not allow this."""

    status = 409


class SomebodyWasFaster(Refusal):
    """Somebody changed this since you opened it. Look at their change, then try again."""

    status = 412


class BodyTooLarge(Refusal):
    """The request body is larger than the 1 MB allowed here."""

    status = 413


class UnsupportedMediaType(Refusal):
    """Send this as application/json."""

    status = 415


class Malformed(Refusal):
    """The request body is not what this endpoint accepts."""

    status = 422


class TooManyRequests(Refusal):
    """Too many attempts. Please wait a little and try again."""

    status = 429
    retry_after_s = 60


class Overloaded(Refusal):
    """The server is busy or restarting. Nothing was refused for good: please try again in a moment."""

    status = 503
    retry_after_s = 1
