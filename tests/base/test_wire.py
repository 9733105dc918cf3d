"""What OpenAPI says about how routes refuse."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from examhall import routes
from examhall.accounts.access import STAFF, CrossSite, Staff, WrongRole
from examhall.base.wire import refusals


def test_one_status_keeps_the_sentences_of_both_sides() -> None:
    described = (STAFF | refusals(CrossSite))[403]["description"]
    assert described == f"`wrong_role`: {WrongRole.sentence()}\n\n`cross_site`: {CrossSite.sentence()}"
    assert (refusals(WrongRole) | refusals(CrossSite))[403]["description"] == described
    # Each once.
    both = STAFF | refusals(CrossSite)
    assert both | STAFF | refusals(CrossSite) == both


def test_what_else_a_route_replies_with_stays() -> None:
    file = {200: {"content": {"text/csv": {}}}}
    for both in (file | refusals(WrongRole), refusals(WrongRole) | file):
        assert both == {**file, **refusals(WrongRole)}
    # Neither side changes.
    assert set(STAFF) == {401, 403}


def test_each_route_of_the_staff_says_how_it_refuses_others() -> None:
    asked = Staff("author").dependency.__qualname__

    def asks_for_a_role(needs: Dependant) -> bool:
        return any(
            getattr(each.call, "__qualname__", "") == asked or asks_for_a_role(each)
            for each in needs.dependencies
        )

    def unsaid(route: APIRoute) -> Iterator[str]:
        said = route.responses.get(403, {}).get("description", "")
        owed = ("wrong_role",) if route.methods == {"GET"} else ("wrong_role", "cross_site")
        return (word for word in owed if f"`{word}`" not in said)

    of_staff = [
        route
        for router in routes.UNDER_API
        for route in router.routes
        if isinstance(route, APIRoute) and asks_for_a_role(route.dependant)
    ]
    assert len(of_staff) > 100
    assert [(route.path, word) for route in of_staff for word in unsaid(route)] == []
