"""Refusals as the command line tells them."""

import json

from examhall.base.errors import Refusal


def told(refusal: Refusal) -> str:
    """The refusal's sentence, and a line for each thing that is wrong in the file."""
    lines = [refusal.detail]
    for name, value in refusal.details.items():
        if name == "fields" and isinstance(value, list):
            lines += [_placed(field) for field in value]
        else:
            lines.append(f"  {name}: {value if isinstance(value, str | int) else json.dumps(value)}")
    return "\n".join(lines)


def _placed(field: dict[str, object]) -> str:
    where = field.get("path") or (field.get("column") if isinstance(field.get("column"), str) else "")
    return f"  line {field.get('line')}{f', {where}' if where else ''}: {field.get('message')}"
