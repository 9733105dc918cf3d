"""Prompts from Markdown to HTML that is safe to put on a page as it is.

Raw HTML stays text, links lead only to http and https, pictures only to this exam's own, and formulas
between dollars become spans that the page's KaTeX renders.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

# Unclosed brackets, and columns times rows, cost Markdown the square of their number.
MOST_SIGNS = 1_000

# What may not begin a line when a formula ends the one before: browsers break there unless they are told.
_CLINGING = re.compile(r"[^\w\s]{1,3}")
# Signs of TeX: such a formula fits on any phone's line whole; a longer one has to break somewhere within.
_SHORT = 24


def to_html(
    text: str,
    *,
    exam_id: int,
    pictures: Collection[str] = (),
    picture_base: str | None = None,
    shown: set[str] | None = None,
) -> str:
    """Paragraphs, lists, tables, code and formulas of a prompt; with too many signs, the text as it is.

    The names of the pictures that it shows are put into *shown*.
    """
    if has_too_many_signs(text):
        return f"<p>{escapeHtml(text)}</p>"
    return str(_MARKDOWN.render(text, _env(exam_id, pictures, picture_base, shown)))


def to_inline_html(
    text: str,
    *,
    exam_id: int,
    pictures: Collection[str] = (),
    picture_base: str | None = None,
    shown: set[str] | None = None,
) -> str:
    """One line's worth, for an option: emphasis, formulas, code, pictures; `1.` and `-` start no list."""
    if has_too_many_signs(text):
        return escapeHtml(text)
    return str(_MARKDOWN.renderInline(text, _env(exam_id, pictures, picture_base, shown)))


def has_too_many_signs(text: str) -> bool:
    return any(text.count(sign) > MOST_SIGNS for sign in "[|")


def pictures_in(text: str) -> set[str]:
    """The names of the pictures that *text* shows."""
    return {
        str(token.attrs.get("src", "")) for token in _walk(_MARKDOWN.parse(text)) if token.type == "image"
    }


def nameless_pictures(text: str) -> bool:
    """Whether *text* shows a picture that says nothing to whoever cannot see it."""
    return any(token.type == "image" and not token.content.strip() for token in _walk(_MARKDOWN.parse(text)))


def _env(
    exam_id: int, pictures: Collection[str], picture_base: str | None, shown: set[str] | None
) -> dict[str, object]:
    """Pictures are an exam's, by its own address, unless they are told to be somewhere else."""
    base = picture_base or f"/exams/{exam_id}/pictures/"
    return {"base": base, "pictures": pictures, "shown": set() if shown is None else shown}


def _walk(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or ())


def _math(tex: str, *, display: bool) -> str:
    return f'<span class="math" data-display="{str(display).lower()}">{escapeHtml(tex.strip())}</span>'


def _closing(source: str, fence: str, start: int) -> int:
    """Where the next *fence* that no backslash escapes begins, or -1."""
    at = source.find(fence, start)
    while at > 0:
        before = at
        while source[before - 1] == "\\" and before > start:
            before -= 1
        if (at - before) % 2 == 0:
            return at
        at = source.find(fence, at + 1)
    return -1


def _inline_math(state: StateInline, silent: bool) -> bool:
    """$x$ and $$x$$ in running text.

    $5 and $7 are prices: no space may follow the first dollar, and before the last there may be none
    either, nor a digit after it.
    """
    source, start = state.src, state.pos
    if source[start] != "$":
        return False
    fence = "$$" if source.startswith("$$", start) else "$"
    begin = start + len(fence)
    end = _closing(source, fence, begin)
    tex = source[begin:end] if end > 0 else ""
    after = source[end + 1 : end + 2]
    if not tex.strip() or (fence == "$" and (tex[0].isspace() or tex[-1].isspace() or after.isdigit())):
        # The dollar itself is text; what follows it may still begin a formula.
        state.pos = begin
        if not silent:
            state.pending += fence
        return True
    if not silent:
        token = state.push("math", "span", 0)
        token.content, token.meta = tex, {"display": fence == "$$"}
    state.pos = end + len(fence)
    return True


