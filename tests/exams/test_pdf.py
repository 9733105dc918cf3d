import asyncio
import tempfile

import pytest

from examhall.exams import pdf
from examhall.exams.pdf import (
    BrokenPdf,
    NoPdf,
    ProtectedPdf,
    TooManyPages,
    UnreadablePdf,
    check_head,
    check_tail,
    count_pages,
)
from tests.pdfs import bomb_pdf, deep_pdf, encrypted_pdf, endless_pdf, make_pdf

pytestmark = pytest.mark.anyio


async def pages_of(content: bytes) -> int:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return await count_pages(file)


@pytest.mark.parametrize("pages", [1, 2, 40])
async def test_pages_are_counted(pages: int) -> None:
    assert await pages_of(make_pdf(pages)) == pages


async def test_a_protected_pdf_is_told_apart() -> None:
    with pytest.raises(ProtectedPdf):
        await pages_of(encrypted_pdf())


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\nnothing\nstartxref\n9\n%%EOF\n", make_pdf(0), make_pdf()[:150], b""]
)
async def test_a_damaged_pdf_is_broken(content: bytes) -> None:
    with pytest.raises(BrokenPdf):
        await pages_of(content)


@pytest.mark.parametrize("make", [bomb_pdf, endless_pdf, deep_pdf])
async def test_a_pdf_made_to_hang_or_to_fill_the_memory_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises((BrokenPdf, UnreadablePdf)):
        await pages_of(make())


async def test_more_pages_than_a_paper_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    with pytest.raises(TooManyPages):
        await pages_of(make_pdf(3))


async def test_a_process_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "PATIENCE_S", 0.01)
    with pytest.raises(UnreadablePdf):
        await pages_of(make_pdf())


async def test_many_at_once_take_turns() -> None:
    assert await asyncio.gather(*(pages_of(make_pdf(n)) for n in range(1, 6))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("head", [b"<html>%PDF", b"", b"PK\x03\x04", b"%PDF", bytes(1024) + b"%PDF-1.7"])
def test_what_does_not_begin_like_a_pdf_is_none(head: bytes) -> None:
    with pytest.raises(NoPdf):
        check_head(head)


@pytest.mark.parametrize("tail", [b"", b"endobj", b"startxref\n%%EOF", b"startxref\n12\n%%EOF" + bytes(2048)])
def test_what_does_not_end_like_a_pdf_was_cut_off(tail: bytes) -> None:
    with pytest.raises(BrokenPdf):
        check_tail(tail)


def test_a_little_before_and_after_it_is_let_pass() -> None:
    check_head(b"\xef\xbb\xbf\n" + make_pdf()[:1000])
    check_tail(make_pdf() + b"\r\n\r\n")
