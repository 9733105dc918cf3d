"""What somebody with an ordinary account tries, through the front door."""

from collections.abc import Callable
from typing import Any

import pytest

from examhall.forms.fields import CHOICES_LIMIT, FIELDS_LIMIT, Field

from ..forms.rows import NAME
from .conftest import Caller
from .test_forms import form_of, send

pytestmark = pytest.mark.anyio
MEALS = Field("meals", "choices", "Meals", choices=("lunch", "supper"))


@pytest.fixture
async def olga(call: Callable[..., Any]) -> Caller:
    return await call("olga", "admin")


async def test_a_million_choices_are_one_mistake(alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, MEALS)
    reply = await send(alice, form_id, {"meals": ["x"] * (CHOICES_LIMIT + 1)})
    assert reply.status_code == 422
    assert [each["code"] for each in reply.json()["fields"]] == ["maxItems"]
    too_much = await send(alice, form_id, {"meals": ["x"] * 300_000})
    assert (too_much.status_code, too_much.json()["code"]) == (413, "body_too_large")


async def test_a_thousand_unknown_names_are_told_by_the_first(alice: Caller, olga: Caller) -> None:
    form_id = await form_of(olga, NAME)
    reply = await send(alice, form_id, {f"x{number}": 1 for number in range(10_000)})
    assert (reply.status_code, len(reply.json()["fields"])) == (422, FIELDS_LIMIT + 1)


async def test_one_person_sends_so_many_forms_in_a_minute(
    alice: Caller, mallory: Caller, olga: Caller
) -> None:
    form_id = await form_of(olga, NAME)
    codes = [(await send(mallory, form_id, {})).status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]
    assert (await send(alice, form_id, {"name": "Alice"})).status_code == 201
