"""The key of the demo's mathematics exam, computed again from the questions with plain Python."""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, pairwise, product
from pathlib import Path

import pytest

from examhall.exams.exam_file import ExamFile, read_exam_file
from examhall.exams.numbers import read_number

DEMO = Path(__file__).parents[2] / "examhall" / "demo"
SAMPLES = [n / 8 for n in range(-80, 81)]


@pytest.fixture(scope="module")
def exam() -> ExamFile:
    return read_exam_file((DEMO / "mathematics.yaml").read_bytes(), folder=DEMO)


def roots(a: float, b: float, c: float) -> list[float]:
    d = math.sqrt(b * b - 4 * a * c)
    return sorted([(-b - d) / (2 * a), (-b + d) / (2 * a)])


def derivative(f: Callable[[float], float], x: float) -> float:
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


def integral(f: Callable[[float], float], a: float, b: float) -> float:
    """Simpson's rule, which is exact for cubics."""
    return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))


def smallest(condition: Callable[[float], bool], candidates: list[float]) -> float:
    return next(x for x in candidates if condition(x))


def changes_of_sign(f: Callable[[float], float], a: float, b: float) -> int:
    values = [f(a + (b - a) * (n + 0.31) / 9973) for n in range(-5, 9973 + 5)]
    return sum(1 for x, y in pairwise(values) if x * y < 0)


def deposit(years: int) -> int:
    money = 2_000_000
    for _ in range(years):
        money += money // 10
    return money


def angle_of_the_centre() -> float:
    """OAB for an inscribed angle of 35 degrees, from points on the unit circle."""
    a, b, c = (complex(math.cos(t), math.sin(t)) for t in (0.0, math.radians(70), math.radians(200)))
    inscribed = abs(math.degrees(math.atan2(((a - c) / (b - c)).imag, ((a - c) / (b - c)).real)))
    assert inscribed == pytest.approx(35)
    at_a = (0 - a) / (b - a)
    return abs(math.degrees(math.atan2(at_a.imag, at_a.real)))


def sum_of_vectors() -> float:
    a, b = (3.0, 0.0), (4 * math.cos(math.pi / 3), 4 * math.sin(math.pi / 3))
    return math.hypot(a[0] + b[0], a[1] + b[1])


def progression(a3: int, a7: int) -> list[int]:
    d = (a7 - a3) // 4
    return [a3 - 2 * d + d * n for n in range(10)]


TWO_THROWS = list(product(range(1, 7), repeat=2))
TEAMS = [team for team in combinations("BBBBBGGGG", 3) if team.count("B") == 2]
R = Fraction(1) - Fraction(8, 12)

VALUES: dict[int, float | Fraction] = {
    1: Fraction(2, 3) ** -2 * Fraction(1, 2) ** 2,
    2: math.sqrt(75) - math.sqrt(27) + math.sqrt(12),
    3: smallest(lambda x: 3 * (x - 2) - 2 * (2 * x + 1) == 5, [float(n) for n in range(-50, 50)]),
    4: sum(x * x for x in roots(1, -5, 3)),
    6: sum(1 for x in range(-100, 101) if abs(2 * x - 3) < 5),
    7: sum(x**3 for x in roots(1, -7, 10)),
    9: 2 * ((-2) ** 2 + 1) - 5,
    10: smallest(lambda x: x != 2 and (x + 3) / (x - 2) == 2, SAMPLES),
    12: math.log2(40) - math.log2(5) + math.log2(1 / 4),
    14: sum(math.log2(t) for t in roots(1, -6, 8)),
    15: 3 ** (2 * math.log(4, 3) - math.log(5, 3)),
    16: math.tan(math.pi - math.asin(3 / 5)),
    17: math.sin(math.radians(15)) * math.cos(math.radians(15)),
    18: changes_of_sign(lambda x: 2 * math.cos(x) ** 2 - math.cos(x), 0, 2 * math.pi),
    19: smallest(
        lambda p: all(math.isclose(math.sin(4 * (x + p)), math.sin(4 * x), abs_tol=1e-9) for x in SAMPLES),
        [math.pi / 8 * n for n in range(1, 100)],
    ),
    20: sum(progression(11, 27)),
    21: 8 * R**2,
    22: deposit(3),
    24: 1 / (Fraction(1, 4) - Fraction(1, 6)),
    25: abs(complex(8, 0) - 5 * complex(math.cos(math.pi / 3), math.sin(math.pi / 3))),
    26: angle_of_the_centre(),
    27: 4 * math.hypot(10 / 2, 24 / 2),
    29: smallest(lambda k: 2 * 3 + -1 * k == 0, SAMPLES),
    30: sum_of_vectors(),
    31: len(TEAMS),
    32: Fraction(sum(1 for a, b in TWO_THROWS if a + b == 8), len(TWO_THROWS)),
    33: derivative(lambda x: x * x * math.log(x), math.e),
    35: integral(lambda x: 3 * x * x - 2 * x, 0, 2),
}

