"""What a form gives to whoever filled it in: a place in a course, a ticket for an exam."""

from examhall.accounts.people import find_account
from examhall.accounts.tickets import issue_tickets, list_tickets
from examhall.accounts.tokens import Signer
from examhall.base.db import Connection
from examhall.courses.enrolment import enrol
from examhall.courses.enrolment_file import EnrolmentLine
from examhall.exams.assigning import assign_person
from examhall.forms.forms import Settings
from examhall.forms.history import note_history


async def give(
    conn: Connection, signer: Signer, settings: Settings, submission_id: int, *, receiver: int, by: int
) -> None:
    """Enrol the receiver and give them a ticket, as the form says, in the caller's transaction.

    Who is enrolled or has a ticket already keeps it; the submission's history tells only what is new.
    """
    if settings.enrols_in is not None:
        account = await find_account(conn, receiver)
        line = EnrolmentLine(1, account.username, active=True)
        changes = await enrol(conn, settings.enrols_in, [line], deactivate_missing=False)
        if changes.real:
            await note_history(conn, submission_id, person_id=by, what="enrolled")
    if settings.tickets_for is not None:
        exam_id = settings.tickets_for
        had = await list_tickets(conn, signer, exam_id=exam_id, person_ids=[receiver])
        # Without an assignment, where the exam is for some alone, a ticket would lead to a closed door.
        await assign_person(conn, exam_id=exam_id, person_id=receiver)
        await issue_tickets(conn, signer, exam_id=exam_id, person_ids=[receiver])
        if not had:
            await note_history(conn, submission_id, person_id=by, what="ticketed")
