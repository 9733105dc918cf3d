"""Who sent what, and what was acknowledged: the other side of the books that the database keeps.

The revisions of one answer are sent one after the other, each again and again until it is acknowledged. So
the two numbers per answer below say everything: all up to `acknowledged` must be stored, and of what is
stored nothing may be beyond `sent`.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg


class Key(NamedTuple):
    candidate_id: int
    sitting_id: int
    question_number: int
    sub_part: str


class Change(NamedTuple):
    key: Key
    revision: int

    @property
    def answer(self) -> str:
        """Unlike that of any other change."""
        return f"{'/'.join(map(str, self.key))} for the {self.revision}. time"


@dataclass(frozen=True)
class Findings:
    """What does not agree. Empty is right."""

    lost: list[Change]
    never_sent: list[tuple[object, ...]]
    # Answers whose newest revision is not the highest in their history.
    fallen_behind: list[tuple[object, ...]]
    acknowledged: int
    stored: int

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.never_sent or self.fallen_behind)


class Ledger:
    def __init__(self) -> None:
        self.sent: dict[Key, int] = defaultdict(int)
        self.acknowledged: dict[Key, int] = defaultdict(int)
        # The books are compared in a thread while clients go on writing.
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many changes were acknowledged."""
        return sum(self.acknowledged.values())

    def send(self, key: Key) -> Change:
        """The next change of an answer, which is about to be sent for the first time."""
        with self._lock:
            assert self.sent[key] == self.acknowledged[key], "the change before it is not acknowledged yet"
            self.sent[key] += 1
            return Change(key, self.sent[key])

    def acknowledge(self, change: Change) -> None:
        with self._lock:
            self.acknowledged[change.key] = change.revision

    def compare(self, conn: psycopg.Connection[tuple[Any, ...]]) -> Findings:
        """Compare with the history, change by change: the answers alone would not show what a newer hides."""
        with self._lock:
            owed = dict(self.acknowledged)
        stored: dict[Key, set[int]] = defaultdict(set)
        strangers: list[tuple[object, ...]] = []
        with conn.transaction(), conn.cursor(name="history") as cursor:
            cursor.execute(
                """SELECT candidate_id, sitting_id, question_number, sub_part, revision, answer #>> '{}'
                     FROM answer_history"""
            )
            for *where, revision, answer in cursor:
                change = Change(Key(*where), revision)
                if revision > self.sent.get(change.key, 0) or answer != change.answer:
                    strangers.append((*where, revision, answer))
                stored[change.key].add(revision)
        fallen_behind = conn.execute(
            """SELECT *
                 FROM (SELECT candidate_id, sitting_id, question_number, sub_part, max(revision) AS revision
                         FROM answer_history GROUP BY 1, 2, 3, 4) AS newest
                 FULL JOIN (SELECT candidate_id, sitting_id, question_number, sub_part, revision
                              FROM answers) AS stored
                USING (candidate_id, sitting_id, question_number, sub_part, revision)
                WHERE newest IS NULL OR stored IS NULL"""
        ).fetchall()
        lost = [
            Change(key, revision)
            for key, acknowledged in owed.items()
            for revision in range(1, acknowledged + 1)
            if revision not in stored[key]
        ]
        return Findings(lost, strangers, fallen_behind, sum(owed.values()), sum(map(len, stored.values())))
