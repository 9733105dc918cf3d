"""A formula in one line of plain text, for where no markup can stand: an option of a select, a name."""

import re

# Longer or deeper than what people write into a label: such a formula stays as it is, or comes in part.
LONGEST = 2_000
DEEPEST = 20

TOKEN = re.compile(r"\\([A-Za-z]+)\*?\s*|\\(.)|([ \t\n~]+)|(.)", re.DOTALL)
_SIGNS = """
alpha α, beta β, gamma γ, delta δ, epsilon ε, varepsilon ε, zeta ζ, eta η, theta θ, vartheta ϑ, iota
ι, kappa κ, lambda λ, mu μ, nu ν, xi ξ, pi π, rho ρ, sigma σ, tau τ, upsilon υ, phi φ, varphi φ, chi
χ, psi ψ, omega ω, Gamma Γ, Delta Δ, Theta Θ, Lambda Λ, Xi Ξ, Pi Π, Sigma Σ, Phi Φ, Psi Ψ, Omega Ω,
cdot ·, times ×, div ÷, pm ±, mp ∓, le ≤, leq ≤, ge ≥, geq ≥, ne ≠, neq ≠, approx ≈, equiv ≡, sim ∼,
in ∈, notin ∉, subset ⊂, subseteq ⊆, cup ∪, cap ∩, setminus ∖, emptyset ∅, varnothing ∅, infty ∞, to
→, rightarrow →, Rightarrow ⇒, Leftrightarrow ⇔, iff ⇔, mapsto ↦, sum ∑, prod ∏, int ∫, partial ∂,
nabla ∇, angle ∠, perp ⊥, parallel ∥, triangle △, circ ∘, degree °, prime ′, ldots …, dots …, cdots
…, forall ∀, exists ∃, neg ¬, land ∧, lor ∨, mid |, ast ∗, leqslant ≤, geqslant ≥, ll ≪, gg ≫,
propto ∝, cong ≅, oplus ⊕, langle ⟨, rangle ⟩, lfloor ⌊, rfloor ⌋, lceil ⌈, rceil ⌉, lvert |, rvert
|, vert |
"""
_UNSEEN = """
left right middle big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle limits nolimits text
textbf textit mathrm mathbf mathit mathsf mathbb mathcal operatorname boxed
"""
NAMED: dict[str, str] = dict(re.findall(r"(\w+)\s(\S)", _SIGNS))
# Sizes, styles and fonts, which a line of text does not have.
UNSEEN = frozenset(_UNSEEN.split())
ACCENTS = {
    "vec": "\u20d7", "overrightarrow": "\u20d7", "overline": "\u0305", "bar": "\u0305", "hat": "\u0302",
    "widehat": "\u0302", "tilde": "\u0303", "dot": "\u0307", "underline": "\u0332",
}  # fmt: skip
FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "cfrac"])
SPACED = frozenset(["quad", "qquad", "enspace", "thinspace"])
RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
SHIFTED = frozenset(map(chr, (*RAISED.values(), *LOWERED.values())))
LONE = re.compile(r"[\w.,′°]*")


def in_one_line(tex: str) -> str:
    r"""What *tex* says, as x² or (a + b)/2; what has no sign of its own keeps its name (\sin, \gcd).

    Never raises: a formula that is too long, too deep or not closed comes as far as it is understood.
    """
    if len(tex) > LONGEST:
        return tex
    line = _Reader(tex).group(0, until="")
    return " ".join(line.split())


class _Reader:
    def __init__(self, tex: str) -> None:
        self._tokens = [
            (name or "", sign or (" " if space else "") or escaped or "", bool(escaped))
            for name, escaped, space, sign in TOKEN.findall(tex)
        ]
        self._at = 0

    def group(self, depth: int, *, until: str) -> str:
        parts: list[str] = []
        while self._at < len(self._tokens):
            name, sign, escaped = self._tokens[self._at]
            if sign == until and not escaped and until:
                self._at += 1
                break
            piece = self._next(depth)
            if parts and piece and _apart(parts[-1], piece, name):
                parts.append(" ")
            if piece:
                parts.append(piece)
        return "".join(parts)

    def _next(self, depth: int) -> str:
        name, sign, escaped = self._tokens[self._at]
        self._at += 1
        if name:
            return self._named(name, depth)
        if escaped:
            return {"\\": "; ", "!": "", "|": "‖"}.get(sign, sign if sign in "{}$%&#_" else " ")
        if sign == "{":
            return self.group(depth + 1, until="}") if depth < DEEPEST else ""
        if sign in "^_":
            return _shifted(self._argument(depth), RAISED if sign == "^" else LOWERED, sign)
        return {"-": "−", "&": " ", "}": "", "'": "′"}.get(sign, sign)

    def _argument(self, depth: int) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at][:2] == ("", " "):
            self._at += 1
        if self._at == len(self._tokens) or depth >= DEEPEST:
            return ""
        return self._next(depth + 1).strip()

    def _named(self, name: str, depth: int) -> str:
        if name in FRACTIONS:
            over, under = _held(self._argument(depth)), _held(self._argument(depth))
            return f"{over}/{under}"
        if name in ("binom", "dbinom", "tbinom"):
            return f"binom({self._argument(depth)}, {self._argument(depth)})"
        if name == "sqrt":
            return self._root(depth)
        if name in ("begin", "end"):
            self._argument(depth)
            return " "
        if name in SPACED:
            return " "
        if name in ACCENTS:
            below = self._argument(depth)
            return below + ACCENTS[name] if below else ""
        if name in UNSEEN:
            return ""
        return NAMED.get(name, name)

    def _root(self, depth: int) -> str:
        degree = ""
        if self._at < len(self._tokens) and self._tokens[self._at][1] == "[":
            self._at += 1
            degree = self.group(depth + 1, until="]") if depth < DEEPEST else ""
        return f"{degree.translate(RAISED)}√{_held(self._argument(depth))}"


def _apart(before: str, piece: str, name: str) -> bool:
    """Whether a space is wanted between them: 2 1/2 is no 21/2, and sin x no sinx."""
    if name in FRACTIONS:
        return before[-1].isalnum()
    is_word = len(piece) > 1 and piece.isalpha()
    after_word = len(before) > 1 and before.isalpha() and piece[0].isalnum() and piece[0] not in SHIFTED
    return after_word or (bool(name) and is_word and before[-1].isalnum())


def _held(text: str) -> str:
    """In brackets, unless it holds together by itself."""
    return text if LONE.fullmatch(text) else f"({text})"


def _shifted(text: str, signs: dict[int, int], mark: str) -> str:
    if text in "∘°′″":
        return text.replace("∘", "°")
    if text and all(ord(sign) in signs for sign in text):
        return text.translate(signs)
    return f"{mark}({text})" if SHIFTED & set(text) else mark + _held(text)
