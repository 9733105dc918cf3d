"""Questions of several types and subjects in the bank, one of them in its second version."""

from typing import Any

from examhall.base.db import Connection
from examhall.base.wire import LARGEST_ID
from examhall.exams.bank import Search, add_bank_question, change_bank_question, search_bank

Question = dict[str, Any]

MATHEMATICS: list[tuple[str, Question]] = [
    (
        "Algebra",
        {
            "prompt": "Which are solutions of $x^2 - 5x + 6 = 0$?",
            "type": "multiple_choice",
            "points": 2,
            "options": ["$x = 1$", "$x = 2$", "$x = 3$", "$x = 6$"],
            "answer": ["B", "C"],
        },
    ),
    (
        "Functions",
        {
            "prompt": "Match each function with its value at $x = 4$.",
            "type": "matching",
            "points": 2,
            "left": ["$\\sqrt{x}$", "$\\log_2 x^3$", "$2^x$"],
            "right": ["$2$", "$6$", "$8$", "$16$"],
            "answer": {"1": "A", "2": "B", "3": "D"},
        },
    ),
    (
        "Geometry",
        {
            "prompt": "A right triangle has legs of 6 cm and 8 cm.",
            "parts": {
                "a": {"prompt": "How long is its hypotenuse?", "type": "number", "unit": "cm", "answer": 10},
                "b": {"prompt": "How large is its area?", "type": "number", "unit": "cm²", "answer": 24},
            },
        },
    ),
    (
        "Trigonometry",
        {
            "prompt": "What is $\\sin 30^\\circ + \\cos 60^\\circ$?",
            "type": "number",
            "answer": 1,
        },
    ),
    (
        "Calculus",
        {
            "prompt": "Which is the derivative of $f(x) = x^3 - 2x$?",
            "type": "single_choice",
            "options": ["$x^2 - 2$", "$3x^2 - 2$", "$3x^2 - 2x$", "$\\frac{x^4}{4} - x^2$"],
            "answer": "B",
        },
    ),
    (
        "Probability and statistics",
        {
            "prompt": "The median of a set of numbers is always one of those numbers.",
            "type": "true_false",
            "answer": False,
        },
    ),
]
ENGLISH: list[tuple[str, Question]] = [
    (
        "Grammar",
        {
            "prompt": "Write the past participle of *to write*.",
            "type": "short_text",
            "answer": "written",
        },
    ),
    (
        "Reading",
        {
            "prompt": "“She could hardly wait.” What does the sentence say of her?",
            "type": "single_choice",
            "options": ["She was eager.", "She was tired.", "She had to leave.", "She waited badly."],
            "answer": "A",
        },
    ),
    (
        "Writing",
        {
            "prompt": "In some 150 words: should schools begin later in the morning? Give two reasons.",
            "type": "essay",
            "points": 10,
            "max_chars": 2000,
        },
    ),
]
# The master data have no topics of these.
OTHERS: list[tuple[str, Question]] = [
    (
        "physics",
        {
            "prompt": "Put these speeds in order, the slowest first.",
            "type": "ordering",
            "options": ["Sound in air", "A car at 90 km/h", "Light", "A falcon that dives"],
            "answer": ["B", "D", "A", "C"],
        },
    ),
    (
        "chemistry",
        {
            "prompt": "An acid has splashed on somebody's hand. What is the best thing to do, and the worst?",
            "type": "best_worst",
            "points": 2,
            "options": [
                "Rinse it with much water",
                "Call for help and wait",
                "Pour a strong base over it",
                "Rub it off with a cloth",
            ],
            "answer": {"best": "A", "worst": "C"},
        },
    ),
    (
        "informatics",
        {
            "prompt": "How many comparisons does a binary search of 1,000 sorted names need at most?",
            "type": "number",
            "answer": 9,
        },
    ),
]


async def add_bank(conn: Connection, author: int) -> None:
    """Unless the bank holds anything already."""
    if await search_bank(conn, Search(archived=None), before=LARGEST_ID, limit=1):
        return
    for subject, questions in (("mathematics", MATHEMATICS), ("english", ENGLISH)):
        for topic, question in questions:
            code = topic.split()[0].lower()
            await add_bank_question(
                conn, {**question, "topic": topic}, subject=subject, topic=code, by=author
            )
    for subject, question in OTHERS:
        last = await add_bank_question(conn, question, subject=subject, topic=None, by=author)
    # Ten in the worst case, not nine: the second version says so, and how it is counted.
    better = OTHERS[-1][1] | {"prompt": f"{OTHERS[-1][1]['prompt']} Count each name looked at.", "answer": 10}
    await change_bank_question(conn, last.id, better, subject="informatics", topic=None, by=author, seen=1)
