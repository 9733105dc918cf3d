"""Looks into a PDF on standard input and says on standard output how many pages it has, or what is wrong.

Runs as a process of its own, within limits: `examhall.exams.pdf` starts it. A file made to hang or to blow up
whoever reads it takes this process with it and nothing else.
"""

import json
import resource
import sys
from typing import BinaryIO

MEMORY_BYTES = 768 * 1024 * 1024
CPU_S = 8
FILES = 32
# Deeper page trees than anybody makes.
RECURSION = 400


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(RECURSION)
    sys.stdout.write(json.dumps(look(open(0, "rb", closefd=False))))  # noqa: SIM115


def look(file: BinaryIO) -> dict[str, object]:
    """{"pages": n}, or {"problem": "encrypted" or "broken"}."""
    import logging

    from pypdf import PdfReader

    logging.disable()
    try:
        reader = PdfReader(file, strict=False)
        if reader.is_encrypted:
            return {"problem": "encrypted"}
        pages = len(reader.pages)
        if pages == 0:
            return {"problem": "broken"}
        # That a page is reached, at both ends.
        for page in (reader.pages[0], reader.pages[-1]):
            if page.mediabox.width <= 0 or page.mediabox.height <= 0:
                return {"problem": "broken"}
    except Exception:  # noqa: BLE001 - whatever the library makes of a broken file, it is broken
        return {"problem": "broken"}
    return {"pages": pages}


if __name__ == "__main__":
    main()
