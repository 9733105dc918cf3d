"""What a scenario makes of everybody's result: pure, arrays in, an `Outcome` out.

Of one exam every sitting is a result. Several exams are combined by candidate: the first attempts of those
who sat all of them, points added up. The same inputs give the same bytes, whatever the order in which they
were read, and a scenario that changes nothing gives the official result to the last digit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examhall.analyses.arithmetic import THOUSAND, Whole, exact, mean_of
from examhall.analyses.candidates import NONE, pack
from examhall.analyses.comparing import Standing, agreement_of, moves_of, side_of
from examhall.analyses.curves import curved, grades_of, passes, scaled
from examhall.analyses.outcome import ExamUsed, Outcome, Question, Told
from examhall.analyses.remarking import Sat, new_points_of
from examhall.analyses.subgroups import Grouped, Membership, by_group

# What was done, and how far of all that is: from 0 to 1.
Tell = Callable[[str, float], None]
# Shares of the whole, by what they took of a million answers.
MARKED, TOTALLED, COMPARED = 0.6, 0.7, 0.8
PLACES = 6


@dataclass(frozen=True)
class _Exam:
    """One exam's sittings that count, each in its row."""

    sat: Sat
    rows: Whole
    excluded: int
    earned: Whole
    worth: Sequence[int]

    @property
    def most(self) -> Whole:
        """Of each sitting what all of its questions are worth."""
        return self.sat.presented.astype(np.int64) @ np.array(self.worth, np.int64)


def what_if(
    document: Mapping[str, Any], exams: Sequence[Sat], membership: Membership | None, tell: Tell
) -> Outcome:
    """Everybody's result by the scenario beside the official one.

    `document` is a scenario (analyses/document.py) whose bands and scale are spelled out. Its changes of
    questions are worked out in the items of `exams`, which are in the order of their ids.
    """
    read = [_read(document, sat, tell, number / len(exams)) for number, sat in enumerate(exams)]
    tell("totalling", MARKED)
    together, incomplete = _together(read)
    joined = _joined(read, together)
    tell("comparing", TOTALLED)
    standings = _standings(document, joined, read)
    official, new = standings
    bands = document.get("grade_bands")
    names = None if bands is None else [band["name"] for band in bands]
    grouped = None
    if membership is not None:
        tell("by_group", COMPARED)
        grouped = by_group(
            membership,
            candidate_ids=joined.candidate_ids,
            official=official,
            new=new,
            bands=len(bands or ()),
            earned=np.concatenate([exam.earned[rows] for exam, rows in zip(read, together, strict=True)], 1),
            presented=np.concatenate(
                [exam.sat.presented[rows] for exam, rows in zip(read, together, strict=True)], 1
            ),
            worth=[most for exam in read for most in exam.worth],
            labels=[
                {
                    "exam_id": exam.sat.exam_id,
                    "question_number": item.question_number,
                    "sub_part": item.sub_part,
                }
                for exam in read
                for item in exam.sat.items
            ],
            tell=lambda share: tell("by_group", COMPARED + (1 - COMPARED) * share),
        )
    pass_mark = document.get("pass_mark")
    told = Told(
        exams=[
            ExamUsed(
                exam.sat.exam_id,
                exam.sat.title,
                exam.sat.key_version,
                len(exam.rows),
                exam.sat.waiting,
                exam.excluded,
            )
            for exam in read
        ],
        candidates=len(joined.candidate_ids),
        incomplete=incomplete,
        bands=None if bands is None else [dict(band) for band in bands],
        pass_percent=None if pass_mark is None else float(pass_mark["percent"]),
        scale=document.get("scale"),
        official=side_of(official, len(bands or ())),
        new=side_of(new, len(bands or ())),
        moves=moves_of(official, new, names, joined.sitting_ids, joined.candidate_ids),
        agreement=agreement_of(official, new),
        questions=[
            question for exam, rows in zip(read, together, strict=True) for question in _questions(exam, rows)
        ],
        groups=grouped.told if grouped else None,
    )
    return Outcome(told, _packed(joined, official, new, names or [], grouped))


def _read(document: Mapping[str, Any], sat: Sat, tell: Tell, share: float) -> _Exam:
    tell("marking", MARKED * share)
    excluded = np.isin(sat.sitting_ids, np.array(document.get("exclude_sittings", ()), np.int64))
    below = document.get("exclude_below_minutes")
    if below is not None:
        least_s = exact(below) * 60
        # In whole numbers: n seconds are fewer than p/q if n q < p.
        excluded |= sat.seconds * least_s.denominator < least_s.numerator
    earned, worth = new_points_of(document, sat)
    return _Exam(sat, np.flatnonzero(~excluded), int(excluded.sum()), earned, worth)


def _together(read: Sequence[_Exam]) -> tuple[list[Whole], int]:
    """The rows of each exam that make one result each, and how many sat some of the exams only."""
    if len(read) == 1:
        return [read[0].rows], 0
    firsts = []
    for exam in read:
        rows = exam.rows[exam.sat.attempts[exam.rows] == 1]
        firsts.append(rows[np.argsort(exam.sat.candidate_ids[rows], kind="stable")])
    candidates = [exam.sat.candidate_ids[rows] for exam, rows in zip(read, firsts, strict=True)]
    anybody = np.unique(np.concatenate(candidates))
    everywhere = anybody
    for each in candidates:
        everywhere = np.intersect1d(everywhere, each)
    kept = [rows[np.isin(who, everywhere)] for rows, who in zip(firsts, candidates, strict=True)]
    # In the order of the first exam's sittings.
    order = np.argsort(read[0].sat.sitting_ids[kept[0]], kind="stable")
    return [rows[order] for rows in kept], len(anybody) - len(everywhere)


