"""Queries live in `x.sql` beside `x.py`; this module reads them."""

import re
from pathlib import Path
from typing import LiteralString, NamedTuple, cast

HEADING = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
PARAMETER = re.compile(r"%\((\w+)\)[sbt]")


class Query(NamedTuple):
    name: str
    text: LiteralString
    parameters: frozenset[str]
    # The file it is in, without which names are not unique.
    module: str = ""

    @property
    def label(self) -> str:
        """As it stands in figures and logs, such as autosave.save_batch."""
        return f"{self.module}.{self.name}"


class Queries:
    def __init__(self, path: Path) -> None:
        _, *parts = HEADING.split(path.read_text(encoding="utf-8"))
        self._path = path
        self._queries = {
            # The files ship with the code, so their text is as trusted as a literal.
            name: Query(
                name, cast(LiteralString, text.strip()), frozenset(PARAMETER.findall(text)), path.stem
            )
            for name, text in zip(parts[::2], parts[1::2], strict=True)
        }

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self._path.name} has no query named {name!r}") from None


def beside(module_file: str) -> Queries:
    """Load the queries of the `.sql` file that shares the module's name."""
    return Queries(Path(module_file).with_suffix(".sql"))
