"""The words that the pages' JavaScript says, in the reader's language, with a form for each plural."""

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from examhall.base.languages import locale_of
from examhall.web.i18n import translations

Words: TypeAlias = Mapping[str, str | Mapping[str, str]]


def _plural(language: str, one: str, many: str) -> dict[str, str]:
    """By the categories of Intl.PluralRules, which knows best in the browser."""
    rule = locale_of(language).plural_form
    words = translations(language)
    forms: dict[str, str] = {"other": words.ungettext(one, many, 2)}
    # Every language's categories show themselves below 200.
    for n in range(200):
        forms.setdefault(rule(n), words.ungettext(one, many, n))
    return forms


@cache
def room_words(language: str) -> Words:
    _ = translations(language).ugettext

    def ngettext(one: str, many: str) -> dict[str, str]:
        return _plural(language, one, many)

    return {
        "paused": _("The exam is paused. Your clock stands still and your answers are saved."),
        "resumed": _("The exam goes on. You have the time back that it was paused."),
        "given_minutes": ngettext("You have {n} minute more.", "You have {n} minutes more."),
        "given_seconds": ngettext("You have {n} second more.", "You have {n} seconds more."),
        "dismiss": _("Dismiss"),
        "question": _("Question {n}"),
        "place": _("{n} of {total}"),
        "done": _("{n} of {total} answers given"),
        "next": _("Next"),
        "hand_in": _("Hand in"),
        "handing_in": _("Handing in…"),
        "answered_all": _("answered"),
        "answered_some": _("answered in part"),
        "answered_none": _("not answered"),
        "flagged": _("flagged"),
        "not_saved": _("not saved yet"),
        "not_accepted": _("not accepted"),
        "saving": _("Saving…"),
        "saved": _("Saved {time}"),
        "refused": _("Not accepted: {why}"),
        "all_saving": _("Saving…"),
        "all_saved": _("All saved"),
        "all_refused": ngettext("{n} not accepted", "{n} not accepted"),
        "all_waiting": ngettext("{n} answer waits", "{n} answers wait"),
        "waiting_network": _("Kept on this device, waiting for the network"),
        "waiting_busy": _("Kept on this device, the server is busy"),
        "waiting_sign_in": _("Kept on this device until you sign in again"),
        "waiting_stranger": _("Kept on this device until you sign in again"),
        "offline": _("No network"),
        "trouble_network": _(
            "No network. Go on: your answers are kept on this device and will be sent when it is back. "
            "Keep this page open."
        ),
        "trouble_busy": _(
            "The server is busy. Go on: your answers are kept on this device and sent in a moment."
        ),
        "trouble_sign_in": _(
            "You are signed out. Your answers are kept on this device: sign in again in a new tab, "
            "or open your ticket again, then come back here."
        ),
        "trouble_stranger": _(
            "Somebody else is signed in on this device. Your answers are kept: sign in as yourself in a new "
            "tab, then come back here."
        ),
        "trouble_not_durable": _(
            "This browser keeps nothing on this device, perhaps because it is a private window. "
            "Your answers are sent as you write; do not close this page while the network is gone."
        ),
        "all_well": _("The connection is back."),
        "cleared": _("Answer cleared"),
        "kept": _("This order is your answer"),
        "moved": _("Moved to place {n}"),
        "minutes_left": ngettext("{n} minute left", "{n} minutes left"),
        "incomplete": ngettext(
            "{n} question is without a full answer.", "{n} questions are without a full answer."
        ),
        "complete": _("Every question has an answer."),
        "unsaved": ngettext(
            "{n} answer has not reached the server yet. It is kept on this device and being sent; "
            "handing in follows by itself. You can also go on working.",
            "{n} answers have not reached the server yet. They are kept on this device and being sent; "
            "handing in follows by itself. You can also go on working.",
        ),
        "no_answer": _("Your answers are saved. The server does not reply just now; trying again…"),
        "no_reply": _(
            "Your answers are saved and are handed in by themselves; there is nothing you need to do. "
            "The result will be here when the server replies again."
        ),
        "time_up": _("The time is over"),
        "handing_in_all": _("Your answers are being handed in…"),
        "late": ngettext(
            "{n} answer is still on its way. Keep this page open while it is being sent.",
            "{n} answers are still on their way. Keep this page open while they are being sent.",
        ),
        "handed_in": _("The exam is handed in"),
        "over": _("This exam is over"),
        "lost": ngettext(
            "{n} answer did not arrive before the end. Everything else is stored.",
            "{n} answers did not arrive before the end. Everything else is stored.",
        ),
    }


