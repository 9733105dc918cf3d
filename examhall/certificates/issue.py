"""Issuing certificates: the facts are put together, signed and stored in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from examhall.base import clock
from examhall.base.db import Connection, many, maybe, one
from examhall.base.errors import Conflict, Malformed
from examhall.base.jobs import enqueue
from examhall.base.said import said
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change
from examhall.certificates.printing import facts_of
from examhall.certificates.serials import new_serial
from examhall.certificates.signing import Signed, Signer, canonical_json, publish_key
from examhall.certificates.templates import BadValues, NoSuchTemplate, TemplateInactive, check_values

SQL = beside(__file__)

MOST_AT_ONCE = 1_000
HOLDER_CHARS = 200
PURPOSE_CHARS = 300
TITLE_CHARS = 200
REQUEST_KEY_CHARS = 200
# Of one job that makes PDFs: a few seconds of work.
PRINTED_AT_ONCE = 100


class KeyUsedOtherwise(Conflict):
    """This Idempotency-Key came before with something else. Nothing was issued now."""


class BadCertificates(Malformed):
    """Not all of these certificates can be issued. Nothing was issued."""

    def __init__(self, problems: Sequence[Mapping[str, Any]]) -> None:
        first = problems[0]
        super().__init__(f"Number {first['number']}: {first['message']}", fields=list(problems[:100]))


@dataclass(frozen=True)
class Issuer:
    """In whose name this server signs."""

    signer: Signer
    name: str
    # Where people reach the server, without a slash at the end.
    url: str


@dataclass(frozen=True)
class Order:
    """One certificate to be issued. The holder's name may be left out where the account says it."""

    holder: str | None = None
    username: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Earned:
    """One certificate that the rules of an exam give."""

    candidate_id: int
    full_name: str
    sitting_id: int
    key_version: int
    score: Mapping[str, Any]


@dataclass(frozen=True)
class Issued:
    serial: str
    holder_name: str
    holder_id: int | None
    issued_at: datetime


@dataclass(frozen=True)
class TemplateToIssue:
    id: int
    version: int
    active: bool
    fields: list[dict[str, Any]]


@dataclass(frozen=True)
class _Id:
    id: int


@dataclass(frozen=True)
class _Batch:
    id: int
    asked: bytes


@dataclass(frozen=True)
class _Account:
    asked: str
    id: int
    full_name: str


@dataclass(frozen=True)
class _Exam:
    id: int
    title: str
    happened_at: datetime | None


@dataclass(frozen=True)
class Draft:
    """A certificate but for its serial and its signature."""

    holder: str
    holder_id: int | None
    fields: Mapping[str, str]
    sitting_id: int | None = None
    key_version: int | None = None
    score: Mapping[str, Any] | None = None


async def issue_certificates(
    conn: Connection,
    issuer: Issuer,
    *,
    template_id: int,
    title: str,
    purpose: str,
    orders: Sequence[Order],
    public: bool,
    issued_by: int,
    exam_id: int | None = None,
    request_key: str | None = None,
) -> list[Issued]:
    """Issue all of these or none, in their order.

    The same request again, by its key, is given what it issued the first time, even if both arrive at once:
    the unique index of the batches decides, and the second waits for the first. PDFs are made afterwards.
    """
    asked = sha256(
        canonical_json(
            [template_id, title, purpose, public, exam_id]
            + [[order.holder, order.username, dict(order.fields)] for order in orders]
        ).encode()
    ).digest()
    batch = await maybe(conn, SQL.claim_batch, _Id, issued_by=issued_by, request_key=request_key, asked=asked)
    if batch is None:
        before = await one(conn, SQL.find_batch, _Batch, issued_by=issued_by, request_key=request_key)
        if before.asked != asked:
            raise KeyUsedOtherwise
        return await many(conn, SQL.of_batch, Issued, batch_id=before.id)
    template = await template_to_issue(conn, template_id)
    drafts = await check_orders(conn, template, orders)
    exam = None
    if exam_id is not None:
        exam = await maybe(conn, SQL.find_exam, _Exam, exam_id=exam_id)
        if exam is None:
            raise BadCertificates(
                [{"number": 1, "field": "exam_id", "message": said("there is no such exam")}]
            )
    return await _insert(
        conn, issuer, template, drafts,
        title=title, purpose=purpose, public=public, exam=exam, issued_by=issued_by, batch_id=batch.id,
    )  # fmt: skip


