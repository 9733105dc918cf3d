"""An exam file from values: YAML that people read and `read_exam_file` reads back as the same."""

import re
from collections.abc import Iterator
from typing import Any

# Words that need no quotes: nothing in them means anything in YAML.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./%-]*(?: [A-Za-z0-9_./%+-]+)*")
# A second line break to YAML, or none of its business: only an escape keeps them.
ESCAPED = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\u2028": "\\L",
    "\u2029": "\\P",
    "\ufeff": "\\uFEFF",
}
BREAKS = re.compile("[\r\u2028\u2029\ufeff]")
STEP = "  "


def to_yaml(document: dict[str, Any]) -> str:
    """The document of mappings, lists, texts, numbers and truths, its names in their order."""
    return "\n".join(_mapping(document, "")) + "\n"


def _mapping(entries: dict[str, Any], indent: str) -> Iterator[str]:
    for name, value in entries.items():
        yield from _entry(f"{indent}{_scalar(str(name), indent)}:", value, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    match value:
        case dict() if value:
            yield head
            yield from _mapping(value, indent + STEP)
        case list() if value:
            yield head
            yield from _list(value, indent + STEP)
        case _:
            yield f"{head} {_scalar(value, indent)}"


def _list(items: list[Any], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            # The first entry stands beside the dash, the others below it.
            first, *others = _mapping(item, indent + STEP)
            yield f"{indent}- {first.removeprefix(indent + STEP)}"
            yield from others
        else:
            yield from _entry(f"{indent}-", item, indent)


def _scalar(value: Any, indent: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case dict():
            return "{}"
        case list():
            return "[]"
    text = str(value)
    if BREAKS.search(text) or text != text.strip():
        return '"' + "".join(ESCAPED.get(each, each) for each in text) + '"'
    if "\n" in text:
        lines = [f"{indent}{STEP}{line}" if line else "" for line in text.split("\n")]
        return "|-\n" + "\n".join(lines)
    if PLAIN.fullmatch(text) and text != "null":
        return text
    return "'" + text.replace("'", "''") + "'"
