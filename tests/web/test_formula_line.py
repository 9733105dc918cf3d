"""Formulas in one line of plain text: what a select shows and a screen reader says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.web.formula_line import DEEPEST, LONGEST, in_one_line


@pytest.mark.parametrize(
    ("tex", "line"),
    [
        (r"\frac{1}{9}", "1/9"),
        (r"-\dfrac{a+b}{2}", "−(a+b)/2"),
        (r"2\frac12", "2 1/2"),
        (r"\left(\frac23\right)^{-2}", "(2/3)⁻²"),
        (r"x^2-6x_{10}+5=0", "x²−6x₁₀+5=0"),
        (r"a_{n+1}+e^{x^2}", "a_(n+1)+e^(x²)"),
        (r"2\sin x\cos^2 y", "2 sin x cos² y"),
        (r"\log_2 8", "log₂ 8"),
        (r"\sqrt{x+1}+\sqrt[3]{2}", "√(x+1)+³√2"),
        (r"30^\circ, f'(x)", "30°, f′(x)"),
        (r"x\in[-\infty;\,3], \alpha\neq\pi", "x∈[−∞; 3], α≠π"),
        (r"\vec{a}\cdot\vec b", "a⃗·b⃗"),
        (r"\lim_{x\to 0}x", "lim_(x→0)x"),
        (r"5\ \text{km}/\text{h}, 12{,}5\%", "5 km/h, 12,5%"),
        (r"\begin{cases}x+y=1\\x-y=2\end{cases}", "x+y=1; x−y=2"),
        (r"\gcd(a,b)", "gcd(a,b)"),
    ],
)
def test_a_formula_is_read_in_one_line(tex: str, line: str) -> None:
    assert in_one_line(tex) == line


def test_formulas_that_differ_are_named_apart() -> None:
    formulas = [r"\frac12", "12", "1^2", "1_2", r"\sqrt{12}", r"\vec{12}", r"1\cdot2", "-12"]
    assert len({in_one_line(tex) for tex in formulas}) == len(formulas)


PIECES = st.sampled_from(
    [r"\frac", r"\sqrt", r"\begin", r"\vec", r"\x", "\\", "\\\\", *"{}[]^_& x1'", "\0", "é"]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=60))
def test_nothing_that_is_written_stops_it(tex: str) -> None:
    assert "\n" not in in_one_line(tex)


@pytest.mark.parametrize("sign", ["{", "^", r"\frac", r"\sqrt[", r"\vec{", r"\sqrt"])
def test_what_is_very_deep_is_read_in_part(sign: str) -> None:
    deep = sign * (LONGEST // len(sign))
    assert len(deep) > DEEPEST
    assert isinstance(in_one_line(deep), str)
    assert in_one_line(deep * 2) == deep * 2
