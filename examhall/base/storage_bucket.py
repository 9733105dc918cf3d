"""Files in a bucket of S3, or of whatever speaks its language."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from examhall.base.storage import Access, Found, MissingFile, StorageUnavailable

log = structlog.get_logger()

# The least that S3 takes for a part; what is no larger goes up in one request.
PART_BYTES = 5 * 1024 * 1024
# So many parts of one upload are in memory at a time.
PARTS_AT_ONCE = 2
# Asked for at once: a reader on a slow network holds no connection to the bucket open, and no more memory.
READ_BYTES = 256 * 1024
# A request that people wait for. A part of an upload has this long, too.
PATIENCE_S, CONNECT_S, RETRIES, RETRY_FOR_S = 20, 3, 2, 6


class Bucket:
    def __init__(self, name: str, prefix: str, access: Access) -> None:
        given = {
            "endpoint": access.endpoint,
            "region": access.region,
            "access_key_id": access.key,
            "secret_access_key": access.secret,
        }
        self._name = name
        self._store = S3Store(
            name,
            prefix=prefix or None,
            client_options={
                "connect_timeout": timedelta(seconds=CONNECT_S),
                "timeout": timedelta(seconds=PATIENCE_S),
                "allow_http": (access.endpoint or "").startswith("http://"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_FOR_S)},
            **{key: value for key, value in given.items() if value is not None},  # type: ignore[arg-type]
        )

    async def put(self, path: str, parts: AsyncIterator[bytes]) -> None:
        source = _Source(parts)
        first = await source.first_part()
        with self._explained(writing=True):
            if source.ended:
                await obstore.put_async(self._store, path, first, use_multipart=False)
                return
            try:
                # The object appears with the last part; an iterator that raises gives the upload up.
                await obstore.put_async(
                    self._store,
                    path,
                    source.all(first),
                    chunk_size=PART_BYTES,
                    max_concurrency=PARTS_AT_ONCE,
                )
            except (BaseError, OSError):
                if source.failure is None:
                    raise
        if source.failure is not None:
            raise source.failure

    async def size(self, path: str) -> int:
        with self._explained():
            return (await obstore.head_async(self._store, path))["size"]

    async def stream(self, path: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        with self._explained():
            found = await obstore.head_async(self._store, path)
        end = found["size"] if end is None else min(end, found["size"])
        while start < end:
            until = min(start + READ_BYTES, end)
            with self._explained():
                # Whoever replaces it meanwhile: no reader gets the beginning of one and the end of another.
                answer = await obstore.get_async(
                    self._store, path, options={"range": (start, until), "if_match": found["e_tag"]}
                )
                piece = bytes(await answer.bytes_async())
            yield piece
            start = until

    async def delete(self, path: str) -> None:
        with self._explained():
            try:
                await obstore.delete_async(self._store, path)
            except FileNotFoundError:
                return

    async def files(self, prefix: str) -> AsyncIterator[Found]:
        with self._explained():
            async for page in obstore.list(self._store, prefix=prefix):
                for each in page:
                    yield Found(each["path"], each["last_modified"])

    async def sweep(self) -> int:
        """A bucket removes abandoned parts by a rule of its own; docs/operators.md has it."""
        return 0

    @contextmanager
    def _explained(self, *, writing: bool = False) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if not writing:
                raise MissingFile from error
            self._tell(error)
            raise StorageUnavailable from error
        except (BaseError, PermissionError) as error:
            self._tell(error)
            raise StorageUnavailable from error

    def _tell(self, error: Exception) -> None:
        # The first line says what happened; those after it are the whole request.
        log.error("storage failed", bucket=self._name, error=str(error).partition("\n")[0])


class _Source:
    """What is put, gathered to parts; remembers what it failed of, whatever the library makes of it."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.ended = False
        self.failure: BaseException | None = None

    async def first_part(self) -> bytes:
        """As much as one request may hold."""
        gathered = bytearray()
        async for part in self._parts:
            gathered += part
            if len(gathered) > PART_BYTES:
                return bytes(gathered)
        self.ended = True
        return bytes(gathered)

    async def all(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        try:
            async for part in self._parts:
                yield part
        except BaseException as failure:
            self.failure = failure
            raise
