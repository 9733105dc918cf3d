"""Pages of forms for whoever fills them in: what is open, one to fill in, and what became of it."""

from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, refuse_cross_site, refuse_tickets, signer_of
from examhall.accounts.people import find_account
from examhall.base.errors import Conflict, Malformed, Refusal
from examhall.base.wire import LARGEST_ID, address_of
from examhall.forms import submissions
from examhall.forms.files import find_file, list_files
from examhall.forms.forms import Form, find_form, find_form_for, form_of_link, list_open_forms
from examhall.forms.handing_out import file_reply
from examhall.forms.history import list_history
from examhall.forms.lists import submissions_of_person
from examhall.forms.organisations import organisations_of
from examhall.forms.paging import Before
from examhall.forms.sending import send_form
from examhall.forms.submissions import find_submission_for, withdraw
from examhall.web.form_filling import Posted, read_posted, words_of
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER

OPEN_SHOWN = 100
A_PAGE = 20


async def forms_page(request: Request) -> Response:
    """GET /forms"""
    me = await page_person(request)
    refuse_tickets(me)
    before = Before.read(request.query_params.get("before"))
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        opened = await list_open_forms(conn, me.id, before_id=LARGEST_ID, limit=OPEN_SHOWN)
        sent = await submissions_of_person(conn, me.id, before=before, limit=A_PAGE + 1)
        centres = [each for each in await organisations_of(conn, me.id) if each.manager]
    return framed(
        request,
        me,
        account,
        "forms/forms.html",
        forms=opened,
        sent=sent[:A_PAGE],
        more=sent[A_PAGE - 1].before if len(sent) > A_PAGE else None,
        centres=centres,
    )


async def form_page(request: Request) -> Response:
    """GET /forms/{form_id}"""
    me = await page_person(request)
    refuse_tickets(me)
    async with request.app.state.database.transaction() as conn:
        form = await find_form_for(conn, id_of(request, "form_id"), me)
    return await _fill(request, me, form)


async def post_form(request: Request) -> Response:
    """POST /forms/{form_id}: send it. What was typed is shown again with whatever is wrong."""
    me = await page_person(request)
    refuse_tickets(me)
    form_id = id_of(request, "form_id")
    async with request.app.state.database.transaction() as conn:
        form = await find_form_for(conn, form_id, me)
    await request.app.state.limits.forms.require(str(me.id))
    sent = await _send(request, me, form)
    if isinstance(sent, Response):
        return sent
    return RedirectResponse(f"/forms/submissions/{sent}?sent=1", SEE_OTHER)


async def submission_page(request: Request) -> Response:
    """GET /forms/submissions/{submission_id}: one of one's own."""
    me = await page_person(request)
    refuse_tickets(me)
    return await _submission(request, me)


async def post_withdraw(request: Request) -> Response:
    """POST /forms/submissions/{submission_id}/withdraw"""
    me = await page_person(request)
    submission_id = id_of(request, "submission_id")
    try:
        async with request.app.state.database.transaction() as conn:
            await withdraw(conn, submission_id, me=me)
    except Conflict as refusal:
        return await _submission(request, me, refusal)
    return RedirectResponse(f"/forms/submissions/{submission_id}", SEE_OTHER)


async def submission_file(request: Request) -> Response:
    """GET /forms/submissions/{submission_id}/files/{file_id}: for its sender, its centre, and the office."""
    me = await page_person(request)
    submission_id = id_of(request, "submission_id")
    async with request.app.state.database.transaction() as conn:
        await find_submission_for(conn, submission_id, me)
        file = await find_file(conn, submission_id, id_of(request, "file_id"))
    return await file_reply(request.app.state.storage, file)


async def strangers_page(request: Request) -> Response:
    """GET /f/{link}: a form that an administrator has opened to whoever has its link."""
    form = await _form_of_link(request)
    if "sent" in request.query_params:
        return render(request, "forms/sent.html", form=form)
    return await _fill(request, None, form)


async def post_strangers(request: Request) -> Response:
    """POST /f/{link}: sent without an account, and by nobody in anybody's name."""
    refuse_cross_site(request)
    await request.app.state.limits.strangers_forms.require(address_of(request))
    form = await _form_of_link(request)
    sent = await _send(request, None, form)
    if isinstance(sent, Response):
        return sent
    return RedirectResponse(f"/f/{form.link}?sent=1", SEE_OTHER)


async def _form_of_link(request: Request) -> Form:
    link = request.path_params["link"]
    async with request.app.state.database.transaction() as conn:
        return await find_form_for(conn, await form_of_link(conn, link), None, link=link)


async def _send(request: Request, me: Person | None, form: Form) -> int | Response:
    """The submission's id, or the page that says why not."""
    posted = read_posted(await request.form(), form.fields)
    try:
        done = await send_form(
            request.app.state.database,
            request.app.state.storage,
            signer_of(request),
            form.id,
            fields_version=posted.fields_version,
            data=posted.data,
            organisation=posted.organisation or None,
            uploads=posted.uploads,
            me=me,
            request_key=posted.request_key or uuid4().hex,
            link=form.link if me is None else None,
        )
    except (Malformed, Conflict) as refusal:
        # It may just have been changed: what is asked now is shown, with what was typed.
        async with request.app.state.database.transaction() as conn:
            form = await find_form(conn, form.id)
        return await _fill(request, me, form, posted, refusal)
    return done.submission_id


async def _fill(
    request: Request,
    me: Person | None,
    form: Form,
    posted: Posted | None = None,
    refusal: Refusal | None = None,
) -> Response:
    context: Mapping[str, object] = {
        "form": form,
        "given": posted.data if posted else {},
        "organisation": posted.organisation if posted else "",
        "request_key": posted.request_key if posted else uuid4().hex,
        "problems": words_of(request, refusal) if refusal else {},
        # Browsers do not give back files that were chosen.
        "files_again": bool(posted and posted.uploads),
    }
    status = refusal.status if refusal else HTTPStatus.OK
    if me is None:
        return render(
            request, "forms/fill.html", status, stranger=True, action=f"/f/{form.link}", mine=(), **context
        )
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        mine = await organisations_of(conn, me.id)
    action = f"/forms/{form.id}"
    return framed(
        request,
        me,
        account,
        "forms/fill.html",
        status,
        stranger=False,
        action=action,
        mine=mine,
        **context,
    )


async def _submission(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    submission_id = id_of(request, "submission_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        found = await find_submission_for(conn, submission_id, me)
        if found.created_by != me.id:
            raise submissions.NoSuchSubmission
        form = await find_form(conn, found.form_id, fields_version=found.form_version)
        files = await list_files(conn, submission_id)
        history = await list_history(conn, submission_id)
    return framed(
        request,
        me,
        account,
        "forms/submission.html",
        refusal.status if refusal else 200,
        submission=found,
        form=form,
        files=files,
        history=history,
        gave={event.what for event in history},
        note=next((event.note for event in reversed(history) if event.note), None),
        refused=gettext_of(request)(refusal.detail) if refusal else "",
        just_sent="sent" in request.query_params,
    )


routes = [
    Route("/forms", forms_page),
    Route("/forms/{form_id:int}", form_page),
    Route("/forms/{form_id:int}", post_form, methods=["POST"]),
    Route("/forms/submissions/{submission_id:int}", submission_page),
    Route("/forms/submissions/{submission_id:int}/withdraw", post_withdraw, methods=["POST"]),
    Route("/forms/submissions/{submission_id:int}/files/{file_id:int}", submission_file),
    Route("/f/{link}", strangers_page),
    Route("/f/{link}", post_strangers, methods=["POST"]),
]
