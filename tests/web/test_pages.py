"""What every page has: escaping, headers, words that can be translated."""

import json
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from starlette.requests import Request

from examhall.scoring.results import MarkedItem
from examhall.web import i18n, pages, static
from examhall.web.breakdown import given, together
from examhall.web.candidate import routes as candidate_routes
from examhall.web.pages import KATEX_STYLES, STYLES, as_json, plain, render
from examhall.web.public import here
from examhall.web.public import routes as public_routes
from examhall.web.words import lobby_words, pdf_paper_words, result_words, room_words

TEMPLATES = Path(pages.__file__).with_name("templates")
SCRIPTS = Path(pages.__file__).with_name("static") / "js"
KATEX = Path(__file__).parents[2] / "node_modules" / "katex" / "dist" / "katex.mjs"
HOSTILE = "</script><script>alert(1)</script>\"'&\u202e<!--"
ROOM_MODULES = ["clock", "fields", "map", "math", "net", "outbox", "room", "store"]


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def test_what_people_write_is_escaped() -> None:
    page = render(request(), "ticket.html", full_name=HOSTILE, exam_title=HOSTILE)
    text = bytes(page.body).decode()
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") == 2
    given = {"problem": HOSTILE, "username": HOSTILE, "next": HOSTILE, "telegram": HOSTILE, "openid": HOSTILE}
    sign_in = render(request(), "sign_in.html", **given)
    assert "<script>alert" not in bytes(sign_in.body).decode()
    assert f'value="{HOSTILE}' not in bytes(sign_in.body).decode()


def test_json_in_a_page_cannot_end_its_script_element() -> None:
    text = as_json({"answer": HOSTILE, "\u2028": "]]>"})
    assert not re.search("[<>&]", text)
    assert json.loads(text) == {"answer": HOSTILE, "\u2028": "]]>"}


def test_an_answer_is_shown_as_text_even_where_its_option_is_gone() -> None:
    item = {"kind": "matching", "left": [], "right": []}
    [line] = given(item, {HOSTILE: HOSTILE})
    assert "<script>" not in line.label
    assert (line.html, line.text) == ("", HOSTILE)
    [typed] = given({"kind": "short_text"}, HOSTILE)
    assert (typed.html, typed.text) == ("", HOSTILE)


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_anything_inline(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\s(on\w+|style)=", text)
    assert "<style" not in text
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script


def test_every_page_has_the_strict_headers() -> None:
    page = render(request(), "landing.html")
    policy = dict(
        part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert policy["style-src"] == STYLES
    assert "unsafe-inline" not in STYLES
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


def test_the_styles_that_are_let_through_are_those_of_katex() -> None:
    source = KATEX.read_text(encoding="utf-8")
    drawn = re.search(r"var svgData = \{(.*?)\};", source, re.DOTALL)
    assert drawn is not None
    widths = re.findall(r'\["\w+", ([\d.]+),', drawn[1])
    assert sorted(KATEX_STYLES) == sorted(f"width:{width}em" for width in widths)


def test_every_template_is_used_by_a_page() -> None:
    # By a handler, or by another template that takes its macros.
    users = [*Path(pages.__file__).parent.rglob("*.py"), *TEMPLATES.rglob("*.html")]
    code = "".join(path.read_text(encoding="utf-8") for path in users)
    unused = [path.name for path in TEMPLATES.glob("*.html") if f'"{path.name}"' not in code]
    assert unused == []


def test_handlers_say_their_address() -> None:
    for route in [*public_routes, *candidate_routes]:
        documented = (route.endpoint.__doc__ or "").partition("\n")[0].partition(":")[0].split()[-1]
        assert documented == re.sub(r":\w+}", "}", route.path)


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "evil",
        "",
        "/\r\nx",
        "/" * 600,
    ],
)
def test_after_sign_in_nobody_is_sent_elsewhere(address: str) -> None:
    assert here(address) is None


def test_after_sign_in_one_goes_on_where_one_was() -> None:
    assert here("/exams/7?x=1") == "/exams/7?x=1"


def test_the_rooms_scripts_are_small_enough_for_a_bad_network() -> None:
    assert sum((SCRIPTS / f"{name}.js").stat().st_size for name in ROOM_MODULES) < 40 * 1024


def test_the_room_loads_these_modules_and_no_others() -> None:
    loaded, waiting = set(), ["room"]
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded.add(name)
            text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
            waiting += re.findall(r'from "\./(\w+)\.js"', text)
    assert sorted(loaded) == ROOM_MODULES


def test_every_word_the_scripts_ask_for_is_there() -> None:
    have = {**room_words("en"), **lobby_words("en"), **result_words("en"), **pdf_paper_words("en")}
    for name in [*ROOM_MODULES, "lobby", "sealed", "enter", "result", "pdf-paper"]:
        text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        asked = re.findall(r"\bwords\.(\w+)", text) + re.findall(r'several\("(\w+)"', text)
        assert {*asked} <= {*have}, name


def test_every_sentence_can_be_translated() -> None:
    with i18n.TEMPLATE.open("rb") as pot:
        known = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(pot)}
    sentences = {message if isinstance(message, str) else message[0] for _, message, _ in i18n.messages()}
    assert sentences - known == set(), "run: python -m examhall.web.i18n"


@pytest.mark.parametrize(
    "accepted", ["de,en;q=0.5", "", "*", "x" * 9999, "en-GB;q=nonsense", "tlh", "en;q=0"]
)
def test_a_language_that_we_do_not_speak_gets_ours(accepted: str) -> None:
    assert i18n.language_for(accepted) == "en"


def test_static_addresses_change_with_the_content(tmp_path: Path) -> None:
    address = static.address("css/app.css")
    assert re.fullmatch(r"/static/[0-9a-f]{12}/css/app\.css", address)
    with pytest.raises(LookupError):
        static.address("css/../../pages.py")


def test_markdown_becomes_words_for_a_select() -> None:
    assert plain("the **largest**\n root $x$") == "the largest root x"
    assert plain("Which leaf?![an oak's](leaf-6b7f.png)\nSay *why*.") == "Which leaf? an oak's Say why."
    assert plain("2*3*4 is 24") == "2*3*4 is 24"
    assert plain(r"$x^2$ for \$5, or $7 and $8; $$\frac12$$") == "x² for $5, or $7 and $8; 1/2"


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [
        (["right", "right"], "right"),
        (["right", "wrong"], "partly"),
        (["blank", "right"], "partly"),
        (["blank", "wrong"], "wrong"),
        (["blank", "blank"], "blank"),
        (["right", "unmarked"], "unmarked"),
    ],
)
def test_a_question_of_several_parts_has_one_verdict(verdicts: list[str], one: str) -> None:
    assert together(verdicts) == one


def test_marked_items_are_what_the_breakdown_expects() -> None:
    assert {"question_number", "sub_part", "points", "max_points", "answer"} <= {*MarkedItem.__annotations__}
