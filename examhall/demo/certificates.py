"""The demo's certificates: rules of its past exams, which the worker follows once those are settled."""

from dataclasses import dataclass
from typing import NamedTuple

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.certificates.designs import ensure_designs
from examhall.certificates.rules import Condition, add_rule
from examhall.demo.past_mock import TITLE as PAST_MOCK
from examhall.demo.past_quizzes import SERIES

SQL = beside(__file__)


class _Wanted(NamedTuple):
    exam: str
    condition: Condition
    threshold: float | None
    design: str
    title: str
    public: bool


WANTED = (
    _Wanted(f"{SERIES} 5", "sat", None, "compact", "Certificate of participation", public=False),
    _Wanted(f"{SERIES} 6", "top", 6, "modern", "Certificate of achievement", public=True),
    _Wanted(PAST_MOCK, "top", 8, "classic", "Certificate of excellence", public=True),
)
FIELDS = {"signatory": "Olga Example", "role": "Head of examinations"}


@dataclass(frozen=True)
class _Missing:
    exam_id: int
    template_id: int


async def add_certificates(conn: Connection, author: int) -> None:
    """Add each rule unless its exam has one."""
    await ensure_designs(conn)
    for wanted in WANTED:
        for missing in await many(
            conn, SQL.without_a_rule, _Missing, title=wanted.exam, design=wanted.design
        ):
            await add_rule(
                conn,
                exam_id=missing.exam_id,
                template_id=missing.template_id,
                condition=wanted.condition,
                threshold=wanted.threshold,
                title=wanted.title,
                fields=FIELDS,
                public=wanted.public,
                on_correction="review",
                created_by=author,
            )
