"""The pages of scenarios: one is begun, edited, copied, put away, and calculated; and the document itself."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.people import find_account
from examhall.analyses import scenarios
from examhall.analyses.calculate import ask_for_calculation
from examhall.analyses.document import FORMAT, BadScenario, Scenario, read_scenario
from examhall.analyses.editing import exams_named, exams_to_choose, items_to_edit
from examhall.analyses.projects import DESCRIPTION_CHARS, NAME_CHARS, find_project, require_analyst
from examhall.analyses.scenarios import SavedScenario
from examhall.base.attachment import download_headers
from examhall.base.db import Connection
from examhall.base.errors import SomebodyWasFaster, TooManyRequests
from examhall.reference.catalog import list_entries
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.numbers import Numbers, numbers_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import text_problems
from examhall.web.staff.scenario_editor import editor
from examhall.web.staff.scenario_form import LONGEST_DOCUMENT, as_text, document_of, exams_of, read_document
from examhall.web.staff.scenario_words import Said, scenario_in_words

SEARCH_CHARS = 100


async def new_scenario_page(request: Request) -> Response:
    """GET /staff/analyses/{project_id}/scenarios/new"""
    me = await page_person(request)
    require_analyst(me)
    project_id = id_of(request, "project_id")
    chosen = [int(each) for each in request.query_params.getlist("exam") if _is_id(each)]
    search = request.query_params.get("q", "").replace("\0", "").strip()[:SEARCH_CHARS]
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        project = await find_project(conn, project_id, me.id, needs="editor")
        choices = [] if chosen else await exams_to_choose(conn, search=search)
    if chosen:
        return await editor(
            request, me, project_id=project_id, document={"format": FORMAT, "exams": chosen}, given={}
        )
    return framed(
        request, me, account, "staff/scenario_exams.html", project=project, choices=choices, search=search
    )


async def post_new_scenario(request: Request) -> Response:
    """POST /staff/analyses/{project_id}/scenarios/new"""
    me = await page_person(request)
    require_analyst(me)
    return await _take(request, me, project_id=id_of(request, "project_id"), saved=None)


async def scenario_page(request: Request) -> Response:
    """GET /staff/scenarios/{scenario_id}"""
    me = await page_person(request)
    require_analyst(me)
    given = request.query_params.get("version", "")
    version = int(given) if _is_id(given) and len(given) < 10 else None
    async with request.app.state.database.transaction() as conn:
        saved = await scenarios.find_scenario(conn, id_of(request, "scenario_id"), me.id, version=version)
    return await editor(
        request,
        me,
        project_id=saved.project_id,
        saved=saved,
        document=saved.scenario.as_document(),
        given={"name": saved.name, "description": saved.description, "version": saved.newest},
    )


async def post_scenario(request: Request) -> Response:
    """POST /staff/scenarios/{scenario_id}"""
    me = await page_person(request)
    require_analyst(me)
    async with request.app.state.database.transaction() as conn:
        saved = await scenarios.find_scenario(conn, id_of(request, "scenario_id"), me.id, needs="editor")
    return await _take(request, me, project_id=saved.project_id, saved=saved)


async def post_calculate(request: Request) -> Response:
    """POST /staff/scenarios/{scenario_id}/calculate"""
    me = await page_person(request)
    require_analyst(me)
    return await _calculate(request, me, id_of(request, "scenario_id"))


async def post_copy(request: Request) -> Response:
    """POST /staff/scenarios/{scenario_id}/copy"""
    me = await page_person(request)
    require_analyst(me)
    async with request.app.state.database.transaction() as conn:
        copy_id = await scenarios.copy_scenario(conn, id_of(request, "scenario_id"), by=me.id)
    return RedirectResponse(f"/staff/scenarios/{copy_id}", SEE_OTHER)


async def post_archive(request: Request) -> Response:
    """POST /staff/scenarios/{scenario_id}/archive: put away, or with `restore` brought back"""
    me = await page_person(request)
    require_analyst(me)
    scenario_id = id_of(request, "scenario_id")
    restore = "restore" in await request.form()
    async with request.app.state.database.transaction() as conn:
        saved = await scenarios.find_scenario(conn, scenario_id, me.id)
        if restore:
            await scenarios.restore_scenario(conn, scenario_id, by=me.id)
        else:
            await scenarios.archive_scenario(conn, scenario_id, by=me.id)
    return RedirectResponse(
        f"/staff/scenarios/{scenario_id}" if restore else f"/staff/analyses/{saved.project_id}", SEE_OTHER
    )


async def document_file(request: Request) -> Response:
    """GET /staff/scenarios/{scenario_id}/document.json"""
    me = await page_person(request)
    require_analyst(me)
    async with request.app.state.database.transaction() as conn:
        saved = await scenarios.find_scenario(conn, id_of(request, "scenario_id"), me.id)
    return Response(
        as_text(saved.scenario.as_document()),
        media_type="application/json",
        headers=download_headers(f"{saved.name}.json"),
    )


async def _take(request: Request, me: Person, *, project_id: int, saved: SavedScenario | None) -> Response:
    """What the form asks for: another exam in it, a document in its place, saving, and then calculating."""
    form = await request.form()
    try:
        return await _taken(request, me, form, project_id, saved)
    finally:
        # A file that was brought along.
        await form.close()


async def _taken(
    request: Request, me: Person, form: FormData, project_id: int, saved: SavedScenario | None
) -> Response:
    given = _given(form)
    async with request.app.state.database.transaction() as conn:
        items = await items_to_edit(conn, exams_of(form)[:20])
    document = document_of(form, items)
    do = str(form.get("do"))
    editing: dict[str, Any] = {"project_id": project_id, "saved": saved, "given": given}
    if do == "use":
        try:
            document = read_document(await _brought(form)).as_document()
        except BadScenario as refusal:
            return await editor(request, me, document=document, refusal=refusal, at_document=True, **editing)
        return await editor(request, me, document=document, unsaved=True, **editing)
    if do == "refresh":
        return await editor(request, me, document=document, unsaved=True, **editing)
    wrong = text_problems(request, given, {"name": NAME_CHARS, "description": DESCRIPTION_CHARS})
    try:
        scenario = read_scenario(document)
        if wrong:
            return await editor(request, me, document=document, wrong=wrong, **editing)
        async with request.app.state.database.transaction() as conn:
            scenario_id = await _save(conn, me, project_id, saved, given, scenario)
    except BadScenario as refusal:
        return await editor(request, me, document=document, refusal=refusal, wrong=wrong, **editing)
    except SomebodyWasFaster as refusal:
        return await _faster(request, me, document, refusal, **editing)
    if do == "calculate":
        return await _calculate(request, me, scenario_id)
    return RedirectResponse(f"/staff/scenarios/{scenario_id}?saved", SEE_OTHER)


async def _save(
    conn: Connection,
    me: Person,
    project_id: int,
    saved: SavedScenario | None,
    given: Mapping[str, Any],
    scenario: Scenario,
) -> int:
    texts = {"name": given["name"], "description": given["description"], "scenario": scenario}
    if saved is None:
        return await scenarios.create_scenario(conn, project_id, by=me.id, **texts)
    if given["version"] == saved.newest and _same(saved, given, scenario):
        # Nothing to keep: no version for it.
        return saved.id
    await scenarios.save_scenario(conn, saved.id, by=me.id, version=given["version"], **texts)
    return saved.id


def _same(saved: SavedScenario, given: Mapping[str, Any], scenario: Scenario) -> bool:
    return (saved.name, saved.description, saved.document_hash) == (
        given["name"], given["description"], scenario.digest(),
    )  # fmt: skip


async def _calculate(request: Request, me: Person, scenario_id: int) -> Response:
    try:
        await request.app.state.limits.calculations.require(str(me.id))
        async with request.app.state.database.transaction() as conn:
            asked = await ask_for_calculation(conn, scenario_id, person_id=me.id)
    except (BadScenario, TooManyRequests) as refusal:
        # Exams change after a scenario was saved; and what was saved stays saved.
        async with request.app.state.database.transaction() as conn:
            saved = await scenarios.find_scenario(conn, scenario_id, me.id)
        return await editor(
            request,
            me,
            project_id=saved.project_id,
            saved=saved,
            document=saved.scenario.as_document(),
            given={"name": saved.name, "description": saved.description, "version": saved.newest},
            refusal=refusal,
        )
    return RedirectResponse(f"/staff/calculations/{asked.id}", SEE_OTHER)


async def _faster(
    request: Request,
    me: Person,
    document: Mapping[str, Any],
    refusal: SomebodyWasFaster,
    *,
    project_id: int,
    saved: SavedScenario,
    given: dict[str, Any],
) -> Response:
    """Both sides in words. What was written stays in the form; saving it again replaces their change."""
    async with request.app.state.database.transaction() as conn:
        now = await scenarios.find_scenario(conn, saved.id, me.id)
        before = now
        if 1 <= given["version"] < now.version:
            before = await scenarios.find_scenario(conn, saved.id, me.id, version=given["version"])
    said = [await _words(request, each.scenario) for each in (before, now)]
    sentences = [[each.sentence for each in side] for side in said]
    return await editor(
        request,
        me,
        project_id=project_id,
        saved=now,
        document=document,
        given=given | {"version": now.version},
        refusal=refusal,
        faster={
            "by": now.saved_by,
            "name": now.name if now.name != before.name else "",
            "added": [each for each in sentences[1] if each not in sentences[0]],
            "removed": [each for each in sentences[0] if each not in sentences[1]],
        },
    )


async def _words(request: Request, scenario: Scenario) -> list[Said]:
    async with request.app.state.database.transaction() as conn:
        return await words_of(conn, scenario, gettext_of(request), numbers_of(request))


async def words_of(conn: Connection, scenario: Scenario, _: Any, write: Numbers) -> list[Said]:
    """The scenario in words, with the names of its exams and of the master data."""
    titles = {exam.id: exam.title for exam in (await exams_named(conn, scenario.exams)).values()}
    entries = {(entry.kind, entry.code): _(entry.name) for entry in await list_entries(conn)}
    return scenario_in_words(scenario, titles=titles, entries=entries, _=_, write=write)


async def _brought(form: FormData) -> str:
    """The document as a file, or as it was written."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.size:
        return (await file.read(LONGEST_DOCUMENT)).decode(errors="replace")
    text = form.get("document", "")
    return text if isinstance(text, str) else ""


def _given(form: FormData) -> dict[str, Any]:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""

    version = text("version")
    return {
        "name": text("name"),
        "description": text("description"),
        "version": int(version) if _is_id(version) and len(version) < 10 else 0,
    }


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 19


routes = [
    Route("/staff/analyses/{project_id:int}/scenarios/new", new_scenario_page),
    Route("/staff/analyses/{project_id:int}/scenarios/new", post_new_scenario, methods=["POST"]),
    Route("/staff/scenarios/{scenario_id:int}", scenario_page),
    Route("/staff/scenarios/{scenario_id:int}", post_scenario, methods=["POST"]),
    Route("/staff/scenarios/{scenario_id:int}/calculate", post_calculate, methods=["POST"]),
    Route("/staff/scenarios/{scenario_id:int}/copy", post_copy, methods=["POST"]),
    Route("/staff/scenarios/{scenario_id:int}/archive", post_archive, methods=["POST"]),
    Route("/staff/scenarios/{scenario_id:int}/document.json", document_file),
]
