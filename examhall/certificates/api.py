"""Certificates over the API: templates, issuing, the gallery, PDFs."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from examhall.accounts.access import (
    STAFF,
    CrossSite,
    NotSignedIn,
    Person,
    SignedIn,
    Staff,
    TicketOnly,
    refuse_tickets,
)
from examhall.accounts.tokens import TokenInvalid
from examhall.base.attachment import download_headers
from examhall.base.errors import SomebodyWasFaster
from examhall.base.versions import VersionRequired, etag, version_wanted
from examhall.base.wire import LARGEST_ID, Db, Id, Limit, Page, Text, page_of, refusals
from examhall.certificates import templates
from examhall.certificates.gallery import (
    A_PAGE,
    BadCursor,
    Gallery,
    list_held,
    list_issued,
    list_issued_by,
    serial_of,
    set_public,
)
from examhall.certificates.issue import (
    REQUEST_KEY_CHARS,
    BadCertificates,
    Issuer,
    KeyUsedOtherwise,
    Order,
    issue_certificates,
)
from examhall.certificates.pdf import CertificateDamaged, Prints
from examhall.certificates.proofs import BadTemplate, Proofs
from examhall.certificates.replies import (
    EditedTemplate,
    HeldOut,
    IssuedOut,
    IssueIn,
    IssuesOut,
    NewTemplate,
    PublicOut,
    TemplateOut,
    TemplatesOut,
    VisibilityIn,
)
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.serials import read_serial
from examhall.certificates.templates import BadFields, NoSuchTemplate, TemplateInactive

router = APIRouter(tags=["Certificates"])

Author = Annotated[Person, Staff("author")]
Reader = Annotated[Person, Staff("author", "analyst")]
Word = Annotated[Text | None, Query(max_length=templates.CATEGORY_CHARS)]
Cursor = Annotated[Text | None, Query(max_length=100, description="The `next_cursor` of the page before.")]
# Everybody is sent the same bytes; a change of them is told by the ETag.
SHARED = {"cache-control": "public, max-age=0, must-revalidate"}


def gallery_of(request: Request) -> Gallery:
    gallery: Gallery = request.app.state.gallery
    return gallery


def prints_of(request: Request) -> Prints:
    prints: Prints = request.app.state.prints
    return prints


def _known(request: Request, page: Any) -> Response:
    """The page, or 304 for whoever has it."""
    headers = SHARED | {"etag": page.etag}
    if page.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(page.body, headers=headers, media_type="application/json")


@router.get("/certificates/templates", summary="Public certificate templates", response_model=TemplatesOut)
async def get_templates(request: Request, category: Word = None, variant: Word = None) -> Response:
    """By category and variant. Anybody may see these; the office's own list has all."""
    return _known(request, await gallery_of(request).templates(category=category, variant=variant))


@router.get("/certificates/templates/all", summary="All certificate templates", responses=STAFF)
async def get_all_templates(
    _me: Reader, db: Db, created_by: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None
) -> dict[str, Sequence[dict[str, Any]]]:
    """The newest first, those that are not public or not active among them; or one creator's."""
    async with db.connection() as conn:
        found = await templates.list_templates(conn, created_by=created_by)
    return {"items": [TemplateOut.listed(each) for each in found]}


@router.get(
    "/certificates/templates/{template_id}",
    summary="One template with its source",
    responses=STAFF | refusals(NoSuchTemplate),
)
async def get_template(template_id: Id, _me: Reader, db: Db, response: Response) -> TemplateOut:
    async with db.connection() as conn:
        found = await templates.find_template(conn, template_id)
    response.headers["ETag"] = etag(found.version)
    return TemplateOut.of(found)


@router.post(
    "/certificates/templates",
    status_code=201,
    summary="Create a certificate template",
    responses=STAFF | refusals(CrossSite, BadTemplate, BadFields),
)
async def post_template(
    body: NewTemplate, request: Request, me: Author, db: Db, response: Response
) -> TemplateOut:
    """Kept only after it was set with its examples; otherwise `fields` of the error has lines and reasons."""
    await _try_out(request, me, body)
    async with db.transaction() as conn:
        template_id = await templates.create_template(conn, **body.values(), created_by=me.id)
        found = await templates.find_template(conn, template_id)
    response.headers["ETag"] = etag(found.version)
    return TemplateOut.of(found)


@router.put(
    "/certificates/templates/{template_id}",
    summary="Change a template that nobody else has changed meanwhile",
    responses=STAFF
    | refusals(CrossSite, NoSuchTemplate, BadTemplate, BadFields, SomebodyWasFaster, VersionRequired),
)
async def put_template(
    template_id: Id, body: EditedTemplate, request: Request, me: Author, db: Db, response: Response
) -> TemplateOut:
    """With the ETag as If-Match, or its `version`. What was issued keeps the look it was issued with."""
    version = version_wanted(request, body.version)
    await _try_out(request, me, body)
    async with db.transaction() as conn:
        await templates.edit_template(
            conn, template_id, **body.values() | {"version": version, "active": body.active}, edited_by=me.id
        )
        found = await templates.find_template(conn, template_id)
    response.headers["ETag"] = etag(found.version)
    return TemplateOut.of(found)


