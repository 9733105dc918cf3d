"""What the editor of a scenario shows: every field, what is wrong beside it, and all of it in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from examhall.accounts.access import Person
from examhall.accounts.people import find_account
from examhall.analyses.calculate import list_calculations
from examhall.analyses.document import BadScenario, read_scenario
from examhall.analyses.editing import EditedItem, exams_named, exams_to_choose, items_to_edit
from examhall.analyses.projects import DESCRIPTION_CHARS, NAME_CHARS, find_project
from examhall.analyses.scenarios import SavedScenario
from examhall.base.errors import Refusal
from examhall.base.wire import LARGEST_ID
from examhall.exams.markdown import to_inline_html
from examhall.reference.catalog import Entry, list_entries
from examhall.web.breakdown import right_answers
from examhall.web.frame import framed
from examhall.web.i18n import gettext_of
from examhall.web.numbers import numbers_of
from examhall.web.staff.key import shown_item
from examhall.web.staff.scenario_form import (
    AS_IT_IS,
    ItemState,
    Slot,
    anchor_of,
    as_text,
    bands_text,
    chosen_entry,
    states_of,
    topics_of,
)
from examhall.web.staff.scenario_words import scenario_in_words

# Two fields for each item: beyond this a form is no longer read, and the document is the editor.
MOST_ROWS = 420
LAST_CALCULATIONS = 5
MOST_EXAMS_SHOWN = 20


async def editor(
    request: Request,
    me: Person,
    *,
    project_id: int,
    document: Mapping[str, Any],
    given: Mapping[str, Any],
    saved: SavedScenario | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    faster: Mapping[str, Any] | None = None,
    unsaved: bool = False,
    at_document: bool = False,
) -> Response:
    """The page around a document, whether or not it is in order. For members; viewers get no buttons."""
    exam_ids = [each for each in document.get("exams", []) if isinstance(each, int)][:MOST_EXAMS_SHOWN]
    _ = gettext_of(request)
    async with request.app.state.database.transaction() as conn:
        account = await find_account(conn, me.id)
        project = await find_project(conn, project_id, me.id)
        named = await exams_named(conn, exam_ids)
        items = await items_to_edit(conn, exam_ids)
        choices = await exams_to_choose(conn)
        entries = await list_entries(conn)
        calculations = (
            []
            if saved is None
            else await list_calculations(conn, saved.id, before_id=LARGEST_ID, limit=LAST_CALCULATIONS)
        )
    try:
        words = scenario_in_words(
            read_scenario(document),
            titles={exam.id: exam.title for exam in named.values()},
            entries={(entry.kind, entry.code): _(entry.name) for entry in entries},
            _=_,
            write=numbers_of(request),
        )
    except BadScenario:
        words = None
    problems = [] if at_document else _problems(refusal, document)
    states = states_of(document, items)
    is_editable = saved.may_edit and saved.version == saved.newest if saved else project.may_edit
    return framed(
        request,
        me,
        account,
        "staff/scenario.html",
        refusal.status if refusal else 422 if wrong else 200,
        project=project,
        saved=saved,
        given={"name": "", "description": "", "version": 0, **given},
        may_edit=is_editable,
        exams=[
            {
                "id": exam_id,
                "exam": named.get(exam_id),
                "rows": _rows(items.get(exam_id, []), states),
                "topics": _topics(exam_id, items.get(exam_id, []), document),
            }
            for exam_id in exam_ids
        ],
        too_many=sum(len(of_exam) for of_exam in items.values()) > MOST_ROWS,
        choices=[choice for choice in choices if choice.id not in exam_ids],
        kinds=sorted({item.kind for of_exam in items.values() for item in of_exam} - {"essay"}),
        said=_said(document),
        scales=_entries(entries, "scales", document.get("scale")),
        bands=_entries(entries, "grade_bands", document.get("grade_bands")),
        text=as_text(document),
        words=words,
        wrong={**(wrong or {}), **{each["anchor"]: each["message"] for each in reversed(problems)}},
        problems=problems,
        document_problems=_problems(refusal, document) if at_document else [],
        refused=_(refusal.detail) if refusal else "",
        faster=faster,
        unsaved=unsaved,
        was_saved="saved" in request.query_params,
        calculations=calculations,
        limits={"name": NAME_CHARS, "description": DESCRIPTION_CHARS},
    )


def _problems(refusal: Refusal | None, document: Mapping[str, Any]) -> list[dict[str, str]]:
    if not isinstance(refusal, BadScenario):
        return []
    return [
        {"anchor": anchor_of(each["path"], document), "path": each["path"], "message": each["message"]}
        for each in refusal.problems
    ]


def _rows(of_exam: Sequence[EditedItem], states: Mapping[Slot, ItemState]) -> list[dict[str, Any]]:
    rows = []
    for item in of_exam:
        shown = shown_item(item.keyed, item.exam_id)
        state = states.get((item.exam_id, item.label), AS_IT_IS)
        rows.append(
            {
                "item": item,
                "label": item.label,
                "name": f"{item.exam_id}-{item.label}",
                "kind": item.kind,
                "gist_html": to_inline_html(item.prompt.strip().partition("\n")[0], exam_id=item.exam_id),
                "right": right_answers(shown, item.key),
                "letters": _letters(item.key),
                "for_everybody": bool(item.key.get("everybody")),
                "state": state,
            }
        )
    return rows


def _letters(key: Mapping[str, Any]) -> str:
    """What the field takes for the right answer, where that is letters; the page shows what they mean."""
    for name in ("correct", "order"):
        if isinstance(key.get(name), list):
            return ", ".join(key[name])
    return ""


def _topics(exam_id: int, items: Sequence[EditedItem], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    weights = {
        each.get("topic"): each.get("factor")
        for each in document.get("weights", [])
        if each.get("exam_id") == exam_id
    }
    return [
        {
            "topic": topic,
            "name": f"weight-{exam_id}-{number}",
            "anchor": f"w-{exam_id}-{topic}",
            "factor": weights.get(topic, ""),
            "points": float(sum(item.points for item in items if item.topic == topic)),
        }
        for number, topic in enumerate(topics_of(items))
    ]


def _said(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that are not about one question or topic."""

    def part(name: str) -> Mapping[str, Any]:
        found = document.get(name)
        return found if isinstance(found, Mapping) else {}

    return {
        "negative": part("negative_marking").get("fraction", ""),
        "negative_kinds": part("negative_marking").get("kinds", []),
        "curve": part("curve"),
        "pass_percent": part("pass_mark").get("percent", ""),
        "bands": chosen_entry(document.get("grade_bands")),
        "own_bands": bands_text(document),
        "scale": chosen_entry(document.get("scale")),
        "own_scale": part("scale"),
        "exclude_sittings": ", ".join(str(each) for each in document.get("exclude_sittings", [])),
        "exclude_below": document.get("exclude_below_minutes", ""),
        "subgroups": part("subgroups").get("by", ""),
    }


def _entries(entries: Sequence[Entry], kind: str, chosen: object) -> list[tuple[str, str]]:
    """What a select offers: entries in use in their newest version, and the one that is chosen already."""
    found = [
        (f"{entry.code}:{entry.version}", entry.name)
        for entry in entries
        if entry.kind == kind and entry.active
    ]
    value = chosen_entry(chosen)
    if value not in ("", "own") and value not in dict(found):
        code, _, version = value.partition(":")
        name = next((entry.name for entry in entries if (entry.kind, entry.code) == (kind, code)), code)
        found.append((value, f"{name} ({version})"))
    return found
