"""What an exam still lacks before candidates may see it, and what its author should know."""

from dataclasses import dataclass, field
from datetime import datetime

from examhall.base.db import Connection, one
from examhall.base.said import Said, said
from examhall.base.sqlfile import beside
from examhall.exams.question_document import BadQuestion, read_document
from examhall.exams.questions import find_exam, list_questions
from examhall.exams.sections import pools_that_fail
from examhall.exams.settings import Trouble

SQL = beside(__file__)

# Questions told by name; a sentence more says that there are others.
MOST_TOLD = 20


@dataclass(frozen=True)
class Readiness:
    # By what it is of: "questions", "question:7" (by its id), or a field of the settings.
    missing: list[Trouble] = field(default_factory=list)
    # What is no mistake, but may not be meant.
    notes: list[Said] = field(default_factory=list)


@dataclass(frozen=True)
class _State:
    opens_at: datetime | None
    closes_at: datetime | None
    server_time: datetime
    points: float
    in_course: int | None
    seals_pools: bool


async def readiness_of(conn: Connection, exam_id: int) -> Readiness:
    """Whether the exam can be published as it stands: its questions are held to what an exam file is."""
    state = await one(conn, SQL.state, _State, exam_id=exam_id)
    pictures = (await find_exam(conn, exam_id)).pictures
    questions = await list_questions(conn, exam_id)
    found = Readiness()
    if not questions:
        found.missing.append(Trouble("questions", said("It has no question yet.")))
    elif state.points == 0:
        found.missing.append(Trouble("questions", said("None of its questions is worth a point.")))
    for question in questions:
        try:
            read_document(question.document, pictures=pictures)
        except BadQuestion:
            found.missing.append(
                Trouble(
                    f"question:{question.id}",
                    said("Question {number} is not finished.", number=question.number),
                )
            )
    for title, why in await pools_that_fail(conn, exam_id):
        found.missing.append(
            Trouble("sections", said("{section}: {why}", section=title, why=said(why().detail)))
        )
    if len(found.missing) > MOST_TOLD:
        more = said("{count} more questions are not finished.", count=len(found.missing) - MOST_TOLD)
        found.missing[MOST_TOLD:] = [Trouble("questions", more)]
    if state.closes_at is not None and state.closes_at <= state.server_time:
        found.missing.append(Trouble("closes_at", said("Its window is over already.")))
    if state.opens_at is None or state.opens_at <= state.server_time:
        found.notes.append(said("It opens the moment it is published: then only what is safe can change."))
    if state.closes_at is None:
        found.notes.append(
            said("It has no end: places, ratings and the item analysis come only when you ask for them.")
        )
    if state.in_course == 0:
        found.notes.append(said("Nobody is enrolled in its course: nobody can sit it yet."))
    if state.seals_pools:
        found.notes.append(
            said(
                "It is sealed and it draws: all questions of a pool travel to every candidate, encrypted. "
                "Who has started can read with tools of their own those that they were not given."
            )
        )
    return found
