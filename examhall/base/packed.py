"""Whole columns as PostgreSQL's binary arrays, packed in one go.

psycopg's own list adaptation asks each element for its type, at about half a microsecond an element; a batch
of saves has thousands. Format: https://www.postgresql.org/docs/current/libpq-exec.html and array_recv().
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat

import psycopg
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format


class PackedArray:
    """One dimension, no NULLs."""

    __slots__ = ("data", "element_type")

    def __init__(self, element_type: str, count: int, elements: bytes) -> None:
        self.element_type = element_type
        # Dimensions, has-null flag, element oid, length, lower bound. Empty arrays have no dimension.
        head = (1, 0, types[element_type].oid, count, 1) if count else (0, 0, types[element_type].oid)
        self.data = struct.pack(f"!{len(head)}i", *head) + elements


@lru_cache(maxsize=2048)
def _fixed(code: str, count: int) -> struct.Struct:
    return struct.Struct("!" + f"i{code}" * count)


def _packed(element_type: str, code: str, width: int, values: Sequence[int]) -> PackedArray:
    interleaved = chain.from_iterable(zip(repeat(width), values, strict=False))
    return PackedArray(element_type, len(values), _fixed(code, len(values)).pack(*interleaved))


def bigints(values: Sequence[int]) -> PackedArray:
    return _packed("int8", "q", 8, values)


def smallints(values: Sequence[int]) -> PackedArray:
    return _packed("int2", "h", 2, values)


def texts(values: Sequence[str]) -> PackedArray:
    return _lengthed("text", [value.encode() for value in values])


def jsonbs(values: Sequence[bytes]) -> PackedArray:
    """JSON documents as UTF-8; the leading 1 is the version of jsonb's own wire format."""
    return _lengthed("jsonb", [b"\x01" + value for value in values])


def _lengthed(element_type: str, values: Sequence[bytes]) -> PackedArray:
    size = struct.Struct("!i").pack
    return PackedArray(element_type, len(values), b"".join([size(len(value)) + value for value in values]))


class PackedArrayDumper(Dumper):
    format = Format.BINARY

    def get_key(self, obj: PackedArray, format: object) -> tuple[type, str]:  # type: ignore[override]
        return (PackedArray, obj.element_type)

    def upgrade(self, obj: PackedArray, format: object) -> "PackedArrayDumper":
        dumper = PackedArrayDumper(PackedArray, None)
        dumper.oid = types[obj.element_type].array_oid
        return dumper

    def dump(self, obj: PackedArray) -> bytes:
        return obj.data


psycopg.adapters.register_dumper(PackedArray, PackedArrayDumper)
