"""What candidates' pages hear: from another process, by NOTIFY."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from examhall.base.db import Database
from examhall.base.event_stream import STREAMS_OF_ONE, Broadcast, EventStream, Streams, TooManyStreams
from examhall.base.listen import Listener
from examhall.sittings.interventions import Order, announce, close, give_time, pause, resume
from examhall.sittings.live import Live
from examhall.sittings.presence import Presence
from examhall.sittings.start import Sitting, find_sitting, start_sitting
from tests.sittings.seats import ALICE, Seat, add_exam, add_seat

pytestmark = pytest.mark.anyio

RESULTS = "results of the tests"


class Page:
    """A candidate's page, listening."""

    def __init__(self, stream: EventStream) -> None:
        self._text = ""
        self._more = asyncio.Event()
        self._gone = asyncio.Event()
        self._serving = asyncio.create_task(stream({"type": "http", "method": "GET"}, self._wait, self._take))

    async def _wait(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: Any) -> None:
        self._text += message.get("body", b"").decode()
        self._more.set()

    async def next(self) -> tuple[str, dict[str, Any], str | None]:
        """The next event's name, data and id."""
        async with asyncio.timeout(5):
            while "\n\n" not in self._text:
                self._more.clear()
                await self._more.wait()
        event, _, self._text = self._text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in event.splitlines())
        if "data" not in fields:
            return await self.next()
        return fields["event"], json.loads(fields["data"] or "{}"), fields.get("id")

    async def leave(self) -> None:
        self._gone.set()
        await self._serving


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    streams = Streams()
    broadcast, listener = Broadcast(streams), Listener(database.dsn)
    live = Live(database, broadcast, Presence(database))
    live.follow(listener, results_channel=RESULTS)
    listener.open()
    await listener.connected.wait()
    yield live
    streams.close()
    await listener.close()


async def sit(database: Database, seat: Seat) -> Sitting:
    async with database.connection() as conn:
        return await find_sitting(conn, sitting_id=seat.sitting_id, candidate_id=seat.candidate_id)


@pytest.fixture
async def sitting(database: Database) -> Sitting:
    async with database.transaction() as conn:
        seat = await add_seat(conn)
    return await sit(database, seat)


@pytest.fixture
async def page(live: Live, sitting: Sitting) -> AsyncIterator[Page]:
    page = Page(await live.stream(sitting, last_heard=0))
    yield page
    await page.leave()


async def test_a_page_is_told_first_how_it_stands(page: Page, sitting: Sitting) -> None:
    name, told, _ = await page.next()
    assert name == "time"
    assert told["paused_at"] is None
    assert told["submitted_at"] is None
    assert told["deadline_at"].endswith("Z")


async def test_given_time_pause_and_announcement_arrive_in_order(
    database: Database, page: Page, sitting: Sitting
) -> None:
    order = Order(sitting.exam_id, None, "fire alarm")
    await page.next()
    async with database.transaction() as conn:
        await give_time(conn, order, seconds=300)
    extended = await page.next()
    async with database.transaction() as conn:
        await pause(conn, order)
    # What is told is how it stands by then: after the resumption, it would be that.
    paused = await page.next()
    async with database.transaction() as conn:
        said = await announce(conn, order, message="Stay where\nyou are.")
    async with database.transaction() as conn:
        await resume(conn, order)
    announced, resumed = [await page.next() for _ in range(2)]
    assert extended[0] == "extended"
    assert (extended[1]["seconds"], extended[1]["reason"]) == (300, "fire alarm")
    assert extended[1]["deadline_at"] > sitting.deadline_at.isoformat()[:19]
    assert paused[0] == "time"
    assert paused[1]["paused_at"] is not None
    assert announced == ("announcement", announced[1], str(said.id))
    assert announced[1]["text"] == "Stay where\nyou are."
    assert resumed[0] == "time"
    assert resumed[1]["paused_at"] is None
    assert resumed[1]["deadline_at"] >= paused[1]["deadline_at"]


