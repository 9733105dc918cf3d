"""Names of files in Content-Disposition, whatever people put into titles."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 120
# What file systems, shells or header parsers make something of.
UNSAFE = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|%;\u2028\u2029\u202a-\u202e\u2066-\u2069]+')


def download_headers(name: str) -> dict[str, str]:
    """For one person's own file: kept by no cache, taken for nothing but what it says it is."""
    return {
        "cache-control": "private, no-store",
        "content-disposition": attachment(name),
        "x-content-type-options": "nosniff",
    }


def attachment(name: str) -> str:
    """The header's value by RFC 6266: a name in ASCII for old clients, the whole one beside it.

    Nothing in it can end the header or the quotes, lead out of a folder, or turn the reading direction.
    """
    stem, dot, ending = UNSAFE.sub(" ", name).rpartition(".")
    cleaned = " ".join(stem.split()).strip(". ")[:LONGEST] or "file"
    whole = f"{cleaned}{dot}{ending.strip()}"
    plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode()
    if plain.partition(".")[0].strip() == "":
        plain = f"file{dot}{ending.strip()}"
    encoded = quote(whole, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
