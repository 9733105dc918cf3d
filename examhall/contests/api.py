"""Contests over the API: bytes to values and back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from msgspec.json import encode

from examhall.accounts.access import STAFF, CrossSite, NotSignedIn, Person, SignedIn, Staff
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.errors import Malformed
from examhall.base.noting import note
from examhall.base.said import said
from examhall.base.shared_transaction import Crowded
from examhall.base.wire import LARGEST_ID, Db, Id, Limit, refusals
from examhall.contests.bulk import my_submissions, stats_of, validate_students
from examhall.contests.contests import Contests, announce_warming, find_contest
from examhall.contests.listing import ContestList
from examhall.contests.replies import (
    AllStatsOut,
    AnswerIn,
    ContestsOut,
    MySubmissionOut,
    MySubmissionsOut,
    StatsOut,
    StudentsIn,
    SubmissionIn,
    SubmissionOut,
    ValidatedOut,
    WarmedOut,
    WarmIn,
    results_url,
)
from examhall.contests.submissions import (
    NoSuchContest,
    NotDrawnYet,
    Submission,
    Submissions,
    SubmittedOtherwise,
)
from examhall.courses.courses import NoSuchCourse
from examhall.exams.answers import AnswerTooLong, UnknownQuestion, UnsuitableAnswer, accepts
from examhall.exams.content import Content
from examhall.exams.contents import Contents
from examhall.sittings.admission import require_ticket_for
from examhall.sittings.autosave import TimeExpired
from examhall.sittings.availabilities import availabilities_of
from examhall.sittings.availability import ExamNotFound, NotYetOpen, WindowClosed

router = APIRouter(tags=["Contests"])

SIGNED_IN = refusals(NotSignedIn, TokenInvalid)
CONTESTS_AT_ONCE = 200

Office = Annotated[Person, Staff("author", "analyst", "invigilator")]
# Marks are not for those who look after the room.
Statistician = Annotated[Person, Staff("author", "analyst")]
Ids = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,18}(,[0-9]{1,18})*$",
        max_length=20 * CONTESTS_AT_ONCE,
        description="Contests, separated by commas.",
    ),
]


def contests_of(request: Request) -> Contests:
    contests: Contests = request.app.state.contests
    return contests


def _ids(given: str | None) -> list[int] | None:
    if given is None:
        return None
    ids = sorted({int(each) for each in given.split(",")})
    if len(ids) > CONTESTS_AT_ONCE:
        raise Malformed(
            said("Ask for at most {contests_at_once} contests at a time.", contests_at_once=CONTESTS_AT_ONCE)
        )
    return ids


@router.get(
    "/contests",
    summary="The contests of my courses",
    response_model=ContestsOut,
    responses=SIGNED_IN | refusals(NoSuchCourse),
)
async def get_contests(
    request: Request,
    me: SignedIn,
    course_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=1, le=LARGEST_ID)] = LARGEST_ID,
) -> Response:
    """The newest first, with what their windows say. Of one course: one of mine; for staff, any."""
    contest_list: ContestList = request.app.state.contest_list
    page = await contest_list.page(me, course_id=course_id, before_id=cursor, limit=limit)
    return Response(page, media_type="application/json")


@router.post(
    "/contests/{contest_id}/submissions",
    status_code=201,
    summary="Hand in a contest, once",
    response_model=SubmissionOut,
    responses={
        200: {"description": "The same has been handed in already.", "model": SubmissionOut},
        **SIGNED_IN,
        **refusals(
            CrossSite, NoSuchContest, ExamNotFound, NotYetOpen, WindowClosed, TimeExpired, SubmittedOtherwise,
            NotDrawnYet, UnknownQuestion, AnswerTooLong, UnsuitableAnswer, Crowded,
        ),
    },
)  # fmt: skip
async def post_submission(contest_id: Id, body: SubmissionIn, request: Request, me: SignedIn) -> Response:
    """201 once, after the commit; the same again is 200, other answers are 409. A repeat is harmless.

    A sitting in progress in the exam room is handed in by it, with these answers.
    """
    require_ticket_for(me, contest_id)
    contents: Contents = request.app.state.contents
    try:
        answers = _checked(await contents.of(contest_id), body.answers)
    except (UnknownQuestion, AnswerTooLong, UnsuitableAnswer):
        # It would tell of the paper those who may not see it.
        available = await availabilities_of(request).of_exam(exam_id=contest_id, candidate_id=me.id)
        if isinstance(why := available.now().refusal(), NotYetOpen | WindowClosed):
            raise why from None
        raise
    submissions: Submissions = request.app.state.submissions
    submitted = await submissions.submit(Submission(me.id, contest_id, answers))
    availabilities_of(request).drop(exam_id=contest_id, candidate_id=me.id)
    if submitted.is_new:
        note(request, "submitted", person_id=me.id, exam_id=contest_id, sitting_id=submitted.sitting_id)
    reply = SubmissionOut(
        submission_id=submitted.sitting_id,
        contest_id=contest_id,
        submitted_at=rfc3339(submitted.submitted_at),
        results_url=results_url(submitted.sitting_id),
    )
    return Response(reply.model_dump_json(), 201 if submitted.is_new else 200, media_type="application/json")


def _checked(content: Content, answers: list[AnswerIn]) -> dict[tuple[int, str], Any]:
    """Each answer by its question, against its item; of two for one question the last counts."""
    checked: dict[tuple[int, str], Any] = {}
    for each in answers:
        key = (each.question_number, each.sub_part)
        if (rule := content.items.get(key)) is None:
            raise UnknownQuestion(question_number=each.question_number)
        if refusal := accepts(rule, each.answer):
            refusal.details.update(question_number=each.question_number, sub_part=each.sub_part)
            raise refusal
        checked[key] = each.answer
    return {key: answer for key, answer in checked.items() if answer is not None}


@router.post(
    "/contests/bulk-validation",
    summary="Which of these students may sit a contest",
    response_model=ValidatedOut,
    responses=STAFF | refusals(CrossSite, NoSuchContest),
)
async def post_bulk_validation(body: StudentsIn, _me: Office, db: Db) -> Response:
    """One query for up to 50,000 students. Each is in one of the three lists, in the order of the ids."""
    async with db.connection() as conn:
        found = await validate_students(
            conn, contest_id=body.contest_id, course_id=body.course_id, student_ids=body.student_ids
        )
    reply: dict[str, list[Any]] = {"valid": [], "invalid": [], "already_submitted": []}
    for each in found:
        if each.has_submitted:
            reply["already_submitted"].append(each.student_id)
        elif each.reason is None:
            reply["valid"].append(each.student_id)
        else:
            reply["invalid"].append({"student_id": each.student_id, "reason": each.reason})
    return Response(encode(reply), media_type="application/json")


@router.get("/contests/bulk-stats", summary="How contests went so far", responses=STAFF)
async def get_bulk_stats(_me: Statistician, db: Db, contest_ids: Ids = None) -> AllStatsOut:
    """One query for up to 200 contests. Those that are not there are left out; marks are those so far."""
    async with db.connection() as conn:
        found = await stats_of(conn, _ids(contest_ids) or [])
    return AllStatsOut(items=[StatsOut.of(each) for each in found])


@router.get("/contests/my-submissions-bulk", summary="What I handed in", responses=SIGNED_IN)
async def get_my_submissions(me: SignedIn, db: Db, contest_ids: Ids = None) -> MySubmissionsOut:
    """Of these contests, or of all, the newest first and 200 at most; what I have not begun is not there."""
    async with db.connection() as conn:
        found = await my_submissions(
            conn,
            candidate_id=me.id,
            contest_ids=_ids(contest_ids),
            only_exam_id=me.exam_id,
            limit=CONTESTS_AT_ONCE,
        )
    return MySubmissionsOut(items=[MySubmissionOut.of(each) for each in found])


@router.post(
    "/contests/warm-cache",
    status_code=202,
    summary="Fill the caches before a contest opens",
    responses=STAFF | refusals(CrossSite, NoSuchContest),
)
async def post_warm_cache(body: WarmIn, request: Request, _me: Office, db: Db) -> WarmedOut:
    """In this process at once, in the others when they hear of it. Without it caches fill themselves."""
    async with db.transaction() as conn:
        await find_contest(conn, body.contest_id)
        await announce_warming(conn, body.contest_id)
    return WarmedOut(warmed=await contests_of(request).warm(body.contest_id))
