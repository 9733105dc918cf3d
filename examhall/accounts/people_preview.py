"""What a file of people would change, seen before it is applied."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from examhall.accounts.people import refuse_conflicts
from examhall.accounts.people_file import PersonLine, read_people
from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside

SQL = beside(__file__)


@dataclass(frozen=True)
class _Stored:
    line: int
    id: int
    username: str
    full_name: str
    email: str | None
    roles: Sequence[str]
    active: bool


@dataclass(frozen=True)
class PersonChange:
    """What a line would do."""

    line: int
    username: str
    full_name: str
    # added, changed or unchanged
    what: str
    # (column, from, to), of what is changed; a password is never told.
    changes: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class PeopleChanges:
    each: Sequence[PersonChange]

    @property
    def counts(self) -> Counter[str]:
        return Counter(change.what for change in self.each)

    @property
    def real(self) -> list[PersonChange]:
        return [change for change in self.each if change.what != "unchanged"]

    @property
    def fingerprint(self) -> str:
        """Two looks at the same file are the same only if the same would change."""
        told = repr([(change.line, change.what, list(change.changes)) for change in self.real])
        return hashlib.sha256(told.encode()).hexdigest()


async def preview_people(conn: Connection, text: str) -> PeopleChanges:
    """Line by line what `import_people` would do. Raises BadPeopleFile with every line that is wrong."""
    people = read_people(text)
    await refuse_conflicts(conn, people)
    stored = {
        each.line: each
        for each in await many(
            conn,
            SQL.stored,
            _Stored,
            lines=[person.line for person in people],
            usernames=[person.username for person in people],
        )
    }
    return PeopleChanges([_change(person, stored.get(person.line)) for person in people])


def _change(person: PersonLine, stored: _Stored | None) -> PersonChange:
    if stored is None:
        return PersonChange(person.line, person.username, person.full_name, "added", ())
    wanted = {
        "username": (stored.username, person.username),
        "full_name": (stored.full_name, person.full_name),
        "email": (stored.email or "", person.email),
        "roles": (" ".join(sorted(stored.roles)), " ".join(person.roles) if person.roles else None),
        "active": (_yes(stored.active), None if person.active is None else _yes(person.active)),
    }
    changes = [(name, old, new) for name, (old, new) in wanted.items() if new is not None and new != old]
    if person.password is not None:
        # Whether it is the one they have, takes a hash to say.
        changes.append(("password", "", "•••"))
    what = "changed" if changes else "unchanged"
    return PersonChange(person.line, stored.username, stored.full_name, what, changes)


def _yes(active: bool) -> str:
    return "yes" if active else "no"
