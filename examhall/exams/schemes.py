"""Marking schemes where they are kept: with the question, in a copy of it, and in an exam file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, many, run
from examhall.base.sqlfile import beside
from examhall.exams.marking_scheme import Criterion, NewScheme

SQL = beside(__file__)


class Marked(NamedTuple):
    """An item that people mark, and how."""

    question_number: int
    sub_part: str
    scheme: NewScheme

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class ItemScheme:
    """An item of an exam, and how it is marked by hand."""

    question_id: int
    question_number: int
    sub_part: str
    kind: str
    prompt: str
    item_prompt: str
    points: Decimal
    by_hand: bool
    markers: int
    differ_above: Decimal | None
    third_rule: str
    rubric: list[dict[str, Any]]
    guidance: str
    # 0: nobody has said anything yet.
    version: int

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"

    @property
    def criteria(self) -> list[Criterion]:
        return [Criterion.model_validate(each) for each in self.rubric]


async def write_scheme(
    conn: Connection, *, question_id: int, sub_part: str, scheme: NewScheme, version: int
) -> None:
    """Of one item, whatever stood there; the caller has seen that it may."""
    await run(
        conn,
        SQL.write_scheme,
        question_id=question_id,
        sub_part=sub_part,
        markers=scheme.markers,
        differ_above=scheme.differ_above,
        third_rule=scheme.third_rule,
        rubric=Jsonb(scheme.written_rubric()),
        guidance=scheme.guidance,
        version=version,
    )


async def insert_schemes(conn: Connection, exam_id: int, marked: Sequence[Marked]) -> None:
    """Of a new exam, whose questions are there."""
    schemes = [each.scheme for each in marked]
    await run(
        conn,
        SQL.insert_schemes,
        exam_id=exam_id,
        numbers=[each.question_number for each in marked],
        sub_parts=[each.sub_part for each in marked],
        markers=[scheme.markers for scheme in schemes],
        differ_above=[scheme.differ_above for scheme in schemes],
        third_rules=[scheme.third_rule for scheme in schemes],
        rubrics=[Jsonb(scheme.written_rubric()) for scheme in schemes],
        guidance=[scheme.guidance for scheme in schemes],
    )


async def list_schemes(conn: Connection, exam_id: int) -> list[ItemScheme]:
    """Of every item of the exam, marked by hand or not, in their order."""
    return await many(conn, SQL.list_schemes, ItemScheme, exam_id=exam_id)


async def list_marked(conn: Connection, exam_id: int) -> list[Marked]:
    """What people mark by more than the usual scheme, or though a machine could."""
    return [
        Marked(
            each.question_number,
            each.sub_part,
            NewScheme.model_validate({name: getattr(each, name) for name in NewScheme.model_fields}),
        )
        for each in await list_schemes(conn, exam_id)
        if each.by_hand and (each.version > 0 or each.kind != "essay")
    ]


async def copy_schemes(conn: Connection, copies: Mapping[int, int]) -> None:
    """From the question of each id to its copy, which has none."""
    await run(conn, SQL.copy_schemes, originals=list(copies), copies=list(copies.values()))
