"""Both sides of the books, compared change by change: acknowledged minus stored must be nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.ops.rehearse.book import Books, Key, read_books

SQL = beside(__file__)


@dataclass(frozen=True)
class Findings:
    """What the two sides say of each other. No answer may be lost, strange or behind."""

    sent: int
    acknowledged: int
    stored: int
    # Acknowledged, and not in the history with that very answer.
    lost: Sequence[Key]
    # In the history, and never sent by anybody.
    strange: Sequence[Key]
    # Acknowledged, and yet the answer that counts is an older one.
    behind: Sequence[Key]

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.strange or self.behind)


@dataclass(frozen=True)
class Stored:
    sitting_id: int
    question_number: int
    sub_part: str
    revision: int
    answer: Any

    @property
    def key(self) -> Key:
        return Key(self.sitting_id, self.question_number, self.sub_part, self.revision)


async def compare(conn: Connection, paths: Iterable[Path]) -> Findings:
    """Compare the books with the history and the answers of a database that holds nothing else."""
    books = read_books(paths)
    history = await many(conn, SQL.history, Stored)
    return judge(books, history, await many(conn, SQL.answers, Stored))


def compare_from_outside(paths: Iterable[Path]) -> Findings:
    """Compare the books with what the server told each candidate at the end: the answers that count."""
    books = read_books(paths)
    return judge(books, None, [Stored(*change) for change in books.found])


def judge(books: Books, history: Iterable[Stored] | None, answers: Iterable[Stored]) -> Findings:
    """`history` None: a newer answer hides an older one that was lost, so only the newest can be missed."""
    sent, acknowledged = books.sent, books.acknowledged
    newest = {(each.sitting_id, each.question_number, each.sub_part): each for each in answers}
    owed: dict[tuple[int, int, str], int] = defaultdict(int)
    for key in acknowledged:
        owed[key[:3]] = max(owed[key[:3]], key.revision)
    behind = [
        Key(*where, revision)
        for where, revision in sorted(owed.items())
        if where not in newest
        or newest[where].revision < revision
        or newest[where].answer != sent.get(newest[where].key)
    ]
    if history is None:
        return Findings(len(sent), len(acknowledged), len(newest), (), (), behind)
    stored = {each.key: each.answer for each in history}
    return Findings(
        sent=len(sent),
        acknowledged=len(acknowledged),
        stored=len(stored),
        lost=sorted(key for key in acknowledged if key not in stored or stored[key] != sent[key]),
        strange=sorted(key for key, answer in stored.items() if key not in sent or sent[key] != answer),
        behind=behind,
    )
