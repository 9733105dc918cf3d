"""What somebody with an ordinary account tries, through the front door."""

from collections.abc import Callable
from typing import Any

import pytest

from examhall.app import Hall
from examhall.forms.fields import CHOICES_LIMIT, FIELDS_LIMIT, Field
from tests.analyses.rows import add_project, add_scenario, worked_out
from tests.scoring.corrected import add_everything, sat_by

from ..forms.rows import NAME
from .conftest import Caller
from .test_form_pages import browser, hidden
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


@pytest.mark.parametrize("unstorable", ["\0", "a\0b"])
async def test_what_cannot_be_stored_breaks_no_page_of_analyses(
    hall: Hall, olga: Caller, unstorable: str
) -> None:
    async with hall.database.transaction() as conn:
        exam_id = await add_everything(conn)
        await sat_by(conn, exam_id, 3)
        project_id = await add_project(conn, olga.id)
        scenario_id = await add_scenario(conn, project_id, olga.id, exam_id, pass_mark={"percent": 50})
    asked = (await olga.post(f"/api/v1/scenarios/{scenario_id}/calculate", {})).json()
    await worked_out(hall.database)
    browser(hall, olga, "admin")
    token = hidden((await olga.get("/staff/forms/new")).text)["csrf_token"]
    official = f"/staff/calculations/{asked['calculation_id']}/official"
    for path, given in (
        (official, {"reason": unstorable, "exam": str(exam_id), "version": "1"}),
        (f"/staff/analyses/{project_id}/members", {"username": unstorable, "role": "viewer"}),
    ):
        reply = await olga.client.post(path, data={"csrf_token": token} | given)
        assert 400 <= reply.status_code < 500, reply.text
