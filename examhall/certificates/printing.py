"""Certificates as they look: a template's source and the facts, set into a PDF or a picture.

What people wrote reaches the typesetter as data, never as source. The facts as they were signed are
embedded in the PDF.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import segno

from examhall.base.typesetting import Typesetter
from examhall.certificates.signing import ATTACHMENT, Signed, canonical_json

DESIGNS = Path(__file__).with_name("designs")
# What a template may import.
LIBRARIES = ("examhall.typ", "ornaments.typ")
# The file that people wrote: by this name its errors are found.
OWN = "template.typ"
# A certificate is a sheet of paper, perhaps with something on its back.
MOST_PAGES = 2
TOO_LONG = f"a certificate has {MOST_PAGES} pages at most"
MAIN = f"""#let signed = bytes(sys.inputs.attachment)
#pdf.attach("{ATTACHMENT}", signed, relationship: "data", mime-type: "application/json")
#include "{OWN}"
#context if here().page() > {MOST_PAGES} {{ panic("{TOO_LONG}") }}
"""
# Of a preview on a screen, and of a thumbnail on a card.
PREVIEW_PPI = 110.0
THUMBNAIL_PPI = 60.0
# What every certificate says.
ALWAYS = ("serial", "title", "holder", "for", "issued_on", "issuer", "url")
EXAMPLE_SERIAL = "0000-EXAM-P1E0-0000-0000"
EXAMPLE_ISSUED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Printable:
    """A certificate with the source of the very version by which it was issued."""

    serial: str
    facts: str
    signature: bytes
    key_id: str
    issued_at: datetime
    template_id: int
    template_version: int
    source: str

    @property
    def signed(self) -> Signed:
        return Signed(self.facts, self.signature, self.key_id)


def facts_of(
    *,
    serial: str,
    title: str,
    holder: str,
    purpose: str,
    issued_at: datetime,
    issuer: str,
    url: str,
    fields: Mapping[str, str],
    exam: Mapping[str, Any] | None = None,
    score: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a certificate says, as it is signed."""
    facts: dict[str, Any] = {
        "serial": serial,
        "title": title,
        "holder": holder,
        "for": purpose,
        "issued_on": f"{issued_at.astimezone(UTC):%Y-%m-%d}",
        "issuer": issuer,
        "url": f"{url}/verify/{serial}",
        "fields": {name: value for name, value in fields.items() if value},
    }
    if exam is not None:
        facts["exam"] = dict(exam)
    if score is not None:
        facts["score"] = {name: value for name, value in score.items() if value is not None}
    return facts


def read_facts(text: str) -> dict[str, Any]:
    """The facts as they are stored. Those that damage has taken are empty: the others can be shown still."""
    try:
        stored = json.loads(text)
    except ValueError:
        stored = None
    return dict.fromkeys(ALWAYS, "") | (stored if isinstance(stored, dict) else {})


def example_facts(
    title: str, fields: Sequence[Mapping[str, Any]], *, issuer: str, url: str, full: bool = True
) -> dict[str, Any]:
    """Facts to look at a template by: with all that a certificate can have, or with the least it can have."""
    return facts_of(
        serial=EXAMPLE_SERIAL,
        title=title,
        holder="Alice Example" if full else "Oʻgʻiloy Александра Константиновна Преображенская-Волконская",
        purpose="Mathematics, mock exam 3" if full else "Taking part",
        issued_at=EXAMPLE_ISSUED_AT,
        issuer=issuer,
        url=url,
        fields={each["name"]: each["example"] for each in fields if full or each["required"]},
        exam={"title": "Mathematics, mock exam 3", "held_on": "2026-01-14"} if full else None,
        score={"points": 51.5, "max_points": 55, "percent": 93.6, "place": 1, "participants": 1204}
        if full
        else None,
    )


async def print_pdf(typesetter: Typesetter, source: str, signed: Signed, issued_at: datetime) -> bytes:
    """The same certificate gives the same bytes."""
    return await typesetter.pdf(
        MAIN,
        _inputs(signed.text, signed.attachment),
        files=_files(source),
        timestamp=int(issued_at.timestamp()),
    )


async def print_picture(
    typesetter: Typesetter, source: str, facts: str, issued_at: datetime, *, ppi: float = THUMBNAIL_PPI
) -> bytes:
    """Its first page as PNG."""
    return await typesetter.png(
        MAIN, _inputs(facts, b"{}"), files=_files(source), timestamp=int(issued_at.timestamp()), ppi=ppi
    )


async def print_example(typesetter: Typesetter, source: str, facts: Mapping[str, Any]) -> bytes:
    """What a template makes of facts that nobody signed, as PNG for a screen."""
    return await print_picture(typesetter, source, canonical_json(facts), EXAMPLE_ISSUED_AT, ppi=PREVIEW_PPI)


async def try_out(typesetter: Typesetter, source: str, facts: Mapping[str, Any]) -> None:
    """Set a template as a PDF as well: not all that can be shown can be written as one."""
    example = Signed(canonical_json(facts), b"", "")
    await print_pdf(typesetter, source, example, EXAMPLE_ISSUED_AT)


def _inputs(facts: str, attachment: bytes) -> dict[str, str]:
    return {"facts": facts, "attachment": attachment.decode(), "qr": _qr_code(_url_of(facts))}


def _url_of(facts: str) -> str:
    url: str = json.loads(facts)["url"]
    return url


@lru_cache(maxsize=8)
def _qr_code(url: str) -> str:
    """As SVG in #000, which templates colour as they like; a fifth of it may be dirt."""
    drawn = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        drawn, kind="svg", border=0, xmldecl=False, dark="#000", nl=False
    )
    return drawn.getvalue().decode()


def _files(source: str) -> dict[str, str]:
    return {OWN: source, **_libraries()}


@cache
def _libraries() -> dict[str, str]:
    return {name: (DESIGNS / name).read_text(encoding="utf-8") for name in LIBRARIES}
