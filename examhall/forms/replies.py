"""What the JSON API says of forms, submissions and organisations."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from examhall.base.clock import rfc3339
from examhall.forms.files import StoredFile
from examhall.forms.forms import Form, ListedForm
from examhall.forms.history import Event
from examhall.forms.lists import Listed
from examhall.forms.organisations import Member, Organisation
from examhall.forms.submissions import Submission


class ListedFormOut(BaseModel):
    id: int
    title: str
    description: str
    status: str
    organisation: str | None
    version: int
    created_at: str

    @classmethod
    def of(cls, form: ListedForm) -> "ListedFormOut":
        return cls(
            id=form.id,
            title=form.title,
            description=form.description,
            status=form.status,
            organisation=form.organisation_name,
            version=form.version,
            created_at=rfc3339(form.created_at),
        )


class FormOut(BaseModel):
    id: int
    title: str
    description: str
    status: str
    organisation_id: int | None
    asks_organisation: bool
    once: bool
    fields_version: int = Field(description="Sent back with what is filled in.")
    # Named so in JSON; pydantic has a method of that name.
    document: dict[str, Any] = Field(
        serialization_alias="schema", description="JSON Schema 2020-12 of the data."
    )
    order: Sequence[str] = Field(description="The names of the fields as they are asked.")
    version: int
    enrols_in: int | None = None
    tickets_for: int | None = None
    gives: str | None = None
    strangers: bool | None = None
    link: str | None = Field(
        default=None, description="Of a form that is open to strangers; for the office alone."
    )

    @classmethod
    def of(cls, form: Form, *, for_office: bool) -> "FormOut":
        shown = cls(
            id=form.id,
            title=form.title,
            description=form.description,
            status=form.status,
            organisation_id=form.organisation_id,
            asks_organisation=form.asks_organisation,
            once=form.once,
            fields_version=form.fields_version,
            document=form.schema,
            order=form.ui_order,
            version=form.version,
        )
        if not for_office:
            return shown
        return shown.model_copy(
            update={
                "enrols_in": form.enrols_in,
                "tickets_for": form.tickets_for,
                "gives": form.gives,
                "strangers": form.link is not None,
                "link": form.link,
            }
        )


class ListedSubmissionOut(BaseModel):
    id: int
    form_id: int
    form_title: str
    organisation_id: int | None
    organisation: str | None
    created_by: int | None
    full_name: str | None
    status: str
    words: str | None
    version: int
    created_at: str
    erased_at: str | None

    @classmethod
    def of(cls, listed: Listed) -> "ListedSubmissionOut":
        return cls(
            id=listed.id,
            form_id=listed.form_id,
            form_title=listed.form_title,
            organisation_id=listed.organisation_id,
            organisation=listed.organisation_name,
            created_by=listed.created_by,
            full_name=listed.full_name,
            status=listed.status,
            words=listed.words,
            version=listed.version,
            created_at=rfc3339(listed.created_at),
            erased_at=rfc3339(listed.erased_at) if listed.erased_at else None,
        )


class FileOut(BaseModel):
    id: int
    field: str
    name: str
    media_type: str
    size: int
    url: str

    @classmethod
    def of(cls, file: StoredFile) -> "FileOut":
        return cls(
            id=file.id,
            field=file.field,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            url=f"/api/v1/submissions/{file.submission_id}/files/{file.id}",
        )


class EventOut(BaseModel):
    at: str
    person_id: int | None
    what: str
    from_status: str | None
    to_status: str | None
    note: str | None

    @classmethod
    def of(cls, event: Event) -> "EventOut":
        return cls(
            at=rfc3339(event.at),
            **{
                name: getattr(event, name)
                for name in ("person_id", "what", "from_status", "to_status", "note")
            },
        )


class SubmissionOut(BaseModel):
    id: int
    form_id: int
    form_title: str
    form_version: int
    organisation_id: int | None
    created_by: int | None
    full_name: str | None
    status: str
    next_statuses: Sequence[str]
    data: Mapping[str, Any] | None = Field(description="null once it is erased.")
    files: Sequence[FileOut]
    history: Sequence[EventOut]
    version: int
    created_at: str
    erased_at: str | None

    @classmethod
    def of(cls, found: Submission, files: Sequence[StoredFile], history: Sequence[Event]) -> "SubmissionOut":
        return cls(
            id=found.id,
            form_id=found.form_id,
            form_title=found.form_title,
            form_version=found.form_version,
            organisation_id=found.organisation_id,
            created_by=found.created_by,
            full_name=found.full_name,
            status=found.status,
            next_statuses=found.next_statuses,
            data=found.data,
            files=[FileOut.of(file) for file in files],
            history=[EventOut.of(event) for event in history],
            version=found.version,
            created_at=rfc3339(found.created_at),
            erased_at=rfc3339(found.erased_at) if found.erased_at else None,
        )


class OrganisationOut(BaseModel):
    id: int
    code: str
    name: str
    kind: str
    email: str | None
    active: bool
    version: int
    created_at: str
    members: int

    @classmethod
    def of(cls, found: Organisation) -> "OrganisationOut":
        return cls(**vars(found) | {"created_at": rfc3339(found.created_at)})


class MemberOut(BaseModel):
    person_id: int
    username: str
    full_name: str
    manager: bool
    joined_at: str

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(**vars(member) | {"joined_at": rfc3339(member.joined_at)})
