"""A certificate as the server makes it, by typst with its proof attached; and what forgers make of it."""

import io
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pypdf
import typst
from pypdf.annotations import FreeText
from pypdf.generic import NameObject, StreamObject

from examhall.certificates.serials import new_serial
from examhall.certificates.signing import ATTACHMENT, Signed, Signer
from examhall.web.vendoring import VENDOR

FONTS = VENDOR / "fonts"
SOURCE = """
#set page(paper: "a4", flipped: true)
#set text(font: "Source Serif 4", size: 24pt)
#if sys.inputs.proof != "" {
  pdf.attach("examhall-certificate.json", bytes(sys.inputs.proof), mime-type: "application/json")
}
#upper(sys.inputs.title)

#sys.inputs.holder

#sys.inputs.for

#link(sys.inputs.url)[#sys.inputs.serial.replace("-", "-\\u{200b}")]
"""


def signer_of(number: int) -> Signer:
    return Signer(b64encode(bytes([number] * 32)).decode())


def facts_of(**changed: Any) -> dict[str, Any]:
    serial = new_serial()
    return {
        "serial": serial,
        "title": "Certificate of excellence",
        "holder": "Gulnora O\N{MODIFIER LETTER TURNED COMMA}ktamova",
        "for": "Mathematics, autumn mock exam",
        "issued_on": "2026-11-21",
        "issuer": "Examhall",
        "url": f"https://exams.example.org/verify/{serial}",
        "fields": {"signatory": "Olga Petrova"},
        "score": {"points": "41.5", "max_points": "55"},
    } | changed


def pdf_of(facts: Mapping[str, Any], proof: Signed | None) -> bytes:
    """What a certificate with these words and this proof looks like to a program."""
    inputs = {name: str(facts[name]) for name in ("title", "holder", "for", "url", "serial")}
    attached = proof.attachment.decode() if proof is not None else ""
    made: bytes = typst.compile(  # type: ignore[misc]
        SOURCE.encode(),
        sys_inputs=inputs | {"proof": attached},
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
    )
    return made


def with_attachment(pdf: bytes, content: bytes) -> bytes:
    """The same pages with one attachment more."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    writer.add_attachment(ATTACHMENT, content)
    return _written(writer)


def with_a_note(pdf: bytes) -> bytes:
    """The same pages with words laid on top."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    note = FreeText(text="Mallory", rect=(50, 50, 300, 100))
    writer.add_annotation(0, note)
    return _written(writer)


def saved_on_top(pdf: bytes) -> bytes:
    """As a program saves that leaves what was there and adds to it."""
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.add_metadata({"/Title": "Another"})
    return _written(writer)


def bomb(pdf: bytes, megabytes: int) -> bytes:
    """The same certificate, and on its page a little stream that unpacks to so much."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    content = StreamObject()
    content.set_data(b"BT (0) Tj ET\n" * (megabytes * 1_000_000 // 13))
    writer.pages[0][NameObject("/Contents")] = writer._add_object(content.flate_encode())
    return _written(writer)


def bomb_attached(pdf: bytes, megabytes: int) -> bytes:
    """A certificate whose proof unpacks to so much."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    attached = writer.add_attachment(ATTACHMENT, bytes(megabytes * 1_000_000))
    file: Any = attached.pdf_object["/EF"]
    content = file.raw_get("/F")
    writer._replace_object(content, content.get_object().flate_encode())
    return _written(writer)


def _written(writer: pypdf.PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
