"""What is wrong with an exam file, where, in words its author understands."""

from dataclasses import dataclass

from examhall.base.errors import Malformed

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Lines and columns count from 1. The path counts questions from 1 as well."""

    line: int
    column: int
    path: str


class BadExamFile(Malformed):
    """The exam file has mistakes. Nothing was imported."""

    def __init__(self, problems: list[dict[str, object]]) -> None:
        super().__init__(fields=problems)


class Problems:
    """Collects what is wrong with a file, so that its author hears of everything at once."""

    def __init__(self) -> None:
        self.found: list[dict[str, object]] = []
        # Checked at the end: the pictures may come after the questions that show them.
        self.pictures_shown: list[tuple[Place, str]] = []

    def add(self, place: Place, message: str) -> None:
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(
                {"line": place.line, "column": place.column, "path": place.path, "message": message}
            )

    def raise_if_any(self) -> None:
        if self.found:
            self.found.sort(key=lambda problem: (problem["line"], problem["column"]))
            raise BadExamFile(self.found)


def bad_at(line: int, column: int, message: str, path: str = "") -> BadExamFile:
    return BadExamFile([{"line": line, "column": column, "path": path, "message": message}])
