"""Data sets that other programs analysed. Some may not be copied into this repository and lie beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examhall.psychometrics.arrays import Floats, Marks

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "sets"
BESIDE = ROOT.parent / "shared" / "reference" / "rasch" / "data"

COPIED = [
    "LSAT6_rows",
    "sim_booklets2_400x55",
    "sim_complete_1000x55",
    "sim_mcar_300x40",
    "sim_tiny_10x45",
    "sim_tiny_extreme_12x10",
]
NOT_COPIED = ["VerbalAggression_resp2", "raschdat1", "raschdat2", "raschdat3", "raschdat4", "xmpl"]
ALL = COPIED + NOT_COPIED
# Each of the two programs gave up on one of them.
BY_PSYCHOTOOLS = [name for name in ALL if name != "raschdat4"]
BY_ERM = [name for name in ALL if name != "sim_mcar_300x40"]
SIMULATED = [name for name in COPIED if name.startswith("sim_")]


@dataclass(frozen=True)
class Reference:
    marks: Marks
    items: list[str]
    said: dict[str, Any]

    def used(self) -> Floats:
        """Which items eRm kept; its R names have dots for blanks."""
        kept = self.said["items_used"]
        return np.array([item.replace(" ", ".") in kept for item in self.items])


def reference(name: str) -> Reference:
    folder = _folder(name)
    lines = (folder / f"{name}.csv").read_text().splitlines()
    marks = np.array([[-1 if cell == "NA" else int(cell) for cell in line.split(",")] for line in lines[1:]])
    items = [cell.strip('"') for cell in lines[0].split(",")]
    return Reference(marks.astype(np.int8), items, json.loads((folder / f"{name}_ref.json").read_text()))


def truth(name: str) -> dict[str, Floats]:
    said = json.loads((_folder(name) / f"{name}_truth.json").read_text())
    return {key: np.array(said[key]) for key in ("true_difficulty", "true_theta")}


def numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values])


def simulated(persons: int, items: int, seed: int, *, spread: float = 1.0) -> Marks:
    """Marks of persons and items that follow the Rasch model."""
    random = np.random.default_rng(seed)
    logit = random.normal(0, spread, (persons, 1)) - np.linspace(-2, 2, items)
    return (random.random((persons, items)) < 1 / (1 + np.exp(-logit))).astype(np.int8)


def _folder(name: str) -> Path:
    if name in COPIED:
        return HERE
    if not BESIDE.exists():
        pytest.skip(f"{name} may not be copied here, and ../shared/reference is absent")
    return BESIDE
