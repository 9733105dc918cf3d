"""An exam as its candidates see it: encoded once, then arranged for each of them at next to no cost."""

import asyncio
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import shake_128
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from examhall.base.db import Connection, many, maybe
from examhall.base.errors import NotFound
from examhall.base.sqlfile import beside
from examhall.exams.answers import SHORT_ANSWER_CHARS, ItemRule
from examhall.exams.markdown import to_html, to_inline_html

SQL = beside(__file__)

T = TypeVar("T")
# Bytes that never move, or the encoded options that a candidate's order puts between commas.
Piece = bytes | tuple[bytes, ...]
ToHtml = Callable[[str], str]

encode = msgspec.json.Encoder().encode

# In place of a question's number, which begins with 1.
ALL_SEE = 0


@dataclass(frozen=True, slots=True)
class Exam:
    id: int
    version: int
    title: str
    kind: str
    instructions: str
    shuffle_questions: bool
    shuffle_options: bool
    pictures: list[str]
    paper_version: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    number: int
    question_prompt: str
    sub_part: str
    kind: str
    prompt: str
    presented: dict[str, Any]
    points: Decimal
    # The place of its section; 0: none.
    section: int = 0


@dataclass(frozen=True, slots=True)
class SectionRow:
    place: int
    title: str
    instructions: str
    shuffle: bool
    draw: int | None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an exam as its candidates see it."""

    place: int
    title: str
    instructions_html: str
    shuffle: bool
    # How many of its questions each candidate gets; None: all.
    draw: int | None
    questions: int

    @property
    def given(self) -> int:
        """How many of its questions a candidate has."""
        return self.questions if self.draw is None else min(self.draw, self.questions)

    def as_json(self) -> dict[str, Any]:
        return {
            "section": self.place,
            "title": self.title,
            "instructions_html": self.instructions_html,
            "questions": self.given,
        }


@dataclass(frozen=True, slots=True)
class Content:
    """One version of an exam, without its keys. Shared by all who sit it; nobody changes it."""

    exam_id: int
    version: int
    title: str
    kind: str
    instructions_html: str
    shuffle_questions: bool
    # Of each question in the author's order (first those without a section, then section by section), its
    # number and its JSON in pieces.
    questions: tuple[tuple[int, tuple[Piece, ...]], ...]
    items: Mapping[tuple[int, str], ItemRule]
    # Of the PDF paper beside them, where there is one. Who may read it, the paper's own route asks.
    paper_version: int | None = None
    sections: tuple[Section, ...] = ()
    # Of each question that is in a section, that one's place.
    section_of: Mapping[int, int] = field(default_factory=dict)
    # Of each picture, the numbers of the questions that show it; ALL_SEE for the instructions.
    shown_in: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def is_shuffled(self) -> bool:
        """Whether candidates have papers of their own, by order of questions or of options, or by a draw."""
        return (
            self.shuffle_questions
            or any(section.shuffle or section.draw is not None for section in self.sections)
            or any(len(pieces) > 1 for _, pieces in self.questions)
        )

    @property
    def question_count(self) -> int:
        """How many questions a candidate has: of a pool as many as are drawn."""
        return len(self.questions) - sum(section.questions - section.given for section in self.sections)

    def rules(self, drawn: Collection[int] | None) -> Mapping[tuple[int, str], ItemRule]:
        """What may be answered in a sitting for which these questions were drawn; None: the whole exam."""
        return self.items if drawn is None else DrawnItems(self.items, drawn)

    def shows(self, picture: str, drawn: Collection[int]) -> bool:
        """Whether the picture stands in what they are given for whom these questions were drawn."""
        return not self.shown_in.get(picture, frozenset()).isdisjoint((ALL_SEE, *drawn))

    def questions_json(self, seed: int | None, drawn: Collection[int] | None = None) -> bytes:
        """The questions in the order of the candidate with this seed and this draw, as one JSON array.

        None stands for the author's order, and for all of them.
        """
        joined = [_join(number, pieces, seed) for number, pieces in self._in_order(seed, drawn)]
        return b"[" + b",".join(joined) + b"]"

    def order(
        self, seed: int, drawn: Collection[int] | None = None
    ) -> list[tuple[int, list[list[int]]]] | None:
        """How `questions_json(seed, drawn)` comes from the author's; None where everybody has that one.

        The question numbers as they follow each other, each with the lists that are shuffled in it, as they
        come (of each part its `options`, or else its `right`): at each place, which entry of the author's.
        """
        if not self.is_shuffled:
            return None
        return [
            (
                number,
                [
                    shuffled(range(len(piece)), seed, number, place)
                    for place, piece in enumerate(pieces)
                    if not isinstance(piece, bytes)
                ],
            )
            for number, pieces in self._in_order(seed, drawn)
        ]

    def _in_order(
        self, seed: int | None, drawn: Collection[int] | None
    ) -> Sequence[tuple[int, tuple[Piece, ...]]]:
        chosen = self.questions
        if drawn is not None:
            wanted = frozenset(drawn)
            chosen = tuple(question for question in chosen if question[0] in wanted)
        if seed is None:
            return chosen
        if not self.sections:
            return shuffled(chosen, seed, 0, 0) if self.shuffle_questions else chosen
        # Sections stay one after the other; each is shuffled in itself.
        moving = {section.place for section in self.sections if section.shuffle}
        ordered: list[tuple[int, tuple[Piece, ...]]] = []
        for place, group in groupby(chosen, key=lambda question: self.section_of.get(question[0], 0)):
            block = list(group)
            ordered += shuffled(block, seed, 0, place) if self.shuffle_questions or place in moving else block
        return ordered


class DrawnItems(Mapping[tuple[int, str], ItemRule]):
    """The items of the questions that were drawn, in a few bytes: every sitting has a draw of its own."""

    __slots__ = ("_drawn", "_items")

    def __init__(self, items: Mapping[tuple[int, str], ItemRule], drawn: Collection[int]) -> None:
        self._items = items
        # A bit for each question.
        self._drawn = sum(1 << number for number in drawn)

    def __getitem__(self, key: tuple[int, str]) -> ItemRule:
        # First whether there is such an item at all: numbers that clients make up may be below zero.
        rule = self._items[key]
        if not self._drawn >> key[0] & 1:
            raise KeyError(key)
        return rule

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return (key for key in self._items if self._drawn >> key[0] & 1)

    def __len__(self) -> int:
        return sum(1 for _ in self)


async def load_content(conn: Connection, exam_id: int) -> Content:
    """The exam's newest version, in three queries however many questions it has. Raises NotFound."""
    exam = await maybe(conn, SQL.exam, Exam, exam_id=exam_id)
    if exam is None:
        raise NotFound
    items = await many(conn, SQL.items, Item, exam_id=exam_id)
    sections = await many(conn, SQL.sections, SectionRow, exam_id=exam_id)
    # Tens of milliseconds of Markdown for a long exam: not on the event loop that saves wait for.
    return await asyncio.to_thread(build_content, exam, items, sections)


