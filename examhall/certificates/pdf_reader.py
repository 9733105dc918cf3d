"""Reads what a certificate's PDF carries, in a process of its own that strangers' files cannot blow up.

`python -m examhall.certificates.pdf_reader NAME` is that process: a PDF on its standard input, on its output
JSON with the attachments of that name.
"""

import io
import json
import os
import resource
import subprocess
import sys
from itertools import islice
from typing import Any, NamedTuple

from examhall.base.children import bare_environment

# Ours have some ten to a hundred kilobytes.
LARGEST_BYTES = 20_000_000
MEMORY_BYTES = 700_000_000
CPU_S = 10
LIMIT_S = 20.0
# Of one attachment, and of the text of all pages.
ATTACHMENT_BYTES = 200_000
TEXT_LENGTH = 100_000
PAGES = 20


class Unreadable(Exception):
    """What the file is instead of a PDF that can be read."""


class Read(NamedTuple):
    """What a PDF carries: every attachment of that name, and what can be read on its pages."""

    attachments: list[str]
    text: str
    # Notes, stamps and form fields that lie on the pages; links do not count.
    laid_on_top: int
    # How often it was saved on top of what it was before.
    changed_since: int


def read_pdf(content: bytes, name: str) -> Read:
    """Read it in a child that is limited in time, memory and files. Raises `Unreadable` with the reason."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable("is larger than any certificate")
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("is not a PDF")
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "examhall.certificates.pdf_reader", name],
            env=bare_environment(os.environ),
            input=content,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("takes too long to read") from error
    if child.returncode != 0:
        # Killed by a limit, or pypdf gave up; what it says about it helps nobody.
        raise Unreadable("cannot be read: it is damaged, or made to do damage")
    said: dict[str, Any] = json.loads(child.stdout)
    return Read(**said)


def main() -> None:
    """The process. Whatever goes wrong in it ends it with an exit code that is not 0."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    # It writes nothing but its answer.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content = sys.stdin.buffer.read(LARGEST_BYTES)
    sys.stdout.write(json.dumps(_read(content, sys.argv[1])._asdict()))


def _read(content: bytes, name: str) -> Read:
    import logging

    import pypdf

    logging.disable()
    reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
    found = (each for each in reader.attachment_list if each.name == name)
    # Two are one too many already; a bomb has a million.
    attachments = [
        each.content[: ATTACHMENT_BYTES + 1].decode("utf-8", "replace") for each in islice(found, 2)
    ]
    pages = reader.pages[:PAGES]
    text = "\n".join(page.extract_text() for page in pages)[:TEXT_LENGTH]
    laid_on_top = sum(
        note.get_object().get("/Subtype") != "/Link" for page in pages for note in (page.get("/Annots") or ())
    )
    return Read(attachments, text, laid_on_top, max(content.count(b"startxref") - 1, 0))


if __name__ == "__main__":
    main()
