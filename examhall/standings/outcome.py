"""What came of one sitting besides its points: the place in the field, and the rating."""

from dataclasses import dataclass

from examhall.base.db import Connection, maybe
from examhall.base.sqlfile import beside
from examhall.standings.scale import Tier, tier_of, uncertainty

SQL = beside(__file__)


@dataclass(frozen=True)
class Outcome:
    exam_id: int
    # By the first attempt, as are ratings.
    place: int
    participants: int
    rating_before: float | None
    rating: float | None
    sigma: float | None
    # The person's first, second, ... rated exam.
    number: int | None

    @property
    def tier(self) -> Tier | None:
        return None if self.rating is None else tier_of(self.rating, self.number or 0)

    @property
    def change(self) -> float | None:
        if self.rating is None or self.rating_before is None:
            return None
        return self.rating - self.rating_before

    @property
    def spread(self) -> float | None:
        """One standard deviation of the rating."""
        return None if self.sigma is None else uncertainty(self.sigma)


async def outcome_of(conn: Connection, *, sitting_id: int, candidate_id: int) -> Outcome | None:
    """The place and what it did to the rating; None before places are final, and for a later attempt."""
    return await maybe(conn, SQL.outcome_of, Outcome, sitting_id=sitting_id, candidate_id=candidate_id)
