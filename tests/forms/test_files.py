"""Files that people send: what they are, where they are kept, and that none is forgotten."""

import asyncio
import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from examhall.base.db import Connection, Database
from examhall.base.storage import MissingFile, Storage
from examhall.forms.erasing import erase_submission
from examhall.forms.file_kinds import kind_of
from examhall.forms.files import (
    FILE_BYTES,
    BadFiles,
    Kept,
    NoSuchFile,
    UploadTooSlow,
    claim_files,
    discard_loose_files,
    display_name,
    find_file,
    keep_files,
    list_files,
)
from examhall.forms.history import list_history
from examhall.forms.lists import submissions_of_organisation
from examhall.forms.paging import Before
from examhall.forms.submissions import Filled, change_status, find_submission, submit

from .rows import DATA, NAME, PASSPORT, PDF, PNG, add_admin, add_form, add_organisation, add_person, upload
from .test_submissions import SIGNER

pytestmark = pytest.mark.anyio

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(50) + b"\xff\xd9"
WEBP = b"RIFF\x16\x00\x00\x00WEBPVP8 " + bytes(14)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive(content: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bomb.txt", content or bytes(10_000_000))
    return file.getvalue()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage.open(tmp_path / "files")


def stored(storage: Storage) -> list[Path]:
    assert storage.folder is not None
    return [path for path in storage.folder.rglob("*") if path.is_file()]


async def loose(database: Database) -> int:
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT count(*) FROM loose_files")
        return int((await cursor.fetchall())[0][0])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (b"", None),
        (b"%PDF-1.7 and no end", None),
        (b"junk before\n" + PDF, None),
        (PNG[:-4], None),
        (PNG + b"behind the end", None),
        (WEBP + b"behind the end", None),
        (SVG, None),
        (b"<!DOCTYPE html><script>alert(1)</script>", None),
        (b"\xff\xd8\xff\xe0\x00\x10<script>alert(1)</script>\xff\xd9", None),
        (b"GIF89a" + bytes(20), None),
        (archive(), None),
        (PDF + archive(), None),
        (JPEG + archive(b"x"), None),
        (PNG + archive(b"x"), None),
        (archive(b"x") + PDF, None),
        (b"MZ" + bytes(100), None),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, kind: str | None) -> None:
    assert kind_of(content[:4096], content[-65_557:], len(content)) == kind


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("passport.pdf", "passport.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ann\scan.png", "scan.png"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", ".."),
        ("", "file"),
        ("a" * 500 + ".pdf", "a" * 116 + ".pdf"),
        ("Oʻqish guvohnomasi.pdf", "Oʻqish guvohnomasi.pdf"),
    ],
)
def test_a_name_is_only_ever_shown(given: str, shown: str) -> None:
    assert display_name(given) == shown


async def test_no_name_of_people_becomes_a_path(database: Database, storage: Storage) -> None:
    [kept] = await keep_files(database, storage, [("passport", upload(name="../../../tmp/evil.html"))])
    assert kept.name == "evil.html"
    assert "evil" not in kept.path
    assert kept.media_type == "application/pdf"
    assert kept.path.endswith(".pdf")
    assert await storage.read(kept.path, at_most=1000) == PDF


async def test_what_is_too_large_or_no_document_is_told_by_field(
    database: Database, storage: Storage
) -> None:
    large = upload()
    large.size = FILE_BYTES + 1
    with pytest.raises(BadFiles) as refused:
        await keep_files(
            database, storage, [("a", upload(SVG)), ("b", large), ("c", upload(b"")), ("d", upload())]
        )
    fields: Any = refused.value.details["fields"]
    assert [each["path"] for each in fields] == ["/a", "/b", "/c"]
    assert stored(storage) == []
    assert await loose(database) == 0


async def sent_with_file(database: Database, storage: Storage) -> tuple[int, Any, list[Kept]]:
    async with database.transaction() as conn:
        olga, ann = await add_admin(conn), await add_person(conn)
        form_id = await add_form(conn, olga, fields=[NAME, PASSPORT], organisation_id=None)
    kept = await keep_files(database, storage, [("passport", upload()), ("passport", upload(PNG, "b.png"))])
    async with database.transaction() as conn:
        filled = Filled(1, {"name": "Ann"}, files=kept)
        sent = await submit(conn, SIGNER, form_id, filled, me=ann, request_key="k")
    return sent.submission_id, olga, kept


async def test_a_file_is_its_submissions_from_the_same_commit(database: Database, storage: Storage) -> None:
    submission_id, _, kept = await sent_with_file(database, storage)
    async with database.transaction() as conn:
        found = await list_files(conn, submission_id)
        assert [(each.name, each.media_type) for each in found] == [
            ("passport.pdf", "application/pdf"),
            ("b.png", "image/png"),
        ]
        assert (await find_submission(conn, submission_id)).data == {
            "name": "Ann",
            "passport": ["passport.pdf", "b.png"],
        }
        with pytest.raises(NoSuchFile):
            await find_file(conn, submission_id + 1, found[0].id)
    assert await loose(database) == 0
    assert await discard_loose_files(database, storage) == 0
    assert len(stored(storage)) == len(kept)


