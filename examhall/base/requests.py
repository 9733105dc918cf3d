"""Counts what base/front.py answers: by route template, never by path, so that there are only so many."""

from collections.abc import Mapping
from typing import Any, Final

from examhall.base.histogram import Histogram

# Where the application says which template a request fell under, when no router of a framework does.
ROUTE: Final = "examhall.route"
# Where a renderer of refusals says which it was.
REFUSAL: Final = "examhall.refusal"
NO_ROUTE = "(none)"
# Under all prefixes that a route of the API answers at, it is one.
API_PREFIXES = ("/api/", "/auth/", "/sessions/")
API = "/api/v1"
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Answered:
    """The replies under one method and template."""

    __slots__ = ("latency", "statuses")

    def __init__(self) -> None:
        self.latency = Histogram()
        self.statuses: dict[int, int] = {}


class Requests:
    """One process's replies."""

    def __init__(self) -> None:
        self.answered: dict[tuple[str, str], Answered] = {}
        self.refusals: dict[str, int] = {}
        self._templates: dict[int, str] = {}

    def note(self, scope: Mapping[str, Any], status: int, seconds: float) -> None:
        """A reply begins. Streams count with the time to their first byte."""
        template = scope.get(ROUTE) or self.template_of(scope)
        key = (scope["method"], template)
        found = self.answered.get(key)
        if found is None:
            if key[0] not in METHODS:
                key = ("other", template)
            found = self.answered.setdefault(key, Answered())
        found.latency.observe(seconds)
        found.statuses[status] = found.statuses.get(status, 0) + 1
        if status >= 400 and (code := scope.get(REFUSAL)) is not None:
            self.refusals[code] = self.refusals.get(code, 0) + 1

    def template_of(self, scope: Mapping[str, Any]) -> str:
        """Such as /api/v1/exams/{exam_id}; all that no route takes are one."""
        if (said := scope.get(ROUTE)) is not None:
            return str(said)
        route = scope.get("route")
        if route is None:
            return NO_ROUTE
        # Routes live as long as the application, and cannot be hashed.
        template = self._templates.get(id(route))
        if template is None:
            template = getattr(route, "path", None)
            if template is None:
                # A group of routes, none of which took it.
                template = NO_ROUTE
            elif scope["path"].startswith(API_PREFIXES):
                template = API + template
            self._templates[id(route)] = template
        return template
