"""Notes of what is no row: personal data downloaded, tickets printed, evidence read, staff signed in."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from examhall.base.actor import ACTOR, Actor, Door
from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside

SQL = beside(__file__)

# All that is noted, and what it means.
NOTES = {
    "signed_in": "a member of staff signed in; after says how",
    "signed_out": "somebody was signed out by the office; after says how many sign-ins that ended",
    "exam_downloaded": "an exam was downloaded as a file, with its keys",
    "tickets_printed": "tickets of an exam were downloaded or printed",
    "people_downloaded": "people were downloaded as a file",
    "submissions_downloaded": "what was sent by a form was downloaded as a file",
    "results_downloaded": "results of an exam were downloaded as a file",
    "evidence_read": "the history of a sitting was opened; after says whether answers were in it",
    "evidence_printed": "the history of a sitting was made into a PDF; after has its digest",
    "audit_downloaded": "entries of this record were downloaded as a file; after says which",
}


async def note(
    conn: Connection,
    deed: str,
    *,
    kind: str,
    thing: object,
    label: str = "",
    exam_id: int | None = None,
    person_id: int | None = None,
    after: Mapping[str, object] | None = None,
    by: int | None = None,
    door: Door = "server",
) -> None:
    """Append to the record that the actor of base/actor.py, or `by`, did one of NOTES to this thing.

    `door` is where somebody came in who was not known yet when the request came: who signs in.
    It is there when the transaction commits: what was noted and then refused was not done.
    """
    if deed not in NOTES:
        raise ValueError(f"{deed} is not among the notes")
    actor = ACTOR.get() or Actor(None, door)
    who, came_by, trace = actor.text.split("|")
    await run(
        conn,
        SQL.insert_note,
        actor_id=int(who) if by is None and who else by,
        door=came_by,
        trace=trace,
        deed=deed,
        kind=kind,
        thing=str(thing),
        label=label[:200],
        exam_id=exam_id,
        person_id=person_id,
        after=Jsonb(dict(after)) if after else None,
    )
