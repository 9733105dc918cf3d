"""Templates of certificates: typst sources with named fields, kept in versions.

A version is kept only after it was set with its examples (`proofs.py`), so that one that cannot be set never
comes to issuing anything.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, maybe, one, run
from examhall.base.errors import Conflict, Malformed, NotFound, SomebodyWasFaster
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change

SQL = beside(__file__)

NAME_CHARS = 120
CATEGORY_CHARS = 60
SOURCE_CHARS = 100_000
FIELDS = 30
LABEL_CHARS = 100
VALUE_CHARS = 500
# An office has a few dozen; nobody chooses among more.
MOST_LISTED = 500
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class NoSuchTemplate(NotFound):
    """There is no such certificate template."""


class TemplateInactive(Conflict):
    """Nothing is issued by this template any more."""


class BadFields(Malformed):
    """Each field has a name of its own: small letters, digits and underscores, a letter first."""


class BadValues(Malformed):
    """What was given for the template's fields does not fit them."""


@dataclass(frozen=True)
class Template:
    """As it is now, with its latest source."""

    id: int
    name: str
    category: str
    variant: str
    public: bool
    active: bool
    version: int
    design: str | None
    created_by: int | None
    created_at: datetime
    saved_by: str | None
    saved_at: datetime
    # [{name, label, required, example}]
    fields: list[dict[str, Any]]
    source: str
    # The version of the source: a change of the name alone makes none.
    source_version: int


@dataclass(frozen=True)
class ListedTemplate:
    id: int
    name: str
    category: str
    variant: str
    public: bool
    active: bool
    version: int
    source_version: int
    design: str | None
    created_by: int | None
    created_at: datetime
    fields: list[dict[str, Any]]


@dataclass(frozen=True)
class Version:
    version: int
    saved_by: str | None
    saved_at: datetime
    fields: list[dict[str, Any]]
    source: str


@dataclass(frozen=True)
class _Id:
    id: int


async def list_public(conn: Connection, *, category: str | None, variant: str | None) -> list[ListedTemplate]:
    """What strangers see: public and active, by category and variant."""
    return await many(
        conn, SQL.list_public, ListedTemplate, category=category, variant=variant, limit=MOST_LISTED
    )


async def list_templates(conn: Connection, *, created_by: int | None = None) -> list[ListedTemplate]:
    """All of them for the office, the newest first; or somebody's own."""
    return await many(conn, SQL.list_templates, ListedTemplate, created_by=created_by, limit=MOST_LISTED)


async def find_template(conn: Connection, template_id: int) -> Template:
    found = await maybe(conn, SQL.find_template, Template, template_id=template_id)
    if found is None:
        raise NoSuchTemplate
    return found


async def list_versions(conn: Connection, template_id: int) -> list[Version]:
    """Every source that was ever saved, the newest first."""
    return await many(conn, SQL.list_versions, Version, template_id=template_id)


async def create_template(
    conn: Connection,
    *,
    name: str,
    category: str,
    variant: str,
    public: bool,
    fields: Sequence[Mapping[str, Any]],
    source: str,
    created_by: int | None,
    design: str | None = None,
) -> int:
    """Add a template whose source has been tried out; its id."""
    check_fields(fields)
    created = await one(
        conn,
        SQL.create_template,
        _Id,
        name=name,
        category=category,
        variant=variant,
        public=public,
        created_by=created_by,
        design=design,
        fields=Jsonb(list(fields)),
        source=source,
    )
    await announce_change(conn)
    return created.id


async def edit_template(
    conn: Connection,
    template_id: int,
    *,
    version: int,
    name: str,
    category: str,
    variant: str,
    public: bool,
    active: bool,
    fields: Sequence[Mapping[str, Any]],
    source: str,
    edited_by: int | None,
) -> None:
    """Change a template if it still is what the editor saw: of two edits of a version the second is refused.

    The source before stays: certificates issued by it are printed by it for ever.
    """
    check_fields(fields)
    changed = await run(
        conn,
        SQL.edit_template,
        template_id=template_id,
        version=version,
        name=name,
        category=category,
        variant=variant,
        public=public,
        active=active,
    )
    if not changed:
        raise SomebodyWasFaster(version=(await find_template(conn, template_id)).version)
    await run(
        conn,
        SQL.add_version,
        template_id=template_id,
        fields=Jsonb(list(fields)),
        source=source,
        saved_by=edited_by,
    )
    await announce_change(conn)


def check_fields(fields: Sequence[Mapping[str, Any]]) -> None:
    """Raises BadFields for what cannot be a template's fields."""
    names = [each["name"] for each in fields]
    if len(names) > FIELDS or len({*names}) < len(names):
        raise BadFields
    if not all(FIELD_NAME.fullmatch(name) for name in names):
        raise BadFields


def check_values(fields: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> dict[str, str]:
    """The values as they go into the facts; raises BadValues with the field that is missing or unknown."""
    known = {each["name"]: each for each in fields}
    if unknown := sorted(values.keys() - known.keys()):
        raise BadValues(said("The template has no field “{unknown}”.", unknown=unknown[0]), field=unknown[0])
    trimmed = {name: " ".join(value.split()) for name, value in values.items()}
    for name, each in known.items():
        if each["required"] and not trimmed.get(name):
            raise BadValues(said("“{each}” is missing.", each=each["label"]), field=name)
    return {name: value for name, value in trimmed.items() if value}
