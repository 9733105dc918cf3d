"""The JSON API of forms: what they ask, who may see them, and sending one."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile

from examhall.accounts.access import (
    STAFF,
    CrossSite,
    NotSignedIn,
    Person,
    SignedIn,
    Staff,
    TicketOnly,
    has_role,
    refuse_tickets,
    signer_of,
)
from examhall.accounts.tokens import TokenInvalid
from examhall.base.attachment import download_headers
from examhall.base.errors import BodyTooLarge, SomebodyWasFaster, TooManyRequests, UnsupportedMediaType
from examhall.base.said import said
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Body, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.forms import forms
from examhall.forms.checking import BadAnswers
from examhall.forms.exporting import export_csv
from examhall.forms.fields import FIELDS_LIMIT, FILES_LIMIT, NAME_CHARS, BadFormFields
from examhall.forms.files import BadFiles, UploadTooSlow
from examhall.forms.forms import (
    FormChanged,
    FormNotOpen,
    NoSuchForm,
    NothingForStrangers,
    OnlyAdministrators,
    Settings,
    UnknownTarget,
)
from examhall.forms.lists import submissions_of_form
from examhall.forms.paging import BadCursor, Before, Cursor
from examhall.forms.replies import FormOut, ListedFormOut, ListedSubmissionOut
from examhall.forms.sending import send_form
from examhall.forms.submissions import RequestKeyUsed, SentAlready, UnknownOrganisation

router = APIRouter(tags=["Forms"])

WRITES = refusals(CrossSite, BadFormFields, OnlyAdministrators, NothingForStrangers, UnknownTarget)
Author = Annotated[Person, Staff("author")]
Name = Annotated[Text, Field(max_length=NAME_CHARS)]
Reference = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Status = Literal["new", "in_review", "accepted", "rejected", "withdrawn"]
OlderThan = Annotated[int, Query(alias="cursor", ge=1, le=LARGEST_ID, description="As `next_cursor` had it.")]
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A random word of yours: the same request with the same key makes one submission.",
    ),
]
CODE_CHARS = 40
PART_BYTES = 1_000_000


class NewForm(Body):
    title: Annotated[Text, Field(min_length=1, max_length=forms.TITLE_CHARS)]
    description: Annotated[Text, Field(max_length=forms.DESCRIPTION_CHARS)] = ""
    status: Literal["draft", "open", "closed"] = "draft"
    organisation_id: Reference | None = None
    asks_organisation: bool = False
    once: bool = False
    enrols_in: Reference | None = Field(None, description="A course. For administrators.")
    tickets_for: Reference | None = Field(None, description="An exam. For administrators.")
    gives: Literal["at_once", "on_accept"] = "on_accept"
    strangers: bool = Field(False, description="Open to strangers by a link. For administrators.")
    document: dict[str, Any] = Field(
        alias="schema", description="JSON Schema 2020-12, the part of it that docs/forms.md describes."
    )
    order: Annotated[list[Name], Field(max_length=FIELDS_LIMIT)] | None = None

    @property
    def settings(self) -> Settings:
        given = self.model_dump(exclude={"document", "order", "version"})
        return Settings(**given)


class EditedForm(NewForm):
    version: Annotated[int, Field(ge=1)] | None = None


class SubmissionIn(Body):
    fields_version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    data: dict[str, Any]
    organisation: Annotated[Text, Field(max_length=CODE_CHARS)] | None = None


class SentOut(BaseModel):
    submission_id: int


SENT_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": SentOut, "description": "It was sent before, with this key."}
}


@router.get("/forms", summary="List forms", responses=refusals(NotSignedIn, TokenInvalid, TicketOnly))
async def get_forms(
    me: SignedIn, db: Db, limit: Limit = 50, cursor: OlderThan = LARGEST_ID
) -> Page[ListedFormOut]:
    """The newest first: the office sees all, everybody else what they can fill in now."""
    refuse_tickets(me)
    async with db.connection() as conn:
        if has_role(me, "author"):
            found = await forms.list_forms(conn, before_id=cursor, limit=limit + 1)
        else:
            found = await forms.list_open_forms(conn, me.id, before_id=cursor, limit=limit + 1)
    return page_of(found, limit, ListedFormOut.of, cursor=lambda form: form.id)


@router.post("/forms", status_code=201, summary="Create a form", responses=STAFF | WRITES)
async def post_form(body: NewForm, me: Author, db: Db, response: Response) -> FormOut:
    async with db.transaction() as conn:
        form_id = await forms.create_form(conn, body.settings, schema=body.document, order=body.order, me=me)
        form = await forms.find_form(conn, form_id)
    response.headers["ETag"] = etag(form.version)
    return FormOut.of(form, for_office=True)


@router.get(
    "/forms/{form_id}",
    summary="One form with its fields",
    responses=refusals(NotSignedIn, TokenInvalid, TicketOnly, NoSuchForm),
)
async def get_form(form_id: Id, me: SignedIn, db: Db, response: Response) -> FormOut:
    refuse_tickets(me)
    async with db.connection() as conn:
        form = await forms.find_form_for(conn, form_id, me)
    response.headers["ETag"] = etag(form.version)
    return FormOut.of(form, for_office=has_role(me, "author"))


@router.put(
    "/forms/{form_id}",
    summary="Change a form that nobody else has changed meanwhile",
    responses=STAFF | WRITES | refusals(NoSuchForm, SomebodyWasFaster, VersionRequired),
)
async def put_form(
    form_id: Id, body: EditedForm, request: Request, me: Author, db: Db, response: Response
) -> FormOut:
    """With the ETag as If-Match, or its `version`. What was sent before stays as it was filled in."""
    version = version_wanted(request, body.version)
    async with db.transaction() as conn:
        await forms.edit_form(
            conn, form_id, body.settings, version=version, schema=body.document, order=body.order, me=me
        )
        form = await forms.find_form(conn, form_id)
    response.headers["ETag"] = etag(form.version)
    return FormOut.of(form, for_office=True)


@router.get(
    "/forms/{form_id}/submissions",
    summary="What was sent by a form",
    response_model=Page[ListedSubmissionOut],
    responses={200: {"content": {"text/csv": {}}}, **STAFF, **refusals(NoSuchForm, BadCursor)},
)
async def get_submissions(
    form_id: Id,
    request: Request,
    me: Author,
    db: Db,
    cursor: Cursor = None,
    limit: Limit = 50,
    status: Annotated[Status | None, Query()] = None,
    organisation_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    q: Annotated[Text | None, Query(max_length=100, description="In the short answers or the name.")] = None,
) -> Page[ListedSubmissionOut] | Response:
    """The newest first. With `Accept: text/csv`, all answers of all of them as a file."""
    before = Before.read(cursor)
    async with db.transaction() as conn:
        form = await forms.find_form_for(conn, form_id, me)
        if "text/csv" in request.headers.get("Accept", ""):
            return StreamingResponse(
                export_csv(db, form_id, status=status),
                media_type="text/csv",
                headers=download_headers(f"{form.title}.csv"),
            )
        found = await submissions_of_form(
            conn,
            form_id,
            status=status,
            organisation_id=organisation_id,
            search=q,
            before=before,
            limit=limit + 1,
        )
    return page_of(found, limit, ListedSubmissionOut.of, cursor=lambda each: each.before)


@router.post(
    "/forms/{form_id}/submissions",
    status_code=201,
    summary="Send a form",
    responses=SENT_BEFORE
    | refusals(
        NotSignedIn, TokenInvalid, CrossSite, TicketOnly, NoSuchForm, FormNotOpen, FormChanged, BadAnswers,
        BadFiles, UploadTooSlow, RequestKeyUsed, SentAlready, UnknownOrganisation, UnsupportedMediaType,
        BodyTooLarge, TooManyRequests,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": SubmissionIn.model_json_schema()},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "submission": {"type": "string", "description": "The JSON, as without files."}
                        },
                        "additionalProperties": {"type": "string", "format": "binary"},
                    }
                },
            },
        }
    },
)  # fmt: skip
async def post_submission(
    form_id: Id, request: Request, me: SignedIn, db: Db, response: Response, key: RequestKey = None
) -> SentOut:
    """JSON, or with files multipart/form-data: a part `submission`, and parts named by their fields.

    All or nothing, and once: a repeat with the same Idempotency-Key is answered 200 with the first's id.
    """
    refuse_tickets(me)
    await request.app.state.limits.forms.require(str(me.id))
    body, uploads = await _read(request)
    sent = await send_form(
        db,
        request.app.state.storage,
        signer_of(request),
        form_id,
        **body.model_dump(),
        uploads=uploads,
        me=me,
        request_key=key or uuid4().hex,
    )
    if not sent.is_new:
        response.status_code = 200
    return SentOut(submission_id=sent.submission_id)


async def _read(request: Request) -> tuple[SubmissionIn, list[tuple[str, UploadFile]]]:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return _body(await _without_files(request)), []
    if media_type != "multipart/form-data":
        raise UnsupportedMediaType(said("Send this as application/json or multipart/form-data."))
    form = await request.form(max_files=FIELDS_LIMIT * FILES_LIMIT, max_fields=1, max_part_size=PART_BYTES)
    told = form.get("submission")
    uploads = [(name, part) for name, part in form.multi_items() if isinstance(part, UploadFile)]
    return _body(told.encode("utf-8", "replace") if isinstance(told, str) else b""), uploads


async def _without_files(request: Request) -> bytes:
    """The body, of which this path takes as much as files need: all of it would be one JSON document."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > PART_BYTES:
            raise BodyTooLarge
    return bytes(body)


def _body(content: bytes) -> SubmissionIn:
    try:
        return SubmissionIn.model_validate_json(content)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        ) from error
