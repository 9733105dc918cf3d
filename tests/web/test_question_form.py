"""A question's form: what a document becomes in it, what it becomes again, and what its buttons do."""

from typing import Any

import pytest
from starlette.datastructures import FormData, UploadFile

from examhall.exams.question_document import document_of, read_document
from examhall.web.staff.question_form import (
    KINDS,
    WHOLE,
    Draft,
    after,
    draft_of,
    read_draft,
    write_document,
)
from examhall.web.staff.question_merge import merged
from examhall.web.staff.question_row import MOST_ROWS, Row
from examhall.web.staff.question_words import differences, first_line, in_a_form, label_of
from tests.exams.test_questions import OF_EVERY_KIND


def form_of(draft: Draft) -> FormData:
    """What a browser would post of the page that shows this draft."""
    posted: list[tuple[str, str | UploadFile]] = [("prompt", draft.prompt), ("topic", draft.topic)]
    for name, item in draft.items.items():
        texts = ("kind", "prompt", "points", "truth", "numbers", "tolerance", "unit", "accept", "max_chars")
        posted += [(f"{name}-{each}", getattr(item, each)) for each in texts]
        posted += [(f"{name}-partial-asked", "1")] + ([(f"{name}-partial", "on")] if item.partial else [])
        posted += [(f"{name}-case_sensitive", "on")] if item.case_sensitive else []
        for side in ("options", "left", "right"):
            for at, row in enumerate(item.side(side)):
                id_ = f"{name}-{side}-{at}"
                posted += [
                    (f"{id_}-{each}", getattr(row, each)) for each in ("text", "key", "place", "match")
                ]
                if row.correct:
                    posted.append((f"{name}-{side}-correct", str(at)))
                posted += [
                    (f"{name}-{side}-{end}", str(at)) for end in ("best", "worst") if getattr(row, end)
                ]
    return FormData(posted)