@cache
def pdf_paper_words(language: str) -> Words:
    _ = translations(language).ugettext
    return {
        "of": _("of {n}"),
        "page": _("Page {n} of {total}"),
        "loading": _("The paper is being loaded…"),
        "retrying": _("No network just now. The paper comes as soon as it is back; your answers are kept."),
        "unreadable": _("The paper cannot be shown in this browser. Your answers are not affected."),
        "spoilt": _("This page cannot be shown here. Open the paper as a file, or tell the invigilator."),
    }


@cache
def monitor_words(language: str) -> Words:
    _ = translations(language).ugettext

    def ngettext(one: str, many: str) -> dict[str, str]:
        return _plural(language, one, many)

    return {
        "connected": _("Connected"),
        "cut": _("Cut off"),
        "unseen": _("Not connected yet"),
        "closed_candidate": _("Handed in"),
        "closed_deadline": _("Time was up"),
        "closed_staff": _("Closed by staff"),
        "paused": _("Paused"),
        "answered": _("{n} of {total}"),
        "since": _("since {time}"),
        "at": _("at {time}"),
        "given": _("+{n} min"),
        "more": ngettext(
            "{n} more is not shown: search or filter.", "{n} more are not shown: search or filter."
        ),
        "nobody": _("Nobody here."),
        "to_nobody": _("Nobody sits it now"),
        "to_all": ngettext("To {n} who sits it", "To all {n} who sit it"),
        "to_some": ngettext("To {n} selected", "To {n} selected"),
        "done_time": _("Time given."),
        "done_announcements": _("Announced."),
        "done_pause": _("The exam is paused."),
        "done_resume": _("The exam goes on."),
        "done_close": _("Closed and handed in."),
        "done_readmissions": _("Let in again."),
        "done_seating": _("Rooms saved."),
        "to_room": ngettext("To {n} who sits it in {room}", "To all {n} who sit it in {room}"),
        "to_none_of_them": _("None of those selected sits it now"),
        "again_some": ngettext("{n} selected who handed in", "{n} selected who handed in"),
        "again_none": _("Select them first, under “Handed in”."),
        "line": _("Line {n}: {why}"),
        "failed": _("That did not work: {why}"),
        "offline": _("No connection to the server. What you see may be old."),
        "reached": ngettext("{n} candidate", "{n} candidates"),
        "log_time": ngettext("{n} more minute for {reached}", "{n} more minutes for {reached}"),
        "log_announcement": _("Said to {reached}"),
        "log_pause": _("Paused"),
        "log_resume": _("Went on"),
        "log_close": _("Closed for {reached}"),
        "log_readmit": ngettext(
            "{n} minute from then on, let in again: {reached}",
            "{n} minutes from then on, let in again: {reached}",
        ),
        "by": _("by {who}"),
    }


def lobby_words(language: str) -> Words:
    _ = translations(language).ugettext
    return {
        "network_good": _("Connection is good ({ms} ms)"),
        "network_slow": _(
            "Connection is slow ({ms} ms). It will do: answers are kept here until they are sent."
        ),
        "network_bad": _("No connection to the server just now"),
        "storage_good": _("This device keeps your answers if the network fails"),
        "storage_bad": _("This browser keeps nothing on the device; do not use a private window"),
        "clock_good": _("Time comes from the server"),
        "clock_off": _("Your device's clock is wrong. That does not matter: time comes from the server"),
        "days": _("{n} days"),
        "opened": _("The exam is open. You can start."),
        "starting": _("Starting…"),
        "paper_here": _("The paper is on this device, sealed until the start"),
        "paper_later": _("The paper comes with the start"),
        "waiting": _("No answer yet. We keep trying: stay on this page."),
    }


@cache
def result_words(language: str) -> Words:
    return {
        "not_arrived": _plural(
            language,
            "{n} answer did not arrive before the end and does not count:",
            "{n} answers did not arrive before the end and do not count:",
        )
    }
