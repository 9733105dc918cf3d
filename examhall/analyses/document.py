"""A scenario as a document: what would be different about some exams' results; read, and its hash."""

import hashlib
import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from fractions import Fraction
from itertools import groupby
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails

from examhall.base.errors import Malformed
from examhall.base.wire import LARGEST_ID, Body, Text
from examhall.exams import correction
from examhall.reference.values import Band, Bands, Code, Exact, Percent, Scale, problem

FORMAT: Final = "examhall-scenario/1"
MOST_EXAMS = 20
MOST_CHANGES = correction.MOST_CHANGES
MOST_WEIGHTS = 200
MOST_EXCLUDED = 10_000
MOST_PROBLEMS = 100
TOPIC_CHARS = 100
WEEK_MINUTES = 10_080
SHARE = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6}|/[0-9]{1,6})?")
SHARE_CHARS = 20

Id: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_ID, strict=True)]
# All that a machine marks: what a person marks is wrong for nobody.
Kind: TypeAlias = Literal[
    "single_choice",
    "multiple_choice",
    "true_false",
    "number",
    "short_text",
    "ordering",
    "matching",
    "best_worst",
]


class BadScenario(Malformed):
    """The scenario has mistakes. Nothing was saved, and nothing is calculated."""

    def __init__(self, problems: Sequence[dict[str, str]]) -> None:
        super().__init__(fields=list(problems[:MOST_PROBLEMS]))

    @property
    def problems(self) -> list[dict[str, str]]:
        """Each with its `path`, a JSON Pointer into the document, and a `message`."""
        fields: list[dict[str, str]] = self.details["fields"]  # type: ignore[assignment]
        return fields


class NewKey(correction.NewKey):
    """Another answer is right. Written as in the exam file; what is not said stays as it is."""

    exam_id: Id


class Accept(correction.Accept):
    """One more answer is right beside what the key says."""

    exam_id: Id


class Drop(correction.Drop):
    """A question, or one part of it, counts no longer: for nothing, or as right for everybody."""

    exam_id: Id


class Worth(correction.Worth):
    """A full answer is worth something else."""

    exam_id: Id


QuestionChange: TypeAlias = Annotated[NewKey | Accept | Drop | Worth, Field(discriminator="change")]


class Weight(Body):
    """The items of a topic count this many times their points: 2 is double, 0 not at all."""

    exam_id: Id
    topic: Annotated[Text, Field(min_length=1, max_length=TOPIC_CHARS)]
    factor: Annotated[Exact, Field(ge=0, le=100)]


def _fraction(said: object) -> Fraction:
    if isinstance(said, Fraction):
        return said
    # Bounded before it is computed with: an exponent could make a number of a million digits.
    if isinstance(said, str | int | float) and SHARE.fullmatch(str(said)[:SHARE_CHARS].strip()):
        whole, _, parts = str(said).strip().replace(",", ".").partition("/")
        if parts == "" or int(parts):
            found = Fraction(whole) / int(parts or 1)
            if 0 < found <= 1:
                return found
    raise problem("fraction", "A share above 0 and at most 1 is expected here: 0.25 or 1/3.")


# Exact: a third of a point three times is a point.
Share: TypeAlias = Annotated[
    Fraction,
    BeforeValidator(_fraction),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            {"type": "string", "pattern": r"^ *[0-9]+([.,][0-9]+|/[0-9]+)? *$", "maxLength": 20},
        ]}
    ),
]  # fmt: skip


class NegativeMarking(Body):
    """An answer that earns nothing costs this share of its item's points. No answer costs nothing."""

    fraction: Share
    kinds: Annotated[list[Kind], Field(min_length=1)] | None = Field(
        default=None,
        description="The types of questions for which it holds; all that a machine marks, if not said.",
    )


class NoCurve(Body):
    kind: Literal["none"]


class Add(Body):
    """Everybody gets so many points more, at most all."""

    kind: Literal["add"]
    points: Annotated[Exact, Field(ge=-100_000, le=100_000)]


class Stretch(Body):
    """Everybody's points times a factor, at most all."""

    kind: Literal["scale"]
    factor: Annotated[Exact, Field(gt=0, le=100)] | None = Field(
        default=None, description="So that the best result becomes all points, if not said."
    )


class SquareRoot(Body):
    """Of 49 percent 70 become: ten times the square root."""

    kind: Literal["square_root"]


class ToMean(Body):
    """All are moved alike so that the mean is this one; with a spread, stretched as well."""

    kind: Literal["to_mean"]
    mean_percent: Percent
    sd_percent: Annotated[Exact, Field(gt=0, le=50)] | None = None


Curve: TypeAlias = Annotated[NoCurve | Add | Stretch | SquareRoot | ToMean, Field(discriminator="kind")]


class Named(Body):
    """An entry of the master data, in the version that is meant: a later one changes nothing here."""

    code: Code
    version: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]


def _named_or_own(said: object) -> str:
    if isinstance(said, dict):
        return "named" if "code" in said else "own"
    return "named" if isinstance(said, Named) else "own"


NAMED_OR_OWN = Discriminator(_named_or_own)
AnyScale: TypeAlias = Annotated[Annotated[Named, Tag("named")] | Annotated[Scale, Tag("own")], NAMED_OR_OWN]
AnyBands: TypeAlias = Annotated[Annotated[Named, Tag("named")] | Annotated[Bands, Tag("own")], NAMED_OR_OWN]


class PassMark(Body):
    # Two places, as an exam's own has: what is calculated is what can be made official.
    percent: Annotated[Percent, Field(gt=0, decimal_places=2)] = Field(
        description="Of all points, after all other changes."
    )


