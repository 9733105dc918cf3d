from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.exams.pictures import NotAPicture, media_type_of

DEMO = Path(__file__).parents[2] / "examhall" / "demo" / "pictures"


def svg(inside: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89arest", "image/gif"),
        (b"RIFF\x00\x01\x02\x03WEBPrest", "image/webp"),
        (svg("<path d='M0 0'/>"), "image/svg+xml"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn -->' + svg(""), "image/svg+xml"),
        (svg('<style>.a { fill: url(#b) }</style><use href="#c"/>'), "image/svg+xml"),
        (
            svg('<i:namedview id="x"/>', 'xmlns:i="http://www.inkscape.org/namespaces/inkscape"'),
            "image/svg+xml",
        ),
    ],
)
def test_a_picture_is_told_by_its_bytes(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.svg")), ids=lambda path: path.name)
def test_the_demo_pictures_are_accepted(path: Path) -> None:
    assert media_type_of(path.read_bytes()) == "image/svg+xml"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00",
        b"%PDF-1.7",
        b"<html></html>",
        b"<svg></svg>",
        svg("<script>alert(1)</script>"),
        svg("", 'onload="alert(1)"'),
        svg("", 'ONLOAD="alert(1)"'),
        svg('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>'),
        svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
        svg('<image href="https://mallory.example/x.png"/>'),
        svg('<use href="https://mallory.example/x.svg#a"/>'),
        svg('<use x:href="other.svg#a" xmlns:x="http://www.w3.org/1999/xlink"/>'),
        svg('<a href="#x"><path d="M0 0"/></a>'),
        svg('<animate attributeName="href" to="javascript:alert(1)"/>'),
        svg('<set attributeName="onload" to="alert(1)"/>'),
        svg('<path fill="url(https://mallory.example/x.svg#a)"/>'),
        svg('<path style="fill: url(//mallory.example)"/>'),
        svg("<style>@import 'https://mallory.example/x.css';</style>"),
        svg("<style><title/>@import 'https://mallory.example/x.css';</style>"),
        svg("<style>a { fill: \\75rl(https://mallory.example) }</style>"),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"),
        b'<?xml-stylesheet href="https://mallory.example/x.css"?>' + svg(""),
        b'<?xml version="1.0" encoding="UTF-7"?>' + svg(""),
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + svg(""),
        svg("").decode().encode("utf-16"),
        svg("<path"),
    ],
)
def test_what_could_run_or_fetch_something_is_no_picture(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        media_type_of(content)


@given(st.binary() | st.binary().map(lambda tail: b"<svg" + tail))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    with suppress(NotAPicture):
        assert media_type_of(content).startswith("image/")


def test_an_svg_as_deep_as_a_picture_may_be_large_is_survived() -> None:
    content = svg("<g>" * 250_000 + "</g>" * 250_000)
    assert media_type_of(content) == "image/svg+xml"
