"""The pictures of an exam file, from a file beside it or written into it."""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from examhall.base.said import said
from examhall.exams.exam_file_problems import Problems
from examhall.exams.exam_file_values import Value, did_you_mean, entries, fields, scalar
from examhall.exams.pictures import NotAPicture, media_type_of

MOST_PICTURES = 200
PICTURE_BYTES = 2_000_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    media_type: str
    content: bytes


def read_pictures(value: Value, folder: Path | None) -> tuple[Picture, ...]:
    named = entries(value)
    if len(named) > MOST_PICTURES:
        value.bad(
            said(
                "These are {count} pictures; at most {most_pictures} are possible.",
                count=len(named),
                most_pictures=MOST_PICTURES,
            )
        )
    found = (_picture(name, each, folder) for name, each in list(named.items())[:MOST_PICTURES])
    return tuple(picture for picture in found if picture is not None)


def note_missing(problems: Problems, names: Collection[str]) -> None:
    """Note each place that shows a picture the file does not have."""
    for place, name in problems.pictures_shown:
        if name not in names:
            hint = did_you_mean(name, names) if names else " The file has no `pictures`."
            problems.add(place, f"There is no picture `{name[:60]}`.{hint}")


def _picture(name: str, value: Value, folder: Path | None) -> Picture | None:
    if not NAME.fullmatch(name):
        value.bad(said("A picture's name is made of letters, digits, `-`, `_` and `.`, at most 64 of them."))
    found = fields(value, ("file", "data"))
    if value.is_mapping and len(found) != 1:
        value.bad(said("A picture has either `file` (a path beside the exam file) or `data` (in base64)."))
    if "data" in found:
        content = _from_base64(found["data"])
    elif "file" in found:
        content = _from_file(found["file"], folder)
    else:
        content = None
    if content is None:
        return None
    try:
        return Picture(name, media_type_of(content), content)
    except NotAPicture as why:
        value.bad(why.args[0])
        return None


def _from_base64(value: Value) -> bytes | None:
    try:
        content = base64.b64decode("".join((scalar(value) or "").split()), validate=True)
    except (binascii.Error, ValueError):
        value.bad(said("This is not base64."))
        return None
    return _bounded(value, content)


def _from_file(value: Value, folder: Path | None) -> bytes | None:
    written = scalar(value) or ""
    if folder is None:
        value.bad(said("A file can be named only in `examhall import`; here the picture goes in as `data`."))
        return None
    try:
        path = (folder / written).resolve()
        # Resolved first, so that neither .. nor a symbolic link leads out of the folder.
        if not path.is_relative_to(folder.resolve()):
            value.bad(said("A picture has to be in the exam file's folder, or below it."))
            return None
        with path.open("rb") as file:
            return _bounded(value, file.read(PICTURE_BYTES + 1))
    except (OSError, ValueError):
        value.bad(said("There is no file `{written}` that can be read.", written=written[:100]))
        return None


def _bounded(value: Value, content: bytes) -> bytes | None:
    if len(content) > PICTURE_BYTES:
        value.bad(said("A picture has at most {most} MB.", most=PICTURE_BYTES // 1000000))
        return None
    return content
