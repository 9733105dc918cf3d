"""A question of the bank as text: written as an exam file writes it, read back, and compared line by line."""

from collections.abc import Collection, Mapping
from difflib import unified_diff
from typing import Any, NamedTuple

from examhall.base.db import Connection
from examhall.exams.bank import pictures_shown
from examhall.exams.exam_file_items import read_question
from examhall.exams.exam_file_problems import BadExamFile, Problems
from examhall.exams.exam_file_tree import read_tree
from examhall.exams.exam_file_values import Value
from examhall.exams.exam_file_writing import to_yaml
from examhall.exams.markdown import to_inline_html
from examhall.exams.question_document import document_of, judge
from examhall.reference.catalog import list_entries
from examhall.web.staff.question_words import KINDS, first_line

LARGEST_BYTES = 200_000
# Lines around a difference.
AROUND = 2
# Of a question's first line, in characters.
GIST = 200


class Terms(NamedTuple):
    """Subjects and topics by code; those that are not offered any more still have a name."""

    subjects: Mapping[str, str]
    topics: Mapping[str, str]
    offered: Collection[tuple[str, str]]


async def terms_of(conn: Connection) -> Terms:
    entries = [*await list_entries(conn, "subjects"), *await list_entries(conn, "topics")]
    return Terms(
        {each.code: each.name for each in entries if each.kind == "subjects"},
        {each.code: each.name for each in entries if each.kind == "topics"},
        {(each.kind, each.code) for each in entries if each.active},
    )


def read_written(text: str) -> dict[str, Any]:
    """The question in the text. Raises BadExamFile with each mistake and its line."""
    problems = Problems()
    tree = read_tree(text, problems, largest_bytes=LARGEST_BYTES)
    question = read_question(1, Value(tree, "", problems))
    if problems.found:
        raise BadExamFile(problems.found)
    return document_of(question)


def as_text(document: Mapping[str, Any]) -> str:
    """The document as an exam file writes it, in that one's order: the database keeps another."""
    return to_yaml(document_of(judge(document, pictures=pictures_shown(document))[0]))


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What became of the text, line by line: 'added', 'removed' or '' with the line."""
    names = {"+": "added", "-": "removed"}
    lines = unified_diff(as_text(before).splitlines(), as_text(after).splitlines(), n=AROUND, lineterm="")
    return [(names.get(line[:1], ""), line[1:]) for line in list(lines)[2:] if not line.startswith("@@")]


def gist_of(document: Mapping[str, Any]) -> str:
    """The first line of the question as HTML, without pictures."""
    return to_inline_html(first_line(str(document.get("prompt", "")), GIST), exam_id=0)


def kind_names(kinds: Collection[str]) -> list[str]:
    return [KINDS[kind].name for kind in kinds if kind in KINDS]
