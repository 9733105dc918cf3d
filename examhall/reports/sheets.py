"""Reports as PDFs in a language that they were not made in: set when somebody asks."""

from pathlib import Path

from starlette.requests import Request

from examhall.base.typesetting import Typesetter
from examhall.reports.printing import print_report
from examhall.reports.reports import PrintedReport

# Seconds without anybody asking, after which the process that sets them ends.
IDLE_S = 30.0


class ReportSheets:
    """One process's way to them; one is set after the other, a page in some milliseconds."""

    def __init__(self, fonts: Path) -> None:
        self._typesetter = Typesetter(fonts, idle_s=IDLE_S)

    async def pdf(self, report: PrintedReport, language: str) -> bytes:
        """The one that was made, or the same in `language`; for after the transaction."""
        if report.pdf is not None:
            return report.pdf
        return await print_report(self._typesetter, report.facts, report.comment, language)

    async def close(self) -> None:
        await self._typesetter.close()


def sheets_of(request: Request) -> ReportSheets:
    sheets: ReportSheets = request.app.state.report_sheets
    return sheets