async def test_what_is_for_others_is_not_heard(
    database: Database, live: Live, page: Page, sitting: Sitting
) -> None:
    async with database.transaction() as conn:
        neighbour = await add_seat(conn, candidate_id=2, exam_id=sitting.exam_id)
        elsewhere = await add_exam(conn)
        await add_seat(conn, candidate_id=3, exam_id=elsewhere)
    await page.next()
    only = Order(sitting.exam_id, None, "ill", [neighbour.sitting_id])
    async with database.transaction() as conn:
        await give_time(conn, only, seconds=60)
        await announce(conn, only, message="For you alone.")
        await pause(conn, Order(elsewhere, None))
        await announce(conn, Order(elsewhere, None, "", [sitting.id]), message="From another exam.")
        await announce(conn, Order(sitting.exam_id, None), message="For all.")
    assert (await page.next())[1]["text"] == "For all."
    theirs = Page(await live.stream(await sit(database, neighbour), last_heard=0))
    told = [await theirs.next() for _ in range(3)]
    assert [each[1].get("text") for each in told] == [None, "For you alone.", "For all."]
    await theirs.leave()


async def test_who_starts_while_an_announcement_is_made_reads_it(database: Database, live: Live) -> None:
    async with database.transaction() as conn:
        exam_id = await add_exam(conn)
    async with database.transaction() as conn:
        await announce(conn, Order(exam_id, None), message="Question 7 does not count.")
        async with database.transaction() as starting:
            started = (await start_sitting(starting, exam_id=exam_id, candidate_id=ALICE)).sitting
    page = Page(await live.stream(started, last_heard=0))
    # In either order: it may also be heard as it is announced.
    assert sorted([(await page.next())[0] for _ in range(2)]) == ["announcement", "time"]
    await page.leave()


async def test_what_comes_after_one_that_cannot_be_told_is_told(
    database: Database, live: Live, page: Page, sitting: Sitting
) -> None:
    await page.next()
    async with database.transaction() as conn:
        await announce(conn, Order(sitting.exam_id, None), message="Nobody can read this one.")
        await conn.execute("ALTER TABLE interventions RENAME TO elsewhere")
    assert (await page.next())[0] == "missed"
    async with database.transaction() as conn:
        await conn.execute("ALTER TABLE elsewhere RENAME TO interventions")
        await announce(conn, Order(sitting.exam_id, None), message="Five minutes left.")
    assert (await page.next())[1]["text"] == "Five minutes left."


async def test_one_candidate_cannot_take_the_streams_of_all(live: Live, sitting: Sitting) -> None:
    theirs = [await live.stream(sitting, last_heard=0) for _ in range(STREAMS_OF_ONE)]
    with pytest.raises(TooManyStreams):
        await live.stream(sitting, last_heard=0)
    del theirs


async def test_who_comes_back_hears_only_what_is_new(
    database: Database, live: Live, sitting: Sitting
) -> None:
    async with database.transaction() as conn:
        first = await announce(conn, Order(sitting.exam_id, None), message="One.")
        await announce(conn, Order(sitting.exam_id, None), message="Two.")
    page = Page(await live.stream(sitting, last_heard=first.id))
    await page.next()
    assert (await page.next())[1]["text"] == "Two."
    await page.leave()


async def test_handed_in_by_staff_is_told(database: Database, page: Page, sitting: Sitting) -> None:
    await page.next()
    async with database.transaction() as conn:
        await close(conn, Order(sitting.exam_id, None, "over"))
    name, told, _ = await page.next()
    assert (name, told["by"]) == ("submitted", "staff")


async def test_results_are_told_once_candidates_may_see_them(
    database: Database, page: Page, sitting: Sitting
) -> None:
    await page.next()
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as conn:
        await conn.execute("UPDATE exams SET release = 'by_hand'")
        await conn.execute("SELECT pg_notify(%s, %s)", (RESULTS, str(sitting.exam_id)))
        # Told one after the other: had it said something of results, this would come after it.
        async with database.transaction() as other:
            await announce(other, Order(sitting.exam_id, None), message="Wait.")
        assert (await page.next())[0] == "announcement"
        await conn.execute("UPDATE exams SET released_at = now()")
        await conn.execute("SELECT pg_notify(%s, %s)", (RESULTS, str(sitting.exam_id)))
        assert await page.next() == ("results_ready", {"exam_id": sitting.exam_id}, None)


async def test_with_nobody_listening_nothing_is_read(
    database: Database, live: Live, sitting: Sitting
) -> None:
    async with database.transaction() as conn:
        await announce(conn, Order(sitting.exam_id, None), message="To the empty hall.")
        other = await add_seat(conn, candidate_id=2)
    # Another page: when it has heard its own, the first was passed over.
    page = Page(await live.stream(await sit(database, other), last_heard=0))
    await page.next()
    async with database.transaction() as conn:
        await announce(conn, Order((await sit(database, other)).exam_id, None), message="Here.")
    assert (await page.next())[1]["text"] == "Here."
    assert live._telling is not None
    assert len(live._heard) == 0
    await page.leave()
