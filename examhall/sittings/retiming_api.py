"""Changing an exam's settings over the API, and with them the time of those who sit it."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import Db, Id, refusals
from examhall.exams.authoring import BadSettings, SettingsFixed
from examhall.exams.authoring_replies import AuthoredOut, ChangedSettings, RetimedOut
from examhall.exams.editing import ChangedMeanwhile, ExamNotFound
from examhall.sittings.retiming import change_settings

router = APIRouter(tags=["Authors"])


@router.put(
    "/exams/{exam_id}",
    summary="Change the settings of an exam that nobody else has changed meanwhile",
    responses=refusals(
        NotSignedIn, TokenInvalid, WrongRole, CrossSite, ExamNotFound, BadSettings, SettingsFixed,
        ChangedMeanwhile, VersionRequired,
    ),
)  # fmt: skip
async def put_exam(
    exam_id: Id,
    body: ChangedSettings,
    request: Request,
    me: Annotated[Person, Staff("author")],
    db: Db,
    response: Response,
) -> RetimedOut:
    """With the ETag of GET /exams/{exam_id}/settings as If-Match, or its `version`.

    412 says what the others changed, field by field. Once the exam has opened only what is safe can change; a
    later end or a longer time is given to those who sit it at once, and no time is taken away.
    """
    seen = version_wanted(request, body.version)
    async with db.transaction() as conn:
        retimed = await change_settings(
            conn, exam_id, body.settings(), by=me.id, seen=seen, reason=body.reason
        )
    response.headers["ETag"] = etag(retimed.exam.settings_version)
    return RetimedOut(**AuthoredOut.of(retimed.exam).model_dump(), given=retimed.given)
