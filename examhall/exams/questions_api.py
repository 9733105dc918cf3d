"""The questions of an exam for its authors over the API: bytes to values and back."""

from collections.abc import Awaitable
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.errors import NotFound
from examhall.base.made_once import KeyUsedForAnother, Made, RequestKey, RequestKeyHeader, make_once
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import PICTURE_BODY, Body, Db, Id, Text, refusals
from examhall.exams.editing import ChangedMeanwhile, HasStarted
from examhall.exams.question_document import BadQuestion
from examhall.exams.question_pictures import (
    KeptPicture,
    PictureInUse,
    PictureTooLarge,
    TooManyPictures,
    UnfitPicture,
    add_picture,
    delete_picture,
    list_pictures,
)
from examhall.exams.question_warnings import warnings_in, warnings_of
from examhall.exams.questions import (
    BadOrder,
    EditedQuestion,
    NoSuchQuestion,
    OtherQuestions,
    TooManyQuestions,
    change_question,
    create_question,
    delete_question,
    duplicate_question,
    find_exam,
    find_question,
    list_questions,
    reorder_questions,
)

router = APIRouter(tags=["Authors"])

Author: TypeAlias = Annotated[Person, Staff("author")]
READING = STAFF | refusals(NotFound, NoSuchQuestion)
WRITING = READING | refusals(CrossSite)
LARGEST_VERSION = 2**31 - 1
# What the reader takes, and says precisely; here only a bound.
Written: TypeAlias = Annotated[Text, Field(max_length=100_000)] | bool | int | float
Short: TypeAlias = Annotated[Text, Field(max_length=500)]
Version: TypeAlias = Annotated[
    int | None, Query(ge=1, le=LARGEST_VERSION, description="The version that you saw, if not as If-Match.")
]


class ItemDocument(Body):
    """What is answered, as the exam file writes it. Which fields go with which `type` is in its schema."""

    type: Short | None = None
    prompt: Written | None = None
    points: Written | None = None
    options: list[Written] | dict[Short, Written] | None = None
    left: list[Written] | dict[Short, Written] | None = None
    right: list[Written] | dict[Short, Written] | None = None
    answer: Written | list[Written] | dict[Short, Written] | None = None
    tolerance: Written | None = None
    unit: Short | None = None
    case_sensitive: bool | None = None
    partial: bool | None = None
    max_chars: int | None = None


class QuestionDocument(ItemDocument):
    """A question as the exam file writes it: one item, or a prompt and `parts` a, b, ..."""

    topic: Short | None = None
    parts: dict[Short, ItemDocument] | None = None

    def as_document(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


class NewQuestion(Body):
    question: QuestionDocument
    place: Annotated[int, Field(ge=1, le=LARGEST_VERSION)] | None = Field(
        None, description="Its number; those from there on move by one. At the end, if not said."
    )


class ChangedQuestion(Body):
    question: QuestionDocument
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)] | None = None


class Order(Body):
    order: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(max_length=1000)] = Field(
        description="The ids of all questions, each once."
    )
    version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)] | None = None


class QuestionOut(BaseModel):
    id: int
    number: int
    version: int
    # The title of the section that it is in.
    section: str | None
    warnings: list[str]
    question: dict[str, Any]

    @classmethod
    def of(cls, each: EditedQuestion, warnings: list[str]) -> "QuestionOut":
        return cls(
            id=each.id,
            number=each.number,
            version=each.version,
            section=each.section,
            warnings=warnings,
            question=each.document,
        )


class Questions(BaseModel):
    # Of the order.
    version: int
    can_change: bool
    items: list[QuestionOut]


class PictureOut(BaseModel):
    name: str
    media_type: str
    bytes: int
    shown_in: list[int]
    in_instructions: bool

    @classmethod
    def of(cls, picture: KeptPicture) -> "PictureOut":
        return cls(**vars(picture) | {"shown_in": list(picture.shown_in)})


class Pictures(BaseModel):
    items: list[PictureOut]


@router.get(
    "/exams/{exam_id}/questions", summary="The questions of an exam with their keys", responses=READING
)
async def get_questions(
    exam_id: Id, _me: Annotated[Person, Staff("author", "analyst")], db: Db, response: Response
) -> Questions:
    """In their order, each with its own version; the ETag is that of the order. An exam has at most 500."""
    async with db.transaction() as conn:
        exam = await find_exam(conn, exam_id)
        found = await list_questions(conn, exam_id)
    response.headers["ETag"] = etag(exam.order_version)
    return Questions(
        version=exam.order_version,
        can_change=not exam.has_started,
        items=[
            QuestionOut.of(each, warnings)
            for each, warnings in zip(found, warnings_in([each.question for each in found]), strict=True)
        ],
    )


@router.post(
    "/exams/{exam_id}/questions",
    status_code=201,
    summary="Add a question",
    responses=WRITING | refusals(BadQuestion, HasStarted, TooManyQuestions, KeyUsedForAnother),
)
async def post_question(
    exam_id: Id, body: NewQuestion, me: Author, db: Db, response: Response, key: RequestKeyHeader = None
) -> QuestionOut:
    """Until the exam opens. What is wrong is told by its path in the question."""
    document = body.question.as_document()
    request = RequestKey.of(key, {"exam": exam_id, "question": document, "place": body.place})
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="question",
            by=me.id,
            make=lambda: _id_of(
                create_question(conn, exam_id=exam_id, document=document, by=me.id, place=body.place)
            ),
        )
        question = await find_question(conn, exam_id, made.id)
    return _told(question, response, made)


