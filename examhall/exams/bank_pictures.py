"""The pictures of a question of the bank: brought one by one, kept with the versions that show them."""

import hashlib
from dataclasses import dataclass

from examhall.base.db import Connection, maybe, run
from examhall.base.errors import Conflict, NotFound
from examhall.base.sqlfile import beside
from examhall.exams.bank import hold_bank_question, names_of, pictures_shown, versions_of
from examhall.exams.question_pictures import KeptPicture, checked_picture, free_name

SQL = beside(__file__)

# Every version keeps its own; what is shown with one question is a few.
MOST_OF_A_QUESTION = 50


class TooManyBankPictures(Conflict):
    """A question of the bank has at most 50 pictures."""


class ShownByVersion(Conflict):
    """A version of this question shows this picture."""


@dataclass(frozen=True)
class _Same:
    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True)
class ListedPicture:
    name: str
    # By the newest version, and by any.
    is_shown: bool
    was_ever_shown: bool


@dataclass(frozen=True)
class Picture:
    media_type: str
    content: bytes


async def add_bank_picture(
    conn: Connection, *, question_id: int, file_name: str, content: bytes
) -> KeptPicture:
    """Keep the picture with the newest version, for the next to show; the same bytes again are the one there.

    A name is never given twice within a question, so what a browser remembers of one stays true.
    """
    media_type = checked_picture(content)
    version = await hold_bank_question(conn, question_id)
    same = await maybe(conn, SQL.same_picture, _Same, question_id=question_id, content=content)
    if same is not None:
        return KeptPicture(**vars(same))
    taken = await names_of(conn, question_id)
    if len(taken) >= MOST_OF_A_QUESTION:
        raise TooManyBankPictures
    name = free_name(file_name, media_type, hashlib.sha256(content).hexdigest(), taken)
    await run(
        conn,
        SQL.insert_picture,
        question_id=question_id,
        version=version,
        name=name,
        media_type=media_type,
        content=content,
    )
    return KeptPicture(name, media_type, len(content))


async def list_bank_pictures(conn: Connection, question_id: int) -> list[ListedPicture]:
    """Every picture that was brought for the question, with whether a version shows it."""
    shown = [pictures_shown(version.document) for version in await versions_of(conn, question_id)]
    newest, ever = shown[0] if shown else set(), set().union(*shown)
    return [ListedPicture(name, name in newest, name in ever) for name in await names_of(conn, question_id)]


async def delete_bank_picture(conn: Connection, *, question_id: int, name: str) -> None:
    """Away with a picture that no version shows.

    The question is held as by whoever saves a version: one that shows the picture comes before, and this is
    refused, or after, and is told that the picture is not there.
    """
    await hold_bank_question(conn, question_id)
    listed = {each.name: each for each in await list_bank_pictures(conn, question_id)}
    if name not in listed:
        raise NotFound
    if listed[name].was_ever_shown:
        raise ShownByVersion
    await run(conn, SQL.delete_picture, question_id=question_id, name=name)


async def find_bank_picture(conn: Connection, question_id: int, name: str) -> Picture:
    """The picture as the newest version that has it shows it."""
    found = await maybe(conn, SQL.picture, Picture, question_id=question_id, name=name)
    if found is None:
        raise NotFound
    return found
