"""What a file is, by its first and last bytes: four kinds are taken, whatever their names say.

Nothing here decodes a file, so nothing in it can run away, and nothing of it ever runs in a page of ours: it
is given back as a download, with a media type of these four, `nosniff` and a sandbox.
"""

import struct

HEAD_BYTES = 4096
# A ZIP archive's directory ends within so many bytes of the end of the file: 22 and the longest comment.
TAIL_BYTES = 22 + 65_535

ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
PNG = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
ZIP_END = b"PK\x05\x06"
# What browsers that guess would take for a page or a drawing.
MARKUP = (b"<html", b"<script", b"<svg", b"<!doctype", b"<body", b"<iframe")


def kind_of(head: bytes, tail: bytes, size: int) -> str | None:
    """The media type of a file of `size` bytes that begins and ends so; None if it is none that is taken.

    A file that is two things at once (a picture that is an archive too, a PDF behind something else, HTML in
    the beginning of a picture) is none.
    """
    if _ends_as_zip(tail) or any(mark in head.lower() for mark in MARKUP):
        return None
    if head.startswith(b"%PDF-") and b"%%EOF" in tail[-1024:]:
        return "application/pdf"
    if head.startswith(PNG) and head[12:16] == b"IHDR" and tail.endswith(PNG_END):
        return "image/png"
    # What cameras put after the end of a JPEG (a moment of film) is left there.
    if head.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in tail:
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:15] == b"WEBPVP8":
        (told,) = struct.unpack("<I", head[4:8])
        # Chunks are padded to even lengths.
        if told + 8 in (size, size + 1):
            return "image/webp"
    return None


def _ends_as_zip(tail: bytes) -> bool:
    """Whether a directory of an archive stands at the end, with a comment just as long as it says."""
    at = tail.find(ZIP_END)
    while at >= 0:
        if len(tail) >= at + 22 and struct.unpack_from("<H", tail, at + 20)[0] <= len(tail) - at - 22:
            return True
        at = tail.find(ZIP_END, at + 1)
    return False
