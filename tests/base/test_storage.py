import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from examhall.base.storage import Access, MissingFile, Storage, StorageUnavailable, WrongPath, begun
from examhall.base.storage_folder import ABANDONED_AFTER_S, INCOMING
from tests.s3 import S3, SECRET

MB = 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    server = S3()
    yield server
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage.open(tmp_path / "files")
    s3: S3 = request.getfixturevalue("s3")
    return Storage.open(f"s3://{s3.make_bucket()}/some/prefix", s3.access)


async def pieces(content: bytes, *, piece: int = 64 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(content), piece):
        yield content[start : start + piece]


async def read(storage: Storage, path: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in storage.stream(path, start, end)])


@pytest.mark.anyio
@pytest.mark.parametrize("size", [0, 1, 5 * MB, 5 * MB + 1, 12 * MB])
async def test_what_was_put_is_read(storage: Storage, size: int) -> None:
    content = os.urandom(size)
    stored = await storage.put("papers/1/a.pdf", pieces(content))
    assert (stored.size, stored.etag) == (size, hashlib.sha256(content).hexdigest())
    assert await storage.size("papers/1/a.pdf") == size
    assert await read(storage, "papers/1/a.pdf") == content


@pytest.mark.anyio
async def test_bytes_may_be_put_as_they_are_and_replace_what_was_there(storage: Storage) -> None:
    await storage.put("a/b", b"first")
    await storage.put("a/b", b"second")
    assert await storage.read("a/b", at_most=6) == b"second"
    with pytest.raises(ValueError, match="larger"):
        await storage.read("a/b", at_most=5)


@pytest.mark.anyio
async def test_a_range_is_what_was_asked_for(storage: Storage) -> None:
    content = os.urandom(MB)
    await storage.put("a/b", content)
    for start, end in [(0, 1), (7, 700_000), (MB - 1, MB), (5, None), (MB - 5, MB + 5), (MB, None), (9, 9)]:
        assert await read(storage, "a/b", start, end) == content[start:end]


@pytest.mark.anyio
async def test_what_is_not_there_is_missing(storage: Storage) -> None:
    await storage.put("a/b", b"here")
    for path in ("a/c", "a", "b/c", "a/b/c"):
        with pytest.raises(MissingFile):
            await storage.size(path)
        with pytest.raises(MissingFile):
            await begun(storage.stream(path))


@pytest.mark.anyio
async def test_deleted_is_gone_and_may_be_repeated(storage: Storage) -> None:
    await storage.put("a/b", b"here")
    await storage.delete("a/b")
    await storage.delete("a/b")
    with pytest.raises(MissingFile):
        await storage.size("a/b")


@pytest.mark.anyio
async def test_all_files_below_are_found(storage: Storage) -> None:
    for path in ("papers/1/a", "papers/2/b", "certificates/c"):
        await storage.put(path, b"x")
    found = {each.path: each.changed_at async for each in storage.files("papers")}
    assert set(found) == {"papers/1/a", "papers/2/b"}
    assert all(abs(time.time() - changed_at.timestamp()) < 600 for changed_at in found.values())


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path",
    ["../a", "A/b", "a/../b", "/etc/passwd", "a//b", "", "a/", ".incoming/x", "a/.b", "A", "a b", "a\0b", "ü",
     "a\\b", "a/%2e%2e/b", "a\n", "a" * 300],
)  # fmt: skip
async def test_a_path_that_we_would_not_make_is_refused(storage: Storage, path: str) -> None:
    with pytest.raises(WrongPath):
        await storage.put(path, b"x")
    for deed in (storage.size(path), storage.delete(path), begun(storage.stream(path))):
        with pytest.raises(WrongPath):
            await deed


class Cut(Exception):
    pass


@pytest.mark.anyio
@pytest.mark.parametrize("size", [MB, 12 * MB])
async def test_a_half_upload_is_never_found(storage: Storage, s3: S3, size: int) -> None:
    async def cut() -> AsyncIterator[bytes]:
        async for piece in pieces(os.urandom(size)):
            yield piece
        raise Cut

    with pytest.raises(Cut):
        await storage.put("a/b", cut())
    with pytest.raises(MissingFile):
        await storage.size("a/b")
    await storage.put("a/b", b"before")
    with pytest.raises(Cut):
        await storage.put("a/b", cut())
    assert await read(storage, "a/b") == b"before"
    if storage.folder is not None:
        assert list((storage.folder / INCOMING).iterdir()) == []


@pytest.mark.anyio
async def test_an_upload_given_up_in_the_middle_leaves_no_parts_in_the_bucket(s3: S3) -> None:
    bucket = s3.make_bucket()
    storage = Storage.open(f"s3://{bucket}", s3.access)

    async def cut() -> AsyncIterator[bytes]:
        async for piece in pieces(os.urandom(12 * MB)):
            yield piece
        # There are parts now.
        assert "<Upload>" in s3.ask("GET", f"/{bucket}?uploads")
        raise Cut

    with pytest.raises(Cut):
        await storage.put("a/b", cut())
    assert "<Upload>" not in s3.ask("GET", f"/{bucket}?uploads")


