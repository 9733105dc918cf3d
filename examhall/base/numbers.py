"""Numbers and moments as a language writes them: 1,234.5 and 1 234,5, 21 Nov and 21-noy."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from babel.core import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from examhall.base.languages import SOURCE_LANGUAGE, locale_of

# Numbers has a method of this name.
Day = date
# Beyond this many digits before the point, digits after it say nothing.
WHOLE_FROM = 10_000
MINUS = "\u2212"
# British order in English, as everything else here is spelt: 21 Nov 2026, 14:30.
PLACES = {SOURCE_LANGUAGE: "en_GB"}
# As papers of state write it; CLDR has 6-noyabr, 2026.
LONG_DATES = {"uz": "y-'yil' d-MMMM"}
# Chrome knows these by name alone, and one that writes figures as they do: 1 234,5.
UNKNOWN_TO_BROWSERS = {"uz": "ru"}


class Numbers:
    """The ways to write figures in one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._locale = Locale.parse(PLACES[language]) if language in PLACES else locale_of(language)

    def points(self, value: float) -> str:
        """Without zeros that say nothing: 1, 0.5, 12.75."""
        return self._written(value, "#,##0.##")

    def figure(self, value: float) -> str:
        """To four digits, as a table shows it: 12,345 and 0.1235."""
        if isinstance(value, int) or value == int(value) or abs(value) >= WHOLE_FROM:
            return self._written(round(value), "#,##0")
        return self._written(float(f"{value:.4g}"), "#,##0.##########")

    def fixed(self, value: float | None, digits: int = 2, *, signed: bool = False) -> str:
        """With exactly so many digits after the point, and a true minus; a dash where there is no value."""
        if value is None:
            return "–"
        form = "#,##0" + (f".{'0' * digits}" if digits else "")
        text = self._written(abs(value), form)
        zero = not any(digit in text for digit in "123456789")
        sign = MINUS if value < 0 and not zero else "+" if signed and not zero else ""
        return f"{sign}{text}"

    def percent(self, value: float, digits: int | None = 0) -> str:
        """Of a hundred, with the sign where the language has it: 45%, 45 %.

        Without `digits` with two after the point at most, and none that say nothing.
        """
        whole = "#,##0"
        form = self._locale.percent_formats[None].pattern
        if digits != 0:
            form = form.replace(whole, f"{whole}.{'##' if digits is None else '0' * digits}")
        return self._written(value / 100, form)

    def one_after_the_other(self, names: Sequence[str]) -> str:
        """A, B and C."""
        return format_list(names, locale=self._locale)

    def date(self, moment: datetime) -> str:
        return self.day(moment.astimezone(UTC))

    def day(self, day: Day) -> str:
        return format_date(day, format=LONG_DATES.get(self._language, "long"), locale=self._locale)

    def utc(self, moment: datetime) -> str:
        """A moment as everybody may read it, until a browser shows it in the reader's own time."""
        at = moment.astimezone(UTC)
        return f"{format_date(at, format='medium', locale=self._locale)}, {at:%H:%M} UTC"

    def since_1970(self, seconds: float) -> str:
        """A moment that a chart has in seconds, as a table shows it."""
        return self.utc(datetime.fromtimestamp(seconds, UTC))

    def words_for_browsers(self) -> dict[str, Any] | None:
        """What a page has to bring along (writing.js) where browsers have no words for days and months."""
        if self._language not in UNKNOWN_TO_BROWSERS:
            return None
        months, days = self._locale.months["format"], self._locale.days["format"]["abbreviated"]
        return {
            "figures_of": UNKNOWN_TO_BROWSERS[self._language],
            "percent": self._locale.percent_formats[None].pattern.replace("#,##0", "{n}"),
            "months": [months["wide"][n] for n in range(1, 13)],
            "short": [months["abbreviated"][n] for n in range(1, 13)],
            # Sunday first, as in JavaScript; Babel begins with Monday.
            "days": [days[(n - 1) % 7] for n in range(7)],
        }

    def _written(self, value: float, form: str) -> str:
        return format_decimal(value, format=form, locale=self._locale)


@cache
def numbers(language: str) -> Numbers:
    return Numbers(language)


ENGLISH = numbers(SOURCE_LANGUAGE)


def numbers_beside(_: Callable[[str], str]) -> Numbers:
    """As the language writes them that `_` translates into: what `gettext_of` gives knows its catalog."""
    return numbers(getattr(getattr(_, "__self__", None), "language", SOURCE_LANGUAGE))
