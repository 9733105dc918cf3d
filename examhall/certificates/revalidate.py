"""What becomes of certificates when a key is corrected: most stand, some are replaced, some reviewed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, Database, many, run
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change
from examhall.certificates.issue import Earned, Issuer, issue_earned
from examhall.certificates.rules import score_of

SQL = beside(__file__)

# Looked at in one transaction; each may be signed anew.
CHUNK = 200
# Read by whoever checks a certificate that was revoked without anybody's doing.
NOT_EARNED = "Not earned any more by the corrected key of the exam"
NOT_PASSED = "Not earned any more by the new pass mark of the exam"


@dataclass(frozen=True)
class Revalidated:
    """What became of certificates: those that say the same are not counted."""

    replaced: int = 0
    to_review: int = 0
    revoked: int = 0

    def __add__(self, other: "Revalidated") -> "Revalidated":
        return Revalidated(
            self.replaced + other.replaced, self.to_review + other.to_review, self.revoked + other.revoked
        )


@dataclass(frozen=True)
class _Outdated:
    id: int
    holder_id: int
    holder_name: str
    rule_id: int
    on_correction: str
    template_id: int
    template_active: bool
    title: str
    fields: dict[str, str]
    public: bool
    created_by: int | None
    exam_id: int
    given_by: int | None
    new_key: int
    # As it was signed.
    score: dict[str, Any] | None
    # By the key as it is; without a sitting the rule gives them none.
    sitting_id: int | None
    points: float | None
    max_points: float | None
    place: int | None
    participants: int | None
    scaled: float | None

    @property
    def is_earned(self) -> bool:
        return self.sitting_id is not None

    @property
    def reason(self) -> str:
        """Why it is taken back, if it is."""
        return NOT_PASSED if self.given_by == self.new_key else NOT_EARNED

    @property
    def found(self) -> dict[str, Any]:
        if self.points is None or self.max_points is None:
            return {}
        score = score_of(
            self.points,
            self.max_points,
            place=self.place,
            participants=self.participants,
            scaled=self.scaled,
        )
        return {name: value for name, value in score.items() if value is not None}


@dataclass(frozen=True)
class _Successor:
    id: int
    holder_id: int


async def revalidate_certificates(
    database: Database, issuer: Issuer, *, exam_id: int | None = None
) -> Revalidated:
    """Look again at the certificates by rule that an older version of the key gave, of one exam or of all.

    One whose score or place is another now is replaced: a new one with a new serial, to which the old one
    leads. One that is not earned any more waits for a person, stands, or is revoked, as its rule says.
    Nothing is done before the exam is settled by the key as it is, its results are released, and, where the
    rule needs it, it is calibrated. Killed anywhere, what was committed stands and the rest follows with the
    next call; two workers take different certificates.
    """
    done, seen = Revalidated(), CHUNK
    while seen == CHUNK:
        async with database.transaction() as conn:
            outdated = await many(conn, SQL.list_outdated, _Outdated, exam_id=exam_id, limit=CHUNK)
            done += await _look_again(conn, issuer, outdated)
            seen = len(outdated)
            if seen < CHUNK:
                await run(conn, SQL.hold_rules, exam_id=exam_id)
                await run(conn, SQL.mark_validated, exam_id=exam_id)
    return done


async def _look_again(conn: Connection, issuer: Issuer, outdated: Sequence[_Outdated]) -> Revalidated:
    if not outdated:
        return Revalidated()
    same: list[_Outdated] = []
    replaced: list[_Outdated] = []
    revoked: list[_Outdated] = []
    review: list[_Outdated] = []
    for each in outdated:
        if each.is_earned and each.found == (each.score or {}):
            same.append(each)
        elif each.is_earned:
            # By a template that is not used any more nothing is issued: a person decides.
            (replaced if each.template_active else review).append(each)
        elif each.on_correction == "review":
            review.append(each)
        elif each.on_correction == "revoke":
            revoked.append(each)
    # All of them, those that stand although they are not earned too.
    await run(conn, SQL.mark_seen, **_ids_and_keys(outdated))
    await run(conn, SQL.earned_again, ids=[each.id for each in [*same, *replaced]])
    if review:
        await run(
            conn,
            SQL.ask_for_review,
            **_ids_and_keys(review),
            exam_ids=[each.exam_id for each in review],
            found=[Jsonb(each.found) for each in review],
        )
    if revoked or replaced:
        for reason in (NOT_EARNED, NOT_PASSED):
            ids = [each.id for each in [*revoked, *replaced] if each.reason == reason]
            await run(conn, SQL.revoke, ids=ids, reason=reason)
        await _replace(conn, issuer, replaced)
        await announce_change(conn)
    return Revalidated(len(replaced), len(review), len(revoked))


async def _replace(conn: Connection, issuer: Issuer, replaced: Sequence[_Outdated]) -> None:
    """Each gets a new one in the place of the old, which is revoked in this transaction."""
    alike = attrgetter("rule_id", "public")
    for _, group in groupby(sorted(replaced, key=alike), alike):
        its = list(group)
        rule = its[0]
        await issue_earned(
            conn,
            issuer,
            template_id=rule.template_id,
            title=rule.title,
            exam_id=rule.exam_id,
            rule_id=rule.rule_id,
            fields=rule.fields,
            public=rule.public,
            earned=[
                Earned(each.holder_id, each.holder_name, each.sitting_id or 0, each.new_key, each.found)
                for each in its
            ],
            issued_by=rule.created_by,
        )
        await run(conn, SQL.lead_on, ids=[each.id for each in its])


def _ids_and_keys(outdated: Sequence[_Outdated]) -> dict[str, list[int]]:
    return {"ids": [each.id for each in outdated], "keys": [each.new_key for each in outdated]}
