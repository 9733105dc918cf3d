"""Corrections of an exam's key over the API: bytes to values and back."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field
from starlette.responses import Response

from examhall.accounts.access import STAFF, CrossSite, NotSignedIn, Person, Staff, WrongRole
from examhall.accounts.tokens import TokenInvalid
from examhall.base.clock import rfc3339
from examhall.base.errors import NotFound, Refusal, SomebodyWasFaster
from examhall.base.wire import Db, Id, refusals
from examhall.exams.correcting import MadeCorrection, list_corrections
from examhall.exams.correction import BadCorrection, CorrectedSince, Correction, Edit, NothingToCorrect
from examhall.scoring.preview import Preview, Side, preview_correction
from examhall.scoring.rescore import Changed, Progress, apply_correction, progress_of, results_changed

router = APIRouter(tags=["Corrections"])

ASKED = (
    NotSignedIn,
    TokenInvalid,
    WrongRole,
    CrossSite,
    NotFound,
    BadCorrection,
    CorrectedSince,
    NothingToCorrect,
)
ETAG = re.compile(r'"?([0-9]{1,9})"?')


class VersionMissing(Refusal):
    """Say which version of the exam this is about: If-Match with the version that the preview told."""

    status = 428


class ItemChangeOut(BaseModel):
    question_number: int
    sub_part: str
    kind: str
    key_before: dict[str, Any]
    key_after: dict[str, Any]
    points_before: float
    points_after: float

    @classmethod
    def of(cls, edit: Edit) -> "ItemChangeOut":
        return cls(
            question_number=edit.before.question_number,
            sub_part=edit.before.sub_part,
            kind=edit.before.kind,
            key_before=edit.before.key,
            key_after=edit.key,
            points_before=float(edit.before.points),
            points_after=float(edit.points),
        )


class SideOut(BaseModel):
    max_points: float
    mean_points: float
    mean_percent: float
    bands: list[int] = Field(description="How many results lie in each tenth of all points, from the lowest.")
    passed: int | None = Field(description="null where the exam has no pass mark.")

    @classmethod
    def of(cls, side: Side) -> "SideOut":
        return cls(**side._asdict())


class MoverOut(BaseModel):
    session_id: int
    username: str
    full_name: str
    points_before: float
    points_after: float


class PreviewOut(BaseModel):
    version: int = Field(description="What If-Match says when the correction is applied.")
    items: list[ItemChangeOut]
    sittings: int
    waiting: int = Field(description="Handed in, not yet marked by the key as it is, so not in the figures.")
    up: int
    down: int
    same: int
    before: SideOut | None
    after: SideOut | None
    newly_passed: int | None
    newly_failed: int | None
    movers: list[MoverOut] = Field(description="The largest moves in points, at most 20.")

    @classmethod
    def of(cls, found: Preview) -> "PreviewOut":
        return cls(
            version=found.exam.version,
            items=[ItemChangeOut.of(edit) for edit in found.edits],
            sittings=found.sittings,
            waiting=found.waiting,
            up=found.up,
            down=found.down,
            same=found.sittings - found.up - found.down,
            before=SideOut.of(found.before) if found.before else None,
            after=SideOut.of(found.after) if found.after else None,
            newly_passed=found.newly_passed,
            newly_failed=found.newly_failed,
            movers=[
                MoverOut(session_id=mover.sitting_id, **dict(list(mover._asdict().items())[1:]))
                for mover in found.movers
            ],
        )


class CorrectedOut(BaseModel):
    version: int
    key_version: int


class ProgressOut(BaseModel):
    sittings: int
    marked: int = Field(description="By the newest key; the correction is complete when all are.")


class CorrectionOut(BaseModel):
    key_version: int
    corrected_at: str
    corrected_by: str | None
    reason: str
    document: dict[str, Any] = Field(description="The correction as it was sent.")
    changes: list[dict[str, Any]] = Field(description="What each item was changed from and to.")
    replaced: int = Field(description="How many results it replaced so far.")
    up: int
    down: int

    @classmethod
    def of(cls, made: MadeCorrection, changed: Changed | None) -> "CorrectionOut":
        return cls(
            **vars(made) | {"corrected_at": rfc3339(made.corrected_at)},
            replaced=changed.replaced if changed else 0,
            up=changed.up if changed else 0,
            down=changed.down if changed else 0,
        )


class CorrectionsOut(BaseModel):
    progress: ProgressOut
    items: Sequence[CorrectionOut]

    @classmethod
    def of(
        cls, made: Sequence[MadeCorrection], changed: dict[int, Changed], progress: Progress
    ) -> "CorrectionsOut":
        return cls(
            progress=ProgressOut(**vars(progress)),
            items=[CorrectionOut.of(each, changed.get(each.key_version)) for each in made],
        )


@router.post(
    "/exams/{exam_id}/corrections/preview",
    summary="What a correction of the key would do to everybody",
    responses=refusals(*ASKED),
)
async def post_preview(
    exam_id: Id, correction: Correction, _me: Annotated[Person, Staff("author")], db: Db, response: Response
) -> PreviewOut:
    """Nothing is written. The figures are those that the correction itself would lead to."""
    async with db.transaction() as conn:
        found = await preview_correction(conn, exam_id=exam_id, correction=correction)
    response.headers["ETag"] = f'"{found.exam.version}"'
    return PreviewOut.of(found)


@router.post(
    "/exams/{exam_id}/corrections",
    status_code=202,
    summary="Correct the key and have everybody marked again",
    responses=refusals(*ASKED, SomebodyWasFaster, VersionMissing),
)
async def post_correction(
    exam_id: Id,
    correction: Correction,
    me: Annotated[Person, Staff("author")],
    db: Db,
    response: Response,
    if_match: Annotated[str | None, Header(description="The exam's version, as the preview told it.")] = None,
) -> CorrectedOut:
    """The corrected key counts at once; marking everybody again goes on in the background.

    Sending the same again is refused with 412, so a repeat after a lost reply does no harm.
    """
    version = ETAG.fullmatch(if_match or "")
    if version is None:
        raise VersionMissing
    async with db.transaction() as conn:
        exam = await apply_correction(
            conn, exam_id=exam_id, version=int(version[1]), correction=correction, corrected_by=me.id
        )
    response.headers["ETag"] = f'"{exam.version}"'
    return CorrectedOut(version=exam.version, key_version=exam.key_version)


@router.get(
    "/exams/{exam_id}/corrections",
    summary="Corrections made so far, newest first, and how far the marking is",
    responses=STAFF | refusals(NotFound),
)
async def get_corrections(
    exam_id: Id, _me: Annotated[Person, Staff("author", "analyst")], db: Db
) -> CorrectionsOut:
    async with db.transaction() as conn:
        made = await list_corrections(conn, exam_id)
        return CorrectionsOut.of(made, await results_changed(conn, exam_id), await progress_of(conn, exam_id))
