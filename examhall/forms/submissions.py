"""What people send by a form: once however often it arrives, and then from one status to the next."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from examhall.accounts.access import Person, has_role
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection, maybe, one, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.forms.checking import BadAnswers, Wrong, require_right
from examhall.forms.files import Kept, claim_files
from examhall.forms.forms import Form, FormChanged, FormNotOpen, find_form_for
from examhall.forms.giving import give
from examhall.forms.history import note_history
from examhall.forms.organisations import is_manager, organisation_of_code, organisations_of

SQL = beside(__file__)

WORDS_CHARS = 500
NOTE_CHARS = 2_000
STATUSES = ("new", "in_review", "accepted", "rejected", "withdrawn")
# What the office may make of each; only the sender withdraws.
NEXT: Mapping[str, tuple[str, ...]] = {
    "new": ("in_review", "accepted", "rejected"),
    "in_review": ("accepted", "rejected"),
    "rejected": ("in_review",),
    "accepted": (),
    "withdrawn": (),
}
WITHDRAWN_FROM = ("new", "in_review")


class NoSuchSubmission(NotFound):
    """There is no such submission, or it is not yours."""


class RequestKeyUsed(Conflict):
    """This Idempotency-Key was used for something else already. Nothing was sent; take a new one."""


class SentAlready(Conflict):
    """You have sent this form already. It can be sent once; what you sent first counts."""


class UnknownOrganisation(Malformed):
    """There is no organisation with this code. Please ask yours for it."""

    def __init__(self) -> None:
        super().__init__(
            fields=[{"path": "/organisation", "code": "organisation", "message": self.sentence()}]
        )


class NotFromHere(Conflict):
    """A submission in this status cannot become that."""


@dataclass(frozen=True)
class Submission:
    id: int
    form_id: int
    form_title: str
    form_version: int
    organisation_id: int | None
    organisation_name: str | None
    created_by: int | None
    username: str | None
    full_name: str | None
    status: str
    # None: erased.
    data: dict[str, Any] | None
    version: int
    created_at: datetime
    erased_at: datetime | None

    @property
    def next_statuses(self) -> Sequence[str]:
        return () if self.erased_at else NEXT[self.status]

    @property
    def can_be_withdrawn(self) -> bool:
        return self.status in WITHDRAWN_FROM


class Sent(NamedTuple):
    submission_id: int
    # Otherwise it was there already: this request has come before.
    is_new: bool


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Earlier:
    id: int
    request_hash: bytes | None


@dataclass(frozen=True)
class _Held:
    status: str
    version: int
    created_by: int | None
    form_id: int
    erased_at: datetime | None


@dataclass(frozen=True)
class Filled:
    """A form as it was filled in."""

    fields_version: int
    data: Mapping[str, Any]
    # The code that its sender typed, where the form asks for one.
    organisation: str | None = None
    files: Sequence[Kept] = ()

    @property
    def whole_data(self) -> dict[str, Any]:
        """With the names of the files in the places of their fields."""
        names: dict[str, list[str]] = {}
        for each in self.files:
            names.setdefault(each.field, []).append(each.name)
        return {**self.data, **names}

    @property
    def hash(self) -> bytes:
        told = [
            self.fields_version,
            self.data,
            (self.organisation or "").lower(),
            sorted((each.field, each.digest) for each in self.files),
        ]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()


async def find_sent(conn: Connection, form_id: int, me: Person | None, request_key: str) -> int | None:
    """The submission that an earlier request with this key has made, if one has."""
    found = await _earlier(conn, form_id, me, request_key)
    return None if found is None else found.id


async def submit(
    conn: Connection,
    signer: Signer,
    form_id: int,
    filled: Filled,
    *,
    me: Person | None,
    request_key: str,
    link: str | None = None,
) -> Sent:
    """Make one submission of what was filled in, with its files and what the form gives for it, or nothing.

    However often and by however many at once the same request arrives, one submission is made, and all are
    told of it, even after the form was closed. What was checked is what is stored: the form is held, so that
    its fields and its status stay as they are until the commit.
    """
    if earlier := await _repeat(conn, form_id, filled, me, request_key):
        return earlier
    # FOR SHARE: many submit side by side, and whoever changes or closes the form waits for them.
    await run(conn, SQL.hold_form, form_id=form_id)
    form = await find_form_for(conn, form_id, me, link=link)
    if form.status != "open":
        raise FormNotOpen
    if form.fields_version != filled.fields_version:
        raise FormChanged(fields_version=form.fields_version)
    # Names of files are written by us, from files that are there.
    if claimed := [each.name for each in form.fields if each.kind == "file" and each.name in filled.data]:
        raise BadAnswers([Wrong(name, "unknown") for name in claimed])
    data = filled.whole_data
    require_right(form.schema, data)
    organisation_id = await _organisation(conn, form, filled.organisation, me)
    try:
        # A savepoint: of two at once the second goes on to find the first.
        async with conn.transaction():
            created = await one(
                conn,
                SQL.insert_submission,
                _Id,
                form_id=form_id,
                form_version=form.fields_version,
                organisation_id=organisation_id,
                created_by=me.id if me else None,
                data=Jsonb(data),
                words=words_of(form, data),
                request_key=_digest(request_key),
                request_hash=filled.hash,
                once=form.once,
            )
    except UniqueViolation as error:
        # Which of the two indexes was asked first does not matter: a repeat is a repeat.
        if earlier := await _repeat(conn, form_id, filled, me, request_key):
            return earlier
        raise SentAlready from error
    await claim_files(conn, created.id, filled.files)
    sender = me.id if me else None
    await note_history(conn, created.id, person_id=sender, what="submitted", to_status="new")
    if form.gives == "at_once" and sender is not None:
        await give(conn, signer, form.settings, created.id, receiver=sender, by=sender)
    return Sent(created.id, is_new=True)


async def change_status(
    conn: Connection,
    signer: Signer,
    submission_id: int,
    *,
    to: str,
    version: int,
    me: Person,
    note: str = "",
) -> None:
    """Take a submission on, and give what the form gives when it is accepted, in the same transaction.

    Of two changes of one version the second is refused; a repeat of the first finds it done.
    """
    held = await _hold(conn, submission_id)
    if held.status == to and held.version == version + 1:
        return
    if held.version != version:
        raise SomebodyWasFaster(version=held.version, status_now=held.status)
    if held.erased_at is not None or to not in NEXT[held.status]:
        raise NotFromHere(from_status=held.status, to_status=to)
    try:
        async with conn.transaction():
            await run(conn, SQL.set_status, submission_id=submission_id, status=to)
    except UniqueViolation as error:
        raise SentAlready(
            "Its sender has sent this form again meanwhile, and it can be sent once."
        ) from error
    await note_history(
        conn,
        submission_id,
        person_id=me.id,
        what="status",
        from_status=held.status,
        to_status=to,
        note=note or None,
    )
    if to == "accepted" and held.created_by is not None:
        form = await find_form_for(conn, held.form_id, me)
        await give(conn, signer, form.settings, submission_id, receiver=held.created_by, by=me.id)


async def withdraw(conn: Connection, submission_id: int, *, me: Person) -> None:
    """Its sender takes it back; a repeat changes nothing."""
    held = await _hold(conn, submission_id)
    if held.created_by != me.id or me.exam_id is not None:
        raise NoSuchSubmission
    if held.status == "withdrawn":
        return
    if held.status not in WITHDRAWN_FROM:
        raise NotFromHere(from_status=held.status, to_status="withdrawn")
    await run(conn, SQL.set_status, submission_id=submission_id, status="withdrawn")
    await note_history(
        conn,
        submission_id,
        person_id=me.id,
        what="status",
        from_status=held.status,
        to_status="withdrawn",
    )


async def find_submission(conn: Connection, submission_id: int) -> Submission:
    found = await maybe(conn, SQL.find_submission, Submission, submission_id=submission_id)
    if found is None:
        raise NoSuchSubmission
    return found


async def find_submission_for(conn: Connection, submission_id: int, me: Person) -> Submission:
    """The submission if this person sent it, looks after its organisation, or works in the office."""
    found = await find_submission(conn, submission_id)
    if me.exam_id is None and (found.created_by == me.id or has_role(me, "author")):
        return found
    if found.organisation_id is not None and await is_manager(conn, me, found.organisation_id):
        return found
    raise NoSuchSubmission


def words_of(form: Form, data: Mapping[str, Any]) -> str:
    """What lists name a submission by and find it by: its short answers, in the form's order."""
    short = [
        str(data[each.name])
        for each in form.fields
        if each.kind in ("string", "email", "phone", "choice") and data.get(each.name)
    ]
    return " · ".join(short)[:WORDS_CHARS]