@router.put(
    "/exams/{exam_id}/questions/order",
    summary="Put the questions into another order",
    responses=WRITING | refusals(HasStarted, ChangedMeanwhile, OtherQuestions, VersionRequired, BadOrder),
)
async def put_order(
    exam_id: Id, body: Order, request: Request, me: Author, db: Db, response: Response
) -> Order:
    """Until the exam opens; by the version of the order that the list of questions gives."""
    seen = version_wanted(request, body.version)
    async with db.transaction() as conn:
        version = await reorder_questions(conn, exam_id=exam_id, order=body.order, by=me.id, seen=seen)
    response.headers["ETag"] = etag(version)
    return Order(order=body.order, version=version)


@router.get(
    "/exams/{exam_id}/questions/{question_id}", summary="One question with its key", responses=READING
)
async def get_question(
    exam_id: Id,
    question_id: Id,
    _me: Annotated[Person, Staff("author", "analyst")],
    db: Db,
    response: Response,
) -> QuestionOut:
    async with db.transaction() as conn:
        found = await find_question(conn, exam_id, question_id)
    return _told(found, response)


@router.put(
    "/exams/{exam_id}/questions/{question_id}",
    summary="Change a question",
    responses=WRITING | refusals(BadQuestion, HasStarted, ChangedMeanwhile, VersionRequired),
)
async def put_question(
    exam_id: Id,
    question_id: Id,
    body: ChangedQuestion,
    request: Request,
    me: Author,
    db: Db,
    response: Response,
) -> QuestionOut:
    """Until the exam opens. Who was faster with the same question is told with what they changed (412)."""
    seen = version_wanted(request, body.version)
    async with db.transaction() as conn:
        changed = await change_question(
            conn,
            exam_id=exam_id,
            question_id=question_id,
            document=body.question.as_document(),
            by=me.id,
            seen=seen,
        )
    return _told(changed, response)


@router.delete(
    "/exams/{exam_id}/questions/{question_id}",
    status_code=204,
    summary="Delete a question",
    responses=WRITING | refusals(HasStarted, ChangedMeanwhile, VersionRequired),
)
async def delete_one(
    exam_id: Id, question_id: Id, request: Request, me: Author, db: Db, version: Version = None
) -> Response:
    """Until the exam opens. Those behind it move up."""
    seen = version_wanted(request, version)
    async with db.transaction() as conn:
        await delete_question(conn, exam_id=exam_id, question_id=question_id, by=me.id, seen=seen)
    return Response(status_code=204)


@router.post(
    "/exams/{exam_id}/questions/{question_id}/duplicate",
    status_code=201,
    summary="The same question once more",
    responses=WRITING | refusals(HasStarted, TooManyQuestions, KeyUsedForAnother),
)
async def post_duplicate(
    exam_id: Id, question_id: Id, me: Author, db: Db, response: Response, key: RequestKeyHeader = None
) -> QuestionOut:
    """Right behind the original."""
    request = RequestKey.of(key, {"exam": exam_id, "like": question_id})
    async with db.transaction() as conn:
        made = await make_once(
            conn,
            request,
            kind="question",
            by=me.id,
            make=lambda: _id_of(duplicate_question(conn, exam_id=exam_id, question_id=question_id, by=me.id)),
        )
        question = await find_question(conn, exam_id, made.id)
    return _told(question, response, made)


@router.get("/exams/{exam_id}/pictures", summary="The pictures of an exam", responses=READING)
async def get_pictures(exam_id: Id, _me: Author, db: Db) -> Pictures:
    """Each with the questions that show it; one that nothing shows can be deleted."""
    async with db.transaction() as conn:
        await find_exam(conn, exam_id)
        return Pictures(items=[PictureOut.of(each) for each in await list_pictures(conn, exam_id)])


@router.post(
    "/exams/{exam_id}/pictures",
    status_code=201,
    summary="Bring a picture",
    responses=WRITING | refusals(UnfitPicture, PictureTooLarge, TooManyPictures, HasStarted),
    openapi_extra=PICTURE_BODY,
)
async def post_picture(
    exam_id: Id,
    request: Request,
    me: Author,
    db: Db,
    file_name: Annotated[Text, Query(max_length=1000)] = "",
) -> PictureOut:
    """PNG, JPEG, GIF, WebP or a harmless SVG as the body, at most 2 MB. Show it with `![words](name)`."""
    content = await request.body()
    async with db.transaction() as conn:
        kept = await add_picture(conn, exam_id=exam_id, file_name=file_name, content=content, by=me.id)
    return PictureOut.of(kept)


@router.delete(
    "/exams/{exam_id}/pictures/{name}",
    status_code=204,
    summary="Delete a picture",
    responses=WRITING | refusals(PictureInUse, HasStarted),
)
async def delete_one_picture(exam_id: Id, name: Text, me: Author, db: Db) -> Response:
    """One that nothing shows, until the exam opens."""
    async with db.transaction() as conn:
        await delete_picture(conn, exam_id=exam_id, name=name, by=me.id)
    return Response(status_code=204)


async def _id_of(made: Awaitable[EditedQuestion]) -> int:
    return (await made).id


def _told(question: EditedQuestion, response: Response, made: Made | None = None) -> QuestionOut:
    response.headers["ETag"] = etag(question.version)
    if made is not None and not made.is_new:
        response.status_code = 200
    return QuestionOut.of(question, warnings_of(question.question))
