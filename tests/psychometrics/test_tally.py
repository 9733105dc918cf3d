import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from examhall.psychometrics.tally import as_marks, tally

MARKS = arrays.arrays(np.int8, st.tuples(st.integers(0, 20), st.integers(1, 20)), elements=st.integers(-1, 1))


def check(marks: np.ndarray) -> None:
    """A tally says of every cell what looking at its persons says."""
    counted = tally(marks)
    assert counted.persons.sum() == len(marks)
    assert len(np.unique(np.stack([counted.pattern, counted.score]), axis=1).T) == len(counted.score)
    for cell in range(len(counted.score)):
        mine = marks[counted.cell == cell]
        assert len(mine) == counted.persons[cell]
        assert ((mine >= 0) == counted.here[cell]).all()
        assert ((mine == 1).sum(axis=1) == counted.score[cell]).all()
        assert (mine == 1).sum(axis=0).tolist() == counted.right[cell].tolist()


@given(MARKS)
def test_cells_are_counted_as_one_would_by_hand(marks: np.ndarray) -> None:
    check(marks)


def test_many_cells_counted_in_pieces_are_counted_right(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"CELLS": 7, "PERSONS": 50, "ROWS": 16}.items():
        monkeypatch.setattr(f"examhall.psychometrics.tally.{name}", size)
    random = np.random.default_rng(2)
    check(random.integers(-1, 2, (200, 13)).astype(np.int8))
    check(random.integers(0, 2, (200, 13)).astype(np.int8))


def test_patterns_whose_keys_collide_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    # With this multiplier the key is nearly the last byte alone.
    monkeypatch.setattr("examhall.psychometrics.tally.MIX", 0)
    check(np.array([[1, -1, 1, 0, 0, 0, 0, 0, 1], [-1, 1, 1, 0, 0, 0, 0, 0, 1]] * 3, np.int8))


@given(MARKS, st.data())
def test_counting_some_items_is_counting_the_matrix_without_the_others(
    marks: np.ndarray, data: st.DataObject
) -> None:
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=marks.shape[1], max_size=marks.shape[1])))
    found, expected = tally(marks).only(chosen), tally(np.where(chosen, marks, -1))
    assert (found.score[found.cell] == expected.score[expected.cell]).all()
    assert (found.persons[found.cell] == expected.persons[expected.cell]).all()
    assert (found.right[found.cell] == expected.right[expected.cell]).all()
    assert (found.here[found.cell] == expected.here[expected.cell]).all()


@given(MARKS)
def test_the_answers_can_be_read_back(marks: np.ndarray) -> None:
    counted = tally(marks)
    assert (counted.rows(0, len(marks)) == (marks == 1)).all()
    for item in range(marks.shape[1]):
        assert (counted.item(item) == (marks[:, item] == 1)).all()


def test_booleans_whole_numbers_and_floats_are_the_same_marks() -> None:
    expected = [[1, 0], [0, 1]]
    for kind in (bool, np.int64, np.uint8, np.float32):
        assert as_marks(np.array(expected, kind)).tolist() == expected


def test_a_matrix_of_small_numbers_is_not_copied() -> None:
    marks = np.zeros((3, 2), np.int8)
    assert as_marks(marks) is marks
