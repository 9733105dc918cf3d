"""The JSON API of accommodations, and of whom an exam is assigned to."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff, has_role, require_role
from examhall.accounts.tickets import NoSuchExam
from examhall.base.clock import rfc3339
from examhall.base.db import Database
from examhall.base.errors import SomebodyWasFaster
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Body, Db, Id, Moment, Text, refusals
from examhall.courses.groups import (
    USERNAMES_LIMIT,
    NoSuchGroup,
    TooManyUsernames,
    UnknownUsernames,
    usernames_in,
)
from examhall.exams import accommodations, assigning
from examhall.exams.accommodations import (
    LARGEST_FACTOR,
    LONGEST_EXTRA_S,
    REASON_CHARS,
    AccommodationThere,
    EmptyWindow,
    NobodyToAccommodate,
    NoSuchAccommodation,
    NothingGiven,
    Terms,
    WindowWithoutExam,
)
from examhall.exams.assigning import LastAssignment

router = APIRouter(tags=["Accommodations and assignments"])

Author = Annotated[Person, Staff("author")]
Reader = Annotated[Person, Staff("author", "analyst", "invigilator")]
BAD_TERMS = refusals(NothingGiven, WindowWithoutExam, EmptyWindow)
OneId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class TermsIn(Body):
    factor: Annotated[Decimal, Field(ge=1, le=LARGEST_FACTOR, max_digits=4, decimal_places=2)] | None = Field(
        None, description="So many times the time that others have: 1.25 is a quarter more."
    )
    extra_s: Annotated[int, Field(ge=1, le=LONGEST_EXTRA_S)] | None = Field(
        None, description="Or so many seconds more."
    )
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    reason: Annotated[Text, Field(max_length=REASON_CHARS)] = ""

    def terms(self) -> Terms:
        return Terms(self.factor, self.extra_s, self.opens_at, self.closes_at, self.reason)


class AccommodationIn(TermsIn):
    exam_id: OneId | None = Field(None, description="Null: every exam. For admins alone.")
    person_id: OneId | None = None
    group_id: OneId | None = None


class EditedTerms(TermsIn):
    version: Annotated[int, Field(ge=1)] | None = None


class AccommodationOut(BaseModel):
    id: int
    exam_id: int | None
    person_id: int | None
    group_id: int | None
    whose: str
    factor: float | None
    extra_s: int | None
    opens_at: str | None
    closes_at: str | None
    reason: str = Field(description="Empty to all but authors and admins.")
    version: int
    given_by: str | None

    @classmethod
    def of(cls, given: accommodations.Accommodation) -> "AccommodationOut":
        return cls(
            id=given.id,
            exam_id=given.exam_id,
            person_id=given.person_id,
            group_id=given.group_id,
            whose=given.whose,
            factor=None if given.factor is None else float(given.factor),
            extra_s=given.extra_s,
            opens_at=_instant(given.opens_at),
            closes_at=_instant(given.closes_at),
            reason=given.reason,
            version=given.version,
            given_by=given.given_by,
        )


class AssignPeople(Body):
    usernames: Annotated[list[Annotated[Text, Field(max_length=200)]], Field(max_length=USERNAMES_LIMIT)]


class AssignedGroupOut(BaseModel):
    id: int
    name: str
    members: int


class AssignedOut(BaseModel):
    people: int = Field(description="Assigned themselves.")
    groups: list[AssignedGroupOut]
    course_id: int | None
    to_everybody: bool


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def _may_give(me: Person, exam_id: int | None) -> None:
    """In one exam its authors; in every exam admins."""
    require_role(me, *(("author",) if exam_id is not None else ()))


@router.get("/accommodations", summary="Accommodations of an exam, a person or a group", responses=STAFF)
async def get_accommodations(
    me: Reader,
    db: Db,
    exam_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    person_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    group_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> list[AccommodationOut]:
    """Of one of the three: of an exam all that may apply in it, of a person their groups' too."""
    if person_id is not None:
        # What somebody has in every exam is about the person.
        require_role(me, "author")
    async with db.transaction() as conn:
        if exam_id is not None:
            found = await accommodations.accommodations_of_exam(conn, exam_id)
        elif person_id is not None:
            found = await accommodations.accommodations_of_person(conn, person_id)
        else:
            found = await accommodations.accommodations_of_group(conn, group_id or 0)
    if not has_role(me, "author"):
        found = accommodations.without_reasons(found)
    return [AccommodationOut.of(each) for each in found]


