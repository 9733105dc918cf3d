"""Pictures of an exam's questions: kept once, under names that are safe, and only harmless ones."""

import pytest

from examhall.base.db import Connection
from examhall.exams.question_pictures import (
    PictureInUse,
    PictureTooLarge,
    UnfitPicture,
    add_picture,
    delete_picture,
    free_name,
    list_pictures,
)
from examhall.exams.questions import create_question
from tests.exams.test_editing import add_author
from tests.exams.test_questions import PNG, about, empty_exam

pytestmark = pytest.mark.anyio

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>'


async def test_a_picture_is_kept_once_under_a_safe_name(conn: Connection) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    kept = await add_picture(
        conn, exam_id=exam_id, file_name="../../Дом & Garden ☂.PNG", content=PNG, by=olga
    )
    assert kept.name.startswith("garden-")
    assert kept.name.endswith(".png")
    again = await add_picture(conn, exam_id=exam_id, file_name="other.png", content=PNG, by=olga)
    assert again.name == kept.name
    other = await add_picture(conn, exam_id=exam_id, file_name="garden.svg", content=SVG, by=olga)
    document = about(f"Look: ![a house]({kept.name})")
    one = await create_question(conn, exam_id=exam_id, document=document, by=olga)
    pictures = {each.name: each for each in await list_pictures(conn, exam_id)}
    assert pictures[kept.name].shown_in == (one.number,)
    assert not pictures[other.name].is_used
    with pytest.raises(PictureInUse):
        await delete_picture(conn, exam_id=exam_id, name=kept.name, by=olga)
    await delete_picture(conn, exam_id=exam_id, name=other.name, by=olga)
    assert [each.name for each in await list_pictures(conn, exam_id)] == [kept.name]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF?",
        b"<html><script>alert(1)</script></html>",
        SVG.replace(b"<path", b"<script>alert(1)</script><path"),
        SVG.replace(b"<path", b'<path onload="alert(1)"'),
    ],
)
async def test_what_is_no_harmless_picture_is_refused(conn: Connection, content: bytes) -> None:
    exam_id, olga = await empty_exam(conn), await add_author(conn)
    with pytest.raises(UnfitPicture):
        await add_picture(conn, exam_id=exam_id, file_name="a.svg", content=content, by=olga)
    with pytest.raises(PictureTooLarge):
        await add_picture(conn, exam_id=exam_id, file_name="a.png", content=PNG + bytes(2_000_000), by=olga)


def test_no_two_pictures_have_one_name() -> None:
    digest = "0123456789abcdef" * 4
    first = free_name("", "image/png", digest, ())
    assert first == "picture-012345.png"
    assert free_name("picture.jpg", "image/png", digest, {first}) == "picture-0123456.png"
