"""Templates link to pages that exist."""

import re
from pathlib import Path

import pytest
from starlette.routing import Match

import examhall.web
from examhall.routes import PAGES

TEMPLATES = Path(examhall.web.__file__).parent / "templates"
# What a value of a template becomes: a number, as most of them are.
VALUE = re.compile(r"\{\{.*?\}\}")
LINK = re.compile(r'href="(/(?:\{\{.*?\}\}|[^"{])*)"')


def links() -> set[tuple[str, str]]:
    return {
        (str(template.relative_to(TEMPLATES)), VALUE.sub("1", link).split("?")[0].split("#")[0])
        for template in TEMPLATES.rglob("*.html")
        for link in LINK.findall(template.read_text(encoding="utf-8"))
    }


def is_page(path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    return any(route.matches(scope)[0] == Match.FULL for route in PAGES)


def test_there_are_links() -> None:
    assert len(links()) > 100


@pytest.mark.parametrize(("template", "path"), sorted(links()))
def test_a_link_leads_to_a_page(template: str, path: str) -> None:
    # These are the API's.
    assert is_page(path) or path.startswith("/api/") or path.endswith(".schema.json")
