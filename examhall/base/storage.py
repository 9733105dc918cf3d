"""Where files are kept: papers, certificates, what people hand in. A folder, or any S3-compatible bucket.

A file is there whole or not at all, whatever dies while it is written, and `put` returns once it is durable.
Paths are made by us ("papers/12/3f9c.pdf"), never from what a person typed. Nothing here waits on the event
loop or holds more than a few pieces of a file in memory.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from examhall.base.errors import NotFound, Overloaded

# Lower case only: on some file systems "A" and "a" are one file.
PATH = re.compile(r"[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")
LONGEST_PATH = 240


class MissingFile(NotFound):
    """This file is not there any more."""


class StorageUnavailable(Overloaded):
    """The place where files are kept does not answer just now. Please try again in a moment."""

    retry_after_s = 5


class WrongPath(ValueError):
    """A path that we would never make: somebody's name has found its way into it."""


@dataclass(frozen=True)
class Stored:
    size: int
    # Of the content, SHA-256 in hexadecimal: the same wherever it is kept.
    etag: str


@dataclass(frozen=True)
class Found:
    path: str
    changed_at: datetime


@dataclass(frozen=True, repr=False)
class Access:
    """How a bucket is reached; what is None is taken from the usual AWS_... variables. Never printed."""

    endpoint: str | None = None
    region: str | None = None
    key: str | None = None
    secret: str | None = None


class Place(Protocol):
    """What a folder and a bucket have in common. Both raise `MissingFile` and `StorageUnavailable`."""

    async def put(self, path: str, parts: AsyncIterator[bytes]) -> None: ...
    async def size(self, path: str) -> int: ...
    def stream(self, path: str, start: int, end: int | None) -> AsyncIterator[bytes]: ...
    async def delete(self, path: str) -> None: ...
    def files(self, prefix: str) -> AsyncIterator[Found]: ...
    async def sweep(self) -> int: ...


class Storage:
    """One place for files, opened once in each process and shared by all that runs there."""

    def __init__(self, place: Place, *, folder: Path | None = None) -> None:
        self._place = place
        # Where a proxy could read the files by itself; None for a bucket.
        self.folder = folder

    @classmethod
    def open(cls, place: str | Path, access: Access | None = None) -> "Storage":
        """`place` is a folder or s3://bucket/prefix. Nothing is asked or made before the first file."""
        # The bucket's library is loaded only where there is one.
        if isinstance(place, str) and place.startswith("s3://"):
            from examhall.base.storage_bucket import Bucket

            parts = urlsplit(place)
            return cls(Bucket(parts.netloc, parts.path.strip("/"), access or Access()))
        from examhall.base.storage_folder import Folder

        return cls(Folder(Path(place)), folder=Path(place))

    async def put(self, path: str, parts: AsyncIterator[bytes] | bytes) -> Stored:
        """Keep a file, in place of the one that was there. Returns once it is durable.

        If `parts` raises, or the caller is cancelled, or the process dies, nothing is found under `path` but
        what was there before; the exception comes out as it went in.
        """
        counted = _Counted(_pieces(parts))
        await self._place.put(_checked(path), aiter(counted))
        return Stored(counted.size, counted.digest.hexdigest())

    async def size(self, path: str) -> int:
        return await self._place.size(_checked(path))

    async def stream(self, path: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, without, `end`, in pieces; fewer if the file ends before."""
        async for piece in self._place.stream(_checked(path), start, end):
            yield piece

    async def read(self, path: str, *, at_most: int) -> bytes:
        """A small file in one piece; ValueError if it is larger than `at_most` bytes."""
        read = b"".join([piece async for piece in self.stream(path, 0, at_most + 1)])
        if len(read) > at_most:
            raise ValueError(f"{path} is larger than {at_most} bytes")
        return read

    async def delete(self, path: str) -> None:
        """What is not there is deleted already."""
        await self._place.delete(_checked(path))

    async def files(self, prefix: str) -> AsyncIterator[Found]:
        """Every whole file below the folder `prefix`, in no order."""
        async for found in self._place.files(_checked(prefix)):
            yield found

    async def sweep(self) -> int:
        """Remove what interrupted uploads left behind; how many there were."""
        return await self._place.sweep()

    async def try_out(self) -> None:
        """Write, read and delete a small file; StorageUnavailable says why it does not work."""
        path, content = f"probe/{uuid4().hex}", b"examhall"
        await self.put(path, content)
        try:
            if await self.read(path, at_most=len(content)) != content:
                raise StorageUnavailable("What was written is not what was read.")
        finally:
            await self.delete(path)


async def begun(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same stream once its first piece is there: what fails at once fails before a reply begins."""
    first = await anext(stream, b"")

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for piece in stream:
            yield piece

    return rest()


class _Counted:
    """The pieces as they pass by, counted and digested."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.size = 0
        self.digest = hashlib.sha256()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            self.size += len(part)
            self.digest.update(part)
            yield part


# Small enough that digesting one holds nobody up.
PIECE_BYTES = 256 * 1024


async def _pieces(parts: AsyncIterator[bytes] | bytes) -> AsyncIterator[bytes]:
    if isinstance(parts, bytes):
        for start in range(0, len(parts), PIECE_BYTES):
            yield parts[start : start + PIECE_BYTES]
    else:
        async for part in parts:
            if part:
                yield part


def _checked(path: str) -> str:
    if len(path) > LONGEST_PATH or not PATH.fullmatch(path):
        raise WrongPath(path)
    return path
