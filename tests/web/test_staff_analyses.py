"""The office's pages of projects, scenarios and master data, as a browser's forms use them."""

import html
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.doors.conftest import Caller, call, hall  # noqa: F401
from tests.scoring.corrected import add_everything, sat_by

# ruff: noqa: F811

pytestmark = pytest.mark.anyio


async def in_a_browser(hall: Any, who: Caller, *roles: str) -> Caller:
    del who.client.headers["Authorization"]
    cookie = hall.signer.cookie_token(who.id, uuid4(), list(roles))
    who.client.cookies.set("examhall", cookie)
    who.client.headers["X-CSRF-Token"] = hall.signer.csrf_token(hall.signer.read_cookie(cookie))
    return who


@pytest.fixture
async def nora(hall: Any, call: Callable[..., Any]) -> Caller:
    return await in_a_browser(hall, await call("nora", "analyst"), "analyst")


@pytest.fixture
async def exam_id(hall: Any, nora: Caller) -> int:
    async with hall.database.transaction() as conn:
        exam_id = await add_everything(conn)
        await conn.execute(
            """INSERT INTO people (username, full_name)
               SELECT 'c' || n, 'C ' || n FROM generate_series(1, 6) AS n"""
        )
        await sat_by(conn, exam_id, 6)
    return exam_id


@pytest.fixture
async def project(nora: Caller) -> str:
    made = await nora.client.post("/staff/analyses/new", data={"name": "Spring mock"})
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


