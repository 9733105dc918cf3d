"""What a question's editor does wherever the question is kept, in an exam or in the bank."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from examhall.accounts.access import Person
from examhall.base.errors import Refusal, SomebodyWasFaster
from examhall.exams.bank import UnknownTerm
from examhall.exams.editing import HasStarted
from examhall.exams.exam_file_items import PROMPT_CHARS, TOPIC_CHARS, Question
from examhall.exams.question_document import BadQuestion, document_of, judge
from examhall.exams.questions import NoSuchQuestion, TooManyQuestions
from examhall.web.i18n import gettext_of, language_of
from examhall.web.pages import render
from examhall.web.public import SEE_OTHER
from examhall.web.staff.frames import for_a_frame
from examhall.web.staff.given import version_in
from examhall.web.staff.question_form import KINDS, WHOLE, Draft, ItemDraft, after, read_draft, write_document
from examhall.web.staff.question_look import question_html
from examhall.web.staff.question_merge import merged
from examhall.web.staff.question_words import KINDS as WORDS
from examhall.web.staff.question_words import Difference, differences, in_a_form, label_of

SAVES = ("save", "save-new")
# The names of terms by their codes, by the field that holds the code; an exam's question has none.
Names = Mapping[str, Mapping[str, str]]
NO_NAMES: Names = {}


@dataclass(frozen=True)
class Shown:
    """What the form shows besides the draft itself."""

    # Of the question that it changes; 0 for a new one.
    version: int
    status: int = 200
    problems: Sequence[tuple[str, str]] = ()
    refused: str = ""
    theirs: Sequence[tuple[str, Sequence[Difference]]] = ()
    is_deleted: bool = False


@dataclass(frozen=True)
class Addresses:
    """Where the form is posted, and what it asks for while somebody writes."""

    action: str
    look: str
    # What stands in the frame at first.
    frame: str
    # Where pictures are brought; nothing where they cannot be yet.
    pictures: str = ""


@dataclass(frozen=True)
class Place:
    """Where questions are kept: how one is saved there, and the page that shows its form."""

    # Saves the draft over the version that was seen; gives the page of what is saved.
    save: Callable[[Request, Person, FormData, Draft, int], Awaitable[str]]
    # The page with what was typed; or, without a draft, with the question as it is.
    show: Callable[[Request, Person, Draft | None, Shown | None], Awaitable[Response]]
    # The page of a new question, to come after this one.
    new: Callable[[Request, Draft], str]


def new_draft(request: Request) -> Draft:
    """The empty form of the type that was asked for."""
    kind = request.query_params.get("kind", "")
    item = ItemDraft(kind=kind if kind in KINDS else "single_choice").with_rows()
    # The topic of the question before: they come one after the other.
    return Draft(topic=request.query_params.get("topic", "")[:TOPIC_CHARS], items={WHOLE: item})


async def posted(
    request: Request, me: Person, form: FormData, draft: Draft, place: Place, names: Names = NO_NAMES
) -> Response:
    """What came of the form: saved, or the form again with what its button did or with what is in the way."""

    async def again(draft: Draft, shown: Shown) -> Response:
        return await place.show(request, me, draft, shown)

    do, seen = str(form.get("do", "save")), version_in(str(form.get("version", "")))
    if do not in SAVES:
        return await again(after(draft, do), Shown(version=seen))
    try:
        saved = await place.save(request, me, form, draft, seen)
    except BadQuestion as refusal:
        return await again(draft, _told(request, draft, seen, refusal))
    except SomebodyWasFaster as refusal:
        return await again(_with_theirs(draft, refusal), _changed(request, draft, refusal, names))
    except (HasStarted, TooManyQuestions, NoSuchQuestion, UnknownTerm) as refusal:
        why = gettext_of(request)(refusal.detail)
        gone = isinstance(refusal, NoSuchQuestion)
        shown = Shown(version=0 if gone else seen, status=refusal.status, refused=why, is_deleted=gone)
        return await again(draft, shown)
    if do == "save-new":
        kind = next(iter(draft.items.values())).kind
        new = place.new(request, draft)
        return RedirectResponse(f"{new}{'&' if '?' in new else '?'}kind={kind}", SEE_OTHER)
    return RedirectResponse(f"{saved}?saved=1", SEE_OTHER)


def _told(request: Request, draft: Draft, seen: int, refusal: BadQuestion) -> Shown:
    found: Any = refusal.details["fields"]
    return Shown(version=seen, status=refusal.status, problems=_in_fields(request, draft, found))


def _in_fields(request: Request, draft: Draft, found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Each problem with the id of the field that it is about."""
    words, fields = gettext_of(request), write_document(draft).fields
    told = []
    for each in found:
        path, message = in_a_form(each["path"], each["message"], words)
        while path and path not in fields:
            path = path.rpartition(".")[0]
        told.append((fields.get(path, "prompt"), message))
    return list(dict.fromkeys(told))