async def _organisation(conn: Connection, form: Form, code: str | None, me: Person | None) -> int | None:
    if form.organisation_id is not None:
        return form.organisation_id
    if form.asks_organisation and code:
        found = await organisation_of_code(conn, code.strip())
        if found is None:
            raise UnknownOrganisation
        return found
    # Who is in one organisation sends for it.
    mine = await organisations_of(conn, me.id) if me else []
    return mine[0].id if len(mine) == 1 else None


async def _hold(conn: Connection, submission_id: int) -> _Held:
    held = await maybe(conn, SQL.hold_submission, _Held, submission_id=submission_id)
    if held is None:
        raise NoSuchSubmission
    return held


async def _repeat(
    conn: Connection, form_id: int, filled: Filled, me: Person | None, request_key: str
) -> Sent | None:
    earlier = await _earlier(conn, form_id, me, request_key)
    if earlier is None:
        return None
    if earlier.request_hash not in (None, filled.hash):
        raise RequestKeyUsed
    return Sent(earlier.id, is_new=False)


async def _earlier(conn: Connection, form_id: int, me: Person | None, request_key: str) -> _Earlier | None:
    return await maybe(
        conn,
        SQL.find_earlier,
        _Earlier,
        form_id=form_id,
        created_by=me.id if me else None,
        request_key=_digest(request_key),
    )


def _digest(request_key: str) -> bytes:
    return hashlib.sha256(request_key.encode()).digest()
