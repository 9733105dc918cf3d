"""Forms: what they ask, who may fill them in, and what filling one in gives."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from psycopg.errors import ForeignKeyViolation
from psycopg.types.json import Jsonb

from examhall.accounts.access import Person, has_role
from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Forbidden, Malformed, NotFound, SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.forms.fields import Document, Field, read_document, write_document

SQL = beside(__file__)

TITLE_CHARS = 200
DESCRIPTION_CHARS = 5_000
STATUSES = ("draft", "open", "closed")
# In the address that lets strangers in: as hard to guess as a password of 24 random letters.
LINK_BYTES = 18


class NoSuchForm(NotFound):
    """There is no such form, or it is not for you."""


class FormNotOpen(Conflict):
    """This form is not open. What you wrote was not sent."""


class FormChanged(Conflict):
    """The form was changed while you filled it in. Look at what is asked now, then send it again."""


class OnlyAdministrators(Forbidden):
    """Only an administrator may change what a form gives, whom it lets in, and every form that does so."""


class NothingForStrangers(Malformed):
    """A form that enrols or gives tickets needs to know its sender: it cannot be open to strangers."""


class UnknownTarget(Malformed):
    """There is no such organisation, course or exam."""


@dataclass(frozen=True)
class Settings:
    """All of a form but what it asks."""

    title: str
    description: str = ""
    status: str = "draft"
    organisation_id: int | None = None
    asks_organisation: bool = False
    once: bool = False
    enrols_in: int | None = None
    tickets_for: int | None = None
    gives: str = "on_accept"
    # Whether strangers may fill it in, by a link.
    strangers: bool = False

    @property
    def for_administrators(self) -> tuple[object, ...]:
        return (self.enrols_in, self.tickets_for, self.strangers)

    @property
    def gives_anything(self) -> bool:
        return self.enrols_in is not None or self.tickets_for is not None


@dataclass(frozen=True)
class _Stored:
    id: int
    title: str
    description: str
    status: str
    organisation_id: int | None
    organisation_name: str | None
    asks_organisation: bool
    once: bool
    link: str | None
    enrols_in: int | None
    course_title: str | None
    tickets_for: int | None
    exam_title: str | None
    gives: str
    fields_version: int
    version: int
    created_at: datetime
    schema: dict[str, Any]
    ui_order: list[str]


@dataclass(frozen=True)
class Form(_Stored):
    fields: Sequence[Field] = field(default=())

    @property
    def settings(self) -> Settings:
        return Settings(
            self.title,
            self.description,
            self.status,
            self.organisation_id,
            self.asks_organisation,
            self.once,
            self.enrols_in,
            self.tickets_for,
            self.gives,
            self.link is not None,
        )

    @property
    def has_files(self) -> bool:
        return any(each.kind == "file" for each in self.fields)


@dataclass(frozen=True)
class ListedForm:
    id: int
    title: str
    description: str
    status: str
    organisation_name: str | None
    strangers: bool
    version: int
    created_at: datetime
    # Sent and not yet looked at; only in the office's list.
    waiting: int = 0


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Version:
    version: int


async def create_form(
    conn: Connection, settings: Settings, *, schema: Document, order: Sequence[str] | None, me: Person
) -> int:
    """Add a form with the first version of its fields; its id."""
    fields = read_document(schema, order)
    _check(settings, Settings(settings.title), me)
    try:
        created = await one(
            conn,
            SQL.create_form,
            _Id,
            **_columns(settings),
            link=_new_link() if settings.strangers else None,
            created_by=me.id,
        )
    except ForeignKeyViolation as error:
        raise UnknownTarget from error
    await _write_version(conn, created.id, 1, schema, fields, me)
    return created.id


async def edit_form(
    conn: Connection,
    form_id: int,
    settings: Settings,
    *,
    version: int,
    schema: Document,
    order: Sequence[str] | None,
    me: Person,
) -> None:
    """Change a form if it still is what the editor saw: of two edits of a version the second is refused.

    Only what is asked otherwise makes a new version of the fields, so that whoever is filling the form in is
    not disturbed by a change of its title.
    """
    fields = read_document(schema, order)
    # FOR UPDATE: submissions on their way hold the form, and are there before it changes, or see the change.
    if await maybe(conn, SQL.hold_form, _Id, form_id=form_id) is None:
        raise NoSuchForm
    stored = await find_form(conn, form_id)
    if stored.version != version:
        raise SomebodyWasFaster(version=stored.version)
    _check(settings, stored.settings, me)
    is_asked_otherwise = [each.document for each in fields] != [each.document for each in stored.fields] or [
        (each.name, each.required) for each in fields
    ] != [(each.name, each.required) for each in stored.fields]
    fields_version = stored.fields_version + is_asked_otherwise
    if is_asked_otherwise:
        await _write_version(conn, form_id, fields_version, schema, fields, me)
    link = (stored.link or _new_link()) if settings.strangers else None
    try:
        await run(
            conn,
            SQL.edit_form,
            form_id=form_id,
            **_columns(settings),
            link=link,
            fields_version=fields_version,
        )
    except ForeignKeyViolation as error:
        raise UnknownTarget from error


async def find_form(conn: Connection, form_id: int, *, fields_version: int | None = None) -> Form:
    """The form as it is; with the fields of an older version where that is wanted."""
    found = await maybe(conn, SQL.find_form, _Stored, form_id=form_id, fields_version=fields_version)
    if found is None:
        raise NoSuchForm
    fields = read_document(found.schema, found.ui_order)
    # jsonb has an order of its own.
    return Form(**vars(found) | {"schema": write_document(fields)}, fields=fields)


async def find_form_for(
    conn: Connection, form_id: int, me: Person | None, *, link: str | None = None
) -> Form:
    """The form if this person, or a stranger with its link, may fill it in or has work with it."""
    form = await find_form(conn, form_id)
    if me is not None and me.exam_id is None and has_role(me, "author"):
        return form
    if form.status == "draft":
        raise NoSuchForm
    if link is not None and form.link is not None and secrets.compare_digest(link, form.link):
        return form
    # Who came with a ticket for one exam is no stranger, but sees nothing else.
    if me is None or me.exam_id is not None:
        raise NoSuchForm
    if form.organisation_id is not None and not await _is_member(conn, form.organisation_id, me.id):
        raise NoSuchForm
    return form


async def form_of_link(conn: Connection, link: str) -> int:
    found = await maybe(conn, SQL.form_of_link, _Id, link=link)
    if found is None:
        raise NoSuchForm
    return found.id


async def list_forms(
    conn: Connection, *, before_id: int, limit: int, search: str | None = None
) -> list[ListedForm]:
    """The office's list, the newest first."""
    return await many(
        conn, SQL.list_forms, ListedForm, before_id=before_id, limit=limit, search=search or None
    )


