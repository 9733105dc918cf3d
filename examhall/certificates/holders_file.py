"""A list of holders as CSV: who gets a certificate, and what stands on theirs alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from examhall.base.csv_file import BadFile, Problem, decode, read_rows
from examhall.base.said import said
from examhall.certificates.issue import HOLDER_CHARS, MOST_AT_ONCE, Order
from examhall.certificates.templates import VALUE_CHARS

OWN = ("holder", "username")


class BadHoldersFile(BadFile):
    """The list has lines that cannot be used. Nothing was issued."""


def read_holders(content: bytes, fields: Sequence[Mapping[str, Any]]) -> list[Order]:
    """A header with `holder` or `username`, or both, and any of the template's fields; then a line for each.

    Raises BadHoldersFile with every line that is wrong.
    """
    rows = read_rows(decode(content, BadHoldersFile), BadHoldersFile)
    if not rows:
        raise BadHoldersFile([Problem(1, "", said("is empty"))])
    (line, header), *lines = rows
    names = [name.strip().lower() for name in header]
    known = {*OWN, *(each["name"] for each in fields)}
    problems = [Problem(line, name, said("is not known")) for name in names if name not in known]
    if len({*names}) < len(names):
        problems.append(Problem(line, "", said("names a column twice")))
    if not {*OWN} & {*names}:
        problems.append(Problem(line, "holder", said("is missing")))
    if not lines:
        problems.append(Problem(line, "", said("is all that there is: no line follows")))
    if len(lines) > MOST_AT_ONCE:
        problems.append(
            Problem(
                lines[MOST_AT_ONCE][0],
                "",
                said("is one more than the {most_at_once} at once", most_at_once=MOST_AT_ONCE),
            )
        )
    if problems:
        raise BadHoldersFile(problems)
    orders = []
    for line, cells in lines:
        values = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        if len(cells) > len(names):
            problems.append(
                Problem(
                    line,
                    "",
                    said("has {count} cells for {count2} columns", count=len(cells), count2=len(names)),
                )
            )
        holder, username = values.pop("holder", ""), values.pop("username", "")
        if not holder and not username:
            problems.append(Problem(line, "holder", said("is missing")))
        if len(holder) > HOLDER_CHARS:
            problems.append(
                Problem(
                    line,
                    "holder",
                    said("is longer than {holder_chars} characters", holder_chars=HOLDER_CHARS),
                )
            )
        problems += [
            Problem(line, name, said("is longer than {value_chars} characters", value_chars=VALUE_CHARS))
            for name, value in values.items()
            if len(value) > VALUE_CHARS
        ]
        own = {name: value for name, value in values.items() if value}
        orders.append(Order(holder or None, username or None, own))
    if problems:
        raise BadHoldersFile(problems)
    return orders
