"""What the forms of accommodations give: time as a factor or minutes, a window of their own, a reason."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from starlette.requests import Request

from examhall.base.wire import EARLIEST, LATEST, storable
from examhall.exams.accommodations import LARGEST_FACTOR, LONGEST_EXTRA_S, REASON_CHARS, Terms
from examhall.web.i18n import gettext_of


class Given(NamedTuple):
    """A form as it was sent, for showing it again, and what it says."""

    fields: Mapping[str, str]
    problems: Mapping[str, str]
    # None where something is wrong.
    terms: Terms | None


NAMES = (
    "username", "group_id", "exam_id", "kind", "factor", "minutes", "opens_at", "opens_at_utc", "closes_at",
    "closes_at_utc", "reason",
)  # fmt: skip


async def given_terms(request: Request) -> Given:
    """The terms that a form gives, or what is wrong with which of its fields."""
    _ = gettext_of(request)
    form = await request.form()
    fields = {name: text.strip() if isinstance(text := form.get(name, ""), str) else "" for name in NAMES}
    problems: dict[str, str] = {}
    factor: Decimal | None = None
    extra_s: int | None = None
    if fields["kind"] == "factor":
        factor = _decimal(fields["factor"])
        if factor is None or not 1 <= factor <= LARGEST_FACTOR:
            problems["factor"] = _("A number from 1 to 10, such as 1.25 or 2.")
    elif fields["kind"] == "minutes":
        minutes = (
            int(fields["minutes"]) if fields["minutes"].isdecimal() and len(fields["minutes"]) < 6 else 0
        )
        extra_s = minutes * 60
        if not 1 <= extra_s <= LONGEST_EXTRA_S:
            problems["minutes"] = _("Whole minutes, at least one.")
    instants: dict[str, datetime | None] = {}
    for name in ("opens_at", "closes_at"):
        text = fields[f"{name}_utc"] or fields[name]
        instants[name] = _instant(text)
        if text and instants[name] is None:
            problems[name] = _("This is not a date and time.")
    if fields["kind"] not in ("factor", "minutes") and not any(instants.values()) and not problems:
        problems["kind"] = _("Give more time, or a window of their own.")
    try:
        storable(fields["reason"])
    except ValueError:
        problems["reason"] = _("This holds a character that cannot be stored.")
    if len(fields["reason"]) > REASON_CHARS:
        problems["reason"] = _("At most %(most)s characters.") % {"most": REASON_CHARS}
    if problems:
        return Given(fields, problems, None)
    terms = Terms(factor, extra_s, instants["opens_at"], instants["closes_at"], fields["reason"])
    return Given(fields, {}, terms)


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "."))
        return found.quantize(Decimal("0.01")) if found.is_finite() and abs(found) < 1000 else None
    except InvalidOperation:
        return None


def _instant(text: str) -> datetime | None:
    """As browsers write it; what has no zone is UTC."""
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if EARLIEST <= found <= LATEST else None