async def issue_earned(
    conn: Connection,
    issuer: Issuer,
    *,
    template_id: int,
    title: str,
    exam_id: int,
    rule_id: int,
    fields: Mapping[str, str],
    public: bool,
    earned: Sequence[Earned],
    issued_by: int | None,
) -> list[Issued]:
    """Issue what a rule gives. Whoever has one by this rule, from another worker meanwhile, is left out."""
    template = await template_to_issue(conn, template_id)
    exam = await one(conn, SQL.find_exam, _Exam, exam_id=exam_id)
    drafts = [
        Draft(each.full_name, each.candidate_id, fields, each.sitting_id, each.key_version, each.score)
        for each in earned
    ]
    return await _insert(
        conn, issuer, template, drafts,
        title=title, purpose=exam.title, public=public, exam=exam, issued_by=issued_by, rule_id=rule_id,
    )  # fmt: skip


async def template_to_issue(conn: Connection, template_id: int) -> TemplateToIssue:
    """The template's latest version; refused where nothing is issued by it any more."""
    template = await maybe(conn, SQL.template_to_issue, TemplateToIssue, template_id=template_id)
    if template is None:
        raise NoSuchTemplate
    if not template.active:
        raise TemplateInactive
    return template


async def check_orders(conn: Connection, template: TemplateToIssue, orders: Sequence[Order]) -> list[Draft]:
    """What would be issued, in order; raises BadCertificates with every order that cannot be."""
    accounts = await accounts_of(conn, [order.username for order in orders if order.username])
    drafts, problems = [], []
    for number, order in enumerate(orders, 1):
        account = accounts.get(order.username.lower()) if order.username else None
        holder = " ".join((order.holder or (account.full_name if account else "")).split())
        if order.username and account is None:
            message = said("there is no account “{username}”", username=order.username)
            problems.append({"number": number, "field": "username", "message": message})
        elif not holder:
            problems.append(
                {"number": number, "field": "holder", "message": said("whose certificate is it?")}
            )
        else:
            try:
                values = check_values(template.fields, order.fields)
            except BadValues as bad:
                problems.append({"number": number, "field": bad.details["field"], "message": bad.detail})
            else:
                drafts.append(Draft(holder, account.id if account else None, values))
    if problems:
        raise BadCertificates(problems)
    return drafts


async def accounts_of(conn: Connection, usernames: Sequence[str]) -> dict[str, _Account]:
    """By their usernames or addresses in small letters, in one query."""
    if not usernames:
        return {}
    wanted = sorted({name.lower() for name in usernames})
    found = await many(conn, SQL.accounts_of, _Account, usernames=wanted)
    return {account.asked: account for account in found}


async def _insert(
    conn: Connection,
    issuer: Issuer,
    template: TemplateToIssue,
    drafts: Sequence[Draft],
    *,
    title: str,
    purpose: str,
    public: bool,
    exam: _Exam | None,
    issued_by: int | None,
    batch_id: int | None = None,
    rule_id: int | None = None,
) -> list[Issued]:
    issued_at = clock.now()
    common: dict[str, Any] = {
        "title": title,
        "purpose": purpose,
        "issued_at": issued_at,
        "issuer": issuer.name,
        "url": issuer.url,
    }
    about = None
    if exam is not None:
        about = {"title": exam.title}
        if exam.happened_at is not None:
            about["held_on"] = f"{exam.happened_at:%Y-%m-%d}"

    def sign_all() -> list[tuple[str, Signed]]:
        signed = []
        for each in drafts:
            serial = new_serial()
            facts = facts_of(
                serial=serial, holder=each.holder, fields=each.fields, exam=about, score=each.score, **common
            )
            signed.append((serial, issuer.signer.sign(facts)))
        return signed

    # Beside the event loop: a thousand signatures take a tenth of a second.
    signed = await asyncio.to_thread(sign_all)
    await publish_key(conn, issuer.signer)
    issued = await many(
        conn,
        SQL.insert_certificates,
        Issued,
        serials=[serial for serial, _ in signed],
        facts=[each.text for _, each in signed],
        signatures=[each.signature for _, each in signed],
        holder_names=[each.holder for each in drafts],
        holder_ids=[each.holder_id for each in drafts],
        sitting_ids=[each.sitting_id for each in drafts],
        key_versions=[each.key_version for each in drafts],
        key_id=issuer.signer.key_id,
        template_id=template.id,
        template_version=template.version,
        exam_id=exam.id if exam else None,
        rule_id=rule_id,
        public=public,
        issued_by=issued_by,
        issued_at=issued_at,
        batch_id=batch_id,
    )
    if issued:
        await announce_change(conn)
        serials = [each.serial for each in issued]
        chunks = [serials[at : at + PRINTED_AT_ONCE] for at in range(0, len(serials), PRINTED_AT_ONCE)]
        # Nobody waits for these: whoever asks for a PDF has it made.
        await enqueue(conn, "print_certificates", [{"serials": chunk} for chunk in chunks], priority=-10)
    return issued
