"""Reading one value of an exam file: each returns something usable and notes what is wrong."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from examhall.base.said import said
from examhall.exams.exam_file_problems import Place, Problems
from examhall.exams.exam_file_tree import Mapping, Node, Scalar, Sequence
from examhall.exams.markdown import MOST_SIGNS, pictures_in

TRUE, FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
SECONDS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86400),
}
DURATION = re.compile(r"(?:[0-9]{1,7} ?[a-z]+[ ,]*)+", re.IGNORECASE)
DURATION_PART = re.compile(r"([0-9]+) ?([a-z]+)", re.IGNORECASE)
INSTANT = re.compile(
    r"(20[0-9]{2})-([0-9]{2})-([0-9]{2})[T ] *([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:\.0+)?"
    r" *(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
POINTS = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,3})?")
PERCENT = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,2})?) ?%?")


@dataclass(frozen=True, slots=True)
class Value:
    """A node of the file, its path, and where to note what is wrong with it."""

    node: Node
    path: str
    problems: Problems

    @property
    def place(self) -> Place:
        return Place(self.node.line, self.node.column, self.path)

    def bad(self, message: str) -> None:
        self.problems.add(self.place, message)

    def child(self, name: object, node: Node) -> "Value":
        name = str(name)[:60]
        return Value(node, f"{self.path}.{name}" if self.path else name, self.problems)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.node.entries) if isinstance(self.node, Mapping) else ()

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, Sequence)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, Mapping)


def fields(value: Value, known: Collection[str]) -> dict[str, Value]:
    """The entries of a mapping by name; what is empty or null counts as not said."""
    return {name: entry for name, entry in entries(value, known).items() if not is_null(entry)}


def entries(value: Value, known: Collection[str] | None = None) -> dict[str, Value]:
    node = value.node
    if not isinstance(node, Mapping):
        value.bad(said("Names with values are expected here, as in `name: value`."))
        return {}
    found = {}
    for name, entry in node.entries.items():
        if known is None or name in known:
            found[name] = value.child(name, entry)
        else:
            value.child(name, node.keys[name]).bad(
                said("`{name}` is not known here. {hint}", name=name[:60], hint=did_you_mean(name, known))
            )
    return found


def is_null(value: Value) -> bool:
    return isinstance(value.node, Scalar) and value.node.is_null


def did_you_mean(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word[:60].lower(), known, n=1, cutoff=0.6)
    if near:
        return said("Did you mean `{name}`?", name=near[0])
    return said("Known are: {names}.", names=", ".join(sorted(known)))


def items(value: Value, *, most: int) -> list[Value]:
    if not isinstance(value.node, Sequence):
        value.bad(said("A list is expected here."))
        return []
    if len(value.node.items) > most:
        value.bad(
            said("These are {count}; at most {most} are possible.", count=len(value.node.items), most=most)
        )
    return [value.child(number, node) for number, node in enumerate(value.node.items[:most], start=1)]


def scalar(value: Value) -> str | None:
    if isinstance(value.node, Scalar):
        return value.node.text.strip()
    value.bad(
        said("One value is expected here, not a list or a mapping. A text with [, ] or {{ goes in quotes.")
    )
    return None


def text(value: Value, *, most: int, one_line: bool = False) -> str:
    """Never empty, without spaces around it; '' when there is something wrong with it."""
    found = scalar(value)
    if found is None:
        return ""
    if not found:
        value.bad(said("A text is missing here."))
    elif len(found) > most:
        value.bad(
            said(
                "This text has {count:,} characters; at most {most:,} are possible.",
                count=len(found),
                most=most,
            )
        )
    elif one_line and "\n" in found:
        value.bad(said("This has to fit on one line."))
    return found[:most]


def markdown(value: Value, *, most: int) -> str:
    found = text(value, most=most)
    for sign in "[|":
        if found.count(sign) > MOST_SIGNS:
            value.bad(
                said(
                    "This text has more than {most_signs} of the sign {sign}.",
                    most_signs=MOST_SIGNS,
                    sign=sign,
                )
            )
            return found
    if "![" in found:
        value.problems.pictures_shown += [(value.place, name) for name in sorted(pictures_in(found))]
    return found


def boolean(value: Value, *, default: bool = False) -> bool:
    found = (scalar(value) or "").lower()
    if found not in TRUE | FALSE:
        value.bad(said("This is either `true` or `false`."))
        return default
    return found in TRUE


def choice(value: Value, known: Collection[str], *, default: str) -> str:
    found = scalar(value)
    if found in known:
        return str(found)
    if found is not None:
        value.bad(
            said("`{found}` is not possible here. {hint}", found=found[:60], hint=did_you_mean(found, known))
        )
    return default


def whole(value: Value, *, least: int, most: int) -> int:
    found = scalar(value) or ""
    if not re.fullmatch(r"[0-9]{1,9}", found) or not least <= int(found) <= most:
        value.bad(said("A whole number from {least:,} to {most:,} is expected here.", least=least, most=most))
        return least
    return int(found)


def points(value: Value) -> Decimal:
    found = scalar(value) or ""
    if not POINTS.fullmatch(found):
        value.bad(said("Points are a number from 0 to 99999, with at most three decimals."))
        return Decimal(1)
    return Decimal(found.replace(",", "."))


def percent(value: Value) -> Decimal | None:
    """`60` or `60%`; more than 0 and at most 100."""
    found = PERCENT.fullmatch(scalar(value) or "")
    number = Decimal(found[1].replace(",", ".")) if found else Decimal(0)
    if not 0 < number <= 100:
        value.bad(said("A share of all points is expected here, more than 0% and at most 100%: `60%`."))
        return None
    return number


def duration_s(value: Value, *, least: int, most: int) -> int:
    """`150 min`, `2h 30m`, `1 day`, `45 s`."""
    found = scalar(value) or ""
    parts = DURATION_PART.findall(found) if DURATION.fullmatch(found) else []
    units = [unit.lower() if unit.lower() in SECONDS else unit.lower().removesuffix("s") for _, unit in parts]
    if not parts or any(unit not in SECONDS for unit in units):
        value.bad(said("A time with its unit is expected here: `90 min`, `2h 30m`, `45 s`."))
        return least
    total = sum(int(count) * SECONDS[unit] for (count, _), unit in zip(parts, units, strict=True))
    if not least <= total <= most:
        value.bad(
            said(
                "A time from {value} to {value2} is possible here.",
                value=timedelta(seconds=least),
                value2=timedelta(seconds=most),
            )
        )
        return least
    return total


@cache
def known_zones() -> frozenset[str]:
    # Reads the whole zone database: some milliseconds, once.
    return frozenset(available_timezones())


def zone(value: Value) -> ZoneInfo | None:
    found = scalar(value) or ""
    if found in known_zones():
        return ZoneInfo(found)
    near = get_close_matches(found[:60], known_zones(), n=1)
    hint = said("Did you mean `{name}`?", name=near[0]) if near else said("Write it as `Asia/Tashkent`.")
    value.bad(said("This is no time zone. {hint}", hint=hint))
    return None


def instant(value: Value, timezone: ZoneInfo | None) -> datetime | None:
    """In UTC. A time with no zone of its own is one in *timezone*."""
    found = INSTANT.fullmatch(scalar(value) or "")
    if found is None:
        value.bad(said("A date and a time are expected here: `2026-12-01 09:00 +05:00`."))
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        moment = datetime.fromisoformat(
            f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset or ''}"
        )
    except ValueError:
        value.bad(said("There is no such date or time."))
        return None
    if offset:
        return moment.astimezone(UTC)
    if timezone is None:
        value.bad(
            said("Which zone is this in? Write `+05:00` after it, or `timezone: Asia/Tashkent` at the top.")
        )
        return None
    earlier, later = (moment.replace(tzinfo=timezone, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() != later.utcoffset():
        value.bad(said("The clocks change at this time; write the offset after it, as in `+02:00`."))
        return None
    return earlier.astimezone(UTC)
