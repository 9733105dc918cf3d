"""The office's pages of what was sent: by a form with filters, one by one with its history, as a file."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from examhall.accounts.access import Person, has_role, page_person, require_role, signer_of
from examhall.accounts.people import find_account
from examhall.base.attachment import download_headers
from examhall.base.errors import Conflict, Malformed, NotFound, Refusal, SomebodyWasFaster
from examhall.forms import submissions
from examhall.forms.erasing import erase_submission
from examhall.forms.exporting import export_csv
from examhall.forms.files import find_file, list_files
from examhall.forms.forms import find_form
from examhall.forms.handing_out import file_reply
from examhall.forms.history import list_history
from examhall.forms.lists import submissions_of_form
from examhall.forms.paging import Before
from examhall.forms.submissions import STATUSES, NoSuchSubmission, change_status, find_submission
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.public import SEE_OTHER
from examhall.web.staff.courses import searched

A_PAGE = 50


async def form_page(request: Request) -> Response:
    """GET /staff/forms/{form_id}: what was sent by it."""
    me = await page_person(request)
    require_role(me, "author")
    status = request.query_params.get("status")
    status = status if status in STATUSES else None
    search = searched(request)
    before = Before.read(request.query_params.get("before"))
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        form = await find_form(conn, id_of(request, "form_id"))
        found = await submissions_of_form(
            conn, form.id, status=status, search=search, before=before, limit=A_PAGE + 1
        )
    return framed(
        request,
        me,
        account,
        "staff/form.html",
        form=form,
        submissions=found[:A_PAGE],
        more=found[A_PAGE - 1].before if len(found) > A_PAGE else None,
        status_wanted=status,
        statuses=STATUSES,
        search=search,
        link=f"{request.app.state.settings.url}/f/{form.link}" if form.link else None,
        may_edit=True,
    )


async def export(request: Request) -> Response:
    """GET /staff/forms/{form_id}/submissions.csv"""
    me = await page_person(request)
    require_role(me, "author")
    status = request.query_params.get("status")
    async with request.app.state.database.transaction() as conn:
        form = await find_form(conn, id_of(request, "form_id"))
    return StreamingResponse(
        export_csv(request.app.state.database, form.id, status=status if status in STATUSES else None),
        media_type="text/csv",
        headers=download_headers(f"{form.title}.csv"),
    )


async def submission_page(request: Request) -> Response:
    """GET /staff/submissions/{submission_id}"""
    me = await page_person(request)
    require_role(me, "author")
    return await _page(request, me)


async def post_status(request: Request) -> Response:
    """POST /staff/submissions/{submission_id}/status"""
    me = await page_person(request)
    require_role(me, "author")
    submission_id = id_of(request, "submission_id")
    form = await request.form()
    to, version, note = (str(form.get(name, "")) for name in ("status", "version", "note"))
    try:
        async with request.app.state.database.transaction() as conn:
            await change_status(
                conn,
                signer_of(request),
                submission_id,
                to=to,
                version=int(version) if version.isdecimal() and len(version) < 10 else 0,
                me=me,
                note=_note(note),
            )
    except (Conflict, Malformed, SomebodyWasFaster) as refusal:
        return await _page(request, me, refusal, note)
    except NotFound as refusal:
        if isinstance(refusal, NoSuchSubmission):
            raise
        return await _page(request, me, refusal, note)
    return RedirectResponse(f"/staff/submissions/{submission_id}", SEE_OTHER)


async def post_erase(request: Request) -> Response:
    """POST /staff/submissions/{submission_id}/erase: for administrators."""
    me = await page_person(request)
    require_role(me, "admin")
    submission_id = id_of(request, "submission_id")
    async with request.app.state.database.transaction() as conn:
        await erase_submission(conn, submission_id, by=me.id)
    return RedirectResponse(f"/staff/submissions/{submission_id}", SEE_OTHER)


async def submission_file(request: Request) -> Response:
    """GET /staff/submissions/{submission_id}/files/{file_id}"""
    me = await page_person(request)
    require_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        file = await find_file(conn, id_of(request, "submission_id"), id_of(request, "file_id"))
    return await file_reply(request.app.state.storage, file)


def _note(text: str) -> str:
    """What the sender reads; what PostgreSQL cannot hold is left out."""
    kept = text.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "ignore").decode()
    return kept.strip()[: submissions.NOTE_CHARS]


async def _page(request: Request, me: Person, refusal: Refusal | None = None, note: str = "") -> Response:
    submission_id = id_of(request, "submission_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await find_submission(conn, submission_id)
        form = await find_form(conn, found.form_id, fields_version=found.form_version)
        files = await list_files(conn, submission_id)
        history = await list_history(conn, submission_id)
    return framed(
        request,
        me,
        account,
        "staff/submission.html",
        refusal.status if refusal else 200,
        submission=found,
        form=form,
        files=files,
        history=history,
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        note=note,
        may_decide=True,
        may_erase=has_role(me, "admin"),
        back=f"/staff/forms/{form.id}",
        base=f"/staff/submissions/{submission_id}",
    )


routes = [
    Route("/staff/forms/{form_id:int}", form_page),
    Route("/staff/forms/{form_id:int}/submissions.csv", export),
    Route("/staff/submissions/{submission_id:int}", submission_page),
    Route("/staff/submissions/{submission_id:int}/status", post_status, methods=["POST"]),
    Route("/staff/submissions/{submission_id:int}/erase", post_erase, methods=["POST"]),
    Route("/staff/submissions/{submission_id:int}/files/{file_id:int}", submission_file),
]
