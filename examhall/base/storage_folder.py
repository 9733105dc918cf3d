"""Files in a folder, perhaps one that several machines mount: written beside, flushed, then renamed."""

import asyncio
import errno
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import structlog

from examhall.base.storage import Found, MissingFile, StorageUnavailable

log = structlog.get_logger()

T = TypeVar("T")

# No path of ours begins with a dot.
INCOMING = ".incoming"
# Read and given on; a thousand readers hold so much each.
READ_BYTES = 64 * 1024
# Gathered before a thread is asked to write.
WRITE_BYTES = 1024 * 1024
# Longer than any upload takes.
ABANDONED_AFTER_S = 24 * 3600
# Nobody but us, and the group to which a proxy that serves files by itself may belong.
FILE_MODE, FOLDER_MODE = 0o640, 0o750


class Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, path: str, parts: AsyncIterator[bytes]) -> None:
        temporary = self._root / INCOMING / uuid4().hex
        try:
            with self._explained():
                file = await _opened(lambda: _create(temporary))
            try:
                gathered = bytearray()
                async for part in parts:
                    gathered += part
                    if len(gathered) >= WRITE_BYTES:
                        await self._write(file, bytes(gathered))
                        gathered.clear()
                await self._write(file, bytes(gathered))
                with self._explained():
                    await _in_thread(lambda: self._publish(file, temporary, self._root / path))
            finally:
                os.close(file)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise

    async def _write(self, file: int, data: bytes) -> None:
        with self._explained():
            await _in_thread(lambda: _write_all(file, data))

    def _publish(self, file: int, temporary: Path, path: Path) -> None:
        # The content before the name: after a power cut the name must never lead to half a file.
        os.fsync(file)
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        temporary.replace(path)
        for folder in path.parents:
            _flush_folder(folder)
            if folder == self._root:
                break

    async def size(self, path: str) -> int:
        def measure() -> int:
            found = (self._root / path).lstat()
            if not stat.S_ISREG(found.st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a file")
            return found.st_size

        with self._explained():
            return await _in_thread(measure)

    async def stream(self, path: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        with self._explained():
            # Once open it is read to its end, whoever replaces or deletes it meanwhile.
            file = await _opened(lambda: os.open(self._root / path, os.O_RDONLY | os.O_NOFOLLOW))
        try:
            at = start
            while end is None or at < end:
                wanted = READ_BYTES if end is None else min(READ_BYTES, end - at)
                with self._explained():
                    piece = await _in_thread(lambda at=at, wanted=wanted: os.pread(file, wanted, at))  # type: ignore[misc]
                if not piece:
                    return
                yield piece
                at += len(piece)
        finally:
            os.close(file)

    async def delete(self, path: str) -> None:
        def unlink() -> None:
            (self._root / path).unlink(missing_ok=True)

        with self._explained():
            await _in_thread(unlink)

    async def files(self, prefix: str) -> AsyncIterator[Found]:
        with self._explained():
            found = await _in_thread(lambda: list(self._walk(self._root / prefix)))
        for each in found:
            yield each

    def _walk(self, top: Path) -> list[Found]:
        found: list[Found] = []
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                # What is deleted while we look is not there.
                with suppress(FileNotFoundError):
                    changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    found.append(Found(path.relative_to(self._root).as_posix(), changed_at))
        return found

    async def sweep(self) -> int:
        def remove() -> int:
            removed = 0
            for path in (self._root / INCOMING).glob("*"):
                with suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
                        path.unlink()
                        removed += 1
            return removed

        with self._explained():
            return await _in_thread(remove)

    def _explained(self) -> "_Explained":
        return _Explained(self._root)


class _Explained:
    """What the file system says, in our words."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        # A folder that is gone altogether is a disk that is not mounted, no missing file.
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP) and self._root.is_dir():
            raise MissingFile from error
        log.error("storage failed", folder=str(self._root), error=error.strerror)
        raise StorageUnavailable from error


def _create(path: Path) -> int:
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _opened(function: Callable[[], int]) -> int:
    """Open a file in a thread. A caller who is cancelled meanwhile never learns its number: it is closed."""
    opening = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        if opening.exception() is None:
            os.close(opening.result())
        raise


async def _in_thread(function: Callable[[], T]) -> T:
    """In a thread; a caller that is cancelled waits for it, for its file must not be closed under it."""
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
