"""The share of all points that passes an exam: changed in versions, like everything that staff edit."""

from dataclasses import dataclass
from decimal import Decimal

from examhall.base.db import Connection, maybe
from examhall.base.errors import SomebodyWasFaster
from examhall.base.sqlfile import beside
from examhall.exams.contents import announce_change
from examhall.exams.correcting import find_standing
from examhall.exams.editing import SETTINGS, note_edits

SQL = beside(__file__)


@dataclass(frozen=True)
class PassMark:
    version: int
    # None: the exam had none.
    before: Decimal | None
    after: Decimal


async def set_pass_mark(
    conn: Connection, *, exam_id: int, version: int, percent: Decimal, by: int | None = None
) -> PassMark:
    """Make this the exam's pass mark, in percent of all points: above 0 and at most 100.

    Of any number who saw the same version one succeeds; the others get SomebodyWasFaster. Who passes is
    worked out from the points whenever it is shown, so that nobody is marked again.
    """
    found = await maybe(conn, SQL.set_pass_mark, PassMark, exam_id=exam_id, version=version, percent=percent)
    if found is None:
        raise SomebodyWasFaster(version=(await find_standing(conn, exam_id)).version)
    before, after = ({"pass_percent": _written(each)} for each in (found.before, found.after))
    if before != after:
        # Whoever has the settings open is told.
        await note_edits(conn, exam_id, version=found.version, by=by, edits={SETTINGS: (before, after)})
    await announce_change(conn, exam_id)
    return found


def _written(percent: Decimal | None) -> str | None:
    return None if percent is None else f"{percent.normalize():f}"
