"""The demo's project of what-ifs on last month's mock exam: what a board asks itself after an exam."""

from dataclasses import dataclass
from typing import Any

from examhall.analyses.document import FORMAT, read_scenario
from examhall.analyses.projects import create_project, set_member
from examhall.analyses.scenarios import create_scenario
from examhall.base.db import Connection, one
from examhall.base.sqlfile import beside
from examhall.demo.past_mock import GUESSED, TITLE, WRONG_KEY

SQL = beside(__file__)

PROJECT = "Mock exam, what if…"
OWNER = "demo-analyst"
EDITORS = ("test", "demo-author")


@dataclass(frozen=True)
class _Here:
    owner_id: int
    exam_id: int
    right_answer: str
    is_there: bool


async def add_what_if(conn: Connection, *, right_keys: int) -> None:
    """Add it with three scenarios, unless it is there; `right_keys` is the exam with the same questions.

    Those who try the demo's API work on it too.
    """
    here = await one(
        conn,
        SQL.what_is_here,
        _Here,
        owner=OWNER,
        title=TITLE,
        question=WRONG_KEY,
        right_keys=right_keys,
        project=PROJECT,
    )
    if here.is_there:
        return
    project_id = await create_project(
        conn,
        name=PROJECT,
        description="Last month's mock exam as the board might have decided otherwise.",
        created_by=here.owner_id,
    )
    for username in EDITORS:
        await set_member(conn, project_id, by=here.owner_id, username=username, role="editor")
    for name, description, parts in _scenarios(here):
        await create_scenario(
            conn,
            project_id,
            by=here.owner_id,
            name=name,
            description=description,
            scenario=read_scenario({"format": FORMAT, "exams": [here.exam_id], **parts}),
        )


def _scenarios(here: _Here) -> list[tuple[str, str, dict[str, Any]]]:
    """The one that people look for first comes last: lists begin with the newest."""
    exam_id = here.exam_id
    return [
        (
            "A wrong answer costs a third",
            "Guessing does not pay: with four options, a third of a point off for a wrong one.",
            {"negative_marking": {"fraction": "1/3", "kinds": ["single_choice"]}},
        ),
        (
            "Geometry counts double, 200 to 800",
            "As the faculty of architecture would read it.",
            {
                "weights": [
                    {"exam_id": exam_id, "topic": topic, "factor": 2}
                    for topic in ("Geometry", "Trigonometry")
                ],
                "scale": {"code": "500-100", "version": 1},
                "grade_bands": {"code": "uz-2-5", "version": 1},
            },
        ),
        (
            f"Question {WRONG_KEY} corrected, {GUESSED} dropped",
            f"The key of question {WRONG_KEY} was wrong; question {GUESSED} could only be guessed.",
            {
                "questions": [
                    {
                        "exam_id": exam_id,
                        "change": "key",
                        "question_number": WRONG_KEY,
                        "answer": here.right_answer,
                    },
                    {"exam_id": exam_id, "change": "drop", "question_number": GUESSED, "award": "nobody"},
                ],
                "pass_mark": {"percent": 55},
                "grade_bands": {"code": "a-f", "version": 1},
            },
        ),
    ]
