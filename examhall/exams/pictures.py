"""Which bytes are a picture that may be shown in an exam."""

import re
from xml.etree import ElementTree

from examhall.base.said import said

SVG = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
# What drawing programs write beside the drawing; browsers do nothing with it.
DRAWING_PROGRAMS = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/elements/1.1/",
)
SVG_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "metadata",
        "path",
        "line",
        "polyline",
        "polygon",
        "rect",
        "circle",
        "ellipse",
        "text",
        "tspan",
        "textPath",
        "marker",
        "pattern",
        "clipPath",
        "mask",
        "linearGradient",
        "radialGradient",
        "stop",
        "style",
        "switch",
    ]
)
# url(#name) is inside the file; anything else in url() is not.
OUTSIDE = re.compile(r"url\((?!\s*['\"]?#)|@import|javascript:|expression\(|\\", re.IGNORECASE)
OTHER_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding\s*=\s*(?!['\"]utf-8['\"])", re.IGNORECASE)

RASTER = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)


class NotAPicture(ValueError):
    """The sentence that says why, for the author."""


def media_type_of(content: bytes) -> str:
    """PNG, JPEG, GIF, WebP or a harmless SVG, told by the bytes. Raises NotAPicture for all else."""
    for magic, media_type in RASTER:
        if magic.match(content):
            return media_type
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        _check_svg(content)
        return "image/svg+xml"
    raise NotAPicture(said("This is not a PNG, JPEG, GIF, WebP or SVG picture."))


def _check_svg(content: bytes) -> None:
    """Refuse an SVG that could run code or fetch anything: what is not known to be harmless is refused."""
    # Entities multiply and reach outside; in another encoding this search would not find them.
    if OTHER_ENCODING.match(content) or b"<!" in content.replace(b"<!--", b"") or b"<?xml-" in content:
        raise NotAPicture(
            said("An SVG with a document type, entities, CDATA or another encoding is not accepted.")
        )
    try:
        content.decode("utf-8")
        root = ElementTree.fromstring(content)  # noqa: S314 - no entities: refused above
    except (UnicodeDecodeError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise NotAPicture(said("This SVG cannot be read.")) from error
    if root.tag != f"{{{SVG}}}svg":
        raise NotAPicture(said("This is XML, but not an SVG picture."))
    for element in root.iter():
        _check_element(element)


def _check_element(element: ElementTree.Element) -> None:
    namespace, _, name = element.tag.removeprefix("{").rpartition("}")
    if namespace.startswith(DRAWING_PROGRAMS):
        return
    if namespace != SVG or name not in SVG_ELEMENTS:
        raise NotAPicture(said("An SVG with <{name}> is not accepted.", name=name[:40]))
    # All of its text: what comes after an element inside it is a rule, too.
    if name == "style" and OUTSIDE.search("".join(element.itertext())):
        raise NotAPicture(said("An SVG whose style refers to something outside itself is not accepted."))
    for attribute, value in element.attrib.items():
        local = attribute.rpartition("}")[2]
        if local.lower().startswith("on"):
            raise NotAPicture(
                said("An SVG with the event handler {local} is not accepted.", local=local[:40])
            )
        if attribute in ("href", XLINK_HREF) and not value.startswith("#"):
            raise NotAPicture(said("An SVG that refers to something outside itself is not accepted."))
        if OUTSIDE.search(value):
            raise NotAPicture(said("An SVG that refers to something outside itself is not accepted."))
