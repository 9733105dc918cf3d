"""Checks of one exam before its day: its window, who is to come and how, its pictures, what was rehearsed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from examhall.base.db import Connection, maybe
from examhall.base.sqlfile import beside
from examhall.ops.preflight.finding import Finding, failed, graded, passed, warned
from examhall.ops.preflight.network import is_loopback

SQL = beside(__file__)

MB = 1024 * 1024
# Every candidate loads them, in the minute of the start.
PICTURES, LARGEST_PICTURE = 5 * MB, MB


@dataclass(frozen=True)
class ExamFacts:
    id: int
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    now: datetime
    # People that the exam is for; 0: for everybody.
    expected: int
    with_ticket: int
    # With neither a ticket nor a password.
    locked_out: int
    items: int
    picture_bytes: int
    largest_picture: int
    sealed_before_s: int | None


async def read_exam(conn: Connection, *, exam_id: int) -> ExamFacts | None:
    return await maybe(conn, SQL.exam_facts, ExamFacts, exam_id=exam_id)


def check_window(exam: ExamFacts) -> Finding:
    mend = "correct opens_at, closes_at or the duration"
    if exam.closes_at is not None and exam.closes_at <= exam.now:
        return failed("exam_window", f"“{exam.title}” was over at {_when(exam.closes_at)}", mend)
    if exam.opens_at is None:
        return warned("exam_window", f"“{exam.title}” has no opening: it can be sat at any time", mend)
    if exam.opens_at <= exam.now:
        return warned("exam_window", f"“{exam.title}” is open since {_when(exam.opens_at)}", mend)
    duration = timedelta(seconds=exam.duration_s)
    if exam.closes_at is not None and exam.closes_at - exam.opens_at < duration:
        found = f"the window is shorter than the {exam.duration_s // 60} minutes that candidates are given"
        return warned("exam_window", found, mend)
    return passed("exam_window", f"“{exam.title}” opens at {_when(exam.opens_at)}")


def check_content(exam: ExamFacts) -> Finding:
    if exam.items == 0:
        return failed("exam_content", "there is nothing to answer", "import the exam's questions")
    return passed("exam_content", f"{exam.items} answers to give")


def check_candidates(exam: ExamFacts) -> Finding:
    """Everybody who is to come can come in."""
    if exam.expected == 0:
        mend = "assign the candidates, if it is for some only"
        return warned("exam_candidates", "nobody is assigned: everybody with an account may sit it", mend)
    found = f"{exam.expected:,} are to come, {exam.with_ticket:,} with a ticket"
    if exam.locked_out:
        found = f"{exam.locked_out:,} of {exam.expected:,} candidates have neither a ticket nor a password"
        return failed("exam_candidates", found, f"examhall tickets {exam.id}")
    return passed("exam_candidates", found)


def check_pictures(exam: ExamFacts) -> Finding:
    found = f"{exam.picture_bytes / MB:.1f} MB of pictures, the largest {exam.largest_picture / MB:.1f} MB"
    mend = "save them smaller (WebP, 1600 pixels wide): everybody loads them in the same minute"
    large = exam.picture_bytes > PICTURES or exam.largest_picture > LARGEST_PICTURE
    return graded("exam_pictures", found, mend, fails=exam.picture_bytes > 10 * PICTURES, warns=large)


def check_sealed(exam: ExamFacts, url: str) -> Finding:
    """Browsers decrypt for pages from https and from the machine itself, and for no others."""
    if exam.sealed_before_s is None:
        return passed("exam_sealed", "the paper is not sealed")
    if not url.startswith("https://") and not is_loopback(url):
        found = f"the paper is sealed, and browsers cannot open it at {url}: all get it with the start"
        return warned("exam_sealed", found, "serve it by https, and say so in EXAMHALL_URL")
    hours = exam.sealed_before_s / 3600
    return passed("exam_sealed", f"the sealed paper can be downloaded from {hours:g} h before the opening")


@dataclass(frozen=True)
class Rehearsal:
    exam_id: int | None
    candidates: int
    holds: bool
    lost: bool
    opened_at: str


def read_rehearsals(folder: Path) -> list[Rehearsal]:
    """What `examhall rehearse` wrote, the latest last. What it did not write is passed over."""
    return sorted(_rehearsals(folder), key=lambda each: each.opened_at)


def _rehearsals(folder: Path) -> Iterator[Rehearsal]:
    for path in folder.glob("*.json"):
        try:
            written = json.loads(path.read_text(encoding="utf-8"))
            verdict = written["verdict"]
            yield Rehearsal(
                exam_id=written["setting"].get("exam_id"),
                candidates=int(verdict["candidates"]),
                holds=bool(verdict["holds"]),
                lost=bool(verdict["findings"].get("lost")),
                opened_at=str(written["opens_at"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue


def check_rehearsed(exam: ExamFacts, rehearsals: list[Rehearsal]) -> Finding:
    """The newest rehearsal of each size counts: what held in spring may not hold now."""
    mend = f"examhall rehearse --exam {exam.id} --candidates {max(exam.expected, 1)}"
    if not rehearsals:
        return warned("exam_rehearsed", "no rehearsal was held on this machine", mend)
    newest = {each.candidates: each for each in rehearsals}
    held = max((size for size, each in newest.items() if each.holds), default=0)
    if any(each.lost for each in newest.values()):
        return failed(
            "exam_rehearsed", "answers were lost in a rehearsal", "look at its report in DATA/rehearsals"
        )
    if held < exam.expected:
        found = f"{held:,} candidates were rehearsed and held, {exam.expected:,} are to come"
        return failed("exam_rehearsed", found, mend)
    if exam.expected == 0:
        return warned("exam_rehearsed", f"{held:,} candidates held; how many come, nobody knows", mend)
    return passed("exam_rehearsed", f"{held:,} candidates held on {newest[held].opened_at[:10]}")


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
