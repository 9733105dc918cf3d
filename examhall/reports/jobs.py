"""Background work on reports: those that are due are made, and a text model drafts feedback."""

from collections.abc import Callable
from pathlib import Path

from procrastinate import App

from examhall.base.db import Database
from examhall.base.tries import TRIES
from examhall.base.typesetting import Typesetter
from examhall.reports.feedback import write_drafts
from examhall.reports.reports import Failed, make_due_reports
from examhall.reports.text_model import TextModel

# Reports in chunks of 50, some 15 ms each: ten seconds, then others have their turn.
REPORT_CHUNKS = 12
# A report that could not be made is tried again in the first minute of each hour, or by the next worker.
TRIED_AGAIN_S = 3600
# A text model takes seconds for each.
DRAFTS_AT_ONCE = 10


def add_jobs(
    jobs: App,
    database: Database,
    *,
    fonts: Path,
    text_model: Callable[[], TextModel | None],
    tokens_a_day: int,
) -> None:
    """`text_model` gives a new one, to be closed; None where nobody drafts feedback."""
    failed_reports: Failed = set()

    @jobs.periodic(cron="* * * * *")
    @jobs.task(name="make_reports", queueing_lock="make_reports", lock="make_reports")
    async def _make_reports(timestamp: int) -> None:
        if timestamp % TRIED_AGAIN_S == 0:
            failed_reports.clear()
        typesetter = Typesetter(fonts)
        try:
            # A few hundred at a time: what else waits comes in between, and the next minute goes on.
            for _ in range(REPORT_CHUNKS):
                if await make_due_reports(database, typesetter, failed=failed_reports) == 0:
                    break
        finally:
            await typesetter.close()

    @jobs.task(name="write_feedback", queue="text_model", lock="write_feedback", retry=TRIES)
    async def _write_feedback(exam_id: int, after_sitting_id: int = 0) -> None:
        model = text_model()
        if model is None:
            return
        try:
            drafted = await write_drafts(
                database,
                model,
                exam_id=exam_id,
                tokens_a_day=tokens_a_day,
                limit=DRAFTS_AT_ONCE,
                after_sitting_id=after_sitting_id,
            )
        finally:
            await model.close()
        if drafted.next_after is not None:
            await _write_feedback.defer_async(exam_id=exam_id, after_sitting_id=drafted.next_after)
