"""The design system's own page: every part of the look, from the same style sheets and macros as the pages.

Written in English for whoever builds pages; nothing on it is anybody's data.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from examhall.web.pages import render

HERE = Path(__file__).parent
TOKEN = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})\b")
SYMBOL = re.compile(r'<symbol id="i-([\w-]+)"')
# WCAG 2.2: 1.4.3 for text, 1.4.11 for what one must see to use something.
TEXT, SHAPE = 4.5, 3.0
# What is written or drawn on what, and how clearly it must stand out.
PAIRS: tuple[tuple[str, str, float], ...] = (
    ("ink", "paper", TEXT),
    ("ink", "sheet", TEXT),
    ("ink", "wash", TEXT),
    ("soft", "paper", TEXT),
    ("soft", "sheet", TEXT),
    ("soft", "wash", TEXT),
    ("accent", "paper", TEXT),
    ("accent", "sheet", TEXT),
    ("accent", "tint", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-deep", TEXT),
    ("good", "sheet", TEXT),
    ("good", "good-tint", TEXT),
    ("wait", "sheet", TEXT),
    ("wait", "wait-tint", TEXT),
    ("bad", "sheet", TEXT),
    ("bad", "bad-tint", TEXT),
    ("ink", "good-tint", TEXT),
    ("ink", "wait-tint", TEXT),
    ("ink", "bad-tint", TEXT),
    ("ink", "tint", TEXT),
    ("edge", "sheet", SHAPE),
    ("edge", "paper", SHAPE),
)


class Contrast(NamedTuple):
    text: str
    ground: str
    least: float
    light: float
    dark: float


@cache
def schemes() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The colours by name, in the light and in the dark, as app.css has them."""
    css = (HERE / "static" / "css" / "app.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\n *\}", css, re.S)[:2]
    day = dict(TOKEN.findall(light))
    return day, {**day, **dict(TOKEN.findall(dark))}


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances (WCAG 2.2), from 1 to 21; colours as #rrggbb."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def contrasts() -> list[Contrast]:
    light, dark = schemes()
    return [
        Contrast(
            text, ground, least, contrast(light[text], light[ground]), contrast(dark[text], dark[ground])
        )
        for text, ground, least in PAIRS
    ]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _option(key: str, text: str) -> dict[str, str]:
    return {"key": key, "text": text, "html": text}


def _item(kind: str, part: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "sub_part": part, "points": 1.0, "prompt_html": "", "options": [], **more}


OPTIONS = [_option("A", "Tashkent"), _option("B", "Samarkand"), _option("C", "Bukhara")]
# One of each kind, as a candidate has it.
QUESTION: Mapping[str, Any] = {
    "number": 1,
    "prompt_html": "<p>What a question asks stands here, in the typeface of what is read with care.</p>",
    "items": [
        _item("single_choice", "a", options=OPTIONS),
        _item("multiple_choice", "b", options=OPTIONS),
        _item("true_false", "c"),
        _item("number", "d", unit="cm"),
        _item("short_text", "e"),
        _item("ordering", "f", options=OPTIONS),
        _item("matching", "g", left=[_option("1", "Registan"), _option("2", "Ark")], right=OPTIONS),
        _item("best_worst", "h", options=OPTIONS),
        _item("essay", "i", max_chars=2000),
    ],
}
CHART = {
    "x": {"label": "Points", "labels": ["0–20", "20–40", "40–60", "60–80", "80–100"]},
    "y": {"label": "Candidates", "min": 0},
    "series": [
        {"name": "Algebra", "values": [3, 11, 24, 19, 8], "style": "bars"},
        {"name": "Geometry", "values": [5, 14, 20, 15, 4], "style": "curve"},
    ],
}


@cache
def icons() -> list[str]:
    return SYMBOL.findall((HERE / "templates" / "parts" / "icons.html").read_text(encoding="utf-8"))


async def design_page(request: Request) -> Response:
    """GET /design"""
    light, dark = schemes()
    return render(
        request,
        "design.html",
        colours=[(name, light[name], dark[name]) for name in light],
        contrasts=contrasts(),
        icons=icons(),
        question=QUESTION,
        sample=CHART,
    )


routes = [Route("/design", design_page)]
