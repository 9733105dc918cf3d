"""The exam file: one YAML (or JSON) document that holds a whole exam, and what it means."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from examhall.base.said import said
from examhall.exams.exam_file_items import Item, Question, read_questions
from examhall.exams.exam_file_marking import read_marking
from examhall.exams.exam_file_pictures import Picture, note_missing, read_pictures
from examhall.exams.exam_file_problems import BadExamFile, Problems
from examhall.exams.exam_file_sections import Section, check_sections, read_sections
from examhall.exams.exam_file_tree import read_tree
from examhall.exams.exam_file_values import (
    Value,
    boolean,
    choice,
    duration_s,
    fields,
    instant,
    items,
    markdown,
    percent,
    scalar,
    text,
    whole,
    zone,
)
from examhall.exams.schemes import Marked

__all__ = ["BadExamFile", "ExamFile", "Item", "Picture", "Question", "Section", "read_exam_file"]

# What the API takes in one body, and what `examhall import` reads from the author's own disk.
UPLOAD_BYTES = 1_000_000
FILE_BYTES = 5_000_000

LONGEST_S = 7 * 24 * 3600
LONGEST_GRACE_S = 3600
GRACE_S = 30
TITLE_CHARS = 200
COURSE_CODE_CHARS = 40
INSTRUCTIONS_CHARS = 20_000
MOST_ATTEMPTS = 1_000
MOST_ASSIGNED = 20_000
LONGEST_FREEZE_MINUTES = 7 * 24 * 60
# How long before the opening a sealed paper may be downloaded.
SEALED_BEFORE_S = 24 * 3600
LONGEST_SEALED_S = 30 * 24 * 3600
HIGHEST_SCORE = 100_000
# What the whole-number reader takes; no server has more exams.
LARGEST_EXAM = 999_999_999
UTC = "UTC"
TEST_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
KINDS = ("mock_exam", "contest", "test")
FIELDS = (
    "title", "kind", "test_type", "instructions", "timezone", "window", "duration", "grace", "attempts",
    "shuffle", "release", "show_key", "pass_mark", "pictures", "course", "assigned", "series", "rated",
    "live_standing", "freeze_minutes", "reports", "scale",
    "sealed", "sections", "questions", "marking",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExamFile:
    title: str
    kind: str
    test_type: str | None
    instructions: str
    opens_at: datetime | None
    closes_at: datetime | None
    duration_s: int
    grace_s: int
    attempts_allowed: int
    shuffle_questions: bool
    shuffle_options: bool
    release: str
    release_at: datetime | None
    show_key: bool
    # In percent of all points.
    pass_percent: Decimal | None
    questions: tuple[Question, ...]
    pictures: tuple[Picture, ...]
    # Usernames. Nobody here means everybody who is signed in.
    assigned: tuple[str, ...]
    # The name of the series that it belongs to.
    series: str | None
    # The code of the course whose students sit it.
    course: str | None
    # Whether its places change ratings.
    rated: bool
    # Whether those who may sit it see its standing while it runs; how long before the end it stands still.
    live_standing: bool
    freeze_minutes: int | None
    # The mean and spread of scaled scores, or the number of the exam whose scale they are on.
    scale_mean: int | None
    scale_sd: int | None
    scale_linked_to: int | None
    # Whether candidates get a report.
    reports: bool
    # How long before its opening they may download the sealed paper; None: it is not sealed.
    sealed_before_s: int | None
    # In which its times are written.
    timezone: str
    sections: tuple[Section, ...] = ()
    # What people mark, and how; essays that are not here have one marker and no rubric.
    marking: tuple[Marked, ...] = ()


def read_exam_file(
    source: bytes | str, *, folder: Path | None = None, largest_bytes: int = UPLOAD_BYTES
) -> ExamFile:
    """The exam that *source* describes, ready to be imported.

    Raises BadExamFile with everything that is wrong, each with line, column and path; never anything
    else, whatever the source holds. Pictures in files are read only from *folder* and below it.
    """
    problems = Problems()
    root = Value(read_tree(source, problems, largest_bytes=largest_bytes), "", problems)
    exam = _exam(root, folder)
    problems.raise_if_any()
    return exam


def _exam(root: Value, folder: Path | None) -> ExamFile:
    found = fields(root, FIELDS)
    for name in ("title", "duration", "questions"):
        if root.is_mapping and name not in found:
            root.bad(said("The exam has no `{name}`.", name=name))
    timezone = zone(found["timezone"]) if "timezone" in found else None
    kind = choice(found["kind"], KINDS, default="mock_exam") if "kind" in found else "mock_exam"
    opens_at, closes_at = _window(found.get("window"), timezone)
    shuffle_questions, shuffle_options = _shuffle(found.get("shuffle"))
    release, release_at = _release(found.get("release"), timezone)
    scale_mean, scale_sd, scale_linked_to = _scale(found.get("scale"))
    pictures = read_pictures(found["pictures"], folder) if "pictures" in found else ()
    questions = read_questions(found["questions"]) if "questions" in found else ()
    exam = ExamFile(
        title=text(found["title"], most=TITLE_CHARS, one_line=True) if "title" in found else "",
        kind=kind,
        test_type=_test_type(root, found.get("test_type"), kind),
        instructions=(
            markdown(found["instructions"], most=INSTRUCTIONS_CHARS) if "instructions" in found else ""
        ),
        opens_at=opens_at,
        closes_at=closes_at,
        duration_s=duration_s(found["duration"], least=1, most=LONGEST_S) if "duration" in found else 1,
        grace_s=duration_s(found["grace"], least=0, most=LONGEST_GRACE_S) if "grace" in found else GRACE_S,
        attempts_allowed=whole(found["attempts"], least=1, most=MOST_ATTEMPTS) if "attempts" in found else 1,
        shuffle_questions=shuffle_questions,
        shuffle_options=shuffle_options,
        release=release,
        release_at=release_at,
        show_key="show_key" in found and boolean(found["show_key"]),
        pass_percent=percent(found["pass_mark"]) if "pass_mark" in found else None,
        questions=questions,
        pictures=pictures,
        assigned=_assigned(found["assigned"]) if "assigned" in found else (),
        series=text(found["series"], most=TITLE_CHARS, one_line=True) if "series" in found else None,
        course=text(found["course"], most=COURSE_CODE_CHARS, one_line=True) if "course" in found else None,
        rated="rated" in found and boolean(found["rated"]),
        live_standing="live_standing" in found and boolean(found["live_standing"]),
        freeze_minutes=(
            whole(found["freeze_minutes"], least=1, most=LONGEST_FREEZE_MINUTES)
            if "freeze_minutes" in found
            else None
        ),
        scale_mean=scale_mean,
        scale_sd=scale_sd,
        scale_linked_to=scale_linked_to,
        reports="reports" in found and boolean(found["reports"]),
        sealed_before_s=_sealed(found["sealed"]) if "sealed" in found else None,
        timezone=timezone.key if timezone else UTC,
        sections=read_sections(found["sections"]) if "sections" in found else (),
        marking=read_marking(found["marking"], questions) if "marking" in found else (),
    )
    check_sections(found.get("sections", root), exam.sections, exam.questions)
    _check_standing(exam, found)
    if exam.sealed_before_s is not None and exam.opens_at is None:
        found["sealed"].bad(said("Only an exam whose window opens can be sealed until then."))
    if exam.course is not None and kind == "contest" and exam.attempts_allowed > 1:
        found["attempts"].bad(said("A contest of a course is sat once."))
    # A picture that is there but broken has been noted already; it is not missing as well.
    named = found["pictures"].names if "pictures" in found else ()
    note_missing(root.problems, named)
    return exam


def _scale(value: Value | None) -> tuple[int | None, int | None, int | None]:
    if value is None:
        return None, None, None
    found = fields(value, ("mean", "sd", "linked_to"))
    if "linked_to" in found:
        if len(found) > 1:
            value.bad(said("A scale that is linked to another exam's has that one's mean and spread."))
        return None, None, whole(found["linked_to"], least=1, most=LARGEST_EXAM)
    if value.is_mapping and found.keys() != {"mean", "sd"}:
        value.bad(
            said("A scale has a `mean` and an `sd`, or it is `linked_to` the number of an earlier exam.")
        )
        return None, None, None
    if not found:
        return None, None, None
    mean = whole(found["mean"], least=0, most=HIGHEST_SCORE)
    return mean, whole(found["sd"], least=1, most=HIGHEST_SCORE), None


def _sealed(value: Value) -> int | None:
    if not value.is_mapping:
        return SEALED_BEFORE_S if boolean(value) else None
    found = fields(value, ("from",))
    if "from" not in found:
        return SEALED_BEFORE_S
    return duration_s(found["from"], least=60, most=LONGEST_SEALED_S)


def _check_standing(exam: ExamFile, found: dict[str, Value]) -> None:
    if exam.live_standing and exam.release != "at_once" and exam.attempts_allowed > 1:
        found["live_standing"].bad(
            said("A live standing would tell results that are held back between attempts.")
        )
    if exam.freeze_minutes is not None and exam.closes_at is None:
        found["freeze_minutes"].bad(said("Only an exam whose window closes can stand still before its end."))


def _test_type(root: Value, value: Value | None, kind: str) -> str | None:
    if value is None:
        if kind == "test":
            root.bad(said("An exam of the kind `test` says its `test_type`, such as `SJT`."))
        return None
    if kind != "test":
        value.bad(said("Only an exam with `kind: test` has a `test_type`."))
    found = scalar(value) or ""
    if not TEST_TYPE.fullmatch(found):
        value.bad(said("A test type is one word of letters, digits, `-` and `_`, at most 40 of them."))
    return found


def _window(value: Value | None, timezone: ZoneInfo | None) -> tuple[datetime | None, datetime | None]:
    found = fields(value, ("opens", "closes")) if value else {}
    opens_at = instant(found["opens"], timezone) if "opens" in found else None
    closes_at = instant(found["closes"], timezone) if "closes" in found else None
    if opens_at and closes_at and closes_at <= opens_at:
        found["closes"].bad(said("The window closes before it opens."))
    return opens_at, closes_at


def _shuffle(value: Value | None) -> tuple[bool, bool]:
    if value is None:
        return False, False
    if not value.is_mapping:
        both = boolean(value)
        return both, both
    found = fields(value, ("questions", "options"))
    questions, options = (name in found and boolean(found[name]) for name in ("questions", "options"))
    return questions, options


def _release(value: Value | None, timezone: ZoneInfo | None) -> tuple[str, datetime | None]:
    if value is None:
        return "at_once", None
    if not value.is_mapping:
        return choice(value, ("at_once", "by_hand"), default="at_once"), None
    found = fields(value, ("at",))
    if "at" not in found:
        value.bad(said("Results are released `at_once`, `by_hand`, or `at:` a time."))
        return "at_once", None
    return "at_time", instant(found["at"], timezone)


def _assigned(value: Value) -> tuple[str, ...]:
    usernames: dict[str, str] = {}
    for each in items(value, most=MOST_ASSIGNED):
        username = text(each, most=TITLE_CHARS, one_line=True)
        if username.lower() in usernames:
            each.bad(said("This person is in the list already."))
        usernames[username.lower()] = username
    return tuple(usernames.values())
