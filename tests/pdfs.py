"""Small PDFs made by hand, good ones and such as nobody should send."""

import zlib


def make_pdf(pages: int = 1, *, words: str = "A paper", padding: int = 0, extra: bytes = b"") -> bytes:
    """So many pages with a line of words on each; `padding` bytes of nothing make it larger."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % extra,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(pages):
        drawn = b"BT /F1 36 Tf 72 700 Td (%s %d) Tj ET" % (words.encode("latin-1"), n + 1)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * n),
            stream(drawn),
        ]
    if padding:
        objects.append(stream(bytes(padding)))
    return assemble(objects)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def assemble(objects: list[bytes], trailer: bytes = b"") -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, trailer, len(body))
    )


def encrypted_pdf() -> bytes:
    encrypt = b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -44 >>" % (b"00" * 32, b"11" * 32)
    return make_pdf().replace(b"trailer\n<< ", b"trailer\n<< /Encrypt %s /ID [<00> <00>] " % encrypt)


def bomb_pdf() -> bytes:
    """Its cross-reference stream unpacks to a gigabyte."""
    packed = zlib.compressobj(9)
    zeros = b"".join(packed.compress(bytes(16 * 1024 * 1024)) for _ in range(64)) + packed.flush()
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    entries = b"/Type /XRef /Size 200000000 /W [1 2 2] /Root 1 0 R /Filter /FlateDecode"
    table = b"3 0 obj\n%s\nendobj\n" % stream(zeros, entries)
    return head + table + b"startxref\n%d\n%%%%EOF\n" % len(head)


def endless_pdf() -> bytes:
    """Its page tree has no end."""
    pages = b"<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000000 >>"
    return assemble([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def deep_pdf(depth: int = 5000) -> bytes:
    """Page trees within page trees within page trees."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    objects += [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (n + 3) for n in range(depth)]
    objects.append(b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % (depth + 1))
    return assemble(objects)