def build_content(
    exam: Exam,
    items: Sequence[Item],
    sections: Sequence[SectionRow] = (),
    *,
    picture_base: str | None = None,
) -> Content:
    """Render and encode everything that is the same for all candidates. *items* are in order.

    Pictures are shown from *picture_base*; where it is not said, from the exam's own.
    """
    pictures = frozenset(exam.pictures)
    shown: set[str] = set()

    def html(text: str) -> str:
        return to_html(text, exam_id=exam.id, pictures=pictures, picture_base=picture_base, shown=shown)

    def inline(text: str) -> str:
        return to_inline_html(
            text, exam_id=exam.id, pictures=pictures, picture_base=picture_base, shown=shown
        )

    instructions_html = html(exam.instructions)
    described = [html(each.instructions) for each in sections]
    shown_in = {name: {ALL_SEE} for name in shown}
    questions: list[tuple[int, tuple[Piece, ...]]] = []
    for number, group in groupby(items, key=lambda item: item.number):
        shown.clear()
        encoded = _encoded_question(number, list(group), html, inline, shuffle=exam.shuffle_options)
        questions.append((number, encoded))
        for name in shown:
            shown_in.setdefault(name, set()).add(number)
    return Content(
        exam_id=exam.id,
        version=exam.version,
        title=exam.title,
        kind=exam.kind,
        instructions_html=instructions_html,
        shuffle_questions=exam.shuffle_questions,
        questions=tuple(questions),
        items={(item.number, item.sub_part): _rule(item) for item in items},
        paper_version=exam.paper_version,
        sections=tuple(
            Section(
                each.place,
                each.title,
                section_html,
                each.shuffle,
                each.draw,
                len({item.number for item in items if item.section == each.place}),
            )
            for each, section_html in zip(sections, described, strict=True)
        ),
        section_of={item.number: item.section for item in items if item.section},
        shown_in={name: frozenset(numbers) for name, numbers in shown_in.items()},
    )


