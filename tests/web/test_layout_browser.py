"""Pages keep their shape: narrow, spaced out, longer, from right to left; and no word is only English."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from examhall.base.languages import COOKIE, MARKED

from .conftest import DEMO, Candidate, Served, close
from .looking import SPACED, WAYS, English, Looker, plain, sideways
from .walks import WALKS, Walk

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SPACE_OUT = f"""addEventListener("DOMContentLoaded", () => {{
  const style = document.createElement("style");
  style.textContent = {json.dumps(SPACED)};
  document.head.append(style);
}})"""

PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")

each_walk = pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)


async def someone(served: Served, browser: Browser, language: str, **options: Any) -> Candidate:
    context = await browser.new_context(base_url=served.url, reduced_motion="reduce", **options)
    host = urlsplit(served.url).hostname
    await context.add_cookies([{"name": COOKIE, "value": language, "domain": host or "", "path": "/"}])
    return Candidate(await served.person(), served, context, await context.new_page())


async def everything_that_people_wrote(served: Served) -> str:
    """All text of the database and of the demo's exams: what no translation is for."""
    tables = await served.rows(
        """SELECT table_name FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"""
    )
    texts = [path.read_text(encoding="utf-8") for path in DEMO.glob("*.yaml")]
    for (table,) in tables:
        rows = await served.rows(f"SELECT to_jsonb(t)::text FROM {table} AS t LIMIT 5000")
        texts += [row for (row,) in rows]
    written = "\n".join(texts).replace("\\n", " ")
    # A line of a list has of a picture what is said in its place.
    return written + PICTURE.sub(r"\1", written)


@each_walk
@pytest.mark.parametrize("way", WAYS)
async def test_no_page_loses_its_shape(served: Served, browser: Browser, walk: Walk, way: str) -> None:
    options, language, checks = WAYS[way]
    alice = await someone(served, browser, language, **options)
    if way == "spaced":
        await alice.page.add_init_script(SPACE_OUT)
    look = Looker(alice.page, checks)
    await walk(alice, look)
    await close(alice.context)
    assert "\n".join(look.found) == ""


@each_walk
async def test_every_word_can_be_translated_and_longer_ones_fit(
    served: Served, browser: Browser, walk: Walk
) -> None:
    alice = await someone(served, browser, MARKED, viewport={"width": 1280, "height": 800})

    async def data() -> str:
        return plain(await everything_that_people_wrote(served))

    look = Looker(alice.page, (English(data), sideways))
    await walk(alice, look)
    await close(alice.context)
    assert "\n".join(dict.fromkeys(look.found)) == ""