def _changed(request: Request, draft: Draft, refusal: Refusal, names: Names) -> Shown:
    """What the others changed, field by field; the form now goes by the version that it shows of them."""
    words = gettext_of(request)
    changes: Any = refusal.details["changes"]
    version = refusal.details["version"]
    assert isinstance(version, int)
    # As it would be stored, which the changes are too.
    yours = document_of(judge(write_document(draft).document)[0])
    yours |= {name: getattr(draft, name) for name in names}
    return Shown(
        version=version,
        status=refusal.status,
        refused=words(refusal.detail),
        theirs=[
            (
                each["edited_by"] or "",
                differences(
                    _named(each["before"], names), _named(each["after"], names), _named(yours, names), words
                ),
            )
            for each in changes
            if each["after"] is not None
        ],
        is_deleted=bool(changes) and changes[-1]["after"] is None,
    )


def _named(document: Mapping[str, Any] | None, names: Names) -> dict[str, Any]:
    """The document with the names of terms for their codes; what says the same twice says it once."""
    shown = dict(document or {})
    for name, terms in names.items():
        shown[name] = terms.get(shown.get(name) or "", shown.get(name) or "")
    if shown.get("topic") == shown.get("filed"):
        shown.pop("topic", None)
    return shown


def _with_theirs(draft: Draft, refusal: Refusal) -> Draft:
    changes: Any = refusal.details["changes"]
    before, now = (changes[0]["before"], changes[-1]["after"]) if changes else (None, None)
    return draft if before is None or now is None else merged(draft, before, now)


def form_of(request: Request, draft: Draft, shown: Shown, addresses: Addresses) -> dict[str, Any]:
    """What the editor's template asks for, wherever the question is kept."""
    return {
        "draft": draft,
        "shown": shown,
        "addresses": addresses,
        "problems": _by_field(shown.problems),
        "kinds": WORDS,
        "saved": "saved" in request.query_params and request.method == "GET",
        "limits": {"prompt": PROMPT_CHARS, "topic": TOPIC_CHARS},
        "words": _editor_words(request),
    }


def _by_field(problems: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, message in problems:
        found.setdefault(name, []).append(message)
    return found


async def look_of(
    request: Request, *, exam_id: int, pictures: Collection[str], picture_base: str | None = None
) -> Response:
    """What stands in the posted form, as a candidate would see it, and what is still wrong with it."""
    form = await request.form()
    question, found = judge(write_document(read_draft(form)).document, pictures=pictures)
    place, total = (version_in(str(form.get(name, ""))) or 1 for name in ("shown-place", "shown-total"))
    html = await asyncio.to_thread(
        question_html,
        question,
        exam_id=exam_id,
        pictures=pictures,
        picture_base=picture_base,
        language=language_of(request),
        place=place,
        total=max(place, total),
    )
    words = gettext_of(request)
    told = (in_a_form(str(each["path"]), str(each["message"]), words) for each in found)
    problems = [
        f"{label_of(path, words)}: {message}" if path else message for path, message in dict.fromkeys(told)
    ]
    return JSONResponse({"html": html, "problems": problems}, headers={"cache-control": "no-store"})


def framed_look(
    request: Request,
    question: Question | None,
    *,
    exam_id: int,
    pictures: Collection[str],
    picture_base: str | None = None,
    place: int = 1,
    total: int = 1,
) -> Response:
    """What stands in the frame until somebody writes: the question as it is, or nothing of a new one."""
    html = ""
    if question is not None:
        html = question_html(
            question,
            exam_id=exam_id,
            pictures=pictures,
            picture_base=picture_base,
            language=language_of(request),
            place=place,
            total=total,
        )
    return for_a_frame(render(request, "staff/question_look.html", html=html))


def _editor_words(request: Request) -> dict[str, str]:
    """What the editor's script says."""
    _ = gettext_of(request)
    return {
        "saving": _("Saving…"),
        "saved": _("Saved {time}"),
        "unsaved": _("Not saved yet"),
        "refused": _("Not saved: please look above"),
        "lost": _("Not saved: the server cannot be reached. What you wrote is still here."),
        "sign_in": _("Not saved: sign in again in another tab, then save once more."),
        "bringing": _("The picture is being brought…"),
        "brought": _("The picture is in the text. Say in the brackets what it shows."),
        "not_brought": _("The picture could not be brought."),
        "first_save": _("Save the question once; then its pictures can be brought."),
        "describe": _("what the picture shows"),
    }
