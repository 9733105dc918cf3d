"""A contest handed in by one request: once per student, however often and by how many at once it is sent."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import json

from examhall.base.db import Connection, Database, many
from examhall.base.errors import Conflict, NotFound, Refusal
from examhall.base.shared_transaction import SharedTransaction
from examhall.base.sqlfile import beside
from examhall.exams.answers import UnknownQuestion
from examhall.sittings.autosave import IN_ORDER_OF_ARRIVAL, Answer, Save, save_batch
from examhall.sittings.availability import availability_of_exam
from examhall.sittings.hand_in import answers_given, hand_in, hold_running
from examhall.sittings.start import TRIES, ExamChanging, Started, Wanted, start_sittings

SQL = beside(__file__)

# Question and part -> what was answered; what is not answered is not in it.
Answers = Mapping[tuple[int, str], Any]


class NoSuchContest(NotFound):
    """There is no such contest, or it is not yours."""


class SubmittedOtherwise(Conflict):
    """You have handed in this contest already, with other answers. The first ones count."""


class NotDrawnYet(Conflict):
    """In this contest everybody has questions of their own. Start it, then hand in the answers to yours."""


@dataclass(frozen=True, slots=True)
class Submission:
    """All that a student answers in a contest; what is not in it is not answered."""

    candidate_id: int
    contest_id: int
    answers: Answers
    received: float = field(default_factory=time.monotonic)

    @property
    def key(self) -> Wanted:
        return Wanted(self.candidate_id, self.contest_id)


class Submitted(NamedTuple):
    sitting_id: int
    submitted_at: datetime
    # Handed in by this request; otherwise it was so already, with the same answers.
    is_new: bool


@dataclass(frozen=True)
class _Standing:
    candidate_id: int
    exam_id: int
    # Of what is handed in, if it is.
    sitting_id: int | None
    closed_at: datetime | None
    # Its questions are drawn when it is started, which it is not.
    is_to_be_drawn: bool

    @property
    def key(self) -> Wanted:
        return Wanted(self.candidate_id, self.exam_id)


Outcome = Submitted | Refusal | None


async def submit_all(conn: Connection, batch: Sequence[Submission]) -> list[Outcome]:
    """For each: what was handed in, why not, or None where it may not be started (the caller finds out why).

    One sitting per student and contest is opened and handed in, however many requests for it are in this
    batch or in others at the same time. The number of statements does not depend on that of submissions.
    """
    firsts: dict[Wanted, Submission] = {}
    for each in batch:
        firsts.setdefault(each.key, each)
    standing = await _standing(conn, list(firsts))
    outcomes: dict[Wanted, Outcome] = {key: NoSuchContest() for key in firsts if key not in standing}
    done = {key: found for key, found in standing.items() if found.closed_at is not None}
    outcomes |= {key: NotDrawnYet() for key, found in standing.items() if found.is_to_be_drawn}
    to_start = [firsts[key] for key in standing if key not in done and key not in outcomes]
    started = await start_sittings(conn, [each.key for each in to_start])
    opened = {each.key: start for each, start in zip(to_start, started, strict=True) if start is not None}
    opened = await _hold(conn, opened)
    outcomes |= await _hand_in(conn, [firsts[key] for key in opened], opened)
    if late := [each.key for each in to_start if each.key not in opened]:
        # Whoever was first had them between our first look and our start, and has committed now.
        found = await _standing(conn, late)
        done |= {key: found[key] for key in late if found[key].closed_at is not None}
    outcomes |= {key: None for key in firsts if key not in outcomes and key not in done}
    return await _judge(conn, batch, firsts, outcomes, done)


async def _standing(conn: Connection, keys: Sequence[Wanted]) -> dict[Wanted, _Standing]:
    found = await many(
        conn,
        SQL.standing,
        _Standing,
        candidate_ids=[key.candidate_id for key in keys],
        exam_ids=[key.exam_id for key in keys],
    )
    return {each.key: each for each in found}


async def _hold(conn: Connection, opened: dict[Wanted, Started]) -> dict[Wanted, Started]:
    """Leave out what was running and has been closed by somebody else meanwhile."""
    running = [(key.candidate_id, each.sitting.id) for key, each in opened.items() if not each.is_new]
    if not running:
        return opened
    held = await hold_running(conn, running)
    return {
        key: each
        for key, each in opened.items()
        if each.is_new or (key.candidate_id, each.sitting.id) in held
    }


async def _hand_in(
    conn: Connection, submissions: Sequence[Submission], opened: Mapping[Wanted, Started]
) -> dict[Wanted, Outcome]:
    if not submissions:
        return {}
    sittings = {each.key: opened[each.key].sitting for each in submissions}
    running = [(key.candidate_id, sitting.id) for key, sitting in sittings.items() if not opened[key].is_new]
    before: dict[int, set[tuple[int, str]]] = {}
    for answer in await answers_given(conn, running) if running else ():
        before.setdefault(answer.sitting_id, set()).add((answer.question_number, answer.sub_part))
    saves = []
    outcomes: dict[Wanted, Outcome] = {}
    for each in submissions:
        sitting = sittings[each.key]
        if sitting.drawn is not None and (
            strange := {number for number, _ in each.answers} - {*sitting.drawn}
        ):
            outcomes[each.key] = UnknownQuestion(question_number=min(strange))
            continue
        # What was saved in the exam room and is not handed in here is cleared: this is the whole paper.
        cleared = dict.fromkeys(before.get(sitting.id, set()) - each.answers.keys())
        if answers := _as_answers(dict(each.answers) | cleared):
            saves.append((each.key, Save(each.candidate_id, sitting.id, answers, each.received)))
    if saves:
        saved = await save_batch(conn, [save for _, save in saves])
        outcomes |= {
            key: refusal
            for (key, _), refusal in zip(saves, saved, strict=True)
            if isinstance(refusal, Refusal)
        }
    to_close = [(key.candidate_id, sitting.id) for key, sitting in sittings.items() if key not in outcomes]
    for closed in await hand_in(conn, to_close):
        key = Wanted(closed.candidate_id, closed.exam_id)
        outcomes[key] = Submitted(closed.id, closed.closed_at, is_new=True)
    return outcomes


def _as_answers(answers: Answers) -> list[Answer]:
    return [
        Answer(number, part, json.encode(answer), IN_ORDER_OF_ARRIVAL)
        for (number, part), answer in answers.items()
    ]


async def _judge(
    conn: Connection,
    batch: Sequence[Submission],
    firsts: Mapping[Wanted, Submission],
    outcomes: Mapping[Wanted, Outcome],
    done: Mapping[Wanted, _Standing],
) -> list[Outcome]:
    """Each request's outcome: a student's first has its own, the others are compared with what is stored."""
    sittings: dict[Wanted, tuple[int, datetime]] = {}
    for key, found in done.items():
        assert found.sitting_id is not None
        assert found.closed_at is not None
        sittings[key] = (found.sitting_id, found.closed_at)
    stored: dict[int, dict[tuple[int, str], Any]] = {}
    looked_up = [(key.candidate_id, sitting_id) for key, (sitting_id, _) in sittings.items()]
    for answer in await answers_given(conn, looked_up) if looked_up else ():
        given = stored.setdefault(answer.sitting_id, {})
        given[answer.question_number, answer.sub_part] = answer.answer
    for key, outcome in outcomes.items():
        if isinstance(outcome, Submitted):
            sittings[key] = (outcome.sitting_id, outcome.submitted_at)
            stored[outcome.sitting_id] = dict(firsts[key].answers)
    judged: list[Outcome] = []
    for each in batch:
        outcome = outcomes.get(each.key)
        if each.key in sittings and not (isinstance(outcome, Submitted) and each is firsts[each.key]):
            sitting_id, submitted_at = sittings[each.key]
            same = stored.get(sitting_id, {}) == each.answers
            outcome = Submitted(sitting_id, submitted_at, is_new=False) if same else SubmittedOtherwise()
        judged.append(outcome)
    return judged


class Submissions:
    """Where a class hands in within the same second: those who arrive together share a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shared = SharedTransaction(database, submit_all)

    async def submit(self, submission: Submission) -> Submitted:
        """Hand in, given back after the commit; the same again is given back too, another is refused."""
        outcome = await self._shared.submit(submission)
        if outcome is None:
            # Why not, or after all: what was in the way may just have gone.
            async with self._database.transaction() as conn:
                outcome = await _submit_or_say_why(conn, submission)
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome


async def _submit_or_say_why(conn: Connection, submission: Submission) -> Submitted | Refusal:
    for _ in range(TRIES):
        [outcome] = await submit_all(conn, [submission])
        if outcome is not None:
            return outcome
        availability = await availability_of_exam(
            conn, exam_id=submission.contest_id, candidate_id=submission.candidate_id
        )
        if not availability.can_start:
            return availability.refusal()
        # An author's change was in between, as in sittings/start.py.
    return ExamChanging()
