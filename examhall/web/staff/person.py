"""The office's page of one person: account, groups, accommodations, sign-ins, sittings, certificates."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person
from examhall.accounts.directory import (
    Entry,
    edit_person,
    end_sign_in_of,
    find_person,
    list_sign_ins,
    sign_out_everywhere,
)
from examhall.accounts.new_passwords import link_url, made_up_password, make_link, set_password
from examhall.accounts.people import EmailTaken, LastAdmin, OwnRights, UsernameTaken, find_account
from examhall.accounts.people_file import ROLES
from examhall.accounts.person_fields import checked
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.courses.groups import groups_of
from examhall.exams.accommodations import accommodations_of_person, give_accommodation
from examhall.scoring.glance import list_exams
from examhall.sittings.extending import find_owed
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.accommodation_form import Given, given_terms
from examhall.web.staff.given import id_in, version_in
from examhall.web.staff.people import given_person, person_problems
from examhall.web.staff.person_record import certificates_of, sittings_of

# To choose one of, the newest.
EXAMS_OFFERED = 50
EDITED = ("username", "full_name", "email", "roles", "active")
# What was just done, as the address has it.
DONE = ("made", "saved", "given", "withdrawn", "ended")


async def person_page(request: Request) -> Response:
    """GET /staff/people/{person_id}"""
    me = await page_person(request, "admin")
    return await _page(request, me, done=request.query_params.get("done", ""))


async def post_person(request: Request) -> Response:
    """POST /staff/people/{person_id}"""
    me = await page_person(request, "admin")
    person_id = id_of(request, "person_id")
    form = await request.form()
    given = await given_person(request)
    given["active"] = "active" in form
    given["version"] = version_in(str(form.get("version", "")))
    # As it was when the form was opened: what others changed since is told apart from what is changed here.
    given["was"] = {name: str(form.get(f"was_{name}", "")) for name in EDITED}
    if problems := person_problems(given):
        return await _page(request, me, given=given, problems=problems)
    fields = checked(**{name: given[name] for name in ("username", "full_name", "email", "roles")})
    try:
        async with request.app.state.database.transaction() as conn:
            await edit_person(
                conn, person_id, by=me.id, version=given["version"], active=given["active"], **fields
            )
    except (UsernameTaken, EmailTaken) as refusal:
        field = "email" if isinstance(refusal, EmailTaken) else "username"
        return await _page(request, me, given=given, problems={field: gettext_of(request)(refusal.detail)})
    except (OwnRights, LastAdmin, SomebodyWasFaster) as refusal:
        return await _page(request, me, given=given, refusal=refusal)
    return RedirectResponse(f"/staff/people/{person_id}?done=saved", SEE_OTHER)


async def post_accommodation(request: Request) -> Response:
    """POST /staff/people/{person_id}/accommodations"""
    me = await page_person(request, "admin")
    person_id = id_of(request, "person_id")
    given = await given_terms(request)
    if given.terms is None:
        return await _page(request, me, giving=given)
    try:
        async with request.app.state.database.transaction() as conn:
            await give_accommodation(
                conn, given.terms, by=me.id, exam_id=id_in(given.fields["exam_id"]), person_id=person_id
            )
    except NotFound:
        raise
    except Refusal as refusal:
        return await _page(request, me, giving=given, refusal=refusal)
    return RedirectResponse(f"/staff/people/{person_id}?done=given#accommodations", SEE_OTHER)


async def post_end_sign_ins(request: Request) -> Response:
    """POST /staff/people/{person_id}/sign-ins/end: one of them, or all."""
    await page_person(request, "admin")
    person_id = id_of(request, "person_id")
    form = await request.form()
    async with request.app.state.database.transaction() as conn:
        await find_person(conn, person_id)
        if chosen := str(form.get("sign_in_id", "")):
            try:
                sign_in_id = UUID(chosen)
            except ValueError as error:
                raise NotFound from error
            await end_sign_in_of(conn, person_id, sign_in_id)
        else:
            await sign_out_everywhere(conn, person_id)
    return RedirectResponse(f"/staff/people/{person_id}?done=ended#sign-ins", SEE_OTHER)


async def post_password(request: Request) -> Response:
    """POST /staff/people/{person_id}/password: a link or a new one, told on this page alone."""
    me = await page_person(request, "admin")
    person_id = id_of(request, "person_id")
    form = await request.form()
    if form.get("way") == "link":
        async with request.app.state.database.transaction() as conn:
            token = await make_link(conn, person_id, by=me.id)
        shown = {"link": link_url(str(request.app.state.settings.url), token)}
    else:
        password = made_up_password()
        password_hash = await request.app.state.passwords.hash(password)
        async with request.app.state.database.transaction() as conn:
            await set_password(conn, person_id, password_hash=password_hash)
        shown = {"password": password}
    page = await _page(request, me, shown=shown)
    page.headers["Cache-Control"] = "no-store"
    return page


async def _page(
    request: Request,
    me: Person,
    *,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, str] | None = None,
    giving: Given | None = None,
    refusal: Refusal | None = None,
    shown: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    person_id = id_of(request, "person_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        person = await find_person(conn, person_id)
        context: dict[str, Any] = {
            "sign_ins": await list_sign_ins(conn, person_id),
            "groups": await groups_of(conn, person_id),
            "accommodations": await accommodations_of_person(conn, person_id),
            "owed": await find_owed(conn, person_id=person_id),
            "sittings": await sittings_of(conn, person_id),
            "certificates": await certificates_of(conn, person_id),
            "exams": await list_exams(conn, search="", state=None, before=None, limit=EXAMS_OFFERED),
        }
    was_faster = isinstance(refusal, SomebodyWasFaster)
    wrong = problems or (giving.problems if giving else {})
    return framed(
        request,
        me,
        account,
        "staff/person.html",
        refusal.status if refusal else 422 if wrong else 200,
        subject=person,
        is_me=person_id == me.id,
        given=given or _fields_of(person),
        # A form sent again after the other's change is a change of what is there now.
        version=person.version if was_faster or given is None else given["version"],
        stored=_fields_of(person),
        others=_others(person, given) if was_faster and given else (),
        problems=wrong,
        giving=giving.fields if giving else {},
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        roles=ROLES,
        shown=shown or {},
        done=done if done in DONE else "",
        **context,
    )


def _fields_of(person: Entry) -> dict[str, Any]:
    fields = {name: getattr(person, name) for name in EDITED}
    return fields | {"email": person.email or ""}


def _others(person: Entry, given: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What somebody else changed since the form was opened: (field, from, to)."""
    now = {name: _text(value) for name, value in _fields_of(person).items()}
    return [(name, given["was"][name], now[name]) for name in EDITED if given["was"][name] != now[name]]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(sorted(value)) if isinstance(value, list) else str(value)


routes = [
    Route("/staff/people/{person_id:int}", person_page),
    Route("/staff/people/{person_id:int}", post_person, methods=["POST"]),
    Route("/staff/people/{person_id:int}/accommodations", post_accommodation, methods=["POST"]),
    Route("/staff/people/{person_id:int}/sign-ins/end", post_end_sign_ins, methods=["POST"]),
    Route("/staff/people/{person_id:int}/password", post_password, methods=["POST"]),
]
