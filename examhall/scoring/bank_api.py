"""The question bank over the API: found, written, versions; between the bank and exams."""

from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from examhall.accounts.access import STAFF, CrossSite, Person, Staff
from examhall.base.clock import rfc3339
from examhall.base.errors import NotFound
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import (
    LARGEST_ID,
    PICTURE_BODY,
    Before,
    Body,
    Db,
    Id,
    Limit,
    Page,
    Text,
    page_of,
    refusals,
    storable,
)
from examhall.exams.bank import (
    BankQuestion,
    BankVersion,
    NewerVersion,
    NotInTheBank,
    Search,
    UnknownTerm,
    add_bank_question,
    archive_bank_question,
    change_bank_question,
    find_bank_question,
    search_bank,
    versions_of,
)
from examhall.exams.bank_pictures import (
    ShownByVersion,
    TooManyBankPictures,
    add_bank_picture,
    delete_bank_picture,
)
from examhall.exams.bank_use import NotOfTheBank, save_to_bank, take_from_bank, take_newer
from examhall.exams.editing import ChangedMeanwhile, ExamNotFound, HasStarted
from examhall.exams.question_document import BadQuestion
from examhall.exams.question_pictures import PictureTooLarge, UnfitPicture
from examhall.exams.questions import NoSuchQuestion, TooManyQuestions
from examhall.scoring.bank_difficulty import Difficulty, difficulties_of

router = APIRouter(tags=["Authors"])

Author: TypeAlias = Annotated[Person, Staff("author")]
WRITING = STAFF | refusals(CrossSite)
Term: TypeAlias = Annotated[Text, Field(max_length=40)]
Asked: TypeAlias = Annotated[Text | None, Query(max_length=200)]
Version: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]


# question > parts > part > options > option; and what the longest texts of an exam file have.
DEEPEST, LONGEST, LARGEST = 5, 100_000, 10**15


def _bounded(value: Any, depth: int = 0) -> Any:
    """What the reader of questions can be given; what is wrong with it, that says precisely."""
    match value:
        case dict() | list() if depth == DEEPEST:
            raise ValueError("nested deeper than a question is")
        case dict():
            for name, each in value.items():
                storable(name)
                _bounded(each, depth + 1)
        case list():
            for each in value:
                _bounded(each, depth + 1)
        case str():
            storable(value)
            if len(value) > LONGEST:
                raise ValueError("longer than a text of a question is")
        case int() | float() if not abs(value) <= LARGEST:
            raise ValueError("larger than a number of a question is")
    return value


QuestionIn: TypeAlias = Annotated[dict[str, Any], AfterValidator(_bounded)]


class Terms(Body):
    subject: Term | None = Field(None, description="The code of a subject of the master data.")
    topic: Term | None = None


class BankIn(Terms):
    document: QuestionIn = Field(description="The question with its key, as the exam file writes it.")
    version: Version | None = Field(None, description="The version that is changed, if not as If-Match.")


class ArchiveIn(Body):
    archived: bool


class TakeIn(Body):
    bank_question_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class NewerIn(Body):
    version: Version = Field(description="Of the exam's question, as it was seen.")


class BankOut(BaseModel):
    id: int
    version: int
    subject: str | None
    topic: str | None
    kinds: list[str]
    document: dict[str, Any]
    archived_at: str | None
    saved_by: str | None
    saved_at: str
    exams: int = Field(description="In how many exams it is.")
    difficulty: float | None = Field(None, description="In logits, where an exam with it was calibrated.")
    facility: float | None = None

    @classmethod
    def of(cls, each: BankQuestion, known: Difficulty | None) -> "BankOut":
        return cls(
            **vars(each)
            | {
                "archived_at": rfc3339(each.archived_at) if each.archived_at else None,
                "saved_at": rfc3339(each.saved_at),
                "difficulty": known and known.difficulty,
                "facility": known and known.facility,
            }
        )


class VersionOut(BaseModel):
    version: int
    subject: str | None
    topic: str | None
    document: dict[str, Any]
    saved_by: str | None
    saved_at: str

    @classmethod
    def of(cls, each: BankVersion) -> "VersionOut":
        return cls(**vars(each) | {"saved_at": rfc3339(each.saved_at)})


class TakenOut(BaseModel):
    id: int
    number: int
    version: int


class BankPictureOut(BaseModel):
    name: str
    media_type: str
    bytes: int


def _one(found: BankQuestion, response: Response) -> BankOut:
    response.headers["ETag"] = etag(found.version)
    return BankOut.of(found, None)


@router.get("/bank", summary="Questions of the bank", responses=STAFF)
async def get_bank(
    _me: Author,
    db: Db,
    subject: Asked = None,
    topic: Asked = None,
    kind: Asked = None,
    text: Asked = None,
    archived: bool | None = False,
    limit: Limit = 50,
    cursor: Before = LARGEST_ID,
) -> Page[BankOut]:
    """In their newest version, the newest questions first. Of `text`, each word is to be found in it."""
    wanted = Search(subject, topic, kind, text or "", archived)
    async with db.connection() as conn:
        found = await search_bank(conn, wanted, before=cursor, limit=limit + 1)
        known = await difficulties_of(conn, [each.id for each in found])
    return page_of(
        found, limit, lambda each: BankOut.of(each, known.get(each.id)), cursor=lambda each: each.id
    )