def _block_math(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A paragraph of its own from a line that begins with $$ to the line that ends with $$."""
    if state.is_code_block(first):
        return False
    begin = state.bMarks[first] + state.tShift[first]
    if not state.src.startswith("$$", begin):
        return False
    line, tex = first, ""
    # The first line that has dollars again must end with them, so this never reads far for nothing.
    while not tex and line < last and state.sCount[line] >= state.blkIndent and not state.isEmpty(line):
        written = state.src[max(begin + 2, state.bMarks[line]) : state.eMarks[line]].rstrip()
        if "$$" in written:
            if written.find("$$") != len(written) - 2:
                return False
            tex = state.src[begin + 2 : state.eMarks[line]].rstrip()[:-2]
        line += 1
    if not tex.strip():
        return False
    if not silent:
        token = state.push("math_block", "p", 0)
        token.content, token.map = tex, [first, line]
        state.line = line
    return True


def _columns_by_class(state: StateCore) -> None:
    """Columns to the right and in the middle: a style in the page itself is refused by its own policy."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open") and "style" in token.attrs:
            side = str(token.attrs.pop("style")).removeprefix("text-align:")
            token.attrs["class"] = f"to-{side}"


def _hold_punctuation(state: StateCore) -> None:
    """Gives each formula in running text the stops and brackets that follow it."""
    for inline in state.tokens:
        children = inline.children or []
        for formula, after in pairwise(children):
            in_text = formula.type == "math" and not formula.meta["display"]
            if in_text and after.type == "text":
                clinging = _CLINGING.match(after.content)
                if clinging:
                    formula.meta["clinging"] = clinging[0]
                    after.content = after.content[clinging.end() :]


def _render_math(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    formula = _math(token.content, display=bool(token.meta["display"]))
    clinging = token.meta.get("clinging")
    names = "clinging" if len(token.content) <= _SHORT else "ending"
    return f'<span class="{names}">{formula}{escapeHtml(clinging)}</span>' if clinging else formula


def _render_math_block(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return f"<p>{_math(tokens[index].content, display=True)}</p>\n"


def _render_link_open(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    href = str(tokens[index].attrs.get("href", ""))
    if not href.lower().startswith(("http://", "https://")):
        return "<span>"
    # A new tab: a link must not lead a candidate out of the exam room.
    return f'<a href="{escapeHtml(href)}" target="_blank" rel="noopener noreferrer">'


def _render_link_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    depth = 0
    for token in reversed(tokens[:index]):
        depth += (token.type == "link_close") - (token.type == "link_open")
        if depth < 0:
            href = str(token.attrs.get("href", "")).lower()
            return "</a>" if href.startswith(("http://", "https://")) else "</span>"
    return ""


def _render_image(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    name = str(tokens[index].attrs.get("src", ""))
    alt = escapeHtml(tokens[index].content)
    if name not in env["pictures"]:
        return alt
    env["shown"].add(name)
    return f'<img src="{env["base"]}{quote(name, safe="")}" alt="{alt}">'


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A page has its own outline of headings; a prompt's would break it.
    markdown.disable(["heading", "lheading", "html_block", "html_inline"])
    markdown.inline.ruler.before("escape", "math", _inline_math)
    markdown.block.ruler.before(
        "fence", "math_block", _block_math, {"alt": ["paragraph", "blockquote", "list"]}
    )
    markdown.core.ruler.push("columns_by_class", _columns_by_class)
    markdown.core.ruler.push("hold_punctuation", _hold_punctuation)
    for name, render in {
        "math": _render_math,
        "math_block": _render_math_block,
        "link_open": _render_link_open,
        "link_close": _render_link_close,
        "image": _render_image,
    }.items():
        markdown.add_render_rule(name, render)
    return markdown


_MARKDOWN = _build()
