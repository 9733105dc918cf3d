"""The JSON API of standard setting: panels and their judges, what is judged, what was found."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.analyses import judging, panels, standards
from examhall.analyses.judging import NewRating, NoSuchItem, NoSuchPage, NotAJudge, OtherMethod, RoundOver
from examhall.analyses.panels import (
    CannotJudge,
    HasJudged,
    Judge,
    JudgesWait,
    LastRound,
    NobodyJudged,
    NoSuchPanel,
    NotCalibrated,
    NothingToJudge,
    Panel,
    PanelClosed,
    PanelFull,
)
from examhall.analyses.projects import STAFF
from examhall.base.clock import rfc3339
from examhall.base.errors import NotFound, SomebodyWasFaster
from examhall.base.made_once import KeyUsedForAnother, RequestKey, RequestKeyHeader, make_once
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Before, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.exams.correction import LARGEST_NUMBER

router = APIRouter(tags=["Standard setting"])

# Who leads panels, and who may be asked to judge.
Leader = Annotated[Person, Staff("analyst")]
Anybody = Annotated[Person, Staff(*STAFF)]
SEEN = refusals(NotSignedIn, TokenInvalid, WrongRole, NoSuchPanel)
LED = refusals(NotSignedIn, TokenInvalid, WrongRole, CrossSite, NoSuchPanel, PanelClosed)
JUDGED = refusals(
    NotSignedIn, TokenInvalid, WrongRole, CrossSite, NotAJudge, PanelClosed, RoundOver, OtherMethod
)
Name = Annotated[Text, Field(min_length=1, max_length=panels.NAME_CHARS)]
Description = Annotated[Text, Field(max_length=panels.DESCRIPTION_CHARS)]
Round = Annotated[int, Field(ge=1, le=panels.MOST_ROUNDS, description="The round that the judge sees.")]
Revision = Annotated[
    int, Field(ge=1, le=2**53 - 1, description="Counted by the client; of two the higher stays.")
]
MOST_RATINGS = 1_000


class NewPanel(Body):
    method: panels.Method
    name: Name
    description: Description = Field(
        "", description="Who a just-passing candidate is, for the judges to read."
    )
    mastery: Annotated[Decimal, Field(gt=0, lt=1, decimal_places=2)] = Field(
        panels.MASTERY, description="Of a bookmark: the chance of a right answer that counts as mastering."
    )


class EditedPanel(Body):
    name: Name
    description: Description
    version: Annotated[int, Field(ge=1)] | None = None


class Step(Body):
    step: Literal["next_round", "close"]
    version: Annotated[int, Field(ge=1)] | None = None


class Invited(Body):
    usernames: Annotated[
        list[Annotated[Text, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=60)
    ]


class RatingIn(Body):
    question_number: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    sub_part: Annotated[Text, Field(max_length=2)] = ""
    percent: Annotated[int, Field(ge=0, le=100)] | None = Field(description="null takes it back.")
    revision: Revision


class Ratings(Body):
    round: Round
    ratings: Annotated[list[RatingIn], Field(min_length=1, max_length=MOST_RATINGS)]


class BookmarkIn(Body):
    round: Round
    page: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)] | None = Field(
        description="After which page of the booklet; null takes it back."
    )
    revision: Revision


class PanelOut(BaseModel):
    id: int
    exam_id: int
    method: str
    name: str
    description: str
    mastery: float | None
    round: int
    judges: int
    is_judge: bool = Field(description="Whether you are one of them.")
    version: int
    created_by: str | None
    created_at: str
    closed_at: str | None

    @classmethod
    def of(cls, panel: Panel) -> "PanelOut":
        said = {name: value for name, value in vars(panel).items() if name in cls.model_fields}
        return cls(
            **said
            | {
                "mastery": None if panel.mastery is None else float(panel.mastery),
                "created_at": rfc3339(panel.created_at),
                "closed_at": rfc3339(panel.closed_at) if panel.closed_at else None,
            }
        )


class JudgeOut(BaseModel):
    person_id: int
    number: int = Field(description="What the result calls the judge.")
    username: str
    full_name: str
    judged: int
    items: int

    @classmethod
    def of(cls, judge: Judge) -> "JudgeOut":
        return cls(**vars(judge))


class JudgesOut(BaseModel):
    items: list[JudgeOut]


@router.get(
    "/exams/{exam_id}/panels",
    summary="Panels that set this exam's pass mark",
    responses=refusals(NotSignedIn, TokenInvalid, WrongRole),
)
async def get_panels(
    exam_id: Id, me: Anybody, db: Db, limit: Limit = 50, cursor: Before = LARGEST_ID
) -> Page[PanelOut]:
    """The newest first: all of them for analysts, for others those on which they judge."""
    async with db.connection() as conn:
        found = await panels.list_panels(conn, exam_id=exam_id, me=me, before_id=cursor, limit=limit + 1)
    return page_of(found, limit, PanelOut.of, cursor=lambda panel: panel.id)


@router.post(
    "/exams/{exam_id}/panels",
    status_code=201,
    summary="Open a panel",
    responses=refusals(
        NotSignedIn, TokenInvalid, WrongRole, CrossSite, NotFound, NotCalibrated, NothingToJudge,
        KeyUsedForAnother,
    ),
)  # fmt: skip
async def post_panel(
    exam_id: Id, body: NewPanel, me: Leader, db: Db, response: Response, key: RequestKeyHeader = None
) -> PanelOut:
    request = RequestKey.of(key, {"exam": exam_id, "panel": body.model_dump(mode="json")})
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="panel",
            by=me.id,
            make=lambda: panels.open_panel(conn, exam_id=exam_id, **body.model_dump(), created_by=me.id),
        )
        panel = await panels.find_panel(conn, made.id, me)
    if not made.is_new:
        response.status_code = 200
    response.headers["ETag"] = etag(panel.version)
    return PanelOut.of(panel)


@router.get("/panels/{panel_id}", summary="One panel", responses=SEEN)
async def get_panel(panel_id: Id, me: Anybody, db: Db, response: Response) -> PanelOut:
    async with db.connection() as conn:
        panel = await panels.find_panel(conn, panel_id, me)
    response.headers["ETag"] = etag(panel.version)
    return PanelOut.of(panel)


@router.put(
    "/panels/{panel_id}",
    summary="Change what the judges read",
    responses=LED | refusals(SomebodyWasFaster, VersionRequired),
)
async def put_panel(
    panel_id: Id, body: EditedPanel, request: Request, me: Leader, db: Db, response: Response
) -> PanelOut:
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        panel = await panels.panel_to_lead(conn, panel_id, me)
        await panels.edit_panel(conn, panel, version=version, name=body.name, description=body.description)
        panel = await panels.find_panel(conn, panel_id, me)
    response.headers["ETag"] = etag(panel.version)
    return PanelOut.of(panel)


@router.post(
    "/panels/{panel_id}/steps",
    summary="Begin the next round, or close the panel",
    responses=LED | refusals(SomebodyWasFaster, VersionRequired, PanelClosed, LastRound, NobodyJudged),
)
async def post_step(
    panel_id: Id, body: Step, request: Request, me: Leader, db: Db, response: Response
) -> PanelOut:
    """Takes If-Match with the panel's version: sent twice, a round begins once."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        panel = await panels.panel_to_lead(conn, panel_id, me)
        act = panels.next_round if body.step == "next_round" else panels.close_panel
        await act(conn, panel, version=version)
        panel = await panels.find_panel(conn, panel_id, me)
    response.headers["ETag"] = etag(panel.version)
    return PanelOut.of(panel)


