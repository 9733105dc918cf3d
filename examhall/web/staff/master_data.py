"""The pages of the master data: all of it by kind, and one entry with its versions and its form."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.reference import catalog
from examhall.reference.catalog import FIXED, KINDS, BadValue, CodeTaken, Entry, EntryVersion, FixedKind
from examhall.reference.values import CODE_CHARS, NAME_CHARS, PATTERN
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.given import text_problems, version_in

READERS = ("author", "analyst")
NUMBERS = ("lowest", "highest", "mean", "sd", "step")


async def master_data_page(request: Request) -> Response:
    """GET /staff/master-data"""
    me = await page_person(request)
    require_role(me, *READERS)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        entries = await catalog.list_entries(conn)
    return framed(
        request,
        me,
        account,
        "staff/master_data.html",
        kinds=[(kind, [entry for entry in entries if entry.kind == kind]) for kind in KINDS],
        subjects={entry.code: entry.name for entry in entries if entry.kind == "subjects"},
        fixed=FIXED,
        may_edit=has_role(me, "admin"),
    )


async def entry_page(request: Request) -> Response:
    """GET /staff/master-data/{kind}/{code}"""
    me = await page_person(request)
    require_role(me, *READERS)
    kind, code = _place(request)
    async with request.app.state.database.transaction() as conn:
        entry = await catalog.find_entry(conn, kind, code)
    given = {"code": code, "name": entry.name, "active": entry.active, "version": entry.version}
    return await _form(request, me, kind, given | {"value": fields_of(kind, entry.value)}, code=code)


async def new_entry_page(request: Request) -> Response:
    """GET /staff/master-data/{kind}/new"""
    me = await page_person(request)
    require_role(me, "admin")
    kind, _ = _place(request)
    given = {"code": "", "name": "", "active": True, "version": 0, "value": fields_of(kind, {})}
    return await _form(request, me, kind, given)


async def post_new_entry(request: Request) -> Response:
    """POST /staff/master-data/{kind}/new"""
    return await _post(request, None)


async def post_entry(request: Request) -> Response:
    """POST /staff/master-data/{kind}/{code}"""
    return await _post(request, request.path_params["code"])


async def _post(request: Request, code: str | None) -> Response:
    me = await page_person(request)
    require_role(me, "admin")
    kind, _ = _place(request)
    given = _given(kind, await request.form())
    wrong = text_problems(
        request, given | {"code": code or given["code"]}, {"code": CODE_CHARS, "name": NAME_CHARS}
    )
    if code is None and "code" not in wrong and not PATTERN.fullmatch(given["code"]):
        wrong["code"] = gettext_of(request)(
            "Small letters, digits, - and _, beginning with a letter or digit."
        )
    if wrong:
        return await _form(request, me, kind, given, code=code, wrong=wrong)
    said: dict[str, Any] = {"kind": kind, "name": given["name"], "value": value_of(kind, given["value"])}
    try:
        async with request.app.state.database.transaction() as conn:
            if code is None:
                await catalog.add_entry(conn, code=given["code"], saved_by=me.id, **said)
            else:
                if kind in FIXED:
                    # Its value is not among the fields.
                    said["value"] = (await catalog.find_entry(conn, kind, code)).value
                await catalog.change_entry(
                    conn,
                    code=code,
                    version=given["version"],
                    active=given["active"],
                    saved_by=me.id,
                    **said,
                )
    except (BadValue, CodeTaken, FixedKind) as refusal:
        return await _form(request, me, kind, given, code=code, refusal=refusal)
    except SomebodyWasFaster as refusal:
        given["version"] = refusal.details["version"]
        return await _form(request, me, kind, given, code=code, refusal=refusal)
    return RedirectResponse(f"/staff/master-data#{kind}", SEE_OTHER)


def fields_of(kind: str, value: Mapping[str, Any]) -> dict[str, str]:
    """A value as the fields of a form."""
    match kind:
        case "scales":
            return {name: str(value.get(name, "")) for name in NUMBERS}
        case "grade_bands":
            bands = value.get("bands", [])
            return {"bands": "\n".join(f"{band['name']} {band['from_percent']}" for band in bands)}
        case "topics":
            return {"subject": str(value.get("subject", ""))}
    return {}


def value_of(kind: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form as a value, not yet held to anything."""
    match kind:
        case "scales":
            return {name: text.replace(",", ".") for name, text in fields.items() if text}
        case "grade_bands":
            return {"bands": bands_of(fields["bands"])}
        case "topics":
            return {"subject": fields["subject"]}
    return {}


def bands_of(text: str) -> list[dict[str, str]]:
    """A line for each: its name, then the percent from which it is given."""
    bands = []
    for line in text.splitlines():
        if line.strip():
            name, _, least = line.strip().rstrip("%").rstrip().rpartition(" ")
            bands.append({"name": name.strip(), "from_percent": least.replace(",", ".")})
    return bands


def _given(kind: str, form: FormData) -> dict[str, Any]:
    def text(name: str) -> str:
        value = form.get(name, "")
        return value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""

    return {
        "code": text("code").lower(),
        "name": text("name"),
        "active": "active" in form,
        "version": version_in(text("version")),
        "value": {name: text(f"value-{name}")[:2_000] for name in fields_of(kind, {})},
    }


def _place(request: Request) -> tuple[str, str]:
    kind, code = request.path_params["kind"], request.path_params.get("code", "")
    if kind not in KINDS or (code and not PATTERN.fullmatch(code)):
        raise NotFound
    return kind, code


async def _form(
    request: Request,
    me: Person,
    kind: str,
    given: Mapping[str, Any],
    *,
    code: str | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        versions: list[EntryVersion] = []
        if code is not None:
            versions = await catalog.entry_versions(conn, kind, code)
        subjects: list[Entry] = await catalog.list_entries(conn, "subjects") if kind == "topics" else []
    _ = gettext_of(request)
    fields: Any = refusal.details.get("fields", []) if refusal else []
    return framed(
        request,
        me,
        account,
        "staff/master_entry.html",
        refusal.status if refusal else 422 if wrong else 200,
        kind=kind,
        code=code,
        given=given,
        versions=[(each, fields_of(kind, each.value)) for each in versions],
        subjects=subjects,
        is_fixed=kind in FIXED,
        may_edit=has_role(me, "admin"),
        wrong=wrong or {},
        refused=_(refusal.detail) if refusal else "",
        problems=[_(field["message"]) for field in fields],
        limits={"code": CODE_CHARS, "name": NAME_CHARS},
    )


routes = [
    Route("/staff/master-data", master_data_page),
    Route("/staff/master-data/{kind}/new", new_entry_page),
    Route("/staff/master-data/{kind}/new", post_new_entry, methods=["POST"]),
    Route("/staff/master-data/{kind}/{code}", entry_page),
    Route("/staff/master-data/{kind}/{code}", post_entry, methods=["POST"]),
]
