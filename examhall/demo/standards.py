"""The demo's panel for last month's mock exam, judged in two rounds; and its what-ifs, worked out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from examhall.accounts.access import Person
from examhall.accounts.people import create_person
from examhall.analyses.calculate import ask_for_calculation
from examhall.analyses.judging import NewRating, judged_items, rate_items
from examhall.analyses.panels import find_panel, invite_judges, next_round, open_panel
from examhall.base.db import Connection, many, one
from examhall.base.sqlfile import beside
from examhall.demo.past_mock import TITLE
from examhall.demo.what_if import OWNER, PROJECT
from examhall.scoring.results import score_sittings

SQL = beside(__file__)

NAME = "Pass mark of the mock exam"
WHO_PASSES = (
    "Solves equations of the first and second degree, reads values off a graph, knows the common formulas. "
    "Makes mistakes in tasks of more than two steps, and rarely proves anything."
)
# They only judge, and never sign in.
JUDGES = ("Mina Judge", "Karel Judge", "Sabina Judge", "Tomas Judge", "Yulduz Judge")
SEED = 20_261_121
# Percentage points by which judges differ throughout, and at each question; in the second round by half.
STRICTNESS, AT_A_QUESTION = 5.0, 9.0
MOST_SCENARIOS = 10


@dataclass(frozen=True)
class _Here:
    exam_id: int
    analyst_id: int
    is_there: bool


@dataclass(frozen=True)
class _Waiting:
    candidate_id: int
    sitting_id: int


@dataclass(frozen=True)
class _Scenario:
    id: int


async def add_standards(conn: Connection) -> None:
    """Add them, unless they are there. The calculations are worked out by the worker, within a second."""
    here = await one(conn, SQL.what_is_here, _Here, title=TITLE, analyst=OWNER, name=NAME)
    if here.is_there:
        return
    # Marked now, so that the what-ifs are of everybody, not of nobody.
    waiting = await many(conn, SQL.unmarked, _Waiting, exam_id=here.exam_id)
    await score_sittings(conn, [(each.candidate_id, each.sitting_id) for each in waiting])
    for scenario in await many(conn, SQL.scenarios, _Scenario, project=PROJECT, limit=MOST_SCENARIOS):
        await ask_for_calculation(conn, scenario.id, person_id=here.analyst_id)
    await _panel(conn, here)


async def _panel(conn: Connection, here: _Here) -> None:
    leader = Person(here.analyst_id, ("analyst",))
    panel_id = await open_panel(
        conn,
        exam_id=here.exam_id,
        method="angoff",
        name=NAME,
        description=WHO_PASSES,
        created_by=leader.id,
    )
    usernames = [f"demo-judge-{number}" for number in range(1, len(JUDGES) + 1)]
    people = [
        await create_person(conn, username=username, full_name=full_name, roles=["author"])
        for username, full_name in zip(usernames, JUDGES, strict=True)
    ]
    panel = await find_panel(conn, panel_id, leader)
    await invite_judges(conn, panel, usernames)
    items = await judged_items(conn, panel)
    random = np.random.default_rng(SEED)
    # The exam gets harder towards its end; a just-passing candidate feels it.
    middle = np.linspace(88, 28, len(items)) + random.normal(0, 6, len(items))
    strictness = random.normal(0, STRICTNESS, len(people))
    noise = random.normal(0, AT_A_QUESTION, (len(people), len(items)))
    for round, share in ((1, 1.0), (2, 0.5)):
        rated = _rounded(middle + share * (strictness[:, None] + noise))
        for person_id, percents in zip(people, rated, strict=True):
            ratings = [
                NewRating(item.question_number, item.sub_part, percent, round)
                for item, percent in zip(items, percents, strict=True)
            ]
            await rate_items(conn, panel_id, person_id=person_id, round=round, ratings=ratings)
        if round == 1:
            await next_round(conn, await find_panel(conn, panel_id, leader), version=panel.version)


def _rounded(percents: np.ndarray) -> Sequence[Sequence[int]]:
    """To fives, as people say them."""
    rounded: list[list[int]] = (np.clip(np.rint(percents / 5) * 5, 5, 95)).astype(int).tolist()
    return rounded
