"""Ways to look at a page: what axe finds, what is too wide, which words nobody could translate.

A walk (walks.py) leads through pages in the states that people see them in and says `await look()` in each;
every way to look takes every walk. So a page is added once, and looked at in each way.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from examhall.base.languages import MIRRORED

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What only the colours decide.
COLOURS = ["color-contrast", "link-in-text-block"]
SIZES = [(1280, 800), (390, 844)]
# WCAG 1.4.12: what a reader may set, and nothing may be lost by it.
SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-block-end: 2em !important; }
"""
SCRIPT = Path(__file__).with_name("looking.js")


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """What axe finds by light, and what is wrong with the colours in the dark."""
    await page.evaluate(axe())
    found = await _axe_finds(page, "tag", RULES)
    await page.emulate_media(color_scheme="dark")
    found += [f"in the dark, {each}" for each in await _axe_finds(page, "rule", COLOURS)]
    await page.emulate_media(color_scheme="light")
    return found


async def _axe_finds(page: Page, kind: str, values: list[str]) -> list[str]:
    # Not while something moves: half-faded text has half the contrast.
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    found = await page.evaluate("(only) => axe.run({ runOnly: only })", {"type": kind, "values": values})
    return [
        f"{page.url} {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def asked(page: Page, what: str) -> Any:
    """What one of the functions in looking.js finds."""
    return await page.evaluate(f"{SCRIPT.read_text(encoding='utf-8')}.{what}()")


async def sideways(page: Page) -> list[str]:
    """What is wider than the screen makes people scroll in two directions."""
    wide = await asked(page, "sideways")
    return [f"{page.url} is wider than the screen: {wide}"] if wide else []


async def small_targets(page: Page) -> list[str]:
    """WCAG 2.5.8: 24 by 24 pixels, or so much room around it that no other is nearer; sentences aside."""
    return [f"{page.url} {each}" for each in await asked(page, "smallTargets")]


async def cut_off(page: Page) -> list[str]:
    """Text that its box hides: what a reader who spaces it out could no longer read."""
    return [f"{page.url} is cut off: {each}" for each in await asked(page, "cutOff")]


MARKS = re.compile(r"\[!!|!!\]")
WORD = re.compile(r"[A-Za-z]{2,}")


# A moment before a script shows it in the reader's own time, and what has one name in every language.
MOMENT = re.compile(r"\w{3} \d{1,2}, \d{4}(, \d{2}:\d{2} UTC)?|\d{2}:\d{2} UTC")
# A figure with the symbol of its unit, which is the same in every language.
MEASURED = re.compile(r"\d[\d.,:\s]*(ms|s|min|kB|MB|GB)\b")
# Figures behind what has a name of its own: "Group (3)", "Alice 6, 2".
COUNTED = re.compile(r"[\s\d.,()]+$")
# What the walks themselves write into forms, and pages say again.
WRITTEN = {"alice n", "nobody at all", "mine"}
NAMES = {
    "examhall",
    "csv",
    "json",
    "parquet",
    "pdf",
    "kr 20",
    "english",
    "r2vc",
    "ok",
    "html",
    "en xa",
    "ar xb",
    "sha 256",
    "open badge",
    "7k3q d9zm paxt 04gh r2vc",
}


def outside_marks(text: str) -> list[str]:
    """The pieces of a text that no translation has gone through."""
    pieces, depth, last = [], 0, 0
    for mark in MARKS.finditer(text):
        if depth == 0:
            pieces.append(text[last : mark.start()])
        depth = max(depth + (1 if mark[0] == "[!!" else -1), 0)
        last = mark.end()
    if depth == 0:
        pieces.append(text[last:])
    # What stands beside each other may come from two places.
    parts = [part for piece in pieces for part in re.split(r" · |: |\n", MOMENT.sub("", piece))]
    parts = [COUNTED.sub("", MEASURED.sub("", part.strip())) for part in parts]
    return [part for part in parts if WORD.search(part) and plain(part) not in NAMES | WRITTEN]


def plain(text: str) -> str:
    """Words alone, so that markup and punctuation do not tell two texts apart."""
    return " ".join(re.findall(r"\w+", text.lower()))


@dataclass
class Looker:
    """One browser's page, looked at in one way wherever a walk stops."""

    page: Page
    ways: tuple[Callable[[Page], Awaitable[list[str]]], ...]
    found: list[str] = field(default_factory=list)

    async def __call__(self) -> None:
        for way in self.ways:
            self.found += await way(self.page)


@dataclass
class English:
    """Finds bare English; what is in the database, people wrote, and that is theirs."""

    data: Callable[[], Awaitable[str]]
    # As it was when something could not be found in it: to read all of it for each page takes seconds.
    theirs: str = ""

    async def __call__(self, page: Page) -> list[str]:
        texts: list[tuple[str, str]] = await asked(page, "texts")
        flow = [text for text, html in texts if html == "text"]
        # A sentence may go on behind a moment or a link in it.
        pieces = outside_marks("\n".join(flow))
        pieces += [piece for text, html in texts if html != "text" for piece in outside_marks(text)]
        where = {piece: html for piece in pieces for text, html in texts if piece in text and html != "text"}
        bare = [(piece, where.get(piece, "the text")) for piece in pieces]
        if any(plain(piece) not in self.theirs for piece, _ in bare):
            self.theirs = plain(await self.data())
        return [
            f"{page.url} {' '.join(piece.split())!r} in {html}"
            for piece, html in bare
            if plain(piece) not in self.theirs
        ]


async def unmirrored(page: Page) -> list[str]:
    """In each size: the masthead's start is on the right, and the page knows its direction."""
    found = []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        found += await sideways(page)
        found += [f"{page.url} {each}" for each in await asked(page, "unmirrored")]
    return found


# Every way but axe and words: how the browser is set, the language, and what is looked for.
WAYS: dict[str, tuple[dict[str, Any], str, tuple[Callable[[Page], Awaitable[list[str]]], ...]]] = {
    "narrow": ({"viewport": {"width": 320, "height": 640}}, "en", (sideways, small_targets)),
    "spaced": ({"viewport": {"width": 390, "height": 844}, "bypass_csp": True}, "en", (sideways, cut_off)),
    "mirrored": ({}, MIRRORED, (unmirrored,)),
}
Look = Callable[[], Awaitable[None]]
