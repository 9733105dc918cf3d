"""The history of a sitting as a PDF for an appeal board: what happened, its digest and a signature."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from examhall.base.clock import rfc3339
from examhall.base.typesetting import Typesetter
from examhall.certificates.signing import Signed, Signer, base64url
from examhall.events.evidence import Evidence, Item, Step
from examhall.events.evidence_words import Translate, more_of, parts_of, plain, said
from examhall.web.numbers import numbers
from examhall.web.vendoring import FONTS

TEMPLATE = Path(__file__).with_name("evidence.typ")
# Ten thousand lines take some seconds; the process is nice to others.
LIMIT_S = 120.0
# Of one answer on paper; the signed facts in the file have it whole.
LONGEST = 600
FORMAT = "examhall-evidence/1"
# A long one takes some hundred megabytes: one after the other.
TURN = asyncio.Semaphore(1)


def _(message: str) -> str:
    """Marks a word for translation."""
    return message


WORDS = {
    "report": _("History of a sitting"), "candidate": _("Candidate"), "started": _("Started"),
    "ended": _("Ended"), "deadline": _("Deadline"), "answered": _("Answered"), "changes": _("Saves"),
    "result": _("Result"), "time": _("Time (UTC)"), "what": _("What happened"), "answer": _("Answer"),
    "received": _("received"), "digest": _("SHA-256 of the facts"), "signature": _("Signature (Ed25519)"),
    "key": _("Key"), "page": _("Page"), "made": _("Made for"), "given": _("Time given"),
    "proof": _("The facts lie in this file as an attachment, as they were signed. Whoever has the server's"
               " public key can check that they are unchanged."),
    "hidden": _("Without answers: made for somebody who may not see them."),
    "cut": _("There are more saves than are listed here."),
}  # fmt: skip


class Facts(NamedTuple):
    """What is signed, byte for byte, and its digest."""

    signed: Signed
    sha256: str

    @property
    def attachment(self) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "facts": self.signed.text,
                "signature": base64url(self.signed.signature),
                "key_id": self.signed.key_id,
            },
            ensure_ascii=False,
        )


def signed_facts(evidence: Evidence, signer: Signer, *, with_answers: bool) -> Facts:
    """Every step with its instants to the microsecond, as canonical JSON with the server's signature."""
    sitting = evidence.sitting
    facts = {
        "kind": FORMAT,
        "sitting": {
            "id": sitting.id,
            "exam_id": sitting.exam_id,
            "exam": sitting.title,
            "candidate_id": sitting.candidate_id,
            "candidate": sitting.full_name,
            "attempt": sitting.attempt_number,
            "started_at": _exact(sitting.started_at),
            "deadline_at": _exact(sitting.deadline_at),
            "closed_at": _exact(sitting.closed_at) if sitting.closed_at else None,
            "closed_by": sitting.closed_by,
        },
        "with_answers": with_answers,
        "complete": not evidence.is_cut,
        "steps": [_fact(step) for step in evidence.steps],
        "made_at": _exact(evidence.read_at),
    }
    signed = signer.sign(facts)
    return Facts(signed, hashlib.sha256(signed.text.encode()).hexdigest())


def _fact(step: Step) -> dict[str, Any]:
    fact: dict[str, Any] = {"at": _exact(step.at), "what": step.what}
    if step.full_name:
        fact["by"] = step.full_name
    if step.details:
        # Numbers of people's documents need not have a canonical form; their text has.
        fact["details"] = json.dumps(step.details, sort_keys=True, ensure_ascii=False)
    if step.change is not None:
        change = step.change
        fact |= {
            "question": f"{change.question_number}{change.sub_part}",
            "answer": json.dumps(change.answer, sort_keys=True, ensure_ascii=False),
            "revision": change.revision,
            "received_at": _exact(change.received_at),
            "effect": step.effect,
        }
    return fact


def _exact(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _line(
    step: Step, items: Mapping[tuple[int, str], Item], translate: Translate, *, with_answers: bool
) -> list[str]:
    """When, what, what else is known of it, and the answer."""
    more = more_of(step, translate)
    answer = ""
    if step.change is not None:
        received_at = step.change.received_at.astimezone(UTC)
        more.append(f"{translate(WORDS['received'])} {received_at:%H:%M:%S.%f}"[:-3])
        if with_answers:
            item = items.get((step.change.question_number, step.change.sub_part))
            answer = plain(parts_of(item, step.change.answer, translate))
    if len(answer) > LONGEST:
        answer = f"{answer[:LONGEST]}…"
    at = step.at.astimezone(UTC)
    sentence = said(step, translate, with_answers=with_answers)
    return [f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}", sentence, " · ".join(more), answer]


async def print_evidence(
    evidence: Evidence,
    facts: Facts,
    translate: Translate,
    *,
    reader: str,
    with_answers: bool,
    language: str,
    url: str,
) -> bytes:
    """A4, as many pages as it takes, by a process of its own; `TypesetterGone` if that takes too long."""
    sitting = evidence.sitting
    items = {(item.question_number, item.sub_part): item for item in evidence.items}
    result = "–"
    if sitting.points is not None and sitting.max_points is not None:
        result = " / ".join(numbers(language).points(float(n)) for n in (sitting.points, sitting.max_points))
    data = {
        "words": {name: translate(word) for name, word in WORDS.items()},
        "language": language,
        "title": sitting.title,
        "name": sitting.full_name or str(sitting.candidate_id),
        "number": str(sitting.id),
        "facts": [
            [translate(WORDS[name]), value]
            for name, value in (
                ("candidate", f"{sitting.full_name or ''} ({sitting.username or sitting.candidate_id})"),
                ("started", rfc3339(sitting.started_at)),
                ("deadline", rfc3339(sitting.deadline_at)),
                ("ended", rfc3339(sitting.closed_at) if sitting.closed_at else "–"),
                ("given", f"{sitting.granted_s // 60} min"),
                ("answered", f"{evidence.answered} / {len(evidence.items)}"),
                ("changes", str(evidence.changes)),
                ("result", result),
            )
        ],
        "strip": [[bucket.changes, bucket.is_cut_off] for bucket in evidence.strip],
        "lines": [_line(step, items, translate, with_answers=with_answers) for step in evidence.steps],
        "with_answers": with_answers,
        "cut": evidence.is_cut,
        "sha256": facts.sha256,
        "signature": base64url(facts.signed.signature),
        "key_id": facts.signed.key_id,
        "reader": reader,
        "made": f"{evidence.read_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "url": url,
    }
    inputs = {"data": json.dumps(data, ensure_ascii=False), "attachment": facts.attachment}
    async with TURN:
        return await _set(inputs, int(evidence.read_at.timestamp()))


async def _set(inputs: dict[str, str], timestamp: int) -> bytes:
    typesetter = Typesetter(FONTS, limit_s=LIMIT_S)
    try:
        return await typesetter.pdf(TEMPLATE.read_text(encoding="utf-8"), inputs, timestamp=timestamp)
    finally:
        await typesetter.close()
