"""An exam's end or time moved while it is sat: whoever sits it gets what that gives; nobody loses any."""

from dataclasses import dataclass
from typing import NamedTuple

from examhall.base.db import Connection, many
from examhall.base.sqlfile import beside
from examhall.exams.authoring import Authored, edit_settings
from examhall.exams.settings import Settings
from examhall.sittings.interventions import CHANNEL

SQL = beside(__file__)


class Retimed(NamedTuple):
    exam: Authored
    # How many who sit it have more time now.
    given: int


@dataclass(frozen=True)
class _Told:
    reached: int


async def change_settings(
    conn: Connection, exam_id: int, settings: Settings, *, by: int, seen: int, reason: str
) -> Retimed:
    """`edit_settings`, and for those who sit the exam what follows from a later end or a longer time.

    Each gets the deadline that they would have had from their start on, with what was given to them besides,
    logged and told to their pages like all time that is given. An earlier end holds for those who have not
    started: whoever sits it keeps the deadline that they were told. The lock on the exam lets nobody start in
    between; repeated, nobody is owed anything.
    """
    before, after = await edit_settings(conn, exam_id, settings, by=by, seen=seen)
    longer = (before.settings.closes_at, before.settings.duration_s) != (
        after.settings.closes_at,
        after.settings.duration_s,
    )
    if not longer or not after.running:
        return Retimed(after, 0)
    told = await many(
        conn, SQL.give_what_follows, _Told, exam_id=exam_id, done_by=by, reason=reason, channel=CHANNEL
    )
    return Retimed(after, sum(each.reached for each in told))
