"""What is sealed opens with its key, as what it is, and tells nothing before."""

import zlib
from collections.abc import AsyncIterator

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from examhall.base.db import Connection
from examhall.exams.content import arrange, shuffled
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.exams.seal import (
    SMALLEST_BYTES,
    file_bytes,
    new_key,
    nonce,
    open_document,
    open_file,
    padded,
    seal_document,
    seal_file,
)
from tests.exams.test_content import EVERY_TYPE, content_of

pytestmark = pytest.mark.anyio

DOCUMENT = b"Which is the longest river in Africa? " * 400
SMALLEST = "title: T\nduration: 1 h\nquestions:\n  - {prompt: Q, options: [x, y], answer: A}\n"


@given(st.binary(max_size=200_000))
def test_what_is_sealed_comes_back(document: bytes) -> None:
    key = new_key()
    sealed = seal_document(document, key=key, exam_id=7, version="v")
    assert open_document(sealed, key=key, exam_id=7, version="v") == document


def test_only_the_key_the_exam_and_the_version_open_it() -> None:
    key = new_key()
    sealed = seal_document(DOCUMENT, key=key, exam_id=7, version="v")
    flipped = sealed[:9] + bytes([sealed[9] ^ 1]) + sealed[10:]
    for given_, how in (
        (sealed, {"key": new_key(), "exam_id": 7, "version": "v"}),
        (sealed, {"key": key, "exam_id": 8, "version": "v"}),
        (sealed, {"key": key, "exam_id": 7, "version": "w"}),
        (flipped, {"key": key, "exam_id": 7, "version": "v"}),
        (sealed[:-1], {"key": key, "exam_id": 7, "version": "v"}),
    ):
        with pytest.raises(InvalidTag):
            open_document(given_, **how)  # type: ignore[arg-type]


def test_nothing_of_it_can_be_read_or_compressed() -> None:
    sealed = seal_document(DOCUMENT, key=new_key(), exam_id=7, version="v")
    assert b"river" not in sealed
    # Compressing what looks like chance only adds to it.
    assert len(zlib.compress(sealed, 9)) >= len(sealed)
    assert len(set(sealed)) == 256


@given(st.integers(min_value=0, max_value=10**9))
def test_the_size_tells_little_and_costs_an_eighth_at_most(size: int) -> None:
    shown = padded(size)
    assert size <= shown <= max(SMALLEST_BYTES, size + size // 8 + 1)
    # Two bits and the power of two are all that is told.
    assert shown % (1 << (shown.bit_length() - 5)) == 0


async def pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [0, 1, 999, 65_516, 65_517, 300_000])
async def test_a_file_is_sealed_as_it_comes_and_opens_as_its_part_alone(size: int) -> None:
    content, how = bytes(range(251)) * 1200, {"key": new_key(), "exam_id": 7, "version": "v"}
    parts = [part async for part in seal_file(pieces(content[:size]), size, **how)]  # type: ignore[arg-type]
    sealed = b"".join(parts)
    assert len(sealed) == file_bytes(size)
    assert len(zlib.compress(sealed, 9)) >= len(sealed)
    assert open_file(sealed, **how) == content[:size]  # type: ignore[arg-type]
    with pytest.raises(InvalidTag):
        open_document(sealed, **how)  # type: ignore[arg-type]


async def test_a_file_of_another_length_than_was_said_is_never_finished() -> None:
    with pytest.raises(ValueError, match="10 bytes came where 11"):
        async for _ in seal_file(pieces(b"x" * 10), 11, key=new_key(), exam_id=7, version="v"):
            pass


def test_papers_of_different_length_look_alike() -> None:
    sizes = {
        len(seal_document(DOCUMENT[:length], key=new_key(), exam_id=7, version="v"))
        for length in (10, 1_000, 10_000)
    }
    assert sizes == {SMALLEST_BYTES}


def test_the_parts_of_a_paper_have_nonces_of_their_own() -> None:
    assert nonce(0) != nonce(1)
    assert {len(nonce(0)), len(nonce(1))} == {12}


@pytest.mark.parametrize("questions", [True, False])
@given(seed=st.integers(min_value=0, max_value=2**31 - 1))
def test_the_order_leads_from_the_authors_paper_to_the_candidates(questions: bool, seed: int) -> None:
    content = content_of(EVERY_TYPE, questions=questions, options=True)
    order = content.order(seed)
    assert order is not None
    written = {question["number"]: question for question in arrange(content, None)}
    arranged = []
    for number, shuffles in order:
        question = written[number]
        lists = [item[name] for item in question["items"] for name in ("options", "right") if name in item]
        assert len(lists) == len(shuffles)
        for entries, places in zip(lists, shuffles, strict=True):
            entries[:] = [entries[place] for place in places]
        arranged.append(question)
    assert arranged == arrange(content, seed)


def test_an_exam_that_is_not_shuffled_needs_no_order() -> None:
    content = content_of(EVERY_TYPE)
    assert content.order(5) is None
    assert arrange(content, None) == arrange(content, 5)


def test_the_authors_order_is_nobodys_chance() -> None:
    content = content_of(EVERY_TYPE, questions=True, options=True)
    numbers = [question["number"] for question in arrange(content, None)]
    assert numbers == sorted(numbers)
    assert shuffled(numbers, 1, 0, 0) != numbers


async def test_the_file_says_from_when_on_the_paper_may_be_downloaded(conn: Connection) -> None:
    window = "window: {opens: 2030-01-01T12:00Z}\n"
    for said, seconds in (
        ("", None),
        ("sealed: false", None),
        ("sealed: true", 86_400),
        ("sealed: {from: 90 min}", 5_400),
        ("sealed: {from: null}", 86_400),
    ):
        exam_id = await import_exam(conn, read_exam_file(SMALLEST + window + said), created_by=None)
        cursor = await conn.execute("SELECT sealed_before_s FROM exams WHERE id = %s", (exam_id,))
        assert await cursor.fetchone() == (seconds,), said
