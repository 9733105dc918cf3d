"""How an item is marked by hand: by how many, what they are told, and the rubric they mark by."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from examhall.base.wire import Body, Text

MOST_CRITERIA, MOST_LEVELS = 12, 11
NAME_CHARS, WORDS_CHARS, GUIDANCE_CHARS = 120, 500, 10_000
MOST_POINTS = 10_000

Points = Annotated[Decimal, Field(ge=0, le=MOST_POINTS, max_digits=7, decimal_places=2)]


class Level(Body):
    points: Points
    words: Annotated[Text, Field(max_length=WORDS_CHARS)] = ""


class Criterion(Body):
    key: Annotated[str, Field(pattern="^[a-z0-9]{1,12}$")]
    name: Annotated[Text, Field(min_length=1, max_length=NAME_CHARS)]
    levels: Annotated[list[Level], Field(min_length=2, max_length=MOST_LEVELS)]

    @property
    def most(self) -> Decimal:
        return max(level.points for level in self.levels)


class NewScheme(Body):
    """How an item is marked. A rubric may be empty: then a marker gives points alone."""

    markers: Literal[1, 2] = 1
    differ_above: Points | None = Field(
        default=None, description="Two markers further apart than this need a third opinion; null: never."
    )
    third_rule: Literal["nearest", "third", "median"] = Field(
        default="nearest",
        description="What counts with a third opinion: the mean of it and the nearer one, it alone, or the "
        "middle one.",
    )
    rubric: Annotated[list[Criterion], Field(max_length=MOST_CRITERIA)] = Field(default_factory=list)
    guidance: Annotated[Text, Field(max_length=GUIDANCE_CHARS)] = Field(
        default="", description="What markers are told, in Markdown."
    )

    def written_rubric(self) -> list[dict[str, Any]]:
        """As it is kept."""
        return [each.model_dump(mode="json") for each in self.rubric]
