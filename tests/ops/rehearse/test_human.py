"""What simulated candidates do: by chance, repeatable, and always something that the server takes."""

import random
import statistics
from itertools import pairwise
from typing import Any

import pytest

from examhall.exams.answers import ItemRule, accepts
from examhall.ops.rehearse.human import Item, Pen, think, write_scripts

OPTIONS = [{"key": key, "text": key} for key in "ABCD"]
ITEMS: dict[str, dict[str, Any]] = {
    "single_choice": {"options": OPTIONS},
    "multiple_choice": {"options": OPTIONS},
    "ordering": {"options": OPTIONS},
    "best_worst": {"options": OPTIONS},
    "matching": {"left": OPTIONS, "right": OPTIONS},
    "true_false": {},
    "number": {},
    "short_text": {},
    "essay": {"max_chars": 20_000},
}


@pytest.mark.parametrize("kind", ITEMS)
def test_every_answer_is_one_that_the_item_takes(kind: str) -> None:
    pen = Pen([Item(1, "", kind, ITEMS[kind])], random.Random(1))
    rule = ItemRule(kind, options=frozenset("ABCD"), right=frozenset("ABCD"))
    for _ in range(200):
        assert accepts(rule, pen.write()[1]) is None


def test_the_revisions_of_a_candidate_only_grow_and_what_is_given_is_sometimes_corrected() -> None:
    pen = Pen(
        [Item(number, "", "single_choice", ITEMS["single_choice"]) for number in range(1, 46)],
        random.Random(3),
    )
    written = [pen.write() for _ in range(60)]
    assert [revision for _, _, revision in written] == list(range(1, 61))
    asked = [item.question_number for item, _, _ in written]
    assert len(set(asked)) < len(asked)


def test_a_text_grows_while_it_is_typed() -> None:
    pen = Pen([Item(1, "", "short_text", {})], random.Random(5))
    texts = []
    while not texts or pen.is_typing:
        texts.append(str(pen.write()[1]))
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def test_the_same_seed_plays_the_same_day() -> None:
    def scripts(seed: int) -> list[Any]:
        return write_scripts(["one", "two"], seed=seed, entrance_s=10, ramp_s=None, work_s=60)

    assert scripts(1) == scripts(1) != scripts(2)


def test_a_barrier_is_one_second_and_a_ramp_as_long_as_it_says() -> None:
    tickets = [str(number) for number in range(500)]
    together = write_scripts(tickets, seed=1, entrance_s=10, ramp_s=None, work_s=60)
    one_by_one = write_scripts(tickets, seed=1, entrance_s=10, ramp_s=60, work_s=60)
    assert all(0 <= script.starts_at <= 1 for script in together)
    assert max(script.starts_at for script in one_by_one) > 50
    assert all(-10 <= script.enters_at < 0 for script in (*together, *one_by_one))
    assert all((script.hands_in_after or 0) < 60 for script in together)


def test_people_think_about_as_long_as_documented() -> None:
    rng = random.Random(7)
    pauses = [think(rng, 1.0) for _ in range(4_000)]
    assert 14 < statistics.median(pauses) < 16
    assert max(pauses) <= 120
