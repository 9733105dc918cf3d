"""Rows of numbers for COPY in PostgreSQL's binary format, NaN as NULL, packed by NumPy: no loop over rows.

Format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from examhall.base.columns import HEADER, TRAILER

__all__ = ["TRAILER", "packed_rows"]

NULL = -1


def packed_rows(columns: Mapping[str, tuple[str, Any]], count: int) -> Iterator[bytes]:
    """The header, then all rows; those that are NULL in the same columns follow each other.

    `columns` gives each column's NumPy type, such as "i8" for a bigint, and its values, or one for all.
    """
    yield HEADER
    values = {name: np.broadcast_to(value, count) for name, (_, value) in columns.items()}
    missing = np.stack([np.isnan(value) for value in values.values()], axis=1)
    patterns, pattern = np.unique(missing, axis=0, return_inverse=True)
    for number, absent in enumerate(patterns):
        chosen = np.flatnonzero(pattern.reshape(-1) == number)
        fields = [("fields", ">i2")]
        for (name, (kind, _)), is_null in zip(columns.items(), absent, strict=True):
            fields += [(f"{name} bytes", ">i4")] + ([] if is_null else [(name, f">{kind}")])
        rows = np.empty(len(chosen), np.dtype(fields))
        rows["fields"] = len(columns)
        for (name, (kind, _)), is_null in zip(columns.items(), absent, strict=True):
            rows[f"{name} bytes"] = NULL if is_null else np.dtype(kind).itemsize
            if not is_null:
                rows[name] = values[name][chosen]
        yield rows.tobytes()
