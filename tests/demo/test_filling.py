import pytest

from examhall.accounts.tokens import Signer
from examhall.base.db import Database
from examhall.base.wire import LARGEST_ID
from examhall.demo import filling
from examhall.demo.filling import ACCOUNTS, EXAMS, FOLDER, NotADemo, fill
from examhall.demo.past_quizzes import WEEKS
from examhall.demo.standards import JUDGES
from examhall.exams.bank import Search, search_bank
from examhall.exams.exam_file import read_exam_file
from examhall.exams.exam_file_kinds import FIELDS

pytestmark = pytest.mark.anyio

SIGNER = Signer("s" * 40)
# Besides the files: last month's mock exam, the past quizzes, the course's two contests, the sealed
# round, the essays, and one that is still being written.
MADE = 6 + WEEKS
# Besides the accounts: who judges or marks, and never signs in.
OTHERS = len(JUDGES) + 1


async def counted(database: Database) -> tuple[int, ...]:
    async with database.transaction() as conn:
        cursor = await conn.execute(
            """SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM exams),
                      (SELECT count(*) FROM tickets)"""
        )
        row = await cursor.fetchone()
        assert row is not None
        return tuple(row)


async def test_a_second_start_adds_nothing_and_the_tickets_stay_good(database: Database) -> None:
    first = await fill(database, SIGNER, candidates=3)
    before = await counted(database)
    assert before == (len(ACCOUNTS) + OTHERS + 3, len(EXAMS) + MADE, 3)
    second = await fill(database, SIGNER, candidates=3)
    assert await counted(database) == before
    assert [ticket.token for ticket in second] == [ticket.token for ticket in first]


async def test_more_candidates_can_be_asked_for_later(database: Database) -> None:
    first = await fill(database, SIGNER, candidates=2)
    more = await fill(database, SIGNER, candidates=5)
    assert len(more) == 5
    assert {ticket.token for ticket in first} < {ticket.token for ticket in more}
    assert len(await fill(database, SIGNER, candidates=1)) == 5


async def test_other_peoples_data_are_left_alone(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO people (username, full_name) VALUES ('alice', 'Alice')")
    with pytest.raises(NotADemo):
        await fill(database, SIGNER, candidates=2)
    assert await counted(database) == (1, 0, 0)


async def test_a_start_that_was_interrupted_is_completed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(filling, "read_exam_file", interrupted)
        with pytest.raises(KeyboardInterrupt):
            await fill(database, SIGNER, candidates=2)
    assert await counted(database) == (len(ACCOUNTS) + 2, 0, 0)
    assert len(await fill(database, SIGNER, candidates=2)) == 2
    assert await counted(database) == (len(ACCOUNTS) + OTHERS + 2, len(EXAMS) + MADE, 2)


async def test_the_bank_is_filled_once_with_every_type(database: Database) -> None:
    for _ in range(2):
        await fill(database, SIGNER, candidates=1)
    async with database.transaction() as conn:
        found = await search_bank(conn, Search(archived=None), before=LARGEST_ID, limit=99)
    assert len(found) == 12
    assert {kind for each in found for kind in each.kinds} == set(FIELDS)
    assert len({each.subject for each in found}) == 5
    assert len({each.topic for each in found if each.topic}) == 9
    assert max(each.version for each in found) == 2


@pytest.mark.parametrize("name", EXAMS)
async def test_an_exams_title_is_on_its_first_line(name: str) -> None:
    source = (FOLDER / name).read_bytes()
    assert filling._title(source) == read_exam_file(source, folder=FOLDER).title
