"""What an entry of the master data says, by its kind: scales, grade bands, and the rest. Pure."""

import re
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from examhall.base.wire import Body, Text

CODE_CHARS = 40
NAME_CHARS = 120
MOST_BANDS = 30
# What people write as a code, and programs as a key: ects, 500-100, uz-2-5.
CODE = r"^[a-z0-9][a-z0-9_-]{0,39}$"
PATTERN = re.compile(CODE)


def json_number(number: Decimal) -> int | float:
    """As JSON has it. Exact: what is read has at most twelve digits, and a float keeps fifteen."""
    return int(number) if number == number.to_integral_value() else float(number)


# A number that people wrote, kept as they wrote it: 0.1 is a tenth.
Exact: TypeAlias = Annotated[
    Decimal,
    Field(max_digits=12, decimal_places=6, allow_inf_nan=False),
    PlainSerializer(json_number, return_type=int | float, when_used="json"),
]
Percent: TypeAlias = Annotated[Exact, Field(ge=0, le=100)]
Code: TypeAlias = Annotated[str, Field(pattern=CODE)]
Name: TypeAlias = Annotated[Text, Field(min_length=1, max_length=NAME_CHARS)]


def problem(code: str, sentence: str) -> PydanticCustomError:
    """A rule that is broken by several values together, in a sentence of our own."""
    return PydanticCustomError(code, sentence)


class Scale(Body):
    """With a mean and a spread: standard scores. Without: shares of all points, from lowest to highest."""

    mean: Exact | None = None
    sd: Annotated[Exact, Field(gt=0)] | None = None
    lowest: Exact
    highest: Exact
    step: Annotated[Exact, Field(gt=0)] | None = Field(
        default=None, description="Scores are rounded to multiples of it; as they are, if not said."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "Scale":
        if self.highest <= self.lowest:
            raise problem("scale_ends", "The highest score must be above the lowest.")
        if (self.mean is None) != (self.sd is None):
            raise problem("scale_half", "A mean needs a spread (sd), and a spread a mean.")
        if self.mean is not None and not self.lowest <= self.mean <= self.highest:
            raise problem("scale_mean", "The mean must lie between the lowest and the highest score.")
        return self


class Band(Body):
    name: Annotated[Text, Field(min_length=1, max_length=20)]
    from_percent: Percent


Bands: TypeAlias = Annotated[list[Band], Field(min_length=1, max_length=MOST_BANDS)]


def bands_problems(bands: list[Band]) -> list[tuple[int, str]]:
    """What is wrong with bands as a whole: which of them, and a sentence. The best first, the last from 0."""
    found = []
    first_from: dict[Decimal, Band] = {}
    names: set[str] = set()
    for place, band in enumerate(bands):
        other = first_from.setdefault(band.from_percent, band)
        if other is not band:
            found.append((place, f"{band.name} and {other.name} overlap: both begin at the same percent."))
        if band.name in names:
            found.append((place, f"There are two bands named {band.name}."))
        names.add(band.name)
    for place, (higher, band) in enumerate(pairwise(bands), start=1):
        if band.from_percent > higher.from_percent:
            found.append((place, f"{band.name} begins above {higher.name}: the highest band comes first."))
    if bands and all(band.from_percent > 0 for band in bands):
        found.append((len(bands) - 1, "Somebody would get no grade: the lowest band begins at 0 percent."))
    return found


class GradeBands(Body):
    bands: Bands

    @model_validator(mode="after")
    def _fits_together(self) -> "GradeBands":
        for _, sentence in bands_problems(self.bands):
            raise problem("bands", sentence.replace("{", "(").replace("}", ")"))
        return self


class Subject(Body):
    pass


class Topic(Body):
    subject: Code = Field(description="The code of the subject that it belongs to.")


class RatingTier(Body):
    from_rating: Exact | None = Field(description="null: the lowest tier.")


class QuestionType(Body):
    marked_by: Literal["machine", "person"]


class OrganisationKind(Body):
    pass
