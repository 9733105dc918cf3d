"""From the bytes of an exam file to a small tree that knows where everything stands.

Built from the parser's events rather than by a YAML loader: nothing is recursive, aliases cannot
multiply, and a scalar stays the text that the author wrote (`no` is not false, `1:30` not 90).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from examhall.base.said import said
from examhall.exams.exam_file_problems import Place, Problems, bad_at

# file > questions > question > parts > part > options > option is 7; more is a mistake or an attack.
DEEPEST = 12
# 500 questions with 26 options each, in every way they can be written, stay under this.
MOST_NODES = 100_000

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# JSON writes what lies beyond the basic plane as two escapes, which YAML does not know.
SURROGATE_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)


@dataclass(slots=True)
class Scalar:
    line: int
    column: int
    text: str
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        return not self.quoted and self.text in ("", "~", "null")


@dataclass(slots=True)
class Sequence:
    line: int
    column: int
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    line: int
    column: int
    entries: dict[str, "Node"] = field(default_factory=dict)
    # Where each key itself stands.
    keys: dict[str, Scalar] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def read_tree(source: bytes | str, problems: Problems, *, largest_bytes: int) -> Node:
    """The one document in *source*; what is wrong with it and can be read past is added to *problems*.

    Raises BadExamFile, and nothing else, when there is no tree to be had.
    """
    text = _decode(source, largest_bytes)
    try:
        return _Builder(problems).build(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise bad_at(line, column, _in_plain_words(error.problem or "it cannot be read")) from error
    except yaml.YAMLError as error:
        raise bad_at(1, 1, said("This is not a YAML file that can be read.")) from error


def tree_of(value: object) -> Node:
    """What a program says in JSON, as the same tree. It has no lines: what is wrong is told by its path."""
    match value:
        case dict():
            entries = {str(name): tree_of(each) for name, each in value.items()}
            return Mapping(0, 0, entries, {name: Scalar(0, 0, name) for name in entries})
        case list():
            return Sequence(0, 0, [tree_of(each) for each in value])
        case bool():
            return Scalar(0, 0, "true" if value else "false")
        case None:
            return Scalar(0, 0, "")
    return Scalar(0, 0, str(value), quoted=True)


def _decode(source: bytes | str, largest_bytes: int) -> str:
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(raw) > largest_bytes:
        megabytes = largest_bytes / 1_000_000
        raise bad_at(
            1, 1, said("The file is larger than the {megabytes} MB allowed here.", megabytes=f"{megabytes:g}")
        )
    if isinstance(source, str):
        text = source.removeprefix("\ufeff")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8", "replace")
            raise bad_at(*_position(before), "The file is not in UTF-8 from here on.") from error
    if bad := CONTROL.search(text):
        message = said(
            "A control character (U+{value}) has slipped in here; please delete it.",
            value=f"{ord(bad[0]):04X}",
        )
        raise bad_at(*_position(text[: bad.start()]), message)
    return SURROGATE_PAIR.sub(_joined, text) if text.lstrip().startswith("{") else text


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16), int(pair[3], 16)
    return pair[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, Loader=yaml.CSafeLoader))


def _in_plain_words(problem: str) -> str:
    if problem.startswith("mapping values are not allowed"):
        return (
            "A colon followed by a space is not expected here. "
            "A text that has one goes in quotes, or on its own lines after a |."
        )
    if "escape" in problem:
        return (
            "In double quotes a backslash starts an escape, and this one is unknown. "
            "Write formulas in single quotes, or on their own lines after a |."
        )
    if "tab" in problem or "cannot start any token" in problem:
        return (
            "A text cannot start with this character (tabs, @, ` and % among them). "
            "Put the text in quotes; indent with spaces."
        )
    return f"This is not valid YAML: {problem}."


class _Builder:
    """Puts events together with a stack of its own, so that depth costs no recursion."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.stack: list[Sequence | Mapping] = []
        # Per level of the stack, the key that waits for its value.
        self.waiting: list[Scalar | None] = []
        self.root: Node | None = None
        self.nodes = 0

    def build(self, events: Iterator[yaml.Event]) -> Node:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
                raise bad_at(*_start(event), "An exam file is one document; another begins here.")
            if isinstance(event, yaml.CollectionEndEvent):
                self.stack.pop()
                self.waiting.pop()
            elif isinstance(event, yaml.NodeEvent):
                self._take(event)
        if self.root is None:
            raise bad_at(1, 1, said("The file is empty."))
        return self.root

    def _take(self, event: yaml.NodeEvent) -> None:
        line, column = _start(event)
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise bad_at(
                line, column, said("The file holds more than {most_nodes:,} values.", most_nodes=MOST_NODES)
            )
        if event.anchor is not None:
            self._note(event, "Names (&name and *name) are not used in exam files; write it out.")
        node: Node
        if isinstance(event, yaml.MappingStartEvent):
            node = Mapping(line, column)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Sequence(line, column)
        else:
            node = self._scalar(event, line, column)
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in (None, "!"):
            self._note(event, "Tags (!name) are not used in exam files.")
        if self._expects_key():
            self._take_key(node)
            return
        self._attach(node)
        if not isinstance(node, Scalar):
            self.stack.append(node)
            self.waiting.append(None)
            if len(self.stack) > DEEPEST:
                raise bad_at(line, column, said("This is nested deeper than an exam file ever is."))

    def _scalar(self, event: yaml.NodeEvent, line: int, column: int) -> Scalar:
        if not isinstance(event, yaml.ScalarEvent):
            return Scalar(line, column, "")
        text = event.value
        # A theta in double quotes has silently become a tab and "heta": say so instead of showing it.
        if bad := CONTROL.search(text) or (event.style == '"' and "$" in text and re.search("\t", text)):
            self._note(
                event,
                f"This text in double quotes holds the control character U+{ord(bad[0]):04X}: a backslash "
                "in double quotes starts an escape. Write formulas in single quotes, or after a |.",
            )
        return Scalar(line, column, text, quoted=bool(event.style))

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], Mapping) and self.waiting[-1] is None

    def _take_key(self, node: Node) -> None:
        parent = self.stack[-1]
        assert isinstance(parent, Mapping)
        if not isinstance(node, Scalar):
            raise bad_at(node.line, node.column, said("A key is a word, not a list or a mapping."))
        if node.text in parent.entries:
            message = said(
                "`{text}` is here twice; the first is on line {line}.",
                text=node.text[:60],
                line=parent.keys[node.text].line,
            )
            self.problems.add(Place(node.line, node.column, node.text[:60]), message)
        self.waiting[-1] = node

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.root = node
        elif isinstance(parent := self.stack[-1], Sequence):
            parent.items.append(node)
        else:
            key = self.waiting[-1]
            assert key is not None
            parent.entries[key.text] = node
            parent.keys[key.text] = key
            self.waiting[-1] = None

    def _note(self, event: yaml.Event, message: str) -> None:
        self.problems.add(Place(*_start(event), ""), message)


def _start(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
