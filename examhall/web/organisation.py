"""What was sent for an organisation, for whoever manages it: to look at, and nothing else."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.accounts.access import page_person
from examhall.accounts.people import find_account
from examhall.forms.files import list_files
from examhall.forms.forms import find_form
from examhall.forms.history import list_history
from examhall.forms.lists import submissions_of_organisation
from examhall.forms.organisations import NoSuchOrganisation, find_organisation, is_manager
from examhall.forms.paging import Before
from examhall.forms.submissions import NoSuchSubmission, find_submission
from examhall.web.frame import framed, id_of

A_PAGE = 50


async def organisation_page(request: Request) -> Response:
    """GET /organisations/{organisation_id}"""
    me = await page_person(request)
    organisation_id = id_of(request, "organisation_id")
    before = Before.read(request.query_params.get("before"))
    async with request.app.state.database.transaction() as conn:
        if not await is_manager(conn, me, organisation_id):
            raise NoSuchOrganisation
        account = await find_account(conn, me.id)
        found = await find_organisation(conn, organisation_id)
        sent = await submissions_of_organisation(conn, organisation_id, before=before, limit=A_PAGE + 1)
    return framed(
        request,
        me,
        account,
        "forms/organisation.html",
        organisation=found,
        submissions=sent[:A_PAGE],
        more=sent[A_PAGE - 1].before if len(sent) > A_PAGE else None,
    )


async def submission_page(request: Request) -> Response:
    """GET /organisations/{organisation_id}/submissions/{submission_id}"""
    me = await page_person(request)
    organisation_id = id_of(request, "organisation_id")
    submission_id = id_of(request, "submission_id")
    async with request.app.state.database.transaction() as conn:
        if not await is_manager(conn, me, organisation_id):
            raise NoSuchOrganisation
        account = await find_account(conn, me.id)
        found = await find_submission(conn, submission_id)
        if found.organisation_id != organisation_id:
            raise NoSuchSubmission
        form = await find_form(conn, found.form_id, fields_version=found.form_version)
        files = await list_files(conn, submission_id)
        history = await list_history(conn, submission_id)
    return framed(
        request,
        me,
        account,
        "staff/submission.html",
        submission=found,
        form=form,
        files=files,
        history=history,
        refused="",
        note="",
        may_decide=False,
        may_erase=False,
        back=f"/organisations/{organisation_id}",
        # Whose files a manager may have, that address knows too.
        base=f"/forms/submissions/{submission_id}",
    )


routes = [
    Route("/organisations/{organisation_id:int}", organisation_page),
    Route("/organisations/{organisation_id:int}/submissions/{submission_id:int}", submission_page),
]
