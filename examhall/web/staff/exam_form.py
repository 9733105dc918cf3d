"""The settings of an exam as a form shows and gives them: local times, minutes, hours, choices."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from examhall.base.said import Said, said
from examhall.exams.exam_file_values import known_zones
from examhall.exams.settings import SAFE, Settings, Trouble, tidied

Raw: TypeAlias = dict[str, str]

LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?")
INSTANTS = ("opens_at", "closes_at", "release_at")
TEXTS = ("title", "kind", "test_type", "instructions", "timezone", "release", "series")
WHOLE = ("grace_s", "attempts_allowed", "freeze_minutes", "course_id")
SCALE = ("scale_mean", "scale_sd", "scale_linked_to")
CHECKS = ("shuffle_questions", "shuffle_options", "show_key", "rated", "live_standing", "reports", "sealed")
# Choices of the form that are no columns.
CHOICES = ("scale", "sealed")
NAMES = tuple(field.name for field in fields(Settings)) + CHOICES
DIGITS = 9
# What a field must say; what is empty otherwise is none.
NEEDED = ("duration_s", "grace_s", "attempts_allowed")
HOUR_S = 3600


def raw_of(settings: Settings) -> Raw:
    """What stands in each field; a check says "on" or nothing."""
    zone = ZoneInfo(settings.timezone) if settings.timezone in known_zones() else UTC
    raw = dict.fromkeys(NAMES, "")
    for name in (*TEXTS, *WHOLE, *SCALE):
        value = getattr(settings, name)
        raw[name] = "" if value is None else str(value)
    for name in INSTANTS:
        at: datetime | None = getattr(settings, name)
        raw[name] = "" if at is None else _local(at, zone)
    for name in CHECKS:
        if name != "sealed" and getattr(settings, name):
            raw[name] = "on"
    raw["duration_s"] = _plain(Decimal(settings.duration_s) / 60)
    if settings.pass_percent is not None:
        raw["pass_percent"] = _plain(settings.pass_percent)
    if settings.sealed_before_s is not None:
        raw["sealed"] = "on"
        raw["sealed_before_s"] = _plain(Decimal(settings.sealed_before_s) / HOUR_S)
    linked = settings.scale_linked_to is not None
    raw["scale"] = "linked" if linked else "none" if settings.scale_mean is None else "own"
    return raw


def given_in(form: Mapping[str, Any], *, shown: Settings, is_fixed: bool) -> Raw:
    """What a form says. Fields that cannot change any more were not in it: they stay as they are."""
    stays = raw_of(shown)
    raw = {}
    for name in NAMES:
        value = form.get(name, "")
        raw[name] = value.strip().replace("\r\n", "\n") if isinstance(value, str) else ""
        if is_fixed and name not in SAFE:
            raw[name] = stays[name]
    return raw


def settings_of(raw: Raw, base: Settings) -> tuple[Settings, list[Trouble]]:
    """The settings that a form means, and what in it means nothing.

    What stands there as `base` wrote it is what `base` has: nothing is lost to minutes, or to an hour that
    comes twice in a year.
    """
    troubles: list[Trouble] = []
    was = raw_of(base)
    zone = ZoneInfo(raw["timezone"]) if raw["timezone"] in known_zones() else UTC
    read: dict[str, Any] = {name: raw[name] for name in TEXTS}
    readers: dict[str, Callable[[str], Any]] = dict.fromkeys((*WHOLE, *SCALE), _whole)
    readers |= {name: lambda text: _instant(text, zone) for name in INSTANTS}
    readers["duration_s"] = lambda text: _times(text, 60)
    readers["sealed_before_s"] = lambda text: _times(text, HOUR_S)
    readers["pass_percent"] = _decimal
    unused, never_used = _unused(raw), _unused(was)
    for name, reader in readers.items():
        same = raw[name] == was[name] and (name not in INSTANTS or raw["timezone"] == was["timezone"])
        if name in unused and name not in never_used:
            read[name] = None
        elif name in unused or same:
            read[name] = getattr(base, name)
        elif not raw[name]:
            read[name] = None
        else:
            value = reader(raw[name])
            if isinstance(value, Said):
                troubles.append(Trouble(name, value))
            else:
                read[name] = value
    for name in NEEDED:
        if name in read and read[name] is None:
            del read[name]
            troubles.append(Trouble(name, said("Please fill this in.")))
    for name in CHECKS:
        if name != "sealed":
            read[name] = bool(raw[name])
    if raw["kind"] != "test":
        read["test_type"] = None
    if raw["sealed"] and read.get("sealed_before_s", 0) is None:
        troubles.append(Trouble("sealed_before_s", said("Please fill this in.")))
    if raw["scale"] == "linked" and read.get("scale_linked_to", 0) is None:
        troubles.append(Trouble("scale_linked_to", said("Please fill this in.")))
    return tidied(replace(base, **read)), troubles


def _unused(raw: Raw) -> set[str]:
    """Fields that another choice leaves without a meaning: their content is not looked at."""
    unused = set[str]()
    if raw["release"] != "at_time":
        unused.add("release_at")
    if not raw["sealed"]:
        unused.add("sealed_before_s")
    if raw["scale"] != "own":
        unused |= {"scale_mean", "scale_sd"}
    if raw["scale"] != "linked":
        unused.add("scale_linked_to")
    if not raw["live_standing"]:
        unused.add("freeze_minutes")
    return unused


def _local(at: datetime, zone: Any) -> str:
    text = at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
    return text.removesuffix(":00") if text.endswith(":00") else text


def _instant(text: str, zone: Any) -> datetime | Said:
    found = LOCAL.fullmatch(text)
    if found is None:
        return said("A date and a time are expected here.")
    try:
        naive = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}")
        moment = naive.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return said("There is no such date or time.")
    # Clocks that go forward leave an hour out.
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        return said("There is no such time: the clocks go forward.")
    return moment


def _whole(text: str) -> int | Said:
    if text.isascii() and text.isdigit() and len(text) <= DIGITS:
        return int(text)
    return said("A whole number is expected here.")


def _decimal(text: str) -> Decimal | Said:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return said("A number is expected here.")
    if not number.is_finite() or abs(number) >= 10**DIGITS:
        return said("A number is expected here.")
    return number


def _times(text: str, seconds: int) -> int | Said:
    number = _decimal(text)
    return number if isinstance(number, Said) else round(number * seconds)


def _plain(number: Decimal) -> str:
    """Without zeros behind it; 80 seconds are 1.3333 minutes."""
    return f"{round(number, 4).normalize():f}"
