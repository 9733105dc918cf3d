"""The demo's panel: judged by everybody in two rounds, with a cut that means something; and its what-ifs."""

import pytest

from examhall.accounts.access import Person
from examhall.accounts.tokens import Signer
from examhall.analyses.panels import find_panel
from examhall.analyses.standards import find_result
from examhall.base.db import Database
from examhall.demo.filling import fill
from examhall.demo.standards import JUDGES

pytestmark = pytest.mark.anyio


async def test_the_panel_has_a_cut_and_the_what_ifs_are_asked_for(database: Database) -> None:
    await fill(database, Signer("a secret of thirty-two characters."), candidates=130)
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT id FROM panels")
        [(panel_id,)] = await cursor.fetchall()
        panel = await find_panel(conn, panel_id, Person(0, ("analyst",)))
        found = await find_result(conn, panel)
        cursor = await conn.execute("SELECT count(*), min(inputs #>> '{exams,0,marked}') FROM calculations")
        assert await cursor.fetchone() == (3, "124")
    assert panel.round == 2
    assert all(judge.is_complete for judge in found.judges)
    assert found.cut.judges == len(JUDGES)
    assert found.cut.percent is not None
    assert 45 < found.cut.percent < 65
    # They have come nearer to each other.
    [first] = found.earlier
    assert found.cut.se_percent is not None
    assert first.se_percent is not None
    assert found.cut.se_percent < first.se_percent
    assert found.impact is not None
