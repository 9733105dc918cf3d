"""Revoking a certificate, and those that wait for somebody after a correction: the office's pages."""

from typing import Any, cast

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.accounts.access import has_role, page_person, require_role
from examhall.accounts.people import find_account
from examhall.base.errors import Malformed
from examhall.base.wire import storable
from examhall.certificates.reviews import Decision, count_reviews, decide_review, list_reviews
from examhall.certificates.revoking import LONGEST_REASON, NoSuchCertificate, revoke_certificate
from examhall.certificates.serials import read_serial
from examhall.certificates.verify import prove
from examhall.web.frame import framed, id_of
from examhall.web.public import SEE_OTHER, here

# On one page; a person reads each of them.
REVIEWS = 25
LIST = "/staff/certificates/review"


async def review_page(request: Request) -> Response:
    """GET /staff/certificates/review"""
    me = await page_person(request)
    require_role(me, "author", "analyst")
    after = request.query_params.get("after", "0")
    after_id = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        reviews = await list_reviews(conn, after_id=after_id, limit=REVIEWS + 1)
        waiting = await count_reviews(conn)
    return framed(
        request,
        me,
        account,
        "staff/certificate_reviews.html",
        reviews=reviews[:REVIEWS],
        waiting=waiting,
        next_after=reviews[REVIEWS - 1].certificate_id if len(reviews) > REVIEWS else None,
        may_decide=has_role(me, "author"),
        longest=LONGEST_REASON,
    )


async def post_review(request: Request) -> Response:
    """POST /staff/certificates/review/{certificate_id}"""
    me = await page_person(request)
    require_role(me, "author")
    form = await request.form()
    decision, key_version = str(form.get("decision", "")), str(form.get("key_version", ""))
    if decision not in ("kept", "revoked") or not _is_number(key_version):
        raise Malformed
    async with request.app.state.database.transaction() as conn:
        await decide_review(
            conn,
            certificate_id=id_of(request, "certificate_id"),
            key_version=int(key_version),
            decision=cast(Decision, decision),
            decided_by=me.id,
            reason=_reason(form),
        )
    return RedirectResponse(LIST, SEE_OTHER)


async def revoke_page(request: Request) -> Response:
    """GET /staff/certificates/{serial}/revoke: what is about to be revoked, and a field for the reason."""
    me = await page_person(request)
    require_role(me, "author")
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        proof = await prove(conn, request.path_params["serial"])
    if proof.state == "unknown":
        raise NoSuchCertificate
    context: dict[str, Any] = {"proof": proof, "facts": proof.facts, "longest": LONGEST_REASON}
    back = here(request.query_params.get("back", "")) or f"/verify/{proof.serial}"
    return framed(request, me, account, "staff/certificate_revoke.html", back=back, **context)


async def post_revoke(request: Request) -> Response:
    """POST /staff/certificates/{serial}/revoke"""
    me = await page_person(request)
    require_role(me, "author")
    form = await request.form()
    serial = read_serial(request.path_params["serial"])
    if serial is None:
        raise NoSuchCertificate
    async with request.app.state.database.transaction() as conn:
        await revoke_certificate(conn, serial=serial, reason=_reason(form), revoked_by=me.id)
    return RedirectResponse(here(str(form.get("back", ""))) or f"/verify/{serial}", SEE_OTHER)


def _reason(form: FormData) -> str:
    try:
        return storable(str(form.get("reason", "")))
    except ValueError as error:
        raise Malformed from error


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


routes = [
    Route(LIST, review_page),
    Route("/staff/certificates/review/{certificate_id:int}", post_review, methods=["POST"]),
    Route("/staff/certificates/{serial}/revoke", revoke_page),
    Route("/staff/certificates/{serial}/revoke", post_revoke, methods=["POST"]),
]
