import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examhall import cli
from examhall.psychometrics.analysis import analyse
from examhall.scoring import calibrate_csv
from tests.psychometrics.references import HERE, reference


def calibrated(tmp_path: Path, content: str) -> dict[str, Any]:
    (tmp_path / "responses.csv").write_text(content)
    assert cli.main(["calibrate", str(tmp_path / "responses.csv"), "--json", str(tmp_path / "out.json")]) == 0
    return dict(json.loads((tmp_path / "out.json").read_text()))


@pytest.mark.parametrize("name", ["sim_booklets2_400x55", "LSAT6_rows"])
def test_the_command_writes_what_the_analysis_finds(tmp_path: Path, name: str) -> None:
    found = calibrated(tmp_path, (HERE / f"{name}.csv").read_text())
    data = reference(name)
    expected = analyse(data.marks)
    assert [item["item"] for item in found["items"]] == data.items
    assert [item["difficulty"] for item in found["items"]] == expected.calibration.difficulty.tolist()
    assert [item["se"] for item in found["items"]] == expected.calibration.se.tolist()
    assert [item["outfit_t"] for item in found["items"]] == expected.item_fit.outfit_t.tolist()
    assert [person["theta"] for person in found["persons"]] == expected.ability.theta.tolist()
    infit = np.array([person["infit"] for person in found["persons"]], float)
    assert infit.tolist() == pytest.approx(expected.person_fit.infit.tolist(), nan_ok=True)
    assert [person["person"] for person in found["persons"]] == list(range(1, len(data.marks) + 1))
    assert found["summary"]["log_likelihood"] == expected.calibration.log_likelihood
    assert found["problems"] == []


def test_items_without_an_estimate_are_named_and_null(tmp_path: Path) -> None:
    found = calibrated(tmp_path, (HERE / "sim_tiny_extreme_12x10.csv").read_text())
    named = {problem["kind"]: problem["items"] for problem in found["problems"]}
    assert named == {"everybody_right": ["I09"], "nobody_right": ["I04"]}
    assert [item["item"] for item in found["items"] if item["difficulty"] is None] == ["I04", "I09"]


def test_persons_are_called_what_the_file_calls_them(tmp_path: Path) -> None:
    found = calibrated(tmp_path, "person,a,b,c\nAnn,1,0,\nBob,0,1,\n")
    assert [person["person"] for person in found["persons"]] == ["Ann", "Bob"]
    assert {problem["kind"] for problem in found["problems"]} == {"nobody_had", "few_persons"}


def test_persons_written_in_several_parts_are_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate_csv, "TOGETHER", 7)
    found = calibrated(tmp_path, (HERE / "sim_mcar_300x40.csv").read_text())
    assert [person["person"] for person in found["persons"]] == list(range(1, 301))


def test_without_a_file_to_write_a_table_is_printed_from_easy_to_hard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["calibrate", str(HERE / "sim_tiny_extreme_12x10.csv")]) == 0
    told = capsys.readouterr()
    order = [line.split()[0] for line in told.out.splitlines()[1:11]]
    difficulty = analyse(reference("sim_tiny_extreme_12x10").marks).calibration.difficulty
    assert order == [f"I{item + 1:02}" for item in np.argsort(difficulty, kind="stable")]
    assert "12 persons, 8 of 10 items" in told.out
    assert "everybody" in told.err
    assert "I09" in told.err


def test_a_bad_file_is_told_line_by_line_and_leaves_an_older_result_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,0\n1,maybe\n")
    (tmp_path / "out.json").write_text("older")
    assert cli.main(["calibrate", str(tmp_path / "bad.csv"), "--json", str(tmp_path / "out.json")]) == 1
    assert "line 3, b: is 'maybe'" in capsys.readouterr().err
    assert (tmp_path / "out.json").read_text() == "older"


def test_a_result_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "responses.csv").write_text("a,b\n1,0\n0,1\n")
    (tmp_path / "folder").mkdir()
    assert cli.main(["calibrate", str(tmp_path / "responses.csv"), "--json", str(tmp_path / "folder")]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "responses.csv"]
