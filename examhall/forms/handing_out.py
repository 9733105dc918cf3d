"""Files given back: as a download that no browser opens in our name, named as its sender named it."""

from starlette.responses import Response, StreamingResponse

from examhall.base.attachment import download_headers
from examhall.base.storage import Storage, begun
from examhall.forms.file_kinds import ENDINGS
from examhall.forms.files import StoredFile

# Should a browser show it after all: nothing in it runs, and it belongs to no site.
SANDBOX = "sandbox; default-src 'none'"


async def file_reply(storage: Storage, file: StoredFile) -> Response:
    """The file, streamed. Whether the reader may have it, the caller has asked."""
    stream = await begun(storage.stream(file.path))
    ending = ENDINGS[file.media_type]
    # What it is, not what it was called, decides what opens it.
    name = file.name if file.name.lower().endswith(f".{ending}") else f"{file.name}.{ending}"
    return StreamingResponse(
        stream,
        media_type=file.media_type,
        headers={
            **download_headers(name),
            "content-length": str(file.size),
            "content-security-policy": SANDBOX,
            "cross-origin-resource-policy": "same-origin",
        },
    )
