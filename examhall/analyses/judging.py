"""What a judge of a panel sees and says: ratings of items, or a bookmark, kept as they are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from examhall.analyses.panels import Panel, PanelClosed
from examhall.base.db import Connection, many, maybe, run
from examhall.base.errors import Conflict, Malformed, NotFound
from examhall.base.sqlfile import beside
from examhall.psychometrics.arrays import Floats
from examhall.psychometrics.standard_setting import Booklet, ordered_booklet

SQL = beside(__file__)


class NotAJudge(NotFound):
    """You are not a judge of this panel."""


class RoundOver(Conflict):
    """This round is over. Load the page again: what you judged is kept, and the next round has begun."""


class NoSuchItem(Malformed):
    """The exam has no such item, or it is worth nothing."""


class NoSuchPage(Malformed):
    """The booklet has no such page."""


class OtherMethod(Conflict):
    """This panel judges in the other way: by ratings of items, or by a bookmark."""


@dataclass(frozen=True)
class JudgedItem:
    """An item as a judge has it before them."""

    question_number: int
    sub_part: str
    kind: str
    topic: str | None
    prompt: str
    item_prompt: str
    presented: dict[str, Any]
    key: dict[str, Any]
    points: float
    # Of the panel's calibration, or the newest: how hard it was, and the mean share of its points.
    difficulty: float | None
    facility: float | None
    # That a candidate has it: below 1 in a pool.
    chance: float

    @property
    def worth(self) -> float:
        """The points that it adds to a candidate's exam, on average."""
        return self.points * self.chance

    @property
    def label(self) -> str:
        return f"{self.question_number}{self.sub_part}"


@dataclass(frozen=True)
class Rating:
    """One judge's rating; `number` is the judge's."""

    number: int
    round: int
    question_number: int
    sub_part: str
    percent: int | None
    revision: int


@dataclass(frozen=True)
class Bookmark:
    number: int
    round: int
    page: int | None
    revision: int


@dataclass(frozen=True)
class NewRating:
    question_number: int
    sub_part: str
    # None takes it back.
    percent: int | None
    # Counted by the judge's client; of two the higher stays.
    revision: int


@dataclass(frozen=True)
class _Held:
    method: str
    round: int
    is_closed: bool
    number: int


async def judged_items(conn: Connection, panel: Panel) -> list[JudgedItem]:
    """Every item worth points, by number; one query."""
    return await many(
        conn, SQL.judged_items, JudgedItem, exam_id=panel.exam_id, key_version=panel.key_version
    )


def booklet_of(panel: Panel, items: Sequence[JudgedItem]) -> Booklet:
    """The items from the easiest to the hardest; those without a difficulty are not in it."""
    return ordered_booklet(
        np.array([np.nan if item.difficulty is None else item.difficulty for item in items], float),
        np.array([item.worth for item in items], float),
        mastery=float(panel.mastery or 0),
    )


async def own_ratings(conn: Connection, panel: Panel, person_id: int) -> list[Rating]:
    """A judge's own, of the round."""
    return await many(
        conn, SQL.own_ratings, Rating, panel_id=panel.id, person_id=person_id, round=panel.round
    )


async def all_ratings(conn: Connection, panel_id: int, *, round: int) -> list[Rating]:
    return await many(conn, SQL.all_ratings, Rating, panel_id=panel_id, round=round)


async def own_bookmark(conn: Connection, panel: Panel, person_id: int) -> Bookmark | None:
    return await maybe(
        conn, SQL.own_bookmark, Bookmark, panel_id=panel.id, person_id=person_id, round=panel.round
    )


async def all_bookmarks(conn: Connection, panel_id: int, *, round: int) -> list[Bookmark]:
    return await many(conn, SQL.all_bookmarks, Bookmark, panel_id=panel_id, round=round)


async def rate_items(
    conn: Connection, panel_id: int, *, person_id: int, round: int, ratings: Sequence[NewRating]
) -> None:
    """Keep a judge's ratings of a round: all of them or none.

    However often and in whatever order they arrive, of each item the highest revision stays. A round that has
    ended takes no more.
    """
    held = await _hold(conn, panel_id, person_id, round)
    if held.method != "angoff":
        raise OtherMethod
    newest: dict[tuple[int, str], NewRating] = {}
    for rating in ratings:
        slot = (rating.question_number, rating.sub_part)
        if slot not in newest or newest[slot].revision <= rating.revision:
            newest[slot] = rating
    # In the order of their keys, so that two saves of one judge cannot wait for each other in a circle.
    chosen = [newest[slot] for slot in sorted(newest)]
    kept = await run(
        conn,
        SQL.keep_ratings,
        panel_id=panel_id,
        person_id=person_id,
        round=round,
        numbers=[rating.question_number for rating in chosen],
        sub_parts=[rating.sub_part for rating in chosen],
        percents=[rating.percent for rating in chosen],
        revisions=[rating.revision for rating in chosen],
    )
    if kept < len(chosen):
        await _refuse_unknown(conn, panel_id, chosen)


async def place_bookmark(
    conn: Connection, panel: Panel, *, person_id: int, round: int, page: int | None, revision: int
) -> None:
    """Keep where a judge put the bookmark, as `rate_items` keeps ratings."""
    held = await _hold(conn, panel.id, person_id, round)
    if held.method != "bookmark":
        raise OtherMethod
    if page is not None and page > len(booklet_of(panel, await judged_items(conn, panel)).order):
        raise NoSuchPage
    await run(
        conn,
        SQL.keep_bookmark,
        panel_id=panel.id,
        person_id=person_id,
        round=round,
        page=page,
        revision=revision,
    )


async def _hold(conn: Connection, panel_id: int, person_id: int, round: int) -> _Held:
    held = await maybe(conn, SQL.hold_as_judge, _Held, panel_id=panel_id, person_id=person_id)
    if held is None:
        raise NotAJudge
    if held.is_closed:
        raise PanelClosed
    if held.round != round:
        raise RoundOver(round=held.round)
    return held


async def _refuse_unknown(conn: Connection, panel_id: int, ratings: Sequence[NewRating]) -> None:
    """Not written is an older revision, which is no mistake, or an item that is not there."""
    known = {
        (item.question_number, item.sub_part)
        for item in await many(conn, SQL.items_of_panel, _Slot, panel_id=panel_id)
    }
    unknown = [rating for rating in ratings if (rating.question_number, rating.sub_part) not in known]
    if unknown:
        raise NoSuchItem(
            fields=[
                {"path": "ratings", "message": f"{each.question_number}{each.sub_part}"} for each in unknown
            ]
        )


@dataclass(frozen=True)
class _Slot:
    question_number: int
    sub_part: str


def matrix_of(ratings: Sequence[Rating], judges: Sequence[int], items: Sequence[JudgedItem]) -> Floats:
    """(judges, items): shares from 0 to 1, NaN where nothing was rated; judges by their numbers."""
    found = np.full((len(judges), len(items)), np.nan)
    row = {number: place for place, number in enumerate(judges)}
    column = {(item.question_number, item.sub_part): place for place, item in enumerate(items)}
    for rating in ratings:
        slot = (rating.question_number, rating.sub_part)
        if rating.percent is not None and slot in column:
            found[row[rating.number], column[slot]] = rating.percent / 100
    return found