class Subgroups(Body):
    by: Literal["course", "organisation"]


class Scenario(Body):
    """What would be different: applied from top to bottom. Only the format and the exams have to be said."""

    format: Literal["examhall-scenario/1"]
    exams: Annotated[list[Id], Field(min_length=1, max_length=MOST_EXAMS)] = Field(
        description="Ids of exams. Of several, the points of those who sat them all are added up."
    )
    exclude_sittings: Annotated[list[Id], Field(max_length=MOST_EXCLUDED)] = Field(
        default_factory=list, description="Sittings that do not count."
    )
    exclude_below_minutes: Annotated[Exact, Field(gt=0, le=WEEK_MINUTES)] | None = Field(
        default=None, description="Sittings that took less than this do not count."
    )
    questions: Annotated[list[QuestionChange], Field(max_length=MOST_CHANGES)] = Field(
        default_factory=list,
        description="Changes of questions, as a correction of the key has them; in their order.",
    )
    weights: Annotated[list[Weight], Field(max_length=MOST_WEIGHTS)] = Field(default_factory=list)
    negative_marking: NegativeMarking | None = None
    curve: Curve | None = None
    pass_mark: PassMark | None = Field(default=None, description="Each exam's own, if not said.")
    grade_bands: AnyBands | None = None
    scale: AnyScale | None = None
    subgroups: Subgroups | None = Field(
        default=None, description="The results are told for each group as well."
    )

    def as_document(self) -> dict[str, Any]:
        """As it is kept and shown: what is not said is not there."""
        said: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in said.items() if value != []}

    def meaning(self) -> dict[str, Any]:
        """One and the same for all documents that mean the same, however they are written."""
        said = self.as_document()
        said["exams"] = sorted(set(self.exams))
        if self.exclude_sittings:
            said["exclude_sittings"] = sorted(set(self.exclude_sittings))
        if self.questions:
            said["questions"] = [_plainly(change) for change in _in_order(self.questions)]
        if self.weights:
            said["weights"] = sorted(said["weights"], key=lambda each: (each["exam_id"], each["topic"]))
        if self.negative_marking and self.negative_marking.kinds:
            said["negative_marking"]["kinds"] = sorted(set(self.negative_marking.kinds))
        if isinstance(self.curve, NoCurve):
            del said["curve"]
        return said

    def canonical(self) -> bytes:
        """Its meaning as JSON, written in one way."""
        return json.dumps(self.meaning(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def digest(self) -> str:
        """The SHA-256 of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def changes_of(self, exam_id: int) -> list[tuple[int, QuestionChange]]:
        """The changes of one exam's questions, each with its place in `questions`."""
        return [(at, change) for at, change in enumerate(self.questions) if change.exam_id == exam_id]

    @property
    def own_bands(self) -> list[Band] | None:
        return self.grade_bands if isinstance(self.grade_bands, list) else None


def read_scenario(said: object) -> Scenario:
    """The document, held to its form. Raises BadScenario with everything that is wrong by its place."""
    try:
        return Scenario.model_validate(said)
    except ValidationError as error:
        raise BadScenario(
            [
                {"path": pointer(_place(said, each)), "message": _sentence(each)}
                for each in error.errors(include_url=False)
            ]
        ) from None


def json_schema() -> dict[str, Any]:
    """For editors, and for programs that check a scenario before they send it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Scenario.model_json_schema(),
        "title": "Examhall scenario",
    }


def pointer(steps: Sequence[str | int]) -> str:
    """A JSON Pointer (RFC 6901): "" is the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _in_order(changes: Sequence[QuestionChange]) -> list[QuestionChange]:
    """By question. Of one question they keep their order: the second may build on the first."""
    ordered: list[QuestionChange] = []
    by_question = sorted(changes, key=lambda change: (change.exam_id, change.question_number))
    for _, group in groupby(by_question, key=lambda change: (change.exam_id, change.question_number)):
        same = list(group)
        if all(change.sub_part is not None for change in same):
            same.sort(key=lambda change: change.sub_part or "")
        ordered += same
    return ordered


def _plainly(change: QuestionChange) -> dict[str, Any]:
    """Without the ways in which one answer can be written: 2 is "2" to the reader of keys."""
    said = change.model_dump(mode="json", exclude_none=True)
    return {name: _text(value) if name in correction.OF_KEY or name == "points" else value
            for name, value in said.items()}  # fmt: skip


def _text(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(int(value)) if value == int(value) else str(value)
        case list():
            return [_text(each) for each in value]
    return value


def _place(said: object, error: ErrorDetails) -> list[str | int]:
    """The steps of pydantic's place that are in the document; its names of a union's members are not."""
    steps: list[str | int] = []
    at = said
    loc = error["loc"]
    for number, step in enumerate(loc):
        if isinstance(at, dict | list) and _has(at, step):
            at = at[step]  # type: ignore[index]
        elif not (error["type"] == "missing" and number == len(loc) - 1):
            continue
        steps.append(step)
    return steps


def _has(at: dict[Any, Any] | list[Any], step: str | int) -> bool:
    return step in at if isinstance(at, dict) else isinstance(step, int) and step < len(at)


def _sentence(error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return f"`{error['loc'][-1]}` is missing here."
        case "extra_forbidden":
            name = str(error["loc"][-1])[:60]
            near = get_close_matches(name.lower(), Scenario.model_fields, n=1)
            return f"`{name}` is not known here.{f' Did you mean `{near[0]}`?' if near else ''}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "Names with values are expected here, in braces."
    said = error["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."