@dataclass(frozen=True)
class _Joined:
    sitting_ids: Whole
    candidate_ids: Whole
    official_points: Whole
    official_most: Whole
    new_points: Whole
    # Of each one's own questions: where some were drawn, those may be worth different points.
    new_most: Whole
    # By exam, for those whose own pass marks hold.
    by_exam: Sequence[tuple[Sat, Whole, Whole, Whole]]


def _joined(read: Sequence[_Exam], together: Sequence[Whole]) -> _Joined:
    by_exam = [
        (exam.sat, rows, exam.earned[rows].sum(axis=1), exam.most[rows])
        for exam, rows in zip(read, together, strict=True)
    ]
    first, rows = read[0].sat, together[0]
    zeros = np.zeros(len(rows), np.int64)
    return _Joined(
        sitting_ids=first.sitting_ids[rows],
        candidate_ids=first.candidate_ids[rows],
        official_points=sum((sat.points[each] for sat, each, _, _ in by_exam), zeros),
        official_most=sum((sat.max_points[each] for sat, each, _, _ in by_exam), zeros),
        new_points=sum((points for _, _, points, _ in by_exam), zeros),
        new_most=sum((most for _, _, _, most in by_exam), zeros),
        by_exam=by_exam,
    )


def _standings(
    document: Mapping[str, Any], joined: _Joined, read: Sequence[_Exam]
) -> tuple[Standing, Standing]:
    bands = document.get("grade_bands")
    most = joined.new_most
    # Curves and scales are of one total: who can get less is put on the largest, and back again.
    whole = int(most.max()) if len(most) else 0
    moved = curved(_onto(joined.new_points, most, whole), whole, document.get("curve") or {})
    points = _onto(moved, whole, most)
    scale = document.get("scale")
    official = Standing(
        joined.official_points,
        joined.official_most,
        _passed_each([(sat, sat.points[rows], sat.max_points[rows]) for sat, rows, _, _ in joined.by_exam]),
        None if bands is None else grades_of(joined.official_points, joined.official_most, bands),
        None,
    )
    pass_mark = document.get("pass_mark")
    if pass_mark is not None:
        passed: NDArray[np.bool_] | None = passes(points, most, exact(pass_mark["percent"]))
    elif len(read) == 1:
        passed = _passed_each([(read[0].sat, points, most)])
    else:
        # A curve moves the sum, and no exam by itself.
        passed = _passed_each(
            [(sat, np.clip(each, 0, worth), worth) for sat, _, each, worth in joined.by_exam]
        )
    return official, Standing(
        points,
        most,
        passed,
        None if bands is None else grades_of(points, most, bands),
        None if scale is None else scaled(moved, whole, scale),
    )


def _onto(points: Whole, most: Whole | int, other: Whole | int) -> Whole:
    """Points of so many as points of so many others, to a thousandth; as they are where those are equal."""
    if np.array_equal(np.broadcast_to(most, len(points)), np.broadcast_to(other, len(points))):
        return points
    shares = np.divide(points, most, out=np.zeros(len(points)), where=np.asarray(most) > 0)
    return np.rint(shares * other).astype(np.int64)


def _passed_each(exams: Sequence[tuple[Sat, Whole, Whole]]) -> NDArray[np.bool_] | None:
    """Who passes every exam that has a pass mark of its own; None if none has."""
    passed = None
    for sat, points, most in exams:
        if sat.pass_percent is not None:
            here = passes(points, most, exact(Decimal(sat.pass_percent)))
            passed = here if passed is None else passed & here
    return passed


def _questions(exam: _Exam, rows: Whole) -> list[Question]:
    return [
        Question(
            exam_id=exam.sat.exam_id,
            question_number=item.question_number,
            sub_part=item.sub_part,
            kind=item.kind,
            topic=item.topic,
            changed=item.is_changed,
            official_max_points=item.points / THOUSAND,
            new_max_points=exam.worth[column] / THOUSAND,
            official_share=_share(exam.sat.marks[had, column].astype(np.int64), item.points),
            new_share=_share(exam.earned[had, column], exam.worth[column]),
        )
        for column, item in enumerate(exam.sat.items)
        # Of those who had it.
        for had in [rows[exam.sat.presented[rows, column]]]
    ]


def _share(points: Whole, most: int) -> float | None:
    if not len(points) or not most:
        return None
    return round(float(mean_of(points) / Fraction(most)), PLACES) + 0.0


def _packed(
    joined: _Joined, official: Standing, new: Standing, names: Sequence[str], grouped: Grouped | None
) -> bytes:
    count = len(joined.sitting_ids)

    def column(values: Any, kind: str, none: float = NONE) -> bytes:
        return np.broadcast_to(none if values is None else values, count).astype(kind).tobytes()

    return pack(
        {
            "sitting_id": column(joined.sitting_ids, "<i8"),
            "candidate_id": column(joined.candidate_ids, "<i8"),
            "official_points": column(official.points, "<i8"),
            "official_max": column(official.most, "<i8"),
            "new_points": column(new.points, "<i8"),
            "scaled": column(new.scaled, "<f8", float("nan")),
            "official_grade": column(official.grades, "<i2"),
            "new_grade": column(new.grades, "<i2"),
            "official_passed": column(official.passed, "<i1"),
            "new_passed": column(new.passed, "<i1"),
            "group": column(grouped.first if grouped else None, "<i2"),
        },
        new_max=joined.new_most.tolist(),
        grades=names,
        groups=[group.name for group in grouped.told.groups] if grouped else [],
        count=count,
    )