def whole(kind: str) -> dict[str, Any]:
    return {"prompt": "Which?", "topic": "Words", "type": kind, "points": "2.5", **OF_EVERY_KIND[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_goes_through_its_form_unchanged(kind: str) -> None:
    document = whole(kind)
    posted = read_draft(form_of(draft_of(document)))
    assert document_of(read_document(write_document(posted).document)) == document


def test_a_question_in_parts_goes_through_its_form_unchanged() -> None:
    parts = {
        name: {"type": kind, "points": "1", **OF_EVERY_KIND[kind]}
        for name, kind in zip("abcdefghi", KINDS, strict=True)
    }
    document = {"prompt": "All of it.", "parts": parts}
    posted = read_draft(form_of(draft_of(document)))
    assert document_of(read_document(write_document(posted).document)) == document


def test_what_is_moved_takes_its_part_of_the_key_along() -> None:
    draft = after(draft_of(whole("single_choice")), "up:q:options:1")
    assert write_document(draft).document["options"] == ["blue", "red"]
    assert write_document(draft).document["answer"] == "A"
    draft = draft_of(whole("matching"))
    for do in ("up:q:right:1", "down:q:left:0"):
        draft = after(draft, do)
    document = write_document(draft).document
    assert (document["left"], document["right"]) == (["two", "one"], ["1", "2", "3"])
    assert document["answer"] == {"1": "B", "2": "A"}
    draft = after(draft, "remove:q:right:0")
    assert write_document(draft).document["answer"] == {"1": "A"}


def test_an_authors_own_names_of_options_stay_and_new_ones_get_free_letters() -> None:
    draft = after(draft_of(whole("best_worst")), "add:q:options")
    item = draft.items[WHOLE]
    rows = [*item.options[:-1], Row("stay")]
    document = write_document(Draft("x", "", {WHOLE: item.with_side("options", rows)})).document
    assert document["options"] == {"X": "help", "Y": "run", "A": "stay"}


def test_empty_rows_say_nothing_and_letters_close_up() -> None:
    item = draft_of(whole("single_choice")).items[WHOLE]
    rows = [Row("one"), Row(), Row("two", correct=True), Row()]
    written = write_document(Draft("x", "", {WHOLE: item.with_side("options", rows)}))
    assert (written.document["options"], written.document["answer"]) == (["one", "two"], "B")
    assert written.fields["options.2"] == "q-options-2-text"


def test_a_question_is_split_into_parts_and_joined_again() -> None:
    draft = after(draft_of(whole("number")), "split")
    assert list(draft.items) == ["a", "b"]
    draft = after(after(draft, "add-part"), "remove-part:b")
    assert list(draft.items) == ["a", "b"]
    assert list(after(draft, "remove-part:b").items) == [WHOLE]
    assert write_document(after(draft, "remove-part:b")).document["answer"] == ["12.5", "25/2"]


@pytest.mark.parametrize(
    "do",
    ["", "up", "up:q", "up:z:options:1", "up:q:options:-1", "up:q:options:99", "remove:q:nothing:0",
     "remove-part:q", "add-part", "remove:q:options:1e3", "add:q:__class__", "down:q:options:²"],
)  # fmt: skip
def test_a_button_that_means_nothing_changes_nothing(do: str) -> None:
    draft = draft_of(whole("ordering"))
    assert after(draft, do) == draft


def test_a_form_has_bounded_rows() -> None:
    form = FormData([("q-kind", "ordering"), *((f"q-options-{at}-text", "x") for at in range(1_000))])
    draft = read_draft(form)
    assert len(draft.items[WHOLE].options) == MOST_ROWS
    assert after(draft, "add:q:options") == draft


def test_a_form_of_nobodys_is_read_as_an_empty_one() -> None:
    assert read_draft(FormData([("q-kind", "__import__"), ("zz-kind", "number")])).items.keys() == {WHOLE}
    assert read_draft(FormData([])).prompt == ""


def test_what_is_wrong_is_said_in_the_words_of_a_form() -> None:
    assert in_a_form("", "This question has no `answer`.", str) == (
        "answer",
        "Say which answer is right.",
    )
    assert in_a_form("parts.b", "This question has no `prompt`.", str)[0] == "parts.b.prompt"
    assert in_a_form("points", "Other.", str) == ("points", "Other.")


def test_fields_are_called_as_people_call_them() -> None:
    assert label_of("options.2", str) == "Option B"
    assert label_of("answer.best", str) == "Right answer: Best"
    assert label_of("parts.a.points", str) == "Part a: Points"
    assert label_of("parts.b", str) == "Part b: The whole part"


def test_what_somebody_else_changed_is_told_field_by_field() -> None:
    before = {"prompt": "x", "type": "true_false", "points": "1", "answer": True}
    now = {**before, "answer": False, "topic": "Logic"}
    yours = {**before, "topic": "Truth"}
    assert [tuple(each) for each in differences(before, now, yours, str)] == [
        ("Right answer", "Yes", "No", None),
        ("Topic", "", "Logic", "Truth"),
    ]


def test_what_only_the_other_changed_comes_into_the_form() -> None:
    before = whole("single_choice")
    now = {**before, "topic": "Logic", "answer": "A", "prompt": "Theirs?"}
    mine = merged(draft_of({**before, "prompt": "Mine?", "points": "5"}), before, now)
    assert write_document(mine).document == {**now, "prompt": "Mine?", "points": "5"}
    both = merged(draft_of({**before, "options": ["red", "blue", "grey"]}), before, now)
    # Choices and key belong together: mine, with my key.
    assert write_document(both).document == {**now, "options": ["red", "blue", "grey"], "answer": "B"}


def test_where_parts_came_or_went_they_stay_as_they_were_typed() -> None:
    before = whole("number")
    split = after(draft_of(before), "split")
    mine = merged(split, before, {**before, "points": "9", "topic": "Lengths"})
    assert (mine.items, mine.topic) == (split.items, "Lengths")
    parts = {name: {"type": "essay", "points": "1", "max_chars": "500"} for name in "ab"}
    together = {"prompt": "x", "parts": parts}
    changed = {"prompt": "x", "parts": {**parts, "b": {**parts["b"], "prompt": "Why?"}}}
    typed = {"prompt": "x", "parts": {**parts, "a": {**parts["a"], "points": "3"}}}
    document = write_document(merged(draft_of(typed), together, changed)).document
    assert document["parts"] == {"a": typed["parts"]["a"], "b": changed["parts"]["b"]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("What is $7 \\cdot 8$?", "What is $7 \\cdot 8$?"),
        ("Eight in the evening: one of\nthem writes.", "Eight in the evening: one of …"),
        ("Order these.\n\n- a", "Order these."),
        ("Look:\n\n![a leaf](leaf.png)", "Look:"),
        ("Is $x^2 + 2x + 1 + 3x^2 + 4 + 5$ a square?", "Is …"),
        ("a" * 40, "a" * 30 + " …"),
    ],
)
def test_a_first_line_says_that_it_goes_on_and_cuts_no_formula(prompt: str, line: str) -> None:
    assert first_line(prompt, 30) == line