@router.post(
    "/accommodations",
    status_code=201,
    summary="Give more time, or a window of their own",
    responses=STAFF | BAD_TERMS | refusals(CrossSite, AccommodationThere, NobodyToAccommodate),
)
async def post_accommodation(
    body: AccommodationIn, me: Author, db: Db, response: Response
) -> AccommodationOut:
    """Whoever starts from now on has it. Who sits already: see `/exams/{exam_id}/owed-time`."""
    _may_give(me, body.exam_id)
    async with db.transaction() as conn:
        given = await accommodations.give_accommodation(
            conn,
            body.terms(),
            by=me.id,
            exam_id=body.exam_id,
            person_id=body.person_id,
            group_id=body.group_id,
        )
    response.headers["ETag"] = etag(given.version)
    return AccommodationOut.of(given)


@router.put(
    "/accommodations/{accommodation_id}",
    summary="Change an accommodation that nobody else has changed meanwhile",
    responses=STAFF
    | BAD_TERMS
    | refusals(CrossSite, NoSuchAccommodation, SomebodyWasFaster, VersionRequired),
)
async def put_accommodation(
    accommodation_id: Id, body: EditedTerms, request: Request, me: Author, db: Db, response: Response
) -> AccommodationOut:
    """With the ETag as If-Match, or its `version`."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        _may_give(me, (await accommodations.find_accommodation(conn, accommodation_id)).exam_id)
        given = await accommodations.change_accommodation(
            conn, accommodation_id, body.terms(), version=version
        )
    response.headers["ETag"] = etag(given.version)
    return AccommodationOut.of(given)


@router.delete(
    "/accommodations/{accommodation_id}",
    status_code=204,
    summary="Withdraw an accommodation",
    responses=STAFF | refusals(CrossSite, NoSuchAccommodation),
)
async def delete_accommodation(accommodation_id: Id, me: Author, db: Db) -> Response:
    """Who sits already keeps their deadline."""
    async with db.transaction() as conn:
        _may_give(me, (await accommodations.find_accommodation(conn, accommodation_id)).exam_id)
        await accommodations.withdraw_accommodation(conn, accommodation_id)
    return Response(status_code=204)


@router.get(
    "/exams/{exam_id}/assigned", summary="Whom an exam is assigned to", responses=STAFF | refusals(NoSuchExam)
)
async def get_assigned(exam_id: Id, _me: Reader, db: Db) -> AssignedOut:
    return await _assigned(db, exam_id)


@router.post(
    "/exams/{exam_id}/assigned/people",
    summary="Assign an exam to people",
    responses=STAFF | refusals(CrossSite, NoSuchExam, UnknownUsernames, TooManyUsernames),
)
async def post_assigned_people(exam_id: Id, body: AssignPeople, _me: Author, db: Db) -> AssignedOut:
    """All of them, or nobody and who is unknown. From now on nobody else may sit it."""
    async with db.transaction() as conn:
        await assigning.assign_people(conn, exam_id, usernames_in(" ".join(body.usernames)))
    return await _assigned(db, exam_id)


@router.delete(
    "/exams/{exam_id}/assigned/people/{person_id}",
    status_code=204,
    summary="Take somebody off",
    responses=STAFF | refusals(CrossSite, NoSuchExam, LastAssignment),
)
async def delete_assigned_person(
    exam_id: Id, person_id: Id, _me: Author, db: Db, may_open: bool = False
) -> Response:
    """Who sits already goes on. The last one only with `may_open`: then it is open to everybody."""
    async with db.transaction() as conn:
        await assigning.unassign_people(conn, exam_id, [person_id], may_open=may_open)
    return Response(status_code=204)


@router.put(
    "/exams/{exam_id}/assigned/groups/{group_id}",
    status_code=204,
    summary="Assign an exam to a group",
    responses=STAFF | refusals(CrossSite, NoSuchExam, NoSuchGroup),
)
async def put_assigned_group(exam_id: Id, group_id: Id, _me: Author, db: Db) -> Response:
    """Whoever is in it when they come, also who joins later."""
    async with db.transaction() as conn:
        await assigning.assign_group(conn, exam_id, group_id)
    return Response(status_code=204)


@router.delete(
    "/exams/{exam_id}/assigned/groups/{group_id}",
    status_code=204,
    summary="Take a group off",
    responses=STAFF | refusals(CrossSite, NoSuchExam, LastAssignment),
)
async def delete_assigned_group(
    exam_id: Id, group_id: Id, _me: Author, db: Db, may_open: bool = False
) -> Response:
    async with db.transaction() as conn:
        await assigning.unassign_group(conn, exam_id, group_id, may_open=may_open)
    return Response(status_code=204)


async def _assigned(db: Database, exam_id: int) -> AssignedOut:
    async with db.transaction() as conn:
        assigned = await assigning.assigned_to(conn, exam_id)
        groups = await assigning.assigned_groups(conn, exam_id)
    return AssignedOut(
        people=assigned.people,
        groups=[AssignedGroupOut(id=each.id, name=each.name, members=each.members) for each in groups],
        course_id=assigned.course_id,
        to_everybody=assigned.to_everybody,
    )
