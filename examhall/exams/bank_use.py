"""Between the bank and exams: a question is saved from one, taken into another, and brought up to date."""

from examhall.base.db import Connection
from examhall.base.errors import Conflict
from examhall.exams.bank import (
    BankQuestion,
    check_terms,
    find_bank_question,
    hold_bank_question,
    hold_link,
    keep_pictures,
    link,
    links_of,
    new_bank_question,
    pictures_of,
    pictures_shown,
    with_pictures_named,
    write_version,
)
from examhall.exams.question_pictures import add_picture
from examhall.exams.questions import (
    EditedQuestion,
    NoSuchQuestion,
    change_question,
    create_question,
    find_question,
)


class NotOfTheBank(Conflict):
    """This question was neither taken from the bank nor saved in it."""


async def save_to_bank(
    conn: Connection,
    *,
    exam_id: int,
    question_id: int,
    subject: str | None,
    topic: str | None,
    by: int,
) -> BankQuestion:
    """The exam's question as one of the bank, with its pictures: a new one, or a newer version of what it is.

    However often and by how many at once it is saved, it is there once: the question's row is held. Nothing
    of the exam changes, so this is possible while it is sat and afterwards.
    """
    held = await hold_link(conn, exam_id=exam_id, question_id=question_id)
    if held is None:
        raise NoSuchQuestion
    await check_terms(conn, subject, topic)
    document = (await find_question(conn, exam_id, question_id)).document
    if held.bank_question_id is None:
        bank_id, version = await new_bank_question(conn, by=by), 1
    else:
        bank_id = held.bank_question_id
        version = await hold_bank_question(conn, bank_id) + 1
        stored = await find_bank_question(conn, bank_id)
        if (stored.document, stored.subject, stored.topic) == (document, subject, topic):
            await link(
                conn, exam_id=exam_id, question_id=question_id, bank_id=bank_id, version=stored.version
            )
            return stored
    await write_version(conn, bank_id, version, document, subject=subject, topic=topic, by=by)
    await keep_pictures(conn, bank_id, version, exam_id=exam_id, document=document)
    await link(conn, exam_id=exam_id, question_id=question_id, bank_id=bank_id, version=version)
    return await find_bank_question(conn, bank_id)


async def take_from_bank(conn: Connection, *, exam_id: int, bank_id: int, by: int) -> EditedQuestion:
    """A copy of the newest version at the end of the exam, with its pictures; it knows where it is from."""
    found = await find_bank_question(conn, bank_id)
    document = await _brought(conn, exam_id, found, by=by)
    made = await create_question(conn, exam_id=exam_id, document=document, by=by)
    await link(conn, exam_id=exam_id, question_id=made.id, bank_id=bank_id, version=found.version)
    return made


async def take_newer(
    conn: Connection, *, exam_id: int, question_id: int, by: int, seen: int
) -> EditedQuestion:
    """The exam's question as the bank has it now, while the exam can change and nobody changed it."""
    # Not held: whoever changes an exam holds that first, and then its questions.
    bank_ids = {each.id: each.bank_question_id for each in await links_of(conn, exam_id)}
    if question_id not in bank_ids:
        raise NotOfTheBank
    found = await find_bank_question(conn, bank_ids[question_id])
    document = await _brought(conn, exam_id, found, by=by)
    changed = await change_question(
        conn, exam_id=exam_id, question_id=question_id, document=document, by=by, seen=seen
    )
    await link(conn, exam_id=exam_id, question_id=question_id, bank_id=found.id, version=found.version)
    return changed


async def _brought(conn: Connection, exam_id: int, found: BankQuestion, *, by: int) -> dict[str, object]:
    """Its document, once its pictures are the exam's, by the names that they have there."""
    names = {}
    shown = pictures_shown(found.document)
    for picture in await pictures_of(conn, found.id, found.version):
        # One that was brought and never put into the text stays behind.
        if picture.name not in shown:
            continue
        kept = await add_picture(
            conn, exam_id=exam_id, file_name=picture.name, content=picture.content, by=by
        )
        names[picture.name] = kept.name
    return with_pictures_named(found.document, names)
