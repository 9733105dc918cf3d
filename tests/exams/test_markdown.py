from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.exams.markdown import pictures_in, to_html, to_inline_html


def html(text: str) -> str:
    return to_html(text, exam_id=7, pictures={"tri"}).strip()


def maths(text: str) -> list[str]:
    return MathSpans.of(html(text))


class MathSpans(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.found: list[str] = []

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "math") in attrs:
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found[-1] += data


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Solve $x^2 < 4$.", ["x^2 < 4"]),
        ("$a_1 * b$ and *$c * d_1$*", ["a_1 * b", "c * d_1"]),
        ("$$x$$", ["x"]),
        ("$$\na\n+ b\n= c\n$$", ["a\n+ b\n= c"]),
        ("text\n$$x$$\ntext", ["x"]),
        ("| $x$ |\n|---|\n| $y$ |", ["x", "y"]),
        ("$5 and $7", []),
        ("US$5 and A$7", []),
        ("between $5, $6 and $x$", ["x"]),
        (r"\$5 and $x$", ["x"]),
        (r"$\$5$", [r"\$5"]),
        (r"$a\\$ b", [r"a\\"]),
        ("`$x$`", []),
        ("$ x$ and $x $", []),
        ("$$", []),
        ("$", []),
        ("$$ $$", []),
        ("$x$3", []),
        ("$a$$b$", ["a", "b"]),
        ("- item $$x$$\n- $$y$$", ["x", "y"]),
        ("$<script>$", ["<script>"]),
    ],
)
def test_formulas_are_found_and_prices_are_not(text: str, found: list[str]) -> None:
    assert maths(text) == found


def test_a_formula_says_whether_it_stands_by_itself() -> None:
    assert html("$x$") == '<p><span class="math" data-display="false">x</span></p>'
    assert html("$$x$$") == '<p><span class="math" data-display="true">x</span></p>'


def test_a_picture_of_the_exam_is_shown_and_any_other_is_its_description() -> None:
    assert html("![A <b>](tri)") == '<p><img src="/exams/7/pictures/tri" alt="A &lt;b&gt;"></p>'
    assert html("![dot](https://mallory.example/x.png) ![gone](other)") == "<p>dot gone</p>"
    assert pictures_in("![a](tri) ![b](other)\n\n| ![c](cell) |\n|---|") == {"tri", "other", "cell"}


def test_links_lead_to_the_web_in_a_tab_of_their_own_or_nowhere() -> None:
    link = '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">x</a>'
    assert html("[x](https://example.org/?a=1&b=2)") == f"<p>{link}</p>"
    for target in ("/sign-out", "mailto:a@b.example", "//mallory.example", "ftp://a.example"):
        assert html(f"[x]({target})") == "<p><span>x</span></p>"
    assert "href" not in html("[x](javascript:alert(1)) <javascript:alert(1)>")


def test_headings_and_html_stay_text() -> None:
    assert html("# One\n\nTwo\n---") == "<p># One</p>\n<p>Two</p>\n<hr />"
    assert html("<b>x</b><script>") == "<p>&lt;b&gt;x&lt;/b&gt;&lt;script&gt;</p>"


def test_an_option_is_one_line() -> None:
    assert to_inline_html("1. *x* $y$", exam_id=7) == (
        '1. <em>x</em> <span class="math" data-display="false">y</span>'
    )


def test_a_column_stands_right_by_a_class_because_pages_refuse_styles() -> None:
    table = html("|a|b|c|\n|--:|:-:|---|\n|1|2|3|")
    for cell in ('<th class="to-right">a</th>', '<td class="to-center">2</td>', "<td>3</td>"):
        assert cell in table
    assert "style" not in table


def test_a_stop_stays_with_the_formula_before_it() -> None:
    formula = '<span class="math" data-display="false">x</span>'
    assert html("If $x$. So") == f'<p>If <span class="clinging">{formula}.</span> So</p>'
    assert html("($x$), *$x$*.") == f'<p>(<span class="clinging">{formula}),</span> <em>{formula}</em>.</p>'
    assert to_inline_html("$x$<b>", exam_id=7) == f'<span class="clinging">{formula}&lt;</span>b&gt;'
    assert html("$x$ and") == f"<p>{formula} and</p>"
    # A long one breaks where it can; the page keeps the stop with its end.
    long = html(f"${'x + ' * 10}x$, so")
    assert long.startswith('<p><span class="ending"><span class="math"')
    assert long.endswith("x</span>,</span> so</p>")


SAFE = frozenset(
    [
        "p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br", "span", "a", "img",
        "table", "thead", "tbody", "tr", "th", "td",
    ]
)  # fmt: skip
ATTRIBUTES = {"class", "data-display", "href", "target", "rel", "src", "alt", "start", "title"}


class Guard(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SAFE
        for name, value in attrs:
            assert name in ATTRIBUTES
            assert value is not None
            assert name != "href" or value.lower().startswith(("http://", "https://"))
            assert name != "src" or value == "/exams/7/pictures/tri"


PIECES = st.sampled_from(
    [
        "$", "$$", "\\", "[", "](", ")", "!", "<", ">", '"', "`", "```", "\n", "\n\n", "|", "|-|", "*", "tri",
        "x", "&", "- ", "javascript:", "https://a.example", "data:text/html,", "<script>", "onerror=", " ",
        "1. ", "&lt;",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_whatever_is_written_the_page_is_safe(text: str) -> None:
    for page in (html(text), to_inline_html(text, exam_id=7, pictures={"tri"})):
        Guard().feed(page)


@pytest.mark.parametrize("text", ["[" * 1001, "![" * 5000, "|" + "a|" * 4000 + "\n|" + "-|" * 4000 + "\nx\n"])
def test_a_text_with_more_signs_than_anybody_writes_is_shown_as_it_is(text: str) -> None:
    assert html(text) == f"<p>{text}</p>".strip()
    assert to_inline_html(text, exam_id=7) == text
    assert html(f"<b>{text}").startswith("<p>&lt;b&gt;")
