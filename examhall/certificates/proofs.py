"""Looking at a template before it is kept, in a typesetter of its own: one that loops delays nobody."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from examhall.base.errors import Malformed
from examhall.base.limits import Limit
from examhall.base.rates import Rates, read_rates
from examhall.base.typesetting import BadDocument, Problem, Typesetter, TypesetterGone
from examhall.certificates.printing import OWN, TOO_LONG, example_facts, print_example, try_out

# A sheet takes tens of milliseconds, on a busy machine hundreds.
LIMIT_S = 6.0
# Somebody who thinks about a line finds the process still there.
IDLE_S = 120.0
# Of one person, who types and pauses.
PREVIEWS = read_rates("60/minute")
LOOPED = "it takes too long or too much memory: look for a loop that does not end"
# What typst says, in words for somebody who only wrote a template.
MEANT = (
    ("file not found", "a template cannot read files: what it may import is examhall.typ and ornaments.typ"),
    ("failed to download package", "a template cannot fetch packages"),
    ("failed to load file", "a template cannot read files"),
    (TOO_LONG, TOO_LONG),
)


class BadTemplate(Malformed):
    """The template cannot be set. Nothing was saved; certificates are issued by the version before."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        first = problems[0]
        where = f"Line {first.line}: " if first.line else ""
        super().__init__(
            f"{where}{first.reason}",
            fields=[
                {"line": each.line, "column": each.column, "message": each.reason, "hint": each.hint}
                for each in problems
            ],
        )


class Proofs:
    """One process's place for trying templates out."""

    def __init__(self, typesetter: Typesetter, rates: Rates) -> None:
        self._typesetter = typesetter
        self.limit = Limit("previews", rates)

    @classmethod
    def of(cls, fonts: Path) -> "Proofs":
        return cls(Typesetter(fonts, limit_s=LIMIT_S, idle_s=IDLE_S), PREVIEWS)

    async def show(
        self, source: str, fields: Sequence[Mapping[str, Any]], *, title: str, issuer: str, url: str
    ) -> bytes:
        """The template with its examples, as PNG. Raises BadTemplate with the lines that are wrong."""
        shown: bytes = await self._tried(
            print_example(self._typesetter, source, example_facts(title, fields, issuer=issuer, url=url))
        )
        return shown

    async def show_facts(self, source: str, facts: Mapping[str, Any]) -> bytes:
        """The template with what somebody is about to issue, as PNG."""
        shown: bytes = await self._tried(print_example(self._typesetter, source, facts))
        return shown

    async def check(
        self, source: str, fields: Sequence[Mapping[str, Any]], *, title: str, issuer: str, url: str
    ) -> None:
        """Whether it can be kept: set with all that a certificate can have, and with the least of it.

        As a picture too: a page can be too large for one, and whoever looked at a gallery would wait for it.
        """
        for full in (True, False):
            facts = example_facts(title, fields, issuer=issuer, url=url, full=full)
            await self._tried(try_out(self._typesetter, source, facts))
        await self._tried(print_example(self._typesetter, source, facts))

    async def _tried(self, setting: Any) -> Any:
        try:
            return await setting
        except BadDocument as bad:
            raise BadTemplate([_worded(each) for each in bad.problems(OWN)]) from bad
        except TypesetterGone as error:
            raise BadTemplate([Problem(None, None, None, LOOPED, "")]) from error

    async def close(self) -> None:
        await self._typesetter.close()


def _worded(problem: Problem) -> Problem:
    for said, meant in MEANT:
        if said in problem.reason:
            return problem._replace(reason=meant)
    return problem
