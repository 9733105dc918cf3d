"""Of two authors' changes of one question: what only the other changed comes into one's own form."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from examhall.web.staff.question_form import WHOLE, Draft, ItemDraft, draft_of, write_document

# What changes by itself; the type, its choices and their key belong together.
APART = ("prompt", "topic", "points")


def merged(draft: Draft, before: Mapping[str, Any], now: Mapping[str, Any]) -> Draft:
    """*draft* with the fields of *now* that nobody touched in it; what both changed stays as it was typed.

    Type, choices and key of an item are taken together or not at all: half of each would be nobody's.
    Where parts came or went they stay as they were typed.
    """
    # As a form writes it: otherwise 500 and "500" would be a change.
    theirs, then = draft_of(now), draft_of(before)
    yours, before = write_document(draft).document, write_document(then).document
    result = draft
    for name in ("prompt", "topic"):
        if yours.get(name) == before.get(name):
            result = replace(result, **{name: getattr(theirs, name)})
    for name in ("subject", "filed"):
        if getattr(draft, name) == getattr(then, name):
            result = replace(result, **{name: getattr(theirs, name)})
    if not draft.items.keys() == theirs.items.keys() == then.items.keys():
        return result
    items = {
        name: _item(item, theirs.items[name], _written(yours, name), _written(before, name))
        for name, item in draft.items.items()
    }
    return replace(result, items=items)


def _item(
    yours: ItemDraft, theirs: ItemDraft, written: Mapping[str, Any], before: Mapping[str, Any]
) -> ItemDraft:
    def rest(document: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name not in (*APART, "parts")}

    result = yours
    if rest(written) == rest(before):
        result = replace(theirs, prompt=yours.prompt, points=yours.points)
    for name in ("prompt", "points"):
        if written.get(name, "") == before.get(name, ""):
            result = replace(result, **{name: getattr(theirs, name)})
    return result


def _written(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document if name == WHOLE else document["parts"][name]
    return found
