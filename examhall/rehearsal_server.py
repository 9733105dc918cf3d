"""The server of a rehearsal: told what it serves on standard input, and gone when whoever started it is.

It leaves nothing behind: the rehearsal's database and folder go when it ends, however its parent ended.
"""

import json
import os
import shutil
import sys
from contextlib import suppress

import psycopg

from examhall.base.lifeline import end_with
from examhall.ops.rehearse.stage import drop_place
from examhall.serving import serve
from examhall.settings import Settings

STDIN = 0


def main() -> int:
    told = json.loads(_first_line())
    settings = Settings.read(told["environment"])
    # Nothing more is ever written there: it closes when the rehearsal is over, or was killed.
    end_with(STDIN)
    try:
        return serve(settings)
    finally:
        # With PostgreSQL gone as well, the next rehearsal clears up.
        with suppress(psycopg.OperationalError):
            drop_place(told["admin"], told["database"])
        shutil.rmtree(settings.data, ignore_errors=True)


def _first_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(STDIN, 65_536)
        if not piece:
            sys.exit("nobody said what to serve")
        line += piece
    return bytes(line)


if __name__ == "__main__":
    sys.exit(main())
