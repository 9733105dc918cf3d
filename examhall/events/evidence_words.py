"""The history of a sitting in words: what each step was, and answers as the options that were chosen."""

from collections.abc import Callable
from functools import cache
from html import unescape
from typing import Any, Final, NamedTuple

from examhall.base.errors import Refusal
from examhall.base.numbers import numbers_beside
from examhall.events.evidence import Item, Step

Translate = Callable[[str], str]


def _(message: str) -> str:
    """Marks a sentence for translation; `said` translates it."""
    return message


SAID: Final = {
    "started": _("Started"),
    "signed_in": _("Signed in ({method})"),
    "ticket_shown": _("Showed the ticket"),
    "lobby_opened": _("Opened the exam's page"),
    "sitting_resumed": _("Opened the exam room again"),
    "sealed_opened": _("Was given the key of the sealed paper"),
    "sealed_failed": _("Could not use the sealed paper and had the questions from the server"),
    "refused": _("Was refused ({detail})"),
    "cut_off": _("The connection was cut"),
    "back_again": _("The connection was back"),
    "result_seen": _("Looked at the result"),
    "time": _("Was given {time} more"),
    "announcement": _("An announcement was made"),
    "pause": _("The exam was paused"),
    "resume": _("The exam went on, with the time of the pause given back"),
    "close": _("The sitting was closed by staff"),
    "readmit": _("Was let in again"),
    "marked": _("Marked"),
    "key_corrected": _("The key was corrected: version {key}"),
    "by_hand_finished": _("Question {question} was marked by hand"),
    "by_hand_reopened": _("The mark by hand of question {question} was taken back"),
    "by_hand_third_asked": _("A third opinion was asked for on question {question}"),
    "by_hand_settled": _("The marks by hand of question {question} were settled"),
    "by_hand_withdrawn": _("Question {question} is not marked by hand any more"),
    "certificate": _("Certificate {serial} was issued"),
    "certificate_revoked": _("Certificate {serial} was revoked"),
}
CLOSED: Final = {
    "candidate": _("Handed in by the candidate"),
    "deadline": _("Handed in by the server: time was up"),
    "staff": _("Handed in by staff"),
}
EFFECTS: Final = {
    "changed": _("Question {question} was answered"),
    "cleared": _("The answer to question {question} was cleared"),
    "repeated": _("Question {question}: the same answer arrived again"),
    "late": _("Question {question}: an older answer arrived late and replaced nothing"),
    "hidden": _("An answer to question {question} was saved"),
}
POINTS, OF_KEY = _("{points} of {most} points"), _("by version {key} of the key")
GIVEN_TO_ALL, BY = _("to everybody"), _("by {who}")
TRUE, FALSE, BEST, WORST = _("True"), _("False"), _("Best"), _("Worst")
# The others are called by their own names everywhere.
METHODS: Final = {
    "password": _("password"),
    "ticket": _("ticket"),
    "telegram": "Telegram",
    "openid": "OpenID Connect",
}
MINUTES = _("{minutes}:{seconds:02} min")


class Part(NamedTuple):
    """A piece of an answer: the option's letter, its text, and whether that is an author's Markdown."""

    letter: str
    text: str
    is_markdown: bool = False


def place_of(step: Step) -> str:
    """The number of the question as people say it: 36a."""
    assert step.change is not None
    return f"{step.change.question_number}{step.change.sub_part}"


def said(step: Step, translate: Translate, *, with_answers: bool) -> str:
    """The step as a sentence, without the answer itself."""
    if step.change is not None:
        effect = step.effect
        if effect == "changed" and not with_answers:
            effect = "hidden"
        elif effect == "changed" and step.change.answer in (None, "", [], {}):
            effect = "cleared"
        return translate(EFFECTS[effect]).format(question=place_of(step))
    if step.what == "closed":
        return translate(CLOSED[str(step.details["by"])])
    details = dict(step.details)
    if step.what == "time":
        minutes, seconds = divmod(int(details["seconds"]), 60)
        details["time"] = translate(MINUTES).format(minutes=minutes, seconds=seconds)
    if "question" in details:
        details["question"] = f"{details['question']}{details['sub_part']}"
    if step.what == "signed_in":
        details["method"] = translate(METHODS.get(str(details.get("method")), "?"))
    if step.what == "refused":
        details["detail"] = translate(_sentence(str(details.get("detail", "")))).removesuffix(".")
    template = translate(SAID.get(step.what, step.what))
    return template.format_map({"question": "?", "method": "?", "detail": "", **details})


@cache
def _sentence(code: str) -> str:
    """What is said to who is refused with this code; the code where there is no such refusal any more."""
    waiting = [Refusal]
    while waiting:
        refusal = waiting.pop()
        if refusal.word() == code:
            return refusal.sentence()
        waiting += refusal.__subclasses__()
    return code


def more_of(step: Step, translate: Translate) -> list[str]:
    """What else is known of a step, as short phrases."""
    details, more, write = step.details, [], numbers_beside(translate)
    if (points := details.get("points")) is not None:
        if (most := details.get("max_points")) is not None:
            more.append(translate(POINTS).format(points=write.points(points), most=write.points(most)))
        else:
            more.append(write.points(points))
    if step.what == "marked" and "key" in details:
        more.append(translate(OF_KEY).format(key=details["key"]))
    if details.get("all"):
        more.append(translate(GIVEN_TO_ALL))
    if step.full_name:
        more.append(translate(BY).format(who=step.full_name))
    more += [str(details[name]) for name in ("message", "reason") if details.get(name)]
    return more


def parts_of(item: Item | None, answer: Any, translate: Translate) -> list[Part]:
    """An answer as a person reads it; nothing for one that was cleared."""
    if answer in (None, "", [], {}):
        return []
    kind = item.kind if item else ""
    presented = item.presented if item else {}
    options = _texts(presented.get("options"))

    def option(key: Any) -> Part:
        return Part(str(key), options.get(str(key), ""), is_markdown=True)

    match kind, answer:
        case "single_choice", str():
            return [option(answer)]
        case (("multiple_choice" | "ordering"), list()):
            return [option(key) for key in answer]
        case "true_false", str():
            return [Part("", translate(TRUE) if answer == "true" else translate(FALSE))]
        case "best_worst", dict():
            names = (("best", BEST), ("worst", WORST))
            return [
                Part(f"{translate(name)}: {answer[key]}", options.get(str(answer[key]), ""), is_markdown=True)
                for key, name in names
                if answer.get(key)
            ]
        case "matching", dict():
            left, right = _texts(presented.get("left")), _texts(presented.get("right"))
            return [
                Part(
                    f"{key} → {to}", f"{left.get(str(key), '')} → {right.get(str(to), '')}", is_markdown=True
                )
                for key, to in answer.items()
            ]
        case "number", str() if presented.get("unit"):
            return [Part("", f"{answer} {presented['unit']}")]
    return [Part("", answer if isinstance(answer, str) else str(answer))]


def plain(parts: list[Part]) -> str:
    """For where no markup can stand: a PDF's line, a label. Formulas stay as they are written."""
    return "; ".join(
        " ".join(word for word in (part.letter, " ".join(unescape(part.text).split())) if word)
        for part in parts
    )


def _texts(options: Any) -> dict[str, str]:
    if not isinstance(options, list):
        return {}
    return {str(option["key"]): str(option["text"]) for option in options}
