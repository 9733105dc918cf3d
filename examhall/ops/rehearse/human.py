"""What candidates do, and when: by chance, and all of it from one seed, so that it can be repeated.

| what | how it is drawn |
|---|---|
| arrival | evenly over the entrance |
| start | barrier: evenly over one second; ramp: evenly over the ramp |
| pause before a save | log-normal, median 15 s, sigma 0.7 (mean 19 s, one in twenty over 47 s) |
| typed answers | one to three saves, 1 to 3 s apart: the page saves at every pause in typing |
| corrections | a fourth of the saves change an answer that was given before |
| network cut | one in ten, once, for 5 to 30 s; what is answered meanwhile arrives afterwards, in order |
| reload | one in ten, once |
| hand in | six in ten, in the last three tenths of their time; the others are closed by time |
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MEDIAN_PAUSE_S = 15.0
PAUSE_SIGMA = 0.7
LONGEST_PAUSE_S = 120.0
TYPING_PAUSE_S = (1.0, 3.0)
MOST_PAUSES_IN_TYPING = 3
CORRECTIONS = 0.25
CUT_OFF = 0.10
CUT_S = (5.0, 30.0)
RELOADING = 0.10
HANDING_IN = 0.60
HAND_IN_AFTER = 0.70
# As a crowd presses a button that becomes alive for all of them at once.
BARRIER_S = 1.0
# A cut is at most so much of the whole time, for rehearsals of a minute.
LONGEST_CUT = 0.2
TYPED = ("number", "short_text", "essay")
WORDS = ("force", "the", "ratio", "because", "energy", "falls", "twice", "a triangle", "therefore", "Paris")


@dataclass(frozen=True)
class Item:
    """What is asked for, as the candidate sees it. It holds no key."""

    question_number: int
    sub_part: str
    kind: str
    presented: Mapping[str, Any]


@dataclass(frozen=True)
class Script:
    """One candidate's day. Moments are seconds after the opening, which is 0; those before it negative."""

    ticket: str
    seed: int
    enters_at: float
    starts_at: float
    # After the candidate's own start.
    hands_in_after: float | None
    cut_after: float | None
    cut_s: float
    reloads_after: float | None


def write_scripts(
    tickets: Sequence[str], *, seed: int, entrance_s: float, ramp_s: float | None, work_s: float
) -> list[Script]:
    """A script for each ticket. `ramp_s` None: they all start together."""
    rng = random.Random(seed)  # noqa: S311
    scripts = []
    for ticket in tickets:
        starts_at = rng.uniform(0, BARRIER_S if ramp_s is None else ramp_s)
        scripts.append(
            Script(
                ticket,
                rng.getrandbits(48),
                # The last arrive a little before the opening, and find a page that counts down.
                -rng.uniform(0.1, 1.0) * entrance_s,
                starts_at,
                rng.uniform(HAND_IN_AFTER, 0.98) * work_s if rng.random() < HANDING_IN else None,
                rng.uniform(0.1, 0.8) * work_s if rng.random() < CUT_OFF else None,
                min(rng.uniform(*CUT_S), LONGEST_CUT * work_s),
                rng.uniform(0.1, 0.9) * work_s if rng.random() < RELOADING else None,
            )
        )
    return scripts


def think(rng: random.Random, pace: float) -> float:
    """Seconds until the next answer. `pace` 2: twice as fast."""
    return min(rng.lognormvariate(math.log(MEDIAN_PAUSE_S), PAUSE_SIGMA), LONGEST_PAUSE_S) / pace


class Pen:
    """What one candidate answers next, and with which revision."""

    def __init__(self, items: Sequence[Item], rng: random.Random) -> None:
        self._rng = rng
        self._items = list(items)
        self._next = 0
        self._typing: tuple[Item, int] | None = None
        self._text = ""
        self.revision = 0

    @property
    def is_typing(self) -> bool:
        """In the middle of a text: the next save comes within seconds, and carries on with it."""
        return self._typing is not None

    def write(self) -> tuple[Item, object, int]:
        """The next answer. Revisions grow over all of a candidate's answers, as in the page."""
        item, more = self._typing or self._choose()
        self._typing = (item, more - 1) if more else None
        self.revision += 1
        return item, self._answer(item), self.revision

    def _choose(self) -> tuple[Item, int]:
        rng = self._rng
        if self._next and (self._next >= len(self._items) or rng.random() < CORRECTIONS):
            item = self._items[rng.randrange(self._next)]
        else:
            item = self._items[self._next]
            self._next += 1
        self._text = ""
        return item, rng.randrange(MOST_PAUSES_IN_TYPING) if item.kind in TYPED else 0

    def _answer(self, item: Item) -> object:
        rng = self._rng
        if item.kind == "number":
            self._text += str(rng.randrange(1, 1000))
            return self._text
        if item.kind in TYPED:
            self._text = f"{self._text} {rng.choice(WORDS)}".strip()
            return self._text
        return choose(item, rng)


def choose(item: Item, rng: random.Random) -> object:
    """Something that the item takes, by chance."""
    if item.kind == "true_false":
        return rng.choice(("true", "false"))
    if item.kind == "matching":
        right = [each["key"] for each in item.presented["right"]]
        return {each["key"]: rng.choice(right) for each in item.presented["left"]}
    keys = [each["key"] for each in item.presented["options"]]
    if item.kind == "multiple_choice":
        return rng.sample(keys, rng.randint(1, len(keys)))
    if item.kind == "ordering":
        return rng.sample(keys, len(keys))
    if item.kind == "best_worst":
        best, worst = rng.sample(keys, 2)
        return {"best": best, "worst": worst}
    return rng.choice(keys)
