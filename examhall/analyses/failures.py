"""Why a calculation has no result: a word for programs, and the sentence that people read."""

from typing import Final

from examhall.base.errors import Conflict


class TooLarge(Conflict):
    """These exams have more answers than one calculation can hold. Name fewer exams in the scenario."""


class TookTooLong(Conflict):
    """The calculation took longer than it may. Name fewer exams in the scenario, or leave out the groups."""


class EndedAgainAndAgain(Conflict):
    """The calculation ended without a result several times. Whoever looks after the server finds out why."""


class NoLongerFits(Conflict):
    """The scenario no longer fits its exams: somebody changed them since. Open it to see what is wrong."""


BY_WORD: Final = {each.word(): each for each in (TooLarge, TookTooLong, EndedAgainAndAgain, NoLongerFits)}