def arrange(content: Content, seed: int | None, drawn: Collection[int] | None = None) -> list[dict[str, Any]]:
    """The questions of `Content.questions_json` as values, for a page to render."""
    arranged: list[dict[str, Any]] = msgspec.json.decode(content.questions_json(seed, drawn))
    return arranged


def shuffled(things: Sequence[T], seed: int, *label: int) -> list[T]:
    """The order that *seed* and *label* alone decide: the same in every process and version of Python."""
    result = list(things)
    name = ",".join(map(str, (seed, *label))).encode()
    # 32 bits a draw: the bias of taking a remainder is below one in ten million.
    draws = struct.unpack(f"<{len(result)}I", shake_128(name).digest(4 * len(result)))
    for place in range(len(result) - 1, 0, -1):
        other = draws[place] % (place + 1)
        result[place], result[other] = result[other], result[place]
    return result


def _join(number: int, pieces: tuple[Piece, ...], seed: int | None) -> bytes:
    if len(pieces) == 1:
        piece = pieces[0]
        assert isinstance(piece, bytes)
        return piece
    return b"".join(
        piece
        if isinstance(piece, bytes)
        else b",".join(piece if seed is None else shuffled(piece, seed, number, place))
        for place, piece in enumerate(pieces)
    )


def _encoded_question(
    number: int,
    items: Sequence[Item],
    html: Callable[[str], str],
    inline: Callable[[str], str],
    *,
    shuffle: bool,
) -> tuple[Piece, ...]:
    prompt = items[0].question_prompt
    section = {"section": items[0].section} if items[0].section else {}
    head = encode({"number": number, "prompt": prompt, "prompt_html": html(prompt)} | section)
    pieces: list[Piece] = [head.removesuffix(b"}") + b',"items":[']
    for place, item in enumerate(items):
        if place:
            pieces.append(b",")
        pieces += _encoded_item(item, html, inline)
    pieces.append(b"]}")
    return _merged(pieces, shuffle=shuffle)


def _encoded_item(item: Item, html: ToHtml, inline: ToHtml) -> list[Piece]:
    head: dict[str, object] = {"sub_part": item.sub_part, "kind": item.kind}
    head |= {"prompt": item.prompt, "prompt_html": html(item.prompt) if item.prompt else ""}
    head |= {"points": float(item.points)}
    head |= {name: item.presented[name] for name in ("unit", "max_chars") if name in item.presented}
    pieces: list[Piece] = [encode(head).removesuffix(b"}")]
    for column in ("options", "left", "right"):
        if column in item.presented:
            choices = tuple(encode({**each, "html": inline(each["text"])}) for each in item.presented[column])
            pieces.append(f',"{column}":['.encode())
            # What is asked for on the left stays in the author's order.
            pieces.append(b",".join(choices) if column == "left" else choices)
            pieces.append(b"]")
    pieces.append(b"}")
    return pieces


def _merged(pieces: Sequence[Piece], *, shuffle: bool) -> tuple[Piece, ...]:
    """The same bytes in as few pieces as possible; one, when nothing in it is shuffled."""
    merged: list[Piece] = [b""]
    for piece in pieces:
        fixed = piece if isinstance(piece, bytes) else None if shuffle else b",".join(piece)
        last = merged[-1]
        if fixed is None:
            merged.append(piece)
        elif isinstance(last, bytes):
            merged[-1] = last + fixed
        else:
            merged.append(fixed)
    return tuple(merged)


def _rule(item: Item) -> ItemRule:
    def keys(column: str) -> frozenset[str]:
        return frozenset(each["key"] for each in item.presented.get(column, ()))

    return ItemRule(
        kind=item.kind,
        max_chars=item.presented.get("max_chars", SHORT_ANSWER_CHARS),
        options=keys("left") if item.kind == "matching" else keys("options"),
        right=keys("right"),
    )
