"""Style sheets know a start and an end, not a left and a right: pages are read from either side."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from examhall.web import pages

CSS = Path(pages.__file__).with_name("static") / "css"
SHEETS = sorted(CSS.glob("*.css"))
COMMENT = re.compile(r"/\*.*?\*/", re.S)
DECLARATION = re.compile(r"(?:^|[;{])\s*([\w-]+)\s*:\s*([^;{}]+)")
PHYSICAL = re.compile(r"(?:^|-)(?:left|right)(?:-|$)")
SIDED = re.compile(r"\b(?:left|right)\b")
# Four values go around by the clock: the second is right, the fourth left.
AROUND = {"margin", "padding", "inset", "border-width", "scroll-margin", "scroll-padding"}
CORNERS = {"border-radius"}
# What has a side on purpose, and why.
ON_PURPOSE = {
    ("app.css", "mask-image", "[dir=rtl] has its own"),
    ("app.css", "-webkit-mask-image", "[dir=rtl] has its own"),
}

each_sheet = pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)


def declarations(sheet: Path) -> Iterator[tuple[str, str]]:
    for name, value in DECLARATION.findall(COMMENT.sub("", sheet.read_text(encoding="utf-8"))):
        yield name, value.strip()


def values_of(text: str) -> list[str]:
    """The values of a shorthand; what stands in brackets is one."""
    flat, count = text, 1
    while count:
        flat, count = re.subn(r"\([^()]*\)", "", flat)
    return flat.split()


def is_one_sided(name: str, value: str) -> bool:
    values = values_of(value.partition("/")[0])
    if name in AROUND:
        return len(values) == 4 and values[1] != values[3]
    if name in CORNERS:
        # Top left, top right, bottom right, bottom left.
        a, b, c, d = {1: [0, 0, 0, 0], 2: [0, 1, 0, 1], 3: [0, 1, 2, 1], 4: [0, 1, 2, 3]}[len(values)]
        return values[a] != values[b] or values[c] != values[d]
    return False


@each_sheet
def test_nothing_has_a_side_but_what_has_it_on_purpose(sheet: Path) -> None:
    allowed = {name for file, name, _why in ON_PURPOSE if file == sheet.name}
    sided = [
        f"{name}: {value}"
        for name, value in declarations(sheet)
        if (PHYSICAL.search(name) or SIDED.search(value) or is_one_sided(name, value)) and name not in allowed
    ]
    assert sided == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("padding", "0 1rem 0 0"), ("inset", "0 auto 0 calc(1px + 2px)"), ("border-radius", "4px 0 0 4px")],
)
def test_a_side_is_seen_in_a_shorthand_too(name: str, value: str) -> None:
    assert is_one_sided(name, value)


# White in the dark too: a page of a paper, a certificate's picture, the foreign page of the API.
WHITE = {"pdf-paper.css", "certificates.css", "api-docs.css", "questions.css"}


@each_sheet
def test_colours_are_the_systems_own(sheet: Path) -> None:
    """A colour that is written out where it is used does not follow light and dark."""
    if sheet.name in WHITE:
        pytest.skip("is about paper")
    written = [
        f"{name}: {value}"
        for name, value in declarations(sheet)
        if re.search(r"#[0-9a-fA-F]{3,8}\b", value) and not name.startswith("--")
    ]
    # Masks have no colour; what is printed is on paper, and what authors draw is made for it.
    assert [each for each in written if "mask-image" not in each and not each.endswith("#fff")] == []
