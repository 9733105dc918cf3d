"""Results of calculations: every candidate as CSV and Parquet, for whom; and scenarios beside each other."""

import csv
from io import BytesIO, StringIO

import pytest
from arro3.io import read_parquet

from examhall.accounts.access import Person
from examhall.analyses.calculate import Calculation, ask_for_calculation, find_calculation
from examhall.analyses.candidates import Candidates
from examhall.analyses.results import (
    CandidatesUnseen,
    NotCalculated,
    candidates_of,
    compared_scenarios,
    outcome_of,
)
from examhall.analyses.results_file import COLUMNS, csv_pieces, parquet_file
from examhall.base.db import Database

from .conftest import Office
from .rows import add_project, add_scenario, worked_out

pytestmark = pytest.mark.anyio

ANALYST = Person(1, ("analyst",))


async def calculated(database: Database, office: Office) -> tuple[Calculation, Candidates]:
    async with database.transaction() as conn:
        await conn.execute(
            """INSERT INTO people (id, username, full_name) OVERRIDING SYSTEM VALUE
               SELECT n, 'c' || n, CASE n WHEN 10 THEN '=HYPERLINK("x")' ELSE 'C, ' || n END
                 FROM generate_series(10, 39) AS n"""
        )
        asked = await ask_for_calculation(conn, office.scenario_id, person_id=office.ann)
    await worked_out(database)
    async with database.transaction() as conn:
        found = await find_calculation(conn, asked.id, office.ann)
        return found, await candidates_of(conn, found, ANALYST)


async def test_the_csv_has_everybody_and_no_formula(database: Database, office: Office) -> None:
    _found, candidates = await calculated(database, office)
    text = b"".join([piece async for piece in csv_pieces(database, candidates)]).decode()
    header, *rows = csv.reader(StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert len(rows) == len(candidates) == 40
    by_id = {row[1]: dict(zip(header, row, strict=True)) for row in rows}
    assert by_id["10"]["full_name"] == '\'=HYPERLINK("x")'
    assert by_id["11"]["full_name"] == "C, 11"
    assert by_id["40"]["full_name"] == ""
    for place, candidate in enumerate(candidates):
        row = dict(zip(header, rows[place], strict=True))
        assert float(row["new_points"]) == candidate.new_points
        assert float(row["change_percent"]) == pytest.approx(candidate.change_percent, abs=5e-5)
        assert row["new_passed"] == ("true" if candidate.new_passed else "false")
        assert row["new_grade"] == candidate.new_grade
        assert row["official_passed"] == row["scaled"] == ""


async def test_parquet_says_the_same(database: Database, office: Office) -> None:
    _found, candidates = await calculated(database, office)
    table = read_parquet(BytesIO(await parquet_file(database, candidates))).read_all()
    assert tuple(table.column_names) == COLUMNS
    columns = {name: table.column(name).to_pylist() for name in COLUMNS}
    assert columns["new_points"] == [candidate.new_points for candidate in candidates]
    assert columns["new_passed"] == [candidate.new_passed for candidate in candidates]
    assert set(columns["scaled"]) == {None}
    # A formula is one to spreadsheets alone.
    assert '=HYPERLINK("x")' in columns["full_name"]


async def test_candidates_one_by_one_are_for_analysts(database: Database, office: Office) -> None:
    found, _candidates = await calculated(database, office)
    async with database.transaction() as conn:
        assert await candidates_of(conn, found, Person(1, ("admin",)))
        for roles in (("author",), ("candidate", "invigilator")):
            with pytest.raises(CandidatesUnseen):
                await candidates_of(conn, found, Person(1, roles))


async def test_what_is_not_done_has_no_results(database: Database, office: Office) -> None:
    async with database.transaction() as conn:
        asked = await ask_for_calculation(conn, office.scenario_id, person_id=office.ann)
        found = await find_calculation(conn, asked.id, office.ann)
        for read in (outcome_of(conn, found), candidates_of(conn, found, ANALYST)):
            with pytest.raises(NotCalculated):
                await read


async def test_scenarios_stand_in_the_order_asked_for_with_their_newest_results(
    database: Database, office: Office
) -> None:
    await calculated(database, office)
    async with database.transaction() as conn:
        fresh = await add_scenario(conn, office.project_id, office.ann, office.exam_id)
        elsewhere = await add_project(conn, office.ann)
        foreign = await add_scenario(conn, elsewhere, office.ann, office.exam_id)
        asked = [fresh, foreign, office.scenario_id, 999]
        found = await compared_scenarios(conn, office.project_id, asked)
    assert [each.scenario_id for each in found] == [fresh, office.scenario_id]
    assert found[0].result is None
    assert found[1].result is not None
    assert found[1].result["candidates"] == 40
