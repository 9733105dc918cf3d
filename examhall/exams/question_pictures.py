"""The pictures of an exam that is being written: brought one by one, named safely, deleted once unused."""

import hashlib
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import BodyTooLarge, Conflict, Malformed, NotFound
from examhall.base.sqlfile import beside
from examhall.exams.editing import begin_edit, end_edit
from examhall.exams.exam_file_pictures import MOST_PICTURES, PICTURE_BYTES
from examhall.exams.markdown import pictures_in
from examhall.exams.pictures import NotAPicture, media_type_of

SQL = beside(__file__)

NAME_CHARS = 40
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/svg+xml": "svg",
}


class UnfitPicture(Malformed):
    """This picture cannot be used."""


class PictureTooLarge(BodyTooLarge):
    """A picture has at most 2 MB."""


class TooManyPictures(Conflict):
    """An exam has at most 200 pictures. Delete those that no question shows."""


class PictureInUse(Conflict):
    """A question still shows this picture."""


@dataclass(frozen=True)
class _Picture:
    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True)
class _Text:
    text: str
    # Of the question; None in the instructions.
    number: int | None


@dataclass(frozen=True)
class KeptPicture:
    name: str
    media_type: str
    bytes: int
    # The numbers of the questions that show it.
    shown_in: tuple[int, ...] = ()
    # Whether it is in the instructions of the exam or of a section.
    in_instructions: bool = False

    @property
    def is_used(self) -> bool:
        return bool(self.shown_in) or self.in_instructions

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "media_type": self.media_type, "bytes": self.bytes}


async def list_pictures(conn: Connection, exam_id: int) -> list[KeptPicture]:
    """Every picture, with where it is shown."""
    pictures = await many(conn, SQL.pictures, _Picture, exam_id=exam_id)
    shown: dict[str, set[int | None]] = {}
    for each in await many(conn, SQL.texts, _Text, exam_id=exam_id):
        # Parsing Markdown is slow; most texts have no picture.
        for name in pictures_in(each.text) if "![" in each.text else ():
            shown.setdefault(name, set()).add(each.number)
    return [
        KeptPicture(
            picture.name,
            picture.media_type,
            picture.bytes,
            tuple(sorted(number for number in shown.get(picture.name, ()) if number is not None)),
            None in shown.get(picture.name, ()),
        )
        for picture in pictures
    ]


async def add_picture(
    conn: Connection, *, exam_id: int, file_name: str, content: bytes, by: int
) -> KeptPicture:
    """Keep the picture under a name made of its file's; the same bytes again are the picture that is there.

    A name is never given twice, so what a browser remembers of one stays true; two who bring pictures at once
    go one after the other through the lock on the exam.
    """
    media_type = checked_picture(content)
    editable = await begin_edit(conn, exam_id, by=by, part="pictures", seen=None)
    same = await maybe(conn, SQL.same_picture, _Picture, exam_id=exam_id, content=content)
    if same is not None:
        return KeptPicture(**vars(same))
    taken = {each.name for each in await many(conn, SQL.pictures, _Picture, exam_id=exam_id)}
    if len(taken) >= MOST_PICTURES:
        raise TooManyPictures
    name = free_name(file_name, media_type, hashlib.sha256(content).hexdigest(), taken)
    await run(conn, SQL.insert_picture, exam_id=exam_id, name=name, media_type=media_type, content=content)
    kept = KeptPicture(name, media_type, len(content))
    await end_edit(conn, editable, before=None, after=kept.as_json())
    return kept


async def delete_picture(conn: Connection, *, exam_id: int, name: str, by: int) -> None:
    """Away with a picture that nothing shows."""
    editable = await begin_edit(conn, exam_id, by=by, part="pictures", seen=None)
    kept = next((each for each in await list_pictures(conn, exam_id) if each.name == name), None)
    if kept is None:
        raise NotFound
    if kept.is_used:
        raise PictureInUse(questions=list(kept.shown_in))
    await run(conn, SQL.delete_picture, exam_id=exam_id, name=name)
    await end_edit(conn, editable, before=kept.as_json(), after=None)


def checked_picture(content: bytes) -> str:
    """The type of what can be shown. Raises PictureTooLarge, and UnfitPicture with the reason."""
    if len(content) > PICTURE_BYTES:
        raise PictureTooLarge
    try:
        return media_type_of(content)
    except NotAPicture as why:
        raise UnfitPicture(str(why), fields=[{"path": "picture", "message": str(why)}]) from why


def free_name(file_name: str, media_type: str, digest: str, taken: Collection[str]) -> str:
    """A name that Markdown, addresses and file systems take as it is, and that nobody has guessed before.

    Some of the digest is in it: after a picture was deleted, another of the same file name is not taken for
    it by a browser that remembers the first.
    """
    stem = file_name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or file_name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:NAME_CHARS].strip("-") or "picture"
    length = 6
    while (name := f"{word}-{digest[:length]}.{ENDINGS[media_type]}") in taken:
        length += 1
    return name
