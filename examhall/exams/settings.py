"""What an author decides about an exam beside its questions, and what does not go together in it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from examhall.base.clock import rfc3339
from examhall.base.said import Said, said
from examhall.exams.exam_file import (
    GRACE_S,
    HIGHEST_SCORE,
    INSTRUCTIONS_CHARS,
    KINDS,
    LARGEST_EXAM,
    LONGEST_FREEZE_MINUTES,
    LONGEST_GRACE_S,
    LONGEST_S,
    LONGEST_SEALED_S,
    MOST_ATTEMPTS,
    TEST_TYPE,
    TITLE_CHARS,
)
from examhall.exams.exam_file_tree import CONTROL
from examhall.exams.exam_file_values import known_zones
from examhall.exams.markdown import MOST_SIGNS, has_too_many_signs

RELEASES: Final = ("at_once", "at_time", "by_hand")
# The shortest time before its opening at which a sealed paper is offered.
SHORTEST_SEALED_S = 60
FIRST_YEAR, LAST_YEAR = 2001, 2099


@dataclass(frozen=True, slots=True)
class Settings:
    """The columns of `exams` that an author decides. The defaults are those of the exam file."""

    title: str
    duration_s: int
    kind: str = "mock_exam"
    test_type: str | None = None
    instructions: str = ""
    timezone: str = "UTC"
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    grace_s: int = GRACE_S
    attempts_allowed: int = 1
    shuffle_questions: bool = False
    shuffle_options: bool = False
    release: str = "at_once"
    release_at: datetime | None = None
    show_key: bool = False
    # In percent of all points.
    pass_percent: Decimal | None = None
    course_id: int | None = None
    # By its name; it is made with its first exam.
    series: str | None = None
    rated: bool = False
    live_standing: bool = False
    freeze_minutes: int | None = None
    reports: bool = False
    scale_mean: int | None = None
    scale_sd: int | None = None
    scale_linked_to: int | None = None
    sealed_before_s: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As JSON values, which two that are the same write the same."""
        return {name: _as_json(value) for name, value in asdict(self).items()}


FIELDS: Final = tuple(field.name for field in fields(Settings))
# What can still change when candidates may be in: `refusals_after_opening` says how far.
SAFE: Final = frozenset(
    {"closes_at", "duration_s", "attempts_allowed", "release", "release_at", "show_key", "pass_percent",
     "reports", "timezone"}
)  # fmt: skip


class Trouble(NamedTuple):
    """What is wrong with one field."""

    field: str
    message: Said


def changed_fields(before: Settings, after: Settings) -> dict[str, tuple[Any, Any]]:
    """What differs, by field, as JSON values."""
    was, now = before.as_json(), after.as_json()
    return {name: (was[name], now[name]) for name in FIELDS if was[name] != now[name]}


def troubles_of(settings: Settings) -> list[Trouble]:
    """Everything that is wrong with these settings by themselves, at most one trouble a field."""
    first: dict[str, Trouble] = {}
    for trouble in (*_alone(settings), *_together(settings)):
        first.setdefault(trouble.field, trouble)
    return list(first.values())


def troubles_after_opening(before: Settings, after: Settings, *, is_released: bool) -> list[Trouble]:
    """What may not change any more, once candidates may be in: what they were promised stays theirs."""
    fixed = said("This can no longer change: the exam has opened.")
    changed = changed_fields(before, after)
    found = [Trouble(name, fixed) for name in changed if name not in SAFE]
    if after.duration_s < before.duration_s:
        found.append(
            Trouble("duration_s", said("Candidates have this time already: it can only become more."))
        )
    if after.attempts_allowed < before.attempts_allowed:
        found.append(
            Trouble("attempts_allowed", said("It can only become more, now that the exam has opened."))
        )
    if changed.keys() & {"release", "release_at"}:
        if is_released:
            found.append(Trouble("release", said("The results are out, and cannot be taken back.")))
        elif after.release == "at_once":
            found.append(Trouble("release", said("To release them now, use the overview of the exam.")))
    return found


