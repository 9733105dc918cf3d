"""Personal data deleted on request: what was sent, its files and whose it was. That it was, stays."""

from dataclasses import dataclass

from examhall.base.db import Connection, maybe, run
from examhall.base.sqlfile import beside
from examhall.forms.files import drop_files
from examhall.forms.history import erase_from_history, note_history
from examhall.forms.submissions import NoSuchSubmission

SQL = beside(__file__)


@dataclass(frozen=True)
class _Erased:
    sender: int | None
    was_erased: bool


async def erase_submission(conn: Connection, submission_id: int, *, by: int) -> None:
    """Empty a submission for good; a repeat changes nothing.

    Its answers, its files, its sender and the office's notes are gone with the commit: the files are beyond
    anybody's reach then, and a job of the same transaction deletes them, whatever dies afterwards. What
    stays: the form, the organisation, the status, and who of the office did what and when, this too.
    """
    # FOR UPDATE: of two at once the second finds it done.
    held = await maybe(conn, SQL.hold_submission, _Erased, submission_id=submission_id)
    if held is None:
        raise NoSuchSubmission
    if held.was_erased:
        return
    await run(conn, SQL.erase_submission, submission_id=submission_id)
    await drop_files(conn, submission_id)
    await erase_from_history(conn, submission_id, sender=held.sender)
    await note_history(conn, submission_id, person_id=by, what="erased")
