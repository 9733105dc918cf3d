"""Certificates for those who hold them and for everybody: one's own, the gallery, pictures and PDFs."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import has_role, page_person, refuse_tickets, visitor_of
from examhall.accounts.people import find_account
from examhall.base.attachment import download_headers
from examhall.base.errors import Malformed, Refusal
from examhall.certificates.gallery import (
    A_PAGE,
    list_held,
    list_public_certificates,
    serial_of,
    set_public,
)
from examhall.certificates.pdf import Prints
from examhall.certificates.revoking import NoSuchCertificate
from examhall.certificates.serials import read_serial
from examhall.web.frame import framed, id_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER

PICTURE_KEPT = {"cache-control": "private, max-age=3600", "cross-origin-resource-policy": "same-origin"}
PUBLIC_PICTURE_KEPT = PICTURE_KEPT | {"cache-control": "public, max-age=3600"}
VISIBILITY = {"show": True, "hide": False}


async def mine_page(request: Request) -> Response:
    """GET /certificates"""
    me = await page_person(request)
    refuse_tickets(me)
    after = _cursor(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        held = await list_held(conn, holder_id=me.id, after=after, limit=A_PAGE + 1)
    return framed(request, me, account, "certificates.html", **_paged(held))


async def gallery_page(request: Request) -> Response:
    """GET /certificates/gallery"""
    me = visitor_of(request)
    after = _cursor(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id) if me is not None else None
        shown = await list_public_certificates(conn, after=after, limit=A_PAGE + 1)
    context = {**_paged(shown), "is_first": after is None}
    if me is None or account is None:
        return render(request, "certificate_gallery.html", **context)
    return framed(request, me, account, "certificate_gallery.html", **context)


async def post_visibility(request: Request) -> Response:
    """POST /certificates/{serial}/visibility"""
    me = await page_person(request)
    refuse_tickets(me)
    form = await request.form()
    public = VISIBILITY.get(str(form.get("visibility", "")))
    serial = _serial(request)
    if public is None:
        raise Malformed
    async with request.app.state.database.transaction() as conn:
        await set_public(conn, serial=serial, holder_id=me.id, public=public)
    return RedirectResponse("/certificates", SEE_OTHER)


async def pdf(request: Request) -> Response:
    """GET /certificates/{serial}/pdf: for whoever has the serial, as its paper has."""
    serial = _serial(request)
    prints: Prints = request.app.state.prints
    content = await prints.pdf(serial)
    headers = download_headers(f"certificate {serial}.pdf")
    return Response(content, headers=headers, media_type="application/pdf")


async def picture(request: Request) -> Response:
    """GET /certificates/{serial}/picture"""
    prints: Prints = request.app.state.prints
    return Response(await prints.picture(_serial(request)), headers=PICTURE_KEPT, media_type="image/png")


async def template_picture(request: Request) -> Response:
    """GET /certificates/templates/{template_id}/{version}/picture"""
    me = visitor_of(request)
    is_office = me is not None and me.exam_id is None and has_role(me, "author", "analyst")
    prints: Prints = request.app.state.prints
    content = await prints.template_picture(
        id_of(request, "template_id"), id_of(request, "version"), for_strangers=not is_office
    )
    headers = PICTURE_KEPT if is_office else PUBLIC_PICTURE_KEPT
    return Response(content, headers=headers, media_type="image/png")


def _serial(request: Request) -> str:
    serial = read_serial(request.path_params["serial"])
    if serial is None:
        raise NoSuchCertificate
    return serial


def _cursor(request: Request) -> str | None:
    """A cursor that is none leads to the first page."""
    try:
        return serial_of(request.query_params.get("after"))
    except Refusal:
        return None


def _paged(found: list[Any]) -> dict[str, Any]:
    return {
        "certificates": found[:A_PAGE],
        "more": found[A_PAGE - 1].serial if len(found) > A_PAGE else None,
    }


routes = [
    Route("/certificates", mine_page),
    Route("/certificates/gallery", gallery_page),
    Route("/certificates/templates/{template_id:int}/{version:int}/picture", template_picture),
    Route("/certificates/{serial}/visibility", post_visibility, methods=["POST"]),
    Route("/certificates/{serial}/pdf", pdf),
    Route("/certificates/{serial}/picture", picture),
]
