"""Frames: one byte that says what it is, eight for its length, the bytes. Between processes, and in files."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

HEAD: Final = struct.Struct("<cQ")

# What was read, in the order in which it is written: everything about the calculation that is no array; then
# for each exam its sittings, and parts of its marks and answers; who belongs to which group.
HEADER, SITTINGS, PART, MEMBERS = b"H", b"S", b"P", b"M"
# What a calculating process says: how far it is; the result, then the candidates; or what went wrong.
PROGRESS, RESULT, CANDIDATES, WRONG = b"p", b"r", b"c", b"w"


def frame(kind: bytes, body: bytes) -> bytes:
    return HEAD.pack(kind, len(body)) + body


def frames(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Each frame up to the end of the file. Raises EOFError when it ends within one."""
    while head := file.read(HEAD.size):
        if len(head) < HEAD.size:
            raise EOFError
        kind, length = HEAD.unpack(head)
        body = file.read(length)
        if len(body) < length:
            raise EOFError
        yield kind, body
