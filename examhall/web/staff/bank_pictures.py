"""The pictures of a question of the bank for its authors: shown, brought without a script, and deleted."""

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import Person, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Refusal
from examhall.exams.bank import find_bank_question
from examhall.exams.bank_pictures import (
    add_bank_picture,
    delete_bank_picture,
    find_bank_picture,
    list_bank_pictures,
)
from examhall.exams.exam_file_pictures import PICTURE_BYTES
from examhall.exams.question_pictures import UnfitPicture
from examhall.web.frame import framed, id_of
from examhall.web.i18n import gettext_of
from examhall.web.picture_reply import picture_reply
from examhall.web.public import SEE_OTHER


async def pictures_page(request: Request) -> Response:
    """GET /staff/bank/{question_id}/pictures"""
    me = await page_person(request)
    require_role(me, "author")
    return await _pictures_page(request, me)


async def _pictures_page(request: Request, me: Person, refusal: Refusal | None = None) -> Response:
    question_id = id_of(request, "question_id")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        question = await find_bank_question(conn, question_id)
        pictures = await list_bank_pictures(conn, question_id)
    return framed(
        request,
        me,
        account,
        "staff/bank_pictures.html",
        200 if refusal is None else refusal.status,
        question=question,
        pictures=pictures,
        most_bytes=PICTURE_BYTES,
        refused="" if refusal is None else gettext_of(request)(refusal.detail),
    )


async def post_picture(request: Request) -> Response:
    """POST /staff/bank/{question_id}/pictures: bring one, or delete one that no version shows"""
    me = await page_person(request, "author")
    question_id = id_of(request, "question_id")
    form = await request.form()
    given = form.get("picture")
    # One byte more than may be: then it is known to be too large.
    content = await given.read(PICTURE_BYTES + 1) if isinstance(given, UploadFile) else None
    try:
        async with request.app.state.database.transaction() as conn:
            if form.get("do") == "delete":
                await delete_bank_picture(conn, question_id=question_id, name=str(form.get("name", "")))
            elif isinstance(given, UploadFile) and content is not None:
                await add_bank_picture(
                    conn, question_id=question_id, file_name=given.filename or "", content=content
                )
            else:
                raise UnfitPicture
    except Refusal as refusal:
        if refusal.status not in (409, 413, 422):
            raise
        return await _pictures_page(request, me, refusal)
    return RedirectResponse(f"/staff/bank/{question_id}/pictures", SEE_OTHER)


async def picture(request: Request) -> Response:
    """GET /staff/bank/{question_id}/pictures/{name}"""
    me = await page_person(request)
    require_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        found = await find_bank_picture(conn, id_of(request, "question_id"), request.path_params["name"])
    return picture_reply(found.content, found.media_type)


routes = [
    Route("/staff/bank/{question_id:int}/pictures", pictures_page),
    Route("/staff/bank/{question_id:int}/pictures", post_picture, methods=["POST"]),
    Route("/staff/bank/{question_id:int}/pictures/{name}", picture),
]