async def list_open_forms(
    conn: Connection, person_id: int, *, before_id: int, limit: int
) -> list[ListedForm]:
    """What somebody can fill in now: for everybody, or for an organisation that they are in."""
    return await many(
        conn, SQL.list_open_forms, ListedForm, person_id=person_id, before_id=before_id, limit=limit
    )


def with_titles(fields: Sequence[Sequence[Field]]) -> dict[str, str]:
    """Name -> title of every field that was ever asked, in the order of the newest versions first."""
    titles: dict[str, str] = {}
    for version in fields:
        for each in version:
            titles.setdefault(each.name, each.title)
    return titles


@dataclass(frozen=True)
class _FieldsOfVersion:
    version: int
    schema: dict[str, Any]
    ui_order: list[str]


async def every_version(conn: Connection, form_id: int) -> dict[int, list[Field]]:
    """The fields of every version, the newest first."""
    found = await many(conn, SQL.every_version, _FieldsOfVersion, form_id=form_id)
    return {each.version: read_document(each.schema, each.ui_order) for each in found}


async def _is_member(conn: Connection, organisation_id: int, person_id: int) -> bool:
    found = await maybe(conn, SQL.find_member, _Id, organisation_id=organisation_id, person_id=person_id)
    return found is not None


def _check(settings: Settings, before: Settings, me: Person) -> None:
    if not has_role(me, "admin"):
        if settings.for_administrators != before.for_administrators:
            raise OnlyAdministrators
        # Whom it is for, and whether it is open, decides who is given what.
        if (
            any(before.for_administrators)
            and replace(settings, title=before.title, description=before.description) != before
        ):
            raise OnlyAdministrators
    if settings.strangers and settings.gives_anything:
        raise NothingForStrangers


def _columns(settings: Settings) -> dict[str, object]:
    return {name: value for name, value in vars(settings).items() if name != "strangers"}


def _new_link() -> str:
    return secrets.token_urlsafe(LINK_BYTES)


async def _write_version(
    conn: Connection, form_id: int, version: int, schema: Document, fields: Sequence[Field], me: Person
) -> None:
    await run(
        conn,
        SQL.write_version,
        form_id=form_id,
        version=version,
        schema=Jsonb(schema),
        ui_order=[each.name for each in fields],
        saved_by=me.id,
    )