def _alone(settings: Settings) -> Iterator[Trouble]:
    """Each field within its own limits."""
    for name, most in (("title", TITLE_CHARS), ("instructions", INSTRUCTIONS_CHARS), ("series", TITLE_CHARS)):
        text = getattr(settings, name)
        if text is not None:
            yield from _text(name, text, most, one_line=name != "instructions")
    if not settings.title:
        yield Trouble("title", said("An exam needs a title."))
    for name, known in (("kind", KINDS), ("release", RELEASES)):
        if getattr(settings, name) not in known:
            yield Trouble(name, said("Please choose one of these: {known}.", known=", ".join(known)))
    if settings.timezone not in known_zones():
        yield Trouble("timezone", said("This is no time zone. One is written like Asia/Tashkent."))
    for name, least, most in (
        ("grace_s", 0, LONGEST_GRACE_S),
        ("attempts_allowed", 1, MOST_ATTEMPTS),
        ("freeze_minutes", 1, LONGEST_FREEZE_MINUTES),
        ("scale_mean", 0, HIGHEST_SCORE),
        ("scale_sd", 1, HIGHEST_SCORE),
        ("scale_linked_to", 1, LARGEST_EXAM),
        ("course_id", 1, 2**63 - 1),
    ):
        number = getattr(settings, name)
        if number is not None and not least <= number <= most:
            yield Trouble(name, said("From {least} to {most} is possible here.", least=least, most=most))
    for name in ("opens_at", "closes_at", "release_at"):
        moment: datetime | None = getattr(settings, name)
        # What an exam file can write, in whatever zone.
        if moment is not None and not FIRST_YEAR <= moment.year < LAST_YEAR:
            yield Trouble(name, said("A year from 2001 to 2098 is possible here."))
    if not 1 <= settings.duration_s <= LONGEST_S:
        yield Trouble("duration_s", said("From one second to seven days is possible here."))
    sealed_s = settings.sealed_before_s
    if sealed_s is not None and not SHORTEST_SEALED_S <= sealed_s <= LONGEST_SEALED_S:
        yield Trouble("sealed_before_s", said("From one minute to thirty days is possible here."))
    if settings.pass_percent is not None and not 0 < settings.pass_percent <= 100:
        yield Trouble("pass_percent", said("More than 0 and at most 100 percent is possible here."))
    elif settings.pass_percent is not None and settings.pass_percent != round(settings.pass_percent, 2):
        yield Trouble("pass_percent", said("At most two decimals."))


def _text(name: str, text: str, most: int, *, one_line: bool) -> Iterator[Trouble]:
    if CONTROL.search(text):
        yield Trouble(name, said("This holds a character that cannot be stored."))
    if len(text) > most:
        yield Trouble(name, said("At most {most} characters.", most=most))
    if has_too_many_signs(text):
        yield Trouble(name, said("More than {most} of the sign [ or | are too many.", most=MOST_SIGNS))
    if one_line and "\n" in text:
        yield Trouble(name, said("This is one line."))


def _together(settings: Settings) -> Iterator[Trouble]:
    """What does not go with something else."""
    if settings.kind == "test" and not settings.test_type:
        yield Trouble("test_type", said("A test says its type, such as SJT."))
    if settings.kind != "test" and settings.test_type:
        yield Trouble("test_type", said("Only a test has a type."))
    if settings.test_type and not TEST_TYPE.fullmatch(settings.test_type):
        yield Trouble("test_type", said("One word of letters, digits, - and _, at most 40 of them."))
    if settings.opens_at and settings.closes_at and settings.closes_at <= settings.opens_at:
        yield Trouble("closes_at", said("The exam closes before it opens."))
    if settings.release == "at_time" and settings.release_at is None:
        yield Trouble("release_at", said("When are they released?"))
    if settings.release != "at_time" and settings.release_at is not None:
        yield Trouble("release_at", said("Only results released at a time have one."))
    if settings.kind == "contest" and settings.course_id is not None and settings.attempts_allowed > 1:
        yield Trouble("attempts_allowed", said("A contest of a course is sat once."))
    if settings.live_standing and settings.release != "at_once" and settings.attempts_allowed > 1:
        yield Trouble(
            "live_standing",
            said("A live standing would tell results that are held back between attempts."),
        )
    if settings.freeze_minutes is not None and settings.closes_at is None:
        yield Trouble("freeze_minutes", said("Only an exam that closes can stand still before its end."))
    if settings.sealed_before_s is not None and settings.opens_at is None:
        yield Trouble("sealed_before_s", said("Only an exam that opens at a time can be sealed until then."))
    own = (settings.scale_mean, settings.scale_sd)
    if settings.scale_linked_to is not None and own != (None, None):
        yield Trouble("scale_linked_to", said("A linked scale has the other exam's mean and spread."))
    elif (settings.scale_mean is None) != (settings.scale_sd is None):
        missing = "scale_sd" if settings.scale_sd is None else "scale_mean"
        yield Trouble(missing, said("A scale has a mean and a spread."))


def tidied(settings: Settings) -> Settings:
    """Without what means nothing where it stands: spaces around a title, an empty series, half seconds."""
    whole = {
        name: moment.replace(microsecond=0)
        for name in ("opens_at", "closes_at", "release_at")
        if (moment := getattr(settings, name)) is not None
    }
    return replace(
        settings,
        **whole,
        title=settings.title.strip(),
        instructions=settings.instructions.replace("\r\n", "\n").strip(),
        series=(settings.series or "").strip() or None,
        test_type=(settings.test_type or "").strip() or None,
    )


def _as_json(value: object) -> object:
    match value:
        case datetime():
            return rfc3339(value)
        case Decimal():
            return f"{value.normalize():f}"
    return value
