"""The candidates' side of the books: what was sent, and what was acknowledged, in files."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple


class Key(NamedTuple):
    sitting_id: int
    question_number: int
    sub_part: str
    revision: int


class Change(NamedTuple):
    sitting_id: int
    question_number: int
    sub_part: str
    revision: int
    answer: object

    @property
    def key(self) -> Key:
        return Key(*self[:4])


class Book:
    """Written by one process of candidates, a line for each change sent and each receipt."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._file.close()

    def sent(self, change: Change) -> None:
        """Before the first try: what nobody sent must not be stored either."""
        self._file.write(json.dumps(["sent", *change]) + "\n")

    def acknowledged(self, change: Change) -> None:
        self._file.write(json.dumps(["acknowledged", *change.key]) + "\n")

    def found(self, change: Change) -> None:
        """What the server says is stored; asked by those who cannot look into its database."""
        self._file.write(json.dumps(["found", *change]) + "\n")

    def flush(self) -> None:
        self._file.flush()


class Books(NamedTuple):
    sent: dict[Key, object]
    acknowledged: set[Key]
    found: list[Change]


def read_books(paths: Iterable[Path]) -> Books:
    """What was sent, what of it was acknowledged, and what was seen of it afterwards."""
    books = Books({}, set(), [])
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                what, *fields = json.loads(line)
                if what == "found":
                    books.found.append(Change(*fields))
                elif what == "sent":
                    books.sent[Key(*fields[:4])] = fields[4]
                else:
                    books.acknowledged.add(Key(*fields))
    return books