@router.get("/panels/{panel_id}/judges", summary="Its judges, and how far each is", responses=SEEN)
async def get_judges(panel_id: Id, me: Leader, db: Db) -> JudgesOut:
    async with db.connection() as conn:
        panel = await panels.panel_to_lead(conn, panel_id, me)
        return JudgesOut(items=[JudgeOut.of(each) for each in await panels.list_judges(conn, panel.id)])


@router.post(
    "/panels/{panel_id}/judges",
    summary="Ask people to judge",
    responses=LED | refusals(CannotJudge, PanelFull, PanelClosed),
)
async def post_judges(panel_id: Id, body: Invited, me: Leader, db: Db) -> JudgesOut:
    """All of them or none. Who is a judge already stays one."""
    async with db.transaction() as conn:
        panel = await panels.panel_to_lead(conn, panel_id, me)
        await panels.invite_judges(conn, panel, body.usernames)
        return JudgesOut(items=[JudgeOut.of(each) for each in await panels.list_judges(conn, panel.id)])


@router.delete(
    "/panels/{panel_id}/judges/{person_id}",
    status_code=204,
    summary="Take a judge off who has judged nothing",
    responses=LED | refusals(HasJudged, PanelClosed),
)
async def delete_judge(panel_id: Id, person_id: Id, me: Leader, db: Db) -> Response:
    async with db.transaction() as conn:
        panel = await panels.panel_to_lead(conn, panel_id, me)
        await panels.dismiss_judge(conn, panel, person_id)
    return Response(status_code=204)


@router.put(
    "/panels/{panel_id}/ratings",
    status_code=204,
    summary="Rate items, as a judge",
    responses=JUDGED | refusals(NoSuchItem),
)
async def put_ratings(panel_id: Id, body: Ratings, me: Anybody, db: Db) -> Response:
    """How many of a hundred just-passing candidates would have each right. All of them or none.

    Repeats and late arrivals do no harm: of each item the highest revision stays.
    """
    async with db.transaction() as conn:
        await judging.rate_items(
            conn,
            panel_id,
            person_id=me.id,
            round=body.round,
            ratings=[NewRating(**rating.model_dump()) for rating in body.ratings],
        )
    return Response(status_code=204)


@router.put(
    "/panels/{panel_id}/bookmark",
    status_code=204,
    summary="Put the bookmark, as a judge",
    responses=JUDGED | refusals(NoSuchPage),
)
async def put_bookmark(panel_id: Id, body: BookmarkIn, me: Anybody, db: Db) -> Response:
    """After the last page that just-passing candidates master. Of several the highest revision stays."""
    async with db.transaction() as conn:
        panel = await _judged(conn, panel_id, me)
        await judging.place_bookmark(conn, panel, person_id=me.id, **body.model_dump())
    return Response(status_code=204)


async def _judged(conn: Any, panel_id: int, me: Person) -> Panel:
    try:
        return await panels.find_panel(conn, panel_id, me)
    except NoSuchPanel as error:
        raise NotAJudge from error


@router.get(
    "/panels/{panel_id}/result",
    summary="The cut, its error, agreement, and who would pass",
    responses=SEEN | refusals(JudgesWait),
)
async def get_result(panel_id: Id, me: Anybody, db: Db) -> dict[str, Any]:
    """For analysts who do not judge on it; for its judges once it is closed. Judges have no names in it."""
    async with db.connection() as conn:
        panel = await panels.find_panel(conn, panel_id, me)
        if not panels.may_see_result(panel, me):
            raise JudgesWait
        found = await standards.find_result(conn, panel)
    percent = found.pass_percent
    return found.document | {"pass_percent": None if percent is None else float(percent)}