@router.post(
    "/bank",
    status_code=201,
    summary="Add a question to the bank",
    responses=WRITING | refusals(BadQuestion, UnknownTerm),
)
async def post_bank(body: BankIn, me: Author, db: Db, response: Response) -> BankOut:
    async with db.transaction() as conn:
        found = await add_bank_question(conn, body.document, subject=body.subject, topic=body.topic, by=me.id)
    return _one(found, response)


@router.get(
    "/bank/{question_id}", summary="One question of the bank", responses=STAFF | refusals(NotInTheBank)
)
async def get_bank_question(question_id: Id, _me: Author, db: Db, response: Response) -> BankOut:
    async with db.connection() as conn:
        found = await find_bank_question(conn, question_id)
        known = await difficulties_of(conn, [question_id])
    response.headers["ETag"] = etag(found.version)
    return BankOut.of(found, known.get(question_id))


@router.put(
    "/bank/{question_id}",
    summary="Save a newer version",
    responses=WRITING | refusals(NotInTheBank, BadQuestion, UnknownTerm, NewerVersion, VersionRequired),
)
async def put_bank_question(
    question_id: Id, body: BankIn, request: Request, me: Author, db: Db, response: Response
) -> BankOut:
    """Exams that have the question keep their version until they take over the newer one.

    A 412 carries in `changes` what the others made of it since the version that was seen.
    """
    seen = version_wanted(request, body.version)
    async with db.transaction() as conn:
        found = await change_bank_question(
            conn, question_id, body.document, subject=body.subject, topic=body.topic, by=me.id, seen=seen
        )
    return _one(found, response)


@router.get(
    "/bank/{question_id}/versions",
    summary="What it was before, the newest first",
    responses=STAFF | refusals(NotInTheBank),
)
async def get_versions(
    question_id: Id, _me: Author, db: Db, limit: Limit = 50, cursor: Before = LARGEST_ID
) -> Page[VersionOut]:
    async with db.connection() as conn:
        found = await versions_of(conn, question_id, before=cursor, limit=limit + 1)
    return page_of(found, limit, VersionOut.of, cursor=lambda each: each.version)


@router.post(
    "/bank/{question_id}/pictures",
    status_code=201,
    summary="Bring a picture for a question of the bank",
    responses=WRITING | refusals(NotInTheBank, UnfitPicture, PictureTooLarge, TooManyBankPictures),
    openapi_extra=PICTURE_BODY,
)
async def post_bank_picture(
    question_id: Id,
    request: Request,
    _me: Author,
    db: Db,
    file_name: Annotated[Text, Query(max_length=1000)] = "",
) -> BankPictureOut:
    """As of an exam. The next version can show it with `![words](name)`; none that is there changes."""
    content = await request.body()
    async with db.transaction() as conn:
        kept = await add_bank_picture(conn, question_id=question_id, file_name=file_name, content=content)
    return BankPictureOut(name=kept.name, media_type=kept.media_type, bytes=kept.bytes)


@router.delete(
    "/bank/{question_id}/pictures/{name}",
    status_code=204,
    summary="Delete a picture of a question of the bank",
    responses=WRITING | refusals(NotInTheBank, NotFound, ShownByVersion),
)
async def delete_one_bank_picture(question_id: Id, name: Text, _me: Author, db: Db) -> Response:
    """One that no version shows."""
    async with db.transaction() as conn:
        await delete_bank_picture(conn, question_id=question_id, name=name)
    return Response(status_code=204)


@router.post(
    "/bank/{question_id}/archive",
    summary="Out of the lists, or back",
    responses=WRITING | refusals(NotInTheBank),
)
async def post_archive(question_id: Id, body: ArchiveIn, _me: Author, db: Db, response: Response) -> BankOut:
    async with db.transaction() as conn:
        found = await archive_bank_question(conn, question_id, archived=body.archived)
    return _one(found, response)


@router.post(
    "/exams/{exam_id}/questions/{question_id}/bank",
    summary="Save a question of an exam to the bank",
    responses=WRITING | refusals(NoSuchQuestion, UnknownTerm),
)
async def post_to_bank(
    exam_id: Id, question_id: Id, body: Terms, me: Author, db: Db, response: Response
) -> BankOut:
    """A new one, or a newer version of the one that it is. Repeating it is harmless."""
    async with db.transaction() as conn:
        found = await save_to_bank(
            conn,
            exam_id=exam_id,
            question_id=question_id,
            subject=body.subject,
            topic=body.topic,
            by=me.id,
        )
    return _one(found, response)


@router.post(
    "/exams/{exam_id}/bank",
    status_code=201,
    summary="Take a question of the bank into an exam",
    responses=WRITING | refusals(ExamNotFound, NotInTheBank, HasStarted, TooManyQuestions),
)
async def post_taken(exam_id: Id, body: TakeIn, me: Author, db: Db) -> TakenOut:
    """A copy, at the end, with its pictures; sent twice it is there twice."""
    async with db.transaction() as conn:
        taken = await take_from_bank(conn, exam_id=exam_id, bank_id=body.bank_question_id, by=me.id)
    return TakenOut(id=taken.id, number=taken.number, version=taken.version)


@router.post(
    "/exams/{exam_id}/questions/{question_id}/bank/newer",
    summary="Take over the bank's newer version",
    responses=WRITING | refusals(ExamNotFound, NotOfTheBank, HasStarted, ChangedMeanwhile),
)
async def post_newer(exam_id: Id, question_id: Id, body: NewerIn, me: Author, db: Db) -> TakenOut:
    async with db.transaction() as conn:
        taken = await take_newer(conn, exam_id=exam_id, question_id=question_id, by=me.id, seen=body.version)
    return TakenOut(id=taken.id, number=taken.number, version=taken.version)
