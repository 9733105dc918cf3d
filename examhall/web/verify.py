"""Where anybody finds out whether a certificate is genuine: the page that its QR code leads to."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from examhall.certificates.credentials import did_document
from examhall.certificates.serials import LONGEST_TYPED, read_serial
from examhall.certificates.signing import base64url, key_set, list_keys
from examhall.certificates.verify import Proof, prove
from examhall.web.i18n import gettext_of
from examhall.web.numbers import Numbers, day_with, numbers_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER

# Nothing about it changes by the minute; a new key's first certificate is checked by a person.
KEYS_KEPT = "public, max-age=300"
# What every certificate has, shown by themselves; the rest are lines of a table.
HEADLINES = frozenset(
    {"serial", "title", "holder", "for", "issued_on", "issuer", "url", "fields", "score", "place", "exam"}
)


async def ask_page(request: Request) -> Response:
    """GET /verify: a field for the serial; with one, on to its page."""
    typed = request.query_params.get("serial", "")[:LONGEST_TYPED]
    if serial := read_serial(typed):
        return RedirectResponse(f"/verify/{serial}", SEE_OTHER)
    return render(request, "verify_ask.html", 422 if typed else 200, typed=typed)


async def verify_page(request: Request) -> Response:
    """GET /verify/{serial}: genuine, revoked, or not known here; its signature is checked each time."""
    typed: str = request.path_params["serial"][:LONGEST_TYPED]
    serial = read_serial(typed)
    if serial is not None and serial != typed:
        return RedirectResponse(f"/verify/{serial}", SEE_OTHER)
    async with request.app.state.database.transaction() as conn:
        proof = await prove(conn, typed)
    if proof.state == "unknown":
        return render(request, "verify_unknown.html", 404, typed=typed, mistyped=serial is None)
    assert proof.signature is not None
    return render(
        request,
        "verify.html",
        proof=proof,
        facts=proof.facts,
        lines=_lines(request, proof),
        signature=base64url(proof.signature),
        address=request.app.state.settings.url,
    )


def _lines(request: Request, proof: Proof) -> list[tuple[str, str]]:
    """What else was signed, each with its name, in the order in which people compare."""
    _, write = gettext_of(request), numbers_of(request)
    facts = proof.facts
    lines: list[tuple[str, str]] = []
    score = facts.get("score")
    if isinstance(score, dict):
        if {"points", "max_points"} <= score.keys():
            points = f"{_figure(write, score['points'])} / {_figure(write, score['max_points'])}"
            if isinstance(percent := score.get("percent"), int | float):
                points += f" ({write.percent(percent, None)})"
            lines.append((_("Score"), points))
        if score.get("scaled") is not None:
            lines.append((_("Scaled score"), _figure(write, score["scaled"])))
        if score.get("place") is not None:
            lines.append((_("Place"), _place(request, score)))
    elif score is not None:
        lines.append((_("Score"), _figure(write, score)))
    exam = facts.get("exam")
    if isinstance(exam, dict):
        if exam.get("title") not in (None, facts.get("for")):
            lines.append((_("Exam"), str(exam["title"])))
        if exam.get("held_on") is not None:
            lines.append((_("Held on"), day_with(write, str(exam["held_on"]))))
    lines += [(_(label), value) for label, value in proof.fields]
    lines += [(name, _plain(value)) for name, value in facts.items() if name not in HEADLINES]
    return lines


def _place(request: Request, score: dict[str, Any]) -> str:
    if score.get("participants") is None:
        return str(score["place"])
    _ = gettext_of(request)
    return _("%(place)s of %(participants)s") % score


def _figure(write: Numbers, value: object) -> str:
    """A number as the reader writes it; whoever issues by the API may sign something else."""
    return write.points(value) if isinstance(value, int | float) else _plain(value)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


async def get_keys(request: Request) -> Response:
    """GET /.well-known/examhall-keys.json: what `examhall verify --key` takes."""
    async with request.app.state.database.transaction() as conn:
        keys = await list_keys(conn)
    text = json.dumps(key_set(keys, issuer=request.app.state.settings.url), indent=2)
    headers = {"cache-control": KEYS_KEPT, "access-control-allow-origin": "*"}
    return Response(text, headers=headers, media_type="application/json")


async def get_did(request: Request) -> Response:
    """GET /.well-known/did.json: the same keys where did:web looks for them, the one that signs now first."""
    signing = request.app.state.certificate_signer.key_id
    async with request.app.state.database.transaction() as conn:
        keys = sorted(await list_keys(conn), key=lambda key: key.id != signing)
    text = json.dumps(did_document(keys, request.app.state.settings.url), indent=2)
    headers = {"cache-control": KEYS_KEPT, "access-control-allow-origin": "*"}
    return Response(text, headers=headers, media_type="application/did+json")


routes = [
    Route("/verify", ask_page),
    Route("/verify/{serial}", verify_page),
    Route("/.well-known/examhall-keys.json", get_keys),
    Route("/.well-known/did.json", get_did),
]
