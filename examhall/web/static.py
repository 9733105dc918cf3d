"""Static files under addresses that change with their content, so that browsers may keep them for ever."""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
# The first folder of the address, and where it lies.
ROOTS = {"": HERE / "static", "vendor/": HERE / "vendor"}
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    # Fonts and character maps that PDFs take for granted.
    ".pfb": "application/octet-stream",
    ".bcmap": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
}
COMPRESSED = {".css", ".js", ".mjs", ".ttf", ".svg", ".webmanifest"}
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"


@cache
def files() -> dict[str, Path]:
    """Every file that is served, by its path in the address. What is not listed here cannot be reached."""
    return {
        prefix + path.relative_to(root).as_posix(): path
        for prefix, root in ROOTS.items()
        for path in sorted(root.rglob("*"))
        if path.suffix in MEDIA_TYPES
    }


@cache
def fingerprint() -> str:
    """One for all files: modules and stylesheets then refer to each other by relative addresses."""
    digest = hashlib.sha256()
    for name, path in files().items():
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def content(name: str) -> tuple[bytes, bytes | None]:
    """The file as it is, and gzipped if that is worth it."""
    path = files()[name]
    plain = path.read_bytes()
    return plain, gzip.compress(plain, mtime=0) if path.suffix in COMPRESSED else None


def address(name: str) -> str:
    if name not in files():
        raise LookupError(f"there is no static file {name!r}")
    return f"/static/{fingerprint()}/{name}"


async def static_file(request: Request) -> Response:
    """GET /static/{fingerprint}/{path}"""
    name = request.path_params["path"]
    if name not in files():
        return PlainTextResponse("Not found\n", 404)
    # A page that was opened before an upgrade still gets its modules, only not for ever.
    current = request.path_params["fingerprint"] == fingerprint()
    return _reply(request, name, FOR_EVER if current else "no-cache")


async def favicon(request: Request) -> Response:
    """GET /favicon.ico: where browsers look by themselves beside replies that are no pages, such as a PDF."""
    return _reply(request, "img/favicon.svg", FOR_A_DAY)


def _reply(request: Request, name: str, kept: str) -> Response:
    headers = {
        "cache-control": kept,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    plain, zipped = content(name)
    body = plain
    if zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = zipped
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type=MEDIA_TYPES[files()[name].suffix])


routes = [
    Route("/static/{fingerprint}/{path:path}", static_file),
    Route("/favicon.ico", favicon),
]
