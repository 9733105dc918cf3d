"""The office's pages of people: the directory, somebody new, a file of people, seen before it is applied."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.directory import Sought, list_people, people_csv
from examhall.accounts.people import (
    EmailTaken,
    LastAdmin,
    OwnRights,
    UsernameTaken,
    create_person,
    find_account,
    import_people,
)
from examhall.accounts.people_file import ROLES, BadPeopleFile, decode
from examhall.accounts.people_preview import PeopleChanges, preview_people
from examhall.accounts.person_fields import checked, problems_of
from examhall.base.csv_file import Problem
from examhall.base.errors import Refusal
from examhall.base.wire import LARGEST_ID
from examhall.courses.groups import list_groups
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched
from examhall.web.staff.given import id_in

PER_PAGE = 50
# Of what a file changes: more than anybody reads, and the counts are of all.
CHANGES_SHOWN = 500
# In the filter.
GROUPS_SHOWN = 200
STATES = {"active": True, "closed": False}


async def people_page(request: Request) -> Response:
    """GET /staff/people"""
    me = await page_person(request, "admin")
    sought, asked = _sought(request)
    after = id_in(request.query_params.get("after", "")) or 0
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        people = await list_people(conn, sought, after=after, limit=PER_PAGE + 1)
        groups = await list_groups(conn, before_id=LARGEST_ID, limit=GROUPS_SHOWN)
    more = people[PER_PAGE - 1].id if len(people) > PER_PAGE else None
    return framed(
        request,
        me,
        account,
        "staff/people.html",
        people=people[:PER_PAGE],
        sought=sought,
        state=request.query_params.get("state", ""),
        groups=groups,
        roles=ROLES,
        is_filtered=bool(asked),
        asked=urlencode(asked),
        later=None if more is None else urlencode({**asked, "after": more}),
        is_first=not after,
    )


async def export(request: Request) -> Response:
    """GET /staff/people.csv"""
    await page_person(request, "admin")
    sought, _ = _sought(request)
    return StreamingResponse(
        people_csv(request.app.state.database, sought),
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="people.csv"',
            "Cache-Control": "no-store",
        },
    )


async def new_person_page(request: Request) -> Response:
    """GET /staff/people/new"""
    me = await page_person(request, "admin")
    return await _form(request, me, {"username": "", "full_name": "", "email": "", "roles": ["candidate"]})


async def post_new_person(request: Request) -> Response:
    """POST /staff/people/new"""
    me = await page_person(request, "admin")
    given = await given_person(request)
    if problems := person_problems(given):
        return await _form(request, me, given, problems)
    try:
        async with request.app.state.database.transaction() as conn:
            person_id = await create_person(conn, **checked(**given))
    except (UsernameTaken, EmailTaken) as refusal:
        field = "email" if isinstance(refusal, EmailTaken) else "username"
        return await _form(request, me, given, {field: gettext_of(request)(refusal.detail)})
    return RedirectResponse(f"/staff/people/{person_id}?done=made", SEE_OTHER)


async def import_page(request: Request) -> Response:
    """GET /staff/people/import"""
    me = await page_person(request, "admin")
    counts = {name: request.query_params.get(name, "") for name in ("created", "updated", "unchanged")}
    done = {name: int(count) for name, count in counts.items() if count.isdecimal() and len(count) < 10}
    return await _import(request, me, done=done)


async def post_import(request: Request) -> Response:
    """POST /staff/people/import: what the file would change, nothing more."""
    me = await page_person(request, "admin")
    form = await request.form()
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    await request.close()
    try:
        text = decode(content)
        async with request.app.state.database.transaction() as conn:
            changes = await preview_people(conn, text)
    except BadPeopleFile as refusal:
        return await _import(request, me, problems=refusal.problems)
    return await _import(request, me, changes=changes, file=text)


async def post_import_apply(request: Request) -> Response:
    """POST /staff/people/import/apply: the file, if it still would do what was seen."""
    me = await page_person(request, "admin")
    form = await request.form()
    text = str(form.get("file", ""))
    try:
        async with request.app.state.database.transaction() as conn:
            changes = await preview_people(conn, text)
        if changes.fingerprint != form.get("seen"):
            return await _import(request, me, changes=changes, file=text, is_other=True)
        done = await import_people(request.app.state.database, request.app.state.passwords, text, by=me.id)
    except BadPeopleFile as refusal:
        return await _import(request, me, problems=refusal.problems)
    except (OwnRights, LastAdmin) as refusal:
        return await _import(request, me, refusal=refusal)
    return RedirectResponse(f"/staff/people/import?{urlencode(vars(done))}", SEE_OTHER)


async def given_person(request: Request) -> dict[str, Any]:
    """Somebody as a form has them."""
    form = await request.form()
    given: dict[str, Any] = {
        name: text.strip() if isinstance(text := form.get(name, ""), str) else ""
        for name in ("username", "full_name", "email")
    }
    given["roles"] = [role for role in ROLES if role in form.getlist("roles")]
    return given


def person_problems(given: dict[str, Any]) -> dict[str, str]:
    """What is wrong with them, by field."""
    problems = problems_of({name: given[name] for name in ("username", "full_name", "email")})
    if not given["roles"]:
        problems["roles"] = "roles are " + ", ".join(ROLES)
    return problems


def _sought(request: Request) -> tuple[Sought, dict[str, str | int]]:
    role = request.query_params.get("role", "")
    state = request.query_params.get("state", "")
    group_id = id_in(request.query_params.get("group", ""))
    search = searched(request)
    sought = Sought(search, role if role in ROLES else None, STATES.get(state), group_id)
    asked: dict[str, str | int] = {"q": search} if search else {}
    asked |= {"role": role} if sought.role else {}
    asked |= {"state": state} if sought.active is not None else {}
    asked |= {"group": group_id} if group_id else {}
    return sought, asked


async def _form(
    request: Request, me: Person, given: dict[str, Any], problems: dict[str, str] | None = None
) -> Response:
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
    return framed(
        request,
        me,
        account,
        "staff/person_new.html",
        422 if problems else 200,
        given=given,
        problems=problems or {},
        roles=ROLES,
    )


async def _import(
    request: Request,
    me: Person,
    *,
    changes: PeopleChanges | None = None,
    file: str = "",
    is_other: bool = False,
    problems: Sequence[Problem] = (),
    refusal: Refusal | None = None,
    done: dict[str, int] | None = None,
) -> Response:
    require_role(me)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
    return framed(
        request,
        me,
        account,
        "staff/people_import.html",
        refusal.status if refusal else 422 if problems else 409 if is_other else 200,
        changes=changes,
        shown=changes.real[:CHANGES_SHOWN] if changes else (),
        file=file,
        is_other=is_other,
        problems=problems,
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        done=done or {},
    )


routes = [
    Route("/staff/people", people_page),
    Route("/staff/people.csv", export),
    Route("/staff/people/new", new_person_page),
    Route("/staff/people/new", post_new_person, methods=["POST"]),
    Route("/staff/people/import", import_page),
    Route("/staff/people/import", post_import, methods=["POST"]),
    Route("/staff/people/import/apply", post_import_apply, methods=["POST"]),
]