async def _try_out(request: Request, me: Person, body: NewTemplate) -> None:
    """Outside of any transaction: it takes as long as it takes."""
    templates.check_fields(body.values()["fields"])
    proofs: Proofs = request.app.state.proofs
    issuer: Issuer = request.app.state.issuer
    await proofs.limit.require(str(me.id))
    await proofs.check(
        body.source, body.values()["fields"], title=body.name, issuer=issuer.name, url=issuer.url
    )


@router.get(
    "/certificates/public",
    summary="The public gallery",
    response_model=PublicOut,
    responses=refusals(BadCursor),
)
async def get_public(request: Request, limit: Limit = A_PAGE, cursor: Cursor = None) -> Response:
    """Certificates that their issuers or holders show, the newest first. Anybody may see these."""
    return _known(request, await gallery_of(request).public(cursor=cursor, limit=limit))


@router.get(
    "/certificates/mine",
    summary="My certificates",
    responses=refusals(NotSignedIn, TokenInvalid, TicketOnly, BadCursor),
)
async def get_mine(me: SignedIn, db: Db, limit: Limit = 50, cursor: Cursor = None) -> Page[HeldOut]:
    """The newest first."""
    refuse_tickets(me)
    after = serial_of(cursor)
    async with db.connection() as conn:
        found = await list_held(conn, holder_id=me.id, after=after, limit=limit + 1)
    return _listed(found, limit)


@router.get("/certificates", summary="Certificates that were issued", responses=STAFF | refusals(BadCursor))
async def get_certificates(
    me: Reader,
    db: Db,
    limit: Limit = 50,
    cursor: Cursor = None,
    issued_by: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="One creator's.")] = None,
) -> Page[HeldOut]:
    """The newest first; all of them, or by creator."""
    after = serial_of(cursor)
    async with db.connection() as conn:
        if issued_by is None:
            found = await list_issued(conn, after=after, limit=limit + 1)
        else:
            found = await list_issued_by(conn, issued_by=issued_by, after=after, limit=limit + 1)
    return _listed(found, limit)


def _listed(found: Sequence[Any], limit: int) -> Page[HeldOut]:
    return page_of(found, limit, HeldOut.of, cursor=lambda each: each.serial)


@router.post(
    "/certificates",
    status_code=201,
    summary="Issue one certificate or many",
    responses=STAFF
    | refusals(CrossSite, NoSuchTemplate, TemplateInactive, BadCertificates, KeyUsedOtherwise),
)
async def post_certificates(
    body: IssueIn,
    request: Request,
    me: Author,
    db: Db,
    idempotency_key: Annotated[Text | None, Header(min_length=1, max_length=REQUEST_KEY_CHARS)] = None,
) -> IssuesOut:
    """All or none, up to 1,000. The same `Idempotency-Key` again gives what it gave the first time."""
    issuer: Issuer = request.app.state.issuer
    async with db.transaction() as conn:
        issued = await issue_certificates(
            conn,
            issuer,
            template_id=body.template_id,
            title=body.title,
            purpose=body.purpose,
            orders=[
                Order(each.holder, each.username, {**body.fields, **each.fields}) for each in body.orders
            ],
            public=body.public,
            issued_by=me.id,
            exam_id=body.exam_id,
            request_key=idempotency_key,
        )
    return IssuesOut(items=[IssuedOut.of(each) for each in issued])


@router.get(
    "/certificates/{serial}/pdf",
    summary="A certificate as a PDF",
    response_class=Response,
    responses=refusals(NoSuchCertificate, CertificateDamaged) | {200: {"content": {"application/pdf": {}}}},
)
async def get_pdf(serial: str, request: Request) -> Response:
    """For whoever has its serial. The facts and their signature lie in it, for `examhall verify`."""
    known = read_serial(serial)
    if known is None:
        raise NoSuchCertificate
    pdf = await prints_of(request).pdf(known)
    return Response(pdf, headers=download_headers(f"certificate {known}.pdf"), media_type="application/pdf")


@router.put(
    "/certificates/{serial}/visibility",
    status_code=204,
    summary="Show my certificate in the gallery, or hide it",
    responses=refusals(NotSignedIn, TokenInvalid, TicketOnly, CrossSite, NoSuchCertificate),
)
async def put_visibility(serial: str, body: VisibilityIn, me: SignedIn, db: Db) -> Response:
    """The holder has the last word, whatever the issuer chose."""
    refuse_tickets(me)
    known = read_serial(serial)
    if known is None:
        raise NoSuchCertificate
    async with db.transaction() as conn:
        await set_public(conn, serial=known, holder_id=me.id, public=body.public)
    return Response(status_code=204)