async def test_a_file_that_nothing_came_of_is_discarded_in_time(database: Database, storage: Storage) -> None:
    # The process died after the files were stored, before the submission was.
    [kept] = await keep_files(database, storage, [("passport", upload())])
    assert await discard_loose_files(database, storage) == 0
    async with database.transaction() as conn:
        await conn.execute("UPDATE loose_files SET discard_at = now() - interval '1 second'")
    assert await discard_loose_files(database, storage) == 1
    assert stored(storage) == []
    assert await loose(database) == 0
    async with database.transaction() as conn:
        with pytest.raises(UploadTooSlow):
            await claim_files(conn, 1, [kept])


async def test_a_file_that_is_being_discarded_is_nobodys(database: Database, storage: Storage) -> None:
    """The two who want it at once have an order: one of them gets it, in every order."""
    submission_id, _, _ = await sent_with_file(database, storage)
    kept = await keep_files(database, storage, [("passport", upload())])
    async with database.transaction() as conn:
        await conn.execute("UPDATE loose_files SET discard_at = now() - interval '1 second'")
    async with database.transaction() as claiming:
        await claim_files(claiming, submission_id, kept)
        # Not yet committed: the sweep passes it over.
        assert await discard_loose_files(database, storage) == 0
    assert await storage.size(kept[0].path) == len(PDF)


async def test_a_file_whose_deletion_has_begun_is_taken_by_nobody(
    database: Database, storage: Storage
) -> None:
    submission_id, _, _ = await sent_with_file(database, storage)
    kept = await keep_files(database, storage, [("passport", upload())])
    async with database.transaction() as conn:
        await conn.execute("UPDATE loose_files SET discarding = true")
    with pytest.raises(UploadTooSlow):
        async with database.transaction() as conn:
            await claim_files(conn, submission_id, kept)


class Failing:
    """A storage that dies in the middle of a deletion."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def delete(self, path: str) -> None:
        await self._storage.delete(path)
        raise ConnectionResetError


async def test_a_sweep_that_was_killed_is_finished_by_the_next(database: Database, storage: Storage) -> None:
    submission_id, olga, _ = await sent_with_file(database, storage)
    async with database.transaction() as conn:
        await erase_submission(conn, submission_id, by=olga.id)
    failing: Any = Failing(storage)
    with pytest.raises(ConnectionResetError):
        await discard_loose_files(database, failing)
    assert len(stored(storage)) == 1
    assert await discard_loose_files(database, storage) == 2
    assert stored(storage) == []


async def test_what_is_erased_is_gone_and_that_it_was_is_not(database: Database, storage: Storage) -> None:
    submission_id, olga, kept = await sent_with_file(database, storage)
    async with database.transaction() as conn:
        await change_status(conn, SIGNER, submission_id, to="rejected", version=1, me=olga, note="Ann is 15")
    async with database.transaction() as conn:
        await erase_submission(conn, submission_id, by=olga.id)
        await erase_submission(conn, submission_id, by=olga.id)
    async with database.transaction() as conn:
        found = await find_submission(conn, submission_id)
        assert (found.data, found.created_by, found.full_name, found.status) == (None, None, None, "rejected")
        assert found.erased_at is not None
        history = await list_history(conn, submission_id)
        assert [(event.what, event.person_id) for event in history] == [
            ("submitted", None),
            ("status", olga.id),
            ("erased", olga.id),
        ]
        assert await list_files(conn, submission_id) == []
        # The job is in the same commit, so that the files go whatever dies now.
        cursor = await conn.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'discard_loose_files'"
        )
        assert await cursor.fetchone() == (1,)
        row = await conn.execute(
            "SELECT row_to_json(form_submissions)::text || row_to_json(submission_history)::text"
            "  FROM form_submissions JOIN submission_history ON submission_id = form_submissions.id"
        )
        texts = [text for (text,) in await row.fetchall()]
    assert texts
    assert not any("Ann" in text or "passport" in text for text in texts)
    assert await discard_loose_files(database, storage) == 2
    with pytest.raises(MissingFile):
        await storage.size(kept[0].path)


async def test_an_erasure_that_is_rolled_back_keeps_everything(database: Database, storage: Storage) -> None:
    submission_id, olga, kept = await sent_with_file(database, storage)
    with suppress(RuntimeError):
        async with database.transaction() as conn:
            await erase_submission(conn, submission_id, by=olga.id)
            raise RuntimeError
    await discard_loose_files(database, storage)
    assert len(stored(storage)) == len(kept)


async def test_lists_are_newest_first_and_paged(conn: Connection) -> None:
    olga, ann = await add_admin(conn), await add_person(conn)
    centre = await add_organisation(conn)
    form_id = await add_form(conn, olga, asks_organisation=True)
    sent = []
    for number in range(5):
        filled = Filled(1, DATA, organisation="TC-1")
        done = await submit(conn, SIGNER, form_id, filled, me=ann, request_key=str(number))
        sent.append(done.submission_id)
    found: list[int] = []
    before = Before()
    while page := await submissions_of_organisation(conn, centre, before=before, limit=2):
        found += [each.id for each in page]
        # As it goes over the wire.
        before = Before.read(str(page[-1].before))
    assert found == sent[::-1]


async def test_an_upload_without_end_is_given_up(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examhall.forms.files.LONGEST_UPLOAD_S", 0.1)
    slow = upload()

    async def read(size: int = -1) -> bytes:
        await asyncio.sleep(3600 if size == 64 * 1024 else 0)
        return slow.file.read(size)

    slow.read = read  # type: ignore[method-assign]
    with pytest.raises(UploadTooSlow):
        await keep_files(database, storage, [("passport", slow)])
    assert stored(storage) == []
