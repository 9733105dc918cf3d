"""A result as its page shows it: questions in the candidate's own order, answers in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from examhall.exams.markdown import to_inline_html
from examhall.scoring.by_hand_told import Feedback
from examhall.scoring.results import MarkedItem


@dataclass(frozen=True)
class Given:
    """One line of an answer: as HTML where it repeats the exam's words, as text where the candidate wrote."""

    html: str = ""
    text: str = ""
    label: str = ""


@dataclass(frozen=True)
class ItemView:
    sub_part: str
    kind: str
    prompt_html: str
    verdict: str
    given: Sequence[Given]
    # Every right answer, each in lines; empty where the exam does not show its key.
    right: Sequence[Sequence[Given]] = ()
    # Whether everybody got its points, whatever they answered.
    for_everybody: bool = False
    # Of the people who marked it.
    feedback: Feedback | None = None


@dataclass(frozen=True)
class QuestionView:
    label: str
    gist_html: str
    prompt_html: str
    verdict: str
    points: float | None
    max_points: float
    items: Sequence[ItemView]


def break_down(
    questions: Sequence[Mapping[str, Any]],
    marked: Sequence[MarkedItem],
    *,
    exam_id: int,
    feedback: Mapping[tuple[int, str], Feedback] | None = None,
) -> list[QuestionView]:
    """*questions* as the candidate had them, each with what was answered and what it is worth.

    Questions that the exam no longer has, or did not have then, are left out.
    """
    by_slot = {(item.question_number, item.sub_part): item for item in marked}
    views = []
    for place, question in enumerate(questions, 1):
        items = [
            (item, by_slot[question["number"], item["sub_part"]])
            for item in question["items"]
            if (question["number"], item["sub_part"]) in by_slot
        ]
        if not items:
            continue
        marks = [mark.points for _, mark in items]
        first_line = (question["prompt"] or items[0][0]["prompt"]).strip().partition("\n")[0]
        views.append(
            QuestionView(
                label=str(place),
                gist_html=to_inline_html(first_line, exam_id=exam_id),
                prompt_html=question["prompt_html"],
                verdict=together([mark.verdict for _, mark in items]),
                points=None if None in marks else float(sum(m for m in marks if m is not None)),
                max_points=float(sum(mark.max_points for _, mark in items)),
                items=[
                    ItemView(
                        sub_part=item["sub_part"],
                        kind=item["kind"],
                        prompt_html=item["prompt_html"],
                        verdict=mark.verdict,
                        given=given(item, mark.answer),
                        right=right_answers(item, mark.key) if mark.key is not None else (),
                        for_everybody=bool(mark.key and mark.key.get("everybody")),
                        feedback=(feedback or {}).get((mark.question_number, mark.sub_part)),
                    )
                    for item, mark in items
                ],
            )
        )
    return views


def together(verdicts: Sequence[str]) -> str:
    """One verdict for a question of several parts; parts that count for nothing decide only when all do."""
    verdicts = [verdict for verdict in verdicts if verdict != "void"] or verdicts
    if "unmarked" in verdicts:
        return "unmarked"
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return "partly" if {"right", "partly"} & {*verdicts} else "wrong"


def count_verdicts(marked: Sequence[MarkedItem]) -> Counter[str]:
    return Counter(item.verdict for item in marked)


def given(item: Mapping[str, Any], answer: object) -> list[Given]:
    """The answer in lines. Keys that the item does not have any more are shown as they are."""

    def option(key: object, column: str = "options") -> Given:
        for each in item.get(column, ()):
            if each["key"] == key:
                return Given(html=each["html"])
        return Given(text=str(key))

    if answer in (None, "", [], {}):
        return []
    match item["kind"], answer:
        case ("single_choice", key):
            return [option(key)]
        case ("multiple_choice" | "ordering", list(keys)):
            return [option(key) for key in keys]
        case ("matching", dict(pairs)):
            return [
                Given(
                    html=option(right, "right").html,
                    text=option(right, "right").text,
                    label=option(left, "left").html or escape(str(left)),
                )
                for left, right in pairs.items()
            ]
        case ("best_worst", dict(ends)):
            return [Given(**vars(option(key)) | {"label": end}) for end, key in ends.items()]
        case _:
            return [Given(text=str(answer))]


def right_answers(item: Mapping[str, Any], key: Mapping[str, Any]) -> list[list[Given]]:
    """Each answer that the key takes as wholly right, in lines; none for an essay."""
    answers = [given(item, answer) for answer in _right(item["kind"], key)]
    if item["kind"] == "number" and key.get("tolerance", "0").strip("0.,"):
        answers = [[Given(text=f"{line.text} ± {key['tolerance']}") for line in lines] for lines in answers]
    return answers + [given(item, answer) for answer in key.get("also", ())]


def _right(kind: str, key: Mapping[str, Any]) -> list[Any]:
    match kind:
        case "single_choice":
            return list(key["correct"])
        case "multiple_choice":
            return [key["correct"]]
        case "true_false":
            return ["true" if key["correct"] else "false"]
        case "number":
            return [key["value"], *key.get("accept", ())]
        case "short_text":
            return list(key["accept"])
        case "ordering":
            return [key["order"]]
        case "matching":
            return [key["pairs"]]
        case "best_worst":
            return [{"best": key["best"], "worst": key["worst"]}]
    return []