def fields_of(page: httpx.Response) -> dict[str, Any]:
    """The editor's form as a browser would send it."""
    form = page.text[page.text.index('id="scenario"') :]
    fields: dict[str, Any] = {"csrf_token": re.search(r'name="csrf_token" value="([^"]*)"', form)[1]}  # type: ignore[index]
    for tag in re.findall(r"<input [^>]*>", form):
        name, kind = re.search(r'name="([^"]*)"', tag), re.search(r'type="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None or (kind and kind[1] == "file"):
            continue
        if kind and kind[1] in ("checkbox", "radio") and " checked" not in tag:
            continue
        fields.setdefault(name[1], []) if kind and kind[1] == "checkbox" else None
        said = html.unescape(value[1]) if value else ""
        if isinstance(fields.get(name[1]), list):
            fields[name[1]].append(said)
        else:
            fields[name[1]] = said
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = html.unescape(chosen[1]) if chosen else ("keep" if name.startswith("what-") else "")
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        fields[name] = html.unescape(text)
    return fields


async def make_scenario(nora: Caller, project: str, exam_id: int, **changed: Any) -> str:
    page = await nora.get(f"{project}/scenarios/new?exam={exam_id}")
    fields = fields_of(page) | {"name": "Without 2", f"what-{exam_id}-2": "nobody", "do": "save"} | changed
    made = await nora.client.post(f"{project}/scenarios/new", data=fields)
    assert made.status_code == 303, made.text
    return str(made.headers["location"]).partition("?")[0]


async def document_of(nora: Caller, scenario: str) -> Any:
    return (await nora.get(f"{scenario}/document.json")).json()


async def test_projects_begin_and_stand_in_the_list(nora: Caller) -> None:
    assert "No projects yet" in (await nora.get("/staff/analyses")).text
    wrong = await nora.client.post("/staff/analyses/new", data={"name": " ", "description": "a\0"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="wrong"') == 2
    made = await nora.client.post("/staff/analyses/new", data={"name": "<b>Mock</b>"})
    page = await nora.get(made.headers["location"])
    assert "&lt;b&gt;Mock" in page.text
    assert "No scenarios yet" in page.text
    assert "&lt;b&gt;Mock" in (await nora.get("/staff/analyses")).text


async def test_from_choosing_an_exam_to_a_calculation(nora: Caller, project: str, exam_id: int) -> None:
    choose = await nora.get(f"{project}/scenarios/new?q=everyth")
    assert f'value="{exam_id}"' in choose.text
    assert "No exam with results is called so" in (await nora.get(f"{project}/scenarios/new?q=zzz")).text
    scenario = await make_scenario(nora, project, exam_id)
    page = await nora.get(scenario)
    assert "Question 2 counts for nobody." in page.text
    asked = await nora.client.post(scenario, data=fields_of(page) | {"do": "calculate"})
    assert asked.headers["location"].startswith("/staff/calculations/")
    # Nothing was changed: no version was made for it.
    assert (await nora.get(scenario)).text.count("version 2") == 0
    assert "/staff/calculations/" in (await nora.get(project)).text


async def test_what_was_not_touched_comes_back_as_it_was(nora: Caller, project: str, exam_id: int) -> None:
    document = {
        "format": "examhall-scenario/1",
        "exams": [exam_id],
        "questions": [
            {"change": "key", "question_number": 4, "sub_part": "", "answer": "7", "tolerance": 0.5,
             "exam_id": exam_id},
            {"change": "points", "question_number": 4, "sub_part": "", "points": 3, "exam_id": exam_id},
            {"change": "accept", "question_number": 7, "sub_part": "", "answer": {"1": "A", "2": "A"},
             "exam_id": exam_id},
        ],
        "negative_marking": {"fraction": "1/3", "kinds": ["number"]},
        "curve": {"kind": "add", "points": 2},
        "grade_bands": [{"name": "A", "from_percent": 50}, {"name": "F", "from_percent": 0}],
        "scale": {"code": "500-100", "version": 1},
    }  # fmt: skip
    scenario = await make_scenario(nora, project, exam_id)
    fields = fields_of(await nora.get(scenario)) | {"do": "use", "document": json.dumps(document)}
    shown = await nora.client.post(scenario, data=fields)
    assert "Not saved yet." in shown.text
    saved = await nora.client.post(scenario, data=fields_of(shown) | {"do": "save"})
    assert saved.status_code == 303, saved.text
    assert await document_of(nora, scenario) == document


async def test_a_file_is_a_document_too(nora: Caller, project: str, exam_id: int) -> None:
    scenario = await make_scenario(nora, project, exam_id)
    fields = fields_of(await nora.get(scenario)) | {"do": "use"}
    brought = json.dumps({"format": "examhall-scenario/1", "exams": [exam_id], "pass_mark": {"percent": 42}})
    for content, status in ((brought.encode(), 200), (b"\xff{", 422), (b'{"format": 1}', 422)):
        shown = await nora.client.post(scenario, data=fields, files={"file": ("s.json", content)})
        assert shown.status_code == status
    assert (
        "This is not JSON."
        in (await nora.client.post(scenario, data=fields, files={"file": ("s.json", b"{")})).text
    )


async def test_mistakes_stand_beside_their_fields(nora: Caller, project: str, exam_id: int) -> None:
    page = await nora.get(f"{project}/scenarios/new?exam={exam_id}")
    wrong = fields_of(page) | {
        "name": "x",
        "do": "save",
        f"what-{exam_id}-1": "key",
        f"to-{exam_id}-1": "Z",
        f"what-{exam_id}-9a": "points",
        f"to-{exam_id}-9a": "many",
        "bands": "own",
        "own_bands": "A 80\nB 80",
    }
    reply = await nora.client.post(f"{project}/scenarios/new", data=wrong)
    assert reply.status_code == 422
    for anchor in (f"q-{exam_id}-1", f"q-{exam_id}-9a", "grade_bands"):
        assert f'id="{anchor}-wrong"' in reply.text
        assert f'href="#{anchor}"' in reply.text
    assert 'value="many"' in reply.text
    assert "The scenario has mistakes." in reply.text
    nameless = await nora.client.post(f"{project}/scenarios/new", data=fields_of(page) | {"do": "save"})
    assert nameless.status_code == 422
    assert "No scenarios yet" in (await nora.get(project)).text


async def test_another_exam_is_added_before_anything_is_saved(
    hall: Any,
    nora: Caller,
    project: str,
    exam_id: int,
) -> None:
    async with hall.database.transaction() as conn:
        other = await add_everything(conn)
        await sat_by(conn, other, 2)
    page = await nora.get(f"{project}/scenarios/new?exam={exam_id}")
    fields = fields_of(page) | {
        "name": "Both",
        f"what-{exam_id}-2": "nobody",
        "add_exam": str(other),
        "do": "refresh",
    }
    shown = await nora.client.post(f"{project}/scenarios/new", data=fields)
    assert shown.status_code == 200
    both = fields_of(shown)
    assert (both["name"], both["exam"], both[f"what-{exam_id}-2"]) == (
        "Both",
        [str(exam_id), str(other)],
        "nobody",
    )
    assert f"what-{other}-1" in both


async def test_of_two_editors_the_second_sees_the_firsts_change(
    nora: Caller, project: str, exam_id: int
) -> None:
    scenario = await make_scenario(nora, project, exam_id)
    seen = fields_of(await nora.get(scenario))
    first = seen | {f"what-{exam_id}-3": "everybody", f"what-{exam_id}-2": "keep", "do": "save"}
    assert (await nora.client.post(scenario, data=first)).status_code == 303
    late = await nora.client.post(scenario, data=seen | {"pass_percent": "40", "do": "save"})
    assert late.status_code == 412
    assert "Nora saved this scenario since you opened it." in late.text
    told = late.text[late.text.index('id="faster"') : late.text.index("Take theirs instead")]
    assert "Question 3: everybody gets its points." in told
    assert "Question 2 counts for nobody." in told
    assert 'value="40"' in late.text
    again = await nora.client.post(scenario, data=fields_of(late) | {"do": "save"})
    assert again.status_code == 303
    document = await document_of(nora, scenario)
    assert document["pass_mark"] == {"percent": 40}
    assert [each["question_number"] for each in document["questions"]] == [2]
    earlier = await nora.get(f"{scenario}?version=2")
    assert "Question 3: everybody gets its points." in earlier.text
    assert "see the newest" in earlier.text


async def test_copies_and_what_is_put_away(nora: Caller, project: str, exam_id: int) -> None:
    scenario = await make_scenario(nora, project, exam_id)
    copy = (await nora.client.post(f"{scenario}/copy")).headers["location"]
    assert "Copy of Without 2" in (await nora.get(copy)).text
    away = await nora.client.post(f"{copy}/archive")
    assert away.headers["location"] == project
    assert "Copy of Without 2" not in (await nora.get(project)).text
    assert "Copy of Without 2" in (await nora.get(f"{project}?archived")).text
    assert '<fieldset class="plain" disabled>' in (await nora.get(copy)).text
    back = await nora.client.post(f"{copy}/archive", data={"restore": "1"})
    assert back.headers["location"] == copy


async def test_members_are_added_and_a_viewer_only_looks(
    hall: Any,
    call: Any,
    nora: Caller,
    project: str,
    exam_id: int,
) -> None:
    scenario = await make_scenario(nora, project, exam_id)
    vic = await in_a_browser(hall, await call("vic", "author"), "author")
    assert (await vic.get(scenario)).status_code == 404
    assert (await vic.get(project)).status_code == 404
    nobody = await nora.client.post(f"{project}/members", data={"username": "nobody", "role": "viewer"})
    assert nobody.status_code == 422
    assert "Nobody with this username" in nobody.text
    added = await nora.client.post(f"{project}/members", data={"username": "VIC", "role": "viewer"})
    assert added.status_code == 303
    page = await vic.get(scenario)
    assert "Question 2 counts for nobody." in page.text
    assert "Save and calculate" not in page.text
    refused = await vic.client.post(scenario, data={"do": "save", "name": "mine"})
    assert refused.status_code == 403
    assert (await vic.client.post(f"{scenario}/calculate")).status_code == 403
    alone = await nora.client.post(f"{project}/members", data={"remove": str(nora.id)})
    assert alone.status_code == 409
    left = await vic.client.post(f"{project}/members", data={"remove": str(vic.id)})
    assert left.headers["location"] == "/staff/analyses"
    assert (await vic.get(scenario)).status_code == 404


async def test_of_two_who_rename_a_project_the_second_is_told(nora: Caller, project: str) -> None:
    change = {"version": "1", "description": ""}
    first = await nora.client.post(f"{project}/edit", data=change | {"name": "First"})
    second = await nora.client.post(f"{project}/edit", data=change | {"name": "Second"})
    assert (first.status_code, second.status_code) == (303, 412)
    assert "It is now called “First”" in second.text
    assert 'value="Second"' in second.text
    away = await nora.client.post(f"{project}/edit", data={"version": "2", "name": "First", "do": "archive"})
    assert away.headers["location"] == "/staff/analyses"
    assert "First" not in (await nora.get("/staff/analyses")).text
    assert "First" in (await nora.get("/staff/analyses?archived")).text


async def test_names_that_the_master_data_came_with_are_in_the_readers_language_and_others_as_written(
    hall: Any, call: Any, nora: Caller
) -> None:
    ada = await in_a_browser(hall, await call("ada", "admin"), "admin")
    change = {"name": "Physics for doctors", "version": "1", "active": "on"}
    assert (await ada.client.post("/staff/master-data/subjects/physics", data=change)).status_code == 303
    page = (await nora.client.get("/staff/master-data", headers={"Accept-Language": "uz"})).text
    for name in (
        "Matematika",
        "Tinglab tushunish",
        "Davlat organi",
        "Bir nechtadan bittasi",
        "Physics for doctors",
    ):
        assert f">{name}</a>" in page
    assert "Mathematics" not in page
    assert "<b>Oʻtmadi</b>" in page
    russian = (await nora.client.get("/staff/master-data", headers={"Accept-Language": "ru"})).text
    assert re.search(r"<b>Выдержан</b>.*<b>Не выдержан</b>", russian)
    # A topic names its subject, a scale its step as the language writes it.
    assert '<span class="soft">Математика</span>' in russian
    assert "шагом 0,1" in russian
    assert "<b>Failed</b>" in (await nora.client.get("/staff/master-data")).text


async def test_the_master_data_is_seen_by_analysts_and_changed_by_admins(
    hall: Any,
    call: Any,
    nora: Caller,
) -> None:
    page = await nora.get("/staff/master-data")
    assert "ECTS letters by percent" in page.text
    assert (
        "Administrators change the master data." in (await nora.get("/staff/master-data/scales/percent")).text
    )
    refused = await nora.client.post("/staff/master-data/scales/percent", data={"name": "x"})
    assert refused.status_code == 403
    ada = await in_a_browser(hall, await call("ada", "admin"), "admin")
    change = {
        "name": "Per mille",
        "version": "1",
        "active": "on",
        "value-lowest": "0",
        "value-highest": "1000",
    }
    assert (await ada.client.post("/staff/master-data/scales/percent", data=change)).status_code == 303
    late = await ada.client.post("/staff/master-data/scales/percent", data=change)
    assert late.status_code == 412
    entry = await ada.get("/staff/master-data/scales/percent")
    assert "lowest 0, highest 1000" in entry.text
    assert "lowest 0, highest 100<" in entry.text
    wrong = await ada.client.post(
        "/staff/master-data/grade_bands/new",
        data={"code": "mine", "name": "Mine", "value-bands": "A 80\nB 80"},
    )
    assert wrong.status_code == 422
    assert "overlap" in wrong.text
    made = await ada.client.post(
        "/staff/master-data/grade_bands/new",
        data={"code": "mine", "name": "Mine", "value-bands": "A 80\nB 0 %"},
    )
    assert made.status_code == 303
    renamed = await ada.client.post(
        "/staff/master-data/rating_tiers/master", data={"name": "Meister", "version": "1", "active": "on"}
    )
    assert renamed.status_code == 303
    assert "Meister" in (await ada.get("/staff/master-data")).text
    for path in ("nothing/new", "scales/None such", "scales/nothing", "nothing/percent"):
        assert (await ada.get(f"/staff/master-data/{path}")).status_code == 404


async def test_a_form_of_junk_is_no_bug(nora: Caller, project: str, exam_id: int) -> None:
    scenario = await make_scenario(nora, project, exam_id)
    junk: list[dict[str, Any]] = [
        {},
        {"do": "save"},
        {"do": "use", "document": "\0"},
        {"do": "refresh", "exam": ["9" * 30, "x", "0", "99999"], "base": "{"},
        {"do": "save", "name": "x", "exam": ["99999"], "version": "9" * 30},
        {"do": "save", "name": "\0", "exam": [str(exam_id)], "own_bands": "\0", "bands": "own"},
    ]
    for fields in junk:
        for path in (scenario, f"{project}/scenarios/new"):
            reply = await nora.client.post(path, data=fields)
            assert reply.status_code in (200, 412, 422), (fields, reply.status_code)
    for path in (
        f"{project}?before=9999999999999999999999",
        "/staff/analyses?before=-1",
        f"{scenario}?version=0",
        f"{project}/scenarios/new?exam=0",
        f"{project}/scenarios/new?exam={'9' * 18}",
    ):
        assert (await nora.get(path)).status_code in (200, 404), path


async def test_refused_judges_stay_typed(nora: Caller, exam_id: int) -> None:
    made = await nora.client.post(
        f"/staff/exams/{exam_id}/standards", data={"method": "angoff", "name": "Cut"}
    )
    panel = made.headers["location"]
    reply = await nora.client.post(f"{panel}/judges", data={"usernames": "nobody-here other"})
    assert reply.status_code == 422
    assert 'value="nobody-here other"' in reply.text