# What each option of the others says, as a function of a sample; the right one agrees with the question.
TRUTHS: dict[int, dict[str, Callable[[float], object]]] = {
    5: {
        "question": lambda x: x * x - x - 6 <= 0,
        r"$-2 \le x \le 3$": lambda x: -2 <= x <= 3,
        r"$-3 \le x \le 2$": lambda x: -3 <= x <= 2,
        r"$x \le -2$ or $x \ge 3$": lambda x: x <= -2 or x >= 3,
        r"$x \le 3$": lambda x: x <= 3,
    },
    8: {
        "question": lambda x: 6 - 2 * x >= 0 and x + 1 != 0,
        r"$x \le 3$ and $x \ne -1$": lambda x: x <= 3 and x != -1,
        r"$x \le 3$": lambda x: x <= 3,
        r"$x < 3$ and $x \ne -1$": lambda x: x < 3 and x != -1,
        r"$-1 < x \le 3$": lambda x: -1 < x <= 3,
    },
    # The figure: zeros at -1 and 3, lowest point (1, -4).
    11: {
        "question": lambda x: (x + 1) * (x - 3),
        "$y = x^2 - 2x - 3$": lambda x: x * x - 2 * x - 3,
        "$y = x^2 + 2x - 3$": lambda x: x * x + 2 * x - 3,
        "$y = x^2 - 2x + 3$": lambda x: x * x - 2 * x + 3,
        "$y = -x^2 + 2x + 3$": lambda x: -x * x + 2 * x + 3,
    },
    13: {
        "question": lambda x: x > 2 and math.isclose(math.log(x - 2, 3) + math.log(x + 4, 3), 3),
        "$x = 5$": lambda x: x == 5,
        "$x = -7$": lambda x: x == -7,
        "$x = -7$ and $x = 5$": lambda x: x in (-7, 5),
        "$x = 12.5$": lambda x: x == 12.5,
    },
    23: {
        "question": lambda x: abs(x) * Fraction(125, 100) * Fraction(80, 100),
        "It is the same.": lambda x: abs(x) * Fraction(1),
        "It is 5 % higher.": lambda x: abs(x) * Fraction(105, 100),
        "It is 5 % lower.": lambda x: abs(x) * Fraction(95, 100),
        "It is 10 % lower.": lambda x: abs(x) * Fraction(90, 100),
    },
    28: {
        "question": lambda x: 2 - (x - 1) / 2,
        r"$y = -\tfrac{1}{2}x + \tfrac{5}{2}$": lambda x: -x / 2 + 5 / 2,
        "$y = 2x$": lambda x: 2 * x,
        "$y = -2x + 4$": lambda x: -2 * x + 4,
        r"$y = \tfrac{1}{2}x + \tfrac{3}{2}$": lambda x: x / 2 + 3 / 2,
    },
    34: {
        "question": lambda x: 8 * (x - 2) + (2**3 - 4 * 2),
        "$y = 8x - 16$": lambda x: 8 * x - 16,
        "$y = 8x$": lambda x: 8 * x,
        "$y = 8x + 16$": lambda x: 8 * x + 16,
        "$y = 12x - 24$": lambda x: 12 * x - 24,
    },
}


def cubic(x: float) -> float:
    return x**3 - 3 * x**2 - 9 * x + 2


def extremum(f: Callable[[float], float], sign: int) -> float:
    """The x on the grid where f is higher (sign 1) or lower (-1) than both its neighbours."""
    return smallest(
        lambda x: sign * f(x) > sign * f(x - 1 / 8) and sign * f(x) > sign * f(x + 1 / 8), SAMPLES
    )


BALLS = list(combinations("RRRRRBBB", 2))
A, B, C = (1, 1), (5, 4), (2, 8)
QUADRILATERAL = [(0, 0), (4, 2), (3, 4), (-1, 2)]


def area(*corners: tuple[int, int]) -> Fraction:
    edges = zip(corners, corners[1:] + corners[:1], strict=True)
    return abs(Fraction(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges), 2))


def right_angles(*corners: tuple[int, int]) -> list[int]:
    found = []
    for n, (x, y) in enumerate(corners):
        (px, py), (qx, qy) = corners[n - 1], corners[(n + 1) % len(corners)]
        if (px - x) * (qx - x) + (py - y) * (qy - y) == 0:
            found.append(n)
    return found


def smallest_solution_in_degrees() -> int:
    def left(degrees: int) -> float:
        return 2 * math.sin(math.radians(degrees)) ** 2 + 3 * math.cos(math.radians(degrees))

    return next(degrees for degrees in range(1, 361) if math.isclose(left(degrees), 0, abs_tol=1e-9))


