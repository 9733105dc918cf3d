"""Compressed replies of which most is the same for everybody, at the cost of the rest.

A gzip body may be put together from pieces that were compressed by themselves, if each ends on a full flush
(RFC 1951, 3.2.4: an empty stored block). The questions of an exam are compressed once, not a thousand times.
"""

import struct
import zlib
from functools import lru_cache

# Smaller pieces differ from reply to reply, and cost little.
REMEMBERED_FROM_BYTES = 4_096
# About 20 kB each, compressed.
REMEMBERED = 256
# Beneath this a reply is one packet with or without compression.
SMALLEST_BYTES = 1_000
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# Level, window, memory. To make ready a full window's memory takes longer than to compress 4 kB.
QUICK = (1, 12, 4)
THOROUGH = (9, zlib.MAX_WBITS, 9)


class Own(bytes):
    """A piece of one reply alone: not remembered, however large it is."""


def gzipped(*pieces: bytes) -> bytes:
    """One gzip body of the pieces in their order; large pieces are compressed only the first time."""
    checksum, length = 0, 0
    body = [HEADER]
    for piece in pieces:
        shared = len(piece) >= REMEMBERED_FROM_BYTES and not isinstance(piece, Own)
        body.append(_remembered(piece) if shared else _deflated(piece, *QUICK))
        checksum = zlib.crc32(piece, checksum)
        length += len(piece)
    # An empty last block, then what the reader checks.
    body.append(b"\x03\x00" + struct.pack("<II", checksum, length & 0xFFFFFFFF))
    return b"".join(body)


@lru_cache(maxsize=REMEMBERED)
def _remembered(piece: bytes) -> bytes:
    return _deflated(piece, *THOROUGH)


def _deflated(piece: bytes, level: int, window_bits: int, memory: int) -> bytes:
    squeeze = zlib.compressobj(level, zlib.DEFLATED, -window_bits, memory)
    return squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)


def accepts_gzip(accept_encoding: str) -> bool:
    return "gzip" in accept_encoding and "gzip;q=0" not in accept_encoding.replace(" ", "")
