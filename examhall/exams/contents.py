"""Each process's memory of exams' contents: a thousand who start together cost one look at the database."""

from examhall.base.cache import Cache
from examhall.base.db import Connection, Database, run
from examhall.base.sqlfile import beside
from examhall.exams.content import Content, load_content

SQL = beside(__file__)

# Whoever changes an exam announces it (`announce_change`); this only bounds what a lost word could do.
TTL_S = 30
# An exam of 45 questions is 35 kB of JSON; more than are sat on one day.
EXAMS_KEPT = 200
CHANNEL = "examhall_exam_changed"


async def announce_change(conn: Connection, exam_id: int) -> None:
    """In the transaction that makes or changes an exam: with its commit every process forgets the old one."""
    await run(conn, SQL.announce_change, channel=CHANNEL, exam_id=str(exam_id))


class Contents:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: Cache[int, Content] = Cache(name="exam contents", ttl_s=TTL_S, size=EXAMS_KEPT)

    async def of(self, exam_id: int) -> Content:
        """The exam as its candidates see it; computed once however many ask at once."""
        return await self._cache.get(exam_id, lambda: self._load(exam_id))

    async def _load(self, exam_id: int) -> Content:
        async with self._database.connection() as conn:
            return await load_content(conn, exam_id)

    def drop(self, payload: str) -> None:
        """An exam changed: the payload of an announcement on CHANNEL is its id."""
        self._cache.drop(int(payload))

    async def forget_all(self, conn: Connection) -> None:
        """After LISTEN was interrupted anything may have changed unheard."""
        self._cache.clear()