@pytest.mark.anyio
async def test_an_upload_whose_sender_is_cancelled_is_never_found(storage: Storage) -> None:
    began = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MB)
            began.set()
            await asyncio.sleep(0.01)

    sending = asyncio.create_task(storage.put("a/b", endless()))
    await began.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with pytest.raises(MissingFile):
        await storage.size("a/b")
    assert [each.path async for each in storage.files("a")] == []


UPLOADER = """
import asyncio, sys
from examhall.base.storage import Access, Storage

async def endless():
    for number in range(10_000):
        yield bytes(1024 * 1024)
        if number == 12:
            print("half-way", flush=True)
        await asyncio.sleep(0.002)

place, endpoint = sys.argv[1:]
access = Access(endpoint, "us-east-1", "key", "secret")
asyncio.run(Storage.open(place, access).put("a/b", endless()))
"""


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_the_process_killed_half_way_leaves_nothing_to_be_found(
    kind: str, s3: S3, tmp_path: Path
) -> None:
    place = str(tmp_path / "files") if kind == "folder" else f"s3://{s3.make_bucket()}"
    uploader = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", UPLOADER, place, str(s3.access.endpoint)], stdout=subprocess.PIPE
    )
    assert uploader.stdout is not None
    assert uploader.stdout.readline() == b"half-way\n"
    uploader.kill()
    uploader.communicate()

    storage = Storage.open(place, s3.access)
    with pytest.raises(MissingFile):
        await storage.size("a/b")
    assert [each.path async for each in storage.files("a")] == []
    if storage.folder is not None:
        (left,) = (storage.folder / INCOMING).iterdir()
        assert await storage.sweep() == 0, "it could still be under way"
        long_ago = time.time() - ABANDONED_AFTER_S - 1
        os.utime(left, (long_ago, long_ago))
        assert await storage.sweep() == 1
        assert not left.exists()


@pytest.mark.anyio
async def test_whoever_reads_a_file_in_a_folder_reads_it_to_its_end(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path)
    await storage.put("a/b", b"1" * MB)
    stream = await begun(storage.stream("a/b"))
    await storage.put("a/b", b"2" * MB)
    await storage.delete("a/b")
    assert b"".join([piece async for piece in stream]) == b"1" * MB


@pytest.mark.anyio
async def test_two_at_once_leave_one_whole_file(storage: Storage) -> None:
    contents = [bytes([number]) * (2 * MB) for number in range(4)]
    await asyncio.gather(*(storage.put("a/b", pieces(content)) for content in contents))
    assert await read(storage, "a/b") in contents


@pytest.mark.anyio
async def test_it_is_tried_out_and_leaves_nothing_behind(storage: Storage) -> None:
    await storage.try_out()
    assert [each async for each in storage.files("probe")] == []


@pytest.mark.anyio
async def test_a_bucket_that_is_gone_is_unavailable_and_its_secret_in_no_log(s3: S3) -> None:
    gone = S3()
    bucket = gone.make_bucket()
    storage = Storage.open(f"s3://{bucket}", gone.access)
    await storage.put("a/b", b"here")
    gone.stop()
    with capture_logs() as logs:
        for deed in (
            storage.size("a/b"), begun(storage.stream("a/b")), storage.put("a/b", b"there"),
            storage.put("a/b", pieces(bytes(6 * MB))), storage.delete("a/b"),
        ):  # fmt: skip
            with pytest.raises(StorageUnavailable):
                await deed
    assert logs
    assert SECRET not in str(logs)
    assert SECRET not in repr(gone.access) + repr(storage) + repr(vars(storage))


@pytest.mark.anyio
async def test_a_bucket_that_does_not_exist_takes_nothing(s3: S3) -> None:
    with pytest.raises(StorageUnavailable):
        await Storage.open("s3://no-such-bucket", s3.access).try_out()


@pytest.mark.anyio
async def test_a_folder_that_cannot_be_written_or_is_not_mounted_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageUnavailable):
        await Storage.open(tmp_path / "file").try_out()
    with pytest.raises(StorageUnavailable):
        await Storage.open(tmp_path / "absent").size("a/b")


@pytest.mark.anyio
async def test_the_event_loop_goes_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    """Reading from a pipe that nobody writes to waits; the loop must not."""
    storage = Storage.open(tmp_path)
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "b")
    opening = asyncio.create_task(begun(storage.stream("a/b")))
    for _ in range(10):
        await asyncio.sleep(0.001)
    assert not opening.done()
    # A pipe has no position to read from; what counts is that somebody else could open it meanwhile.
    (tmp_path / "a" / "b").open("wb").close()
    with pytest.raises(StorageUnavailable):
        await opening


def test_what_opens_a_bucket_is_never_printed() -> None:
    assert "hidden" not in repr(Access(secret="hidden", key="hidden"))


@pytest.mark.anyio
async def test_whoever_goes_away_while_a_file_is_opened_leaves_none_open(tmp_path: Path) -> None:
    storage = Storage.open(tmp_path)
    await storage.put("a/b", b"kept")

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async def write() -> None:
        await storage.put("a/c", b"never")

    async def look() -> None:
        await read(storage, "a/b")

    before = descriptors()
    for act in (look, write):
        going = [asyncio.create_task(act()) for _ in range(50)]
        # All of them wait for a thread, some have one.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
    assert descriptors() <= before + 1
    assert not list((tmp_path / INCOMING).glob("*"))