TYPED: dict[tuple[int, str], float | Fraction | str] = {
    (36, "a"): min(x * x - 6 * x + 5 for x in SAMPLES),
    (36, "b"): roots(1, -6, 5)[1] - roots(1, -6, 5)[0],
    (37, "a"): 3 * 2**5,
    (37, "b"): sum(3 * 2**n for n in range(6)),
    (38, "a"): math.hypot(6, 8),
    (38, "b"): 6 * math.hypot(6, 8),
    (39, "a"): Fraction(BALLS.count(("R", "R")), len(BALLS)),
    (39, "b"): Fraction(BALLS.count(("R", "B")), len(BALLS)),
    (40, "a"): extremum(cubic, 1),
    (40, "b"): cubic(extremum(cubic, -1)),
    (41, "a"): max(x for x in SAMPLES if x * x == 2 * x),
    (41, "b"): integral(lambda x: 2 * x - x * x, 0, 2),
    (42, "a"): area(A, B, C),
    (42, "b"): "ABC"[right_angles(A, B, C)[0]],
    (43, "a"): (Fraction(60, 3) + Fraction(60, 5)) / 2,
    (43, "b"): (Fraction(60, 3) - Fraction(60, 5)) / 2,
    (44, "a"): smallest(lambda c: 2 * (1 - c * c) + 3 * c == 0, [n / 8 for n in range(-8, 9)]),
    (44, "b"): smallest_solution_in_degrees(),
    (45, "a"): "rectangle" if right_angles(*QUADRILATERAL) == [0, 1, 2, 3] else "?",
    (45, "b"): area(*QUADRILATERAL),
}


def value_of(option: str) -> float:
    """What an option such as $-\\tfrac{\\sqrt{3}}{4}$ says, as a number."""
    text = option.replace("$", "").replace(r"^\circ", "").replace(" ", "")
    text = re.sub(r"\\sqrt\{(\d+)\}", r"*math.sqrt(\1)", text)
    text = re.sub(r"\\tfrac\{([^{}]+)\}\{([^{}]+)\}", r"((\1)/\2)", text)
    text = re.sub(r"\\pi", "*math.pi", text)
    text = re.sub(r"(?<![a-z.])e\b", "*math.e", text)
    text = re.sub(r"(^|\(|-)\*", r"\1", text)
    return float(eval(text, {"math": math}))


def options_of(exam: ExamFile, number: int) -> tuple[dict[str, str], str]:
    (item,) = exam.questions[number - 1].items
    options = {option["key"]: option["text"] for option in item.presented["options"]}
    (correct,) = item.key["correct"]
    return options, correct


def test_all_55_answers_are_computed() -> None:
    assert VALUES.keys() | TRUTHS.keys() == set(range(1, 36))
    assert not VALUES.keys() & TRUTHS.keys()
    assert len(VALUES) + len(TRUTHS) + len(TYPED) == 55


@pytest.mark.parametrize("number", VALUES)
def test_the_right_option_and_no_other_has_the_value(exam: ExamFile, number: int) -> None:
    options, correct = options_of(exam, number)
    agree = {
        key for key, text in options.items() if math.isclose(value_of(text), VALUES[number], rel_tol=1e-8)
    }
    assert agree == {correct}


@pytest.mark.parametrize("number", TRUTHS)
def test_the_right_option_and_no_other_says_the_same_as_the_question(exam: ExamFile, number: int) -> None:
    options, correct = options_of(exam, number)
    wanted = [TRUTHS[number]["question"](x) for x in [*SAMPLES, 12.5]]
    agree = {
        key for key, text in options.items() if [TRUTHS[number][text](x) for x in [*SAMPLES, 12.5]] == wanted
    }
    assert agree == {correct}


@pytest.mark.parametrize(("number", "part"), TYPED)
def test_the_typed_answer_is_the_computed_one(exam: ExamFile, number: int, part: str) -> None:
    item = next(item for item in exam.questions[number - 1].items if item.sub_part == part)
    wanted = TYPED[number, part]
    if isinstance(wanted, str):
        assert item.kind == "short_text"
        assert item.key["accept"][0] == wanted
    else:
        value = read_number(item.key["value"])
        assert value is not None
        assert float(value) == pytest.approx(float(wanted), abs=1e-9)


def test_a_line_touches_the_cubic_where_its_slope_is_computed_to_be() -> None:
    assert derivative(lambda x: x**3 - 4 * x, 2) == pytest.approx(8)
    assert -1 / 2 * 2 == -1  # the slopes of perpendicular lines, question 28


def test_the_exam_has_35_single_choices_and_ten_questions_in_two_parts(exam: ExamFile) -> None:
    assert len(exam.questions) == 45
    for question in exam.questions[:35]:
        assert [item.kind for item in question.items] == ["single_choice"]
        assert [option["key"] for option in question.items[0].presented["options"]] == list("ABCD")
    for question in exam.questions[35:]:
        assert [item.sub_part for item in question.items] == ["a", "b"]
        assert {item.kind for item in question.items} <= {"number", "short_text"}
    assert sum(len(question.items) for question in exam.questions) == 55


def test_the_right_letters_are_spread_evenly(exam: ExamFile) -> None:
    letters = [options_of(exam, number)[1] for number in range(1, 36)]
    assert sorted(letters.count(letter) for letter in "ABCD") == [8, 9, 9, 9]
    assert all(len(set(letters[n : n + 3])) > 1 for n in range(33))
