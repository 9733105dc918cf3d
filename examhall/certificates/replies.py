"""What goes in and out over the API of certificates."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from examhall.base.clock import rfc3339
from examhall.base.said import said
from examhall.base.wire import LARGEST_ID, Body, Text
from examhall.certificates import issue, templates
from examhall.certificates.gallery import Listed

Name = Annotated[Text, Field(min_length=1, max_length=templates.NAME_CHARS)]
Kind = Annotated[Text, Field(min_length=1, max_length=templates.CATEGORY_CHARS)]
Value = Annotated[Text, Field(max_length=templates.VALUE_CHARS)]
Fields = Annotated[dict[Text, Value], Field(max_length=templates.FIELDS)]


class TemplateField(Body):
    """One that a template asks for beyond the holder, the title and what it is for."""

    name: Annotated[Text, Field(pattern=templates.FIELD_NAME.pattern + "$", max_length=40)]
    label: Annotated[Text, Field(min_length=1, max_length=templates.LABEL_CHARS)]
    required: bool = False
    example: Value = ""


class NewTemplate(Body):
    name: Name
    category: Kind
    variant: Kind
    public: bool = False
    fields: Annotated[list[TemplateField], Field(max_length=templates.FIELDS)] = Field([])
    source: Annotated[Text, Field(min_length=1, max_length=templates.SOURCE_CHARS, description="Typst.")]

    def values(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "category": self.category,
            "variant": self.variant,
            "public": self.public,
            "fields": [each.model_dump() for each in self.fields],
            "source": self.source,
        }


class EditedTemplate(NewTemplate):
    active: bool = True
    version: Annotated[int, Field(ge=1)] | None = None


class TemplateOut(BaseModel):
    id: int
    name: str
    category: str
    variant: str
    public: bool
    active: bool
    version: int
    created_by: int | None
    created_at: str
    fields: Sequence[TemplateField]
    picture_url: str
    source: str

    @classmethod
    def of(cls, template: templates.Template) -> "TemplateOut":
        return cls(**cls.listed(template), source=template.source)

    @staticmethod
    def listed(template: templates.Template | templates.ListedTemplate) -> dict[str, Any]:
        return {
            "id": template.id,
            "name": template.name,
            "category": template.category,
            "variant": template.variant,
            "public": template.public,
            "active": template.active,
            "version": template.version,
            "created_by": template.created_by,
            "created_at": rfc3339(template.created_at),
            "fields": template.fields,
            "picture_url": f"/certificates/templates/{template.id}/{template.source_version}/picture",
        }


class PublicTemplateOut(BaseModel):
    id: int
    name: str
    category: str
    variant: str
    version: int
    fields: Sequence[TemplateField]
    created_at: str
    picture_url: str


class TemplatesOut(BaseModel):
    items: Sequence[PublicTemplateOut]
    next_cursor: str | None


class CertificateOut(BaseModel):
    serial: str
    title: str
    holder: str
    purpose: str = Field(serialization_alias="for", validation_alias="for")
    issuer: str
    issued_at: str
    category: str
    variant: str
    verify_url: str
    pdf_url: str
    picture_url: str


class HeldOut(CertificateOut):
    public: bool
    revoked_at: str | None

    @classmethod
    def of(cls, listed: Listed) -> "HeldOut":
        revoked_at = rfc3339(listed.revoked_at) if listed.revoked_at else None
        return cls(**listed.as_item(), public=listed.public, revoked_at=revoked_at)


class PublicOut(BaseModel):
    items: Sequence[CertificateOut]
    next_cursor: str | None


class VisibilityIn(Body):
    public: bool


class HolderIn(Body):
    holder: Annotated[Text, Field(min_length=1, max_length=issue.HOLDER_CHARS)] | None = Field(
        None, description="As it stands on the certificate; without it the account's name."
    )
    username: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    fields: Fields = Field({})


class IssueIn(Body):
    """One certificate, by `holder` or `username`, or many in `certificates`."""

    template_id: Annotated[int, Field(ge=1, le=LARGEST_ID)]
    title: Annotated[Text, Field(min_length=1, max_length=issue.TITLE_CHARS)]
    purpose: Annotated[Text, Field(alias="for", min_length=1, max_length=issue.PURPOSE_CHARS)]
    public: bool = False
    exam_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    fields: Fields = Field({}, description="The same on each.")
    holder: Annotated[Text, Field(min_length=1, max_length=issue.HOLDER_CHARS)] | None = None
    username: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    certificates: Annotated[list[HolderIn], Field(min_length=1, max_length=issue.MOST_AT_ONCE)] | None = None

    @model_validator(mode="after")
    def _one_or_many(self) -> "IssueIn":
        if (self.certificates is None) == (self.holder is None and self.username is None):
            raise ValueError(said("either holder or username, or certificates"))
        return self

    @property
    def orders(self) -> Sequence[HolderIn]:
        return self.certificates or [HolderIn(holder=self.holder, username=self.username, fields={})]


class IssuedOut(BaseModel):
    serial: str
    holder: str
    issued_at: str
    verify_url: str
    pdf_url: str

    @classmethod
    def of(cls, issued: issue.Issued) -> "IssuedOut":
        return cls(
            serial=issued.serial,
            holder=issued.holder_name,
            issued_at=rfc3339(issued.issued_at),
            verify_url=f"/verify/{issued.serial}",
            pdf_url=f"/api/v1/certificates/{issued.serial}/pdf",
        )


class IssuesOut(BaseModel):
    items: Sequence[IssuedOut]
