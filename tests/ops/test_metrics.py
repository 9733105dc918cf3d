"""The figures are those of the whole server, whoever is asked, and there are only so many."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from examhall.app import Hall
from examhall.base.board import Board, wipe
from examhall.base.histogram import LATENCY_S, Histogram, quantile
from examhall.base.statements import Statements
from examhall.ops.counting import count_statements
from examhall.ops.families import FAMILIES
from examhall.ops.metrics import KEPT_S, exposed
from examhall.ops.snapshot import LIVES_S, Snapshot, add_up, decode, encode
from examhall.ops.tick import tick_of
from examhall.ops.watch import Watch

from ..doors.conftest import Caller

pytestmark = pytest.mark.anyio


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return samples(text)[f"examhall_{name}", tuple(sorted(labels.items()))]


async def metrics(caller: Caller) -> str:
    reply = await caller.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    return str(reply.text)


async def test_a_save_is_counted_by_its_route_its_status_and_its_batch(
    alice: Caller, session: dict[str, Any]
) -> None:
    path = f"/api/v1/sessions/{session['session_id']}/answers/"
    # By whichever of its addresses.
    for each in (path, path.replace("/api/v1", ""), path.replace("/v1", "")):
        await alice.post(each, {"question_number": 1, "answer": "A"})
    await alice.post(path, {"question_number": 999, "answer": "A"})
    text = await metrics(alice)
    route = {"method": "POST", "route": "/api/v1/sessions/{session_id}/answers/"}
    assert value(text, "http_responses_total", **route, status="200") == 3
    assert value(text, "http_responses_total", **route, status="400") == 1
    assert value(text, "http_request_duration_seconds_count", **route) == 4
    assert value(text, "refusals_total", code="unknown_question") == 1
    assert value(text, "saves_total") == 3
    assert value(text, "save_batch_size_sum") == 3


async def test_a_route_is_one_under_all_its_prefixes_and_no_path_becomes_a_label(
    alice: Caller, exam_id: int
) -> None:
    for path in (f"/api/v1/exams/{exam_id}", f"/api/exams/{exam_id}", "/api/v1/exams/999999"):
        await alice.get(path)
    for number in range(50):
        await alice.get(f"/nothing/{number}")
        await alice.get(f"/api/nothing/{number}")
        await alice.client.request(f"METHOD{number}", "/nothing")
    found = samples(await metrics(alice))
    counted = {
        (dict(labels)["method"], dict(labels)["route"]): total
        for (name, labels), total in found.items()
        if name == "examhall_http_request_duration_seconds_count"
    }
    assert counted == {("GET", "/api/v1/exams/{exam_id}"): 3, ("GET", "(none)"): 100, ("other", "(none)"): 50}
    assert len([1 for name, labels in found if name == "examhall_http_responses_total"]) < 12


async def test_the_pool_the_caches_and_the_processes_are_there(
    alice: Caller, session: dict[str, Any]
) -> None:
    text = await metrics(alice)
    names = {name for name, _ in samples(text)}
    for family in ("database_pool_size", "database_pool_checked_in", "database_pool_checked_out"):
        assert f"examhall_{family}" in names
    assert {"examhall_database_pool_overflow", "examhall_database_pool_waiting"} <= names
    assert {"examhall_save_queue_depth", "examhall_streams_open", "examhall_event_log_lost_total"} <= names
    assert {"examhall_process_resident_memory_bytes", "examhall_process_cpu_seconds_total"} <= names
    assert "examhall_cache_requests_total" in names
    assert any(name == "examhall_statements_total" for name, _ in samples(text))


async def test_the_database_is_sampled_for_sittings_and_deadlines(
    hall: Hall, alice: Caller, session: dict[str, Any]
) -> None:
    await hall.watch._sample(hall.database)
    # Sampled a moment ago by the watch itself, before the sitting began: again when it is due.
    hall.watch._sampled_at = float("-inf")
    await hall.watch._sample(hall.database)
    text = await metrics(alice)
    assert value(text, "sessions_live") == 1
    assert value(text, "deadlines_coming", within="60") == 0
    assert value(text, "closing_lag_seconds") == 0
    assert value(text, "database_connections") >= 1


async def test_each_process_shows_all_of_them_and_the_dead_keep_what_they_counted(tmp_path: Path) -> None:
    def counting(saves: int, waiting: int, name: str) -> Callable[[Snapshot], None]:
        def count(into: Snapshot) -> None:
            into.count("saves_total", saves)
            into.gauge("save_queue_depth", waiting, name)

        return count

    one = Watch(tmp_path, "web-1", counting(5, 1, "web-1"))
    two = Watch(tmp_path, "web-2", counting(7, 2, "web-2"))
    one.open()
    two.open()
    two._tell()
    assert one.whole().value("saves_total") == 12
    assert one.whole().value("save_queue_depth") == 3
    await two.close()

    # Dead: what it counted stays, what it held is gone.
    died = decode(one._board.read()["web-2"])  # type: ignore[union-attr]
    later = add_up([one.own(), died], died.at + LIVES_S + 1)
    assert later.value("saves_total") == 12
    assert "web-2" not in later.gauges.get("save_queue_depth", {})

    # Started again: it goes on where it died, or the sum of all would seem to go back.
    again = Watch(tmp_path, "web-2", counting(1, 4, "web-2"))
    again.open()
    again._tell()
    assert one.whole().value("saves_total") == 13
    assert one.whole().value("save_queue_depth") == 5
    await again.close()
    await one.close()
    wipe(tmp_path)
    assert Board(tmp_path, "web-1").told_before is None


async def test_a_board_read_amid_a_write_is_read_again_later(tmp_path: Path) -> None:
    writer, reader = Board(tmp_path, "a"), Board(tmp_path, "b")
    writer.tell(b"long ago")
    assert reader.read() == {"a": b"long ago"}
    with (tmp_path / "a").open("r+b") as torn:
        torn.seek(12)
        torn.write(b"##")
    assert reader.read() == {"a": b"long ago"}
    writer.tell(b"now")
    assert reader.read() == {"a": b"now"}


async def test_what_is_told_comes_back_as_it_was() -> None:
    told = Snapshot(name="web-1")
    told.count("http_responses_total", 3, "GET", "/", "200")
    told.gauge("sessions_live", 7)
    latency = Histogram()
    latency.observe(0.003)
    told.shape("http_request_duration_seconds", latency, "GET", "/")
    assert decode(encode(told)) == told
    assert (
        add_up([told, told], told.at).histograms["http_request_duration_seconds"]["GET\x1f/"].total == 0.006
    )


def test_quantiles_lie_between_the_bounds_and_in_order() -> None:
    latency = Histogram()
    for thousandths in range(1, 101):
        latency.observe(thousandths / 1000)
    p50, p95 = (quantile(LATENCY_S, latency.counts, share) or 0 for share in (0.5, 0.95))
    assert 0.045 <= p50 <= 0.055
    assert 0.09 <= p95 <= 0.1
    assert quantile(LATENCY_S, [0] * len(latency.counts), 0.5) is None
    latency = Histogram()
    latency.observe(1000)
    assert quantile(LATENCY_S, latency.counts, 0.99) == LATENCY_S[-1]


def test_every_family_is_exposed_as_prometheus_reads_it() -> None:
    snapshot = Snapshot()
    for name, family in FAMILIES.items():
        labels = ['a "b"\n' for _ in family.labels]
        if family.kind == "counter":
            snapshot.count(name, 2, *labels)
        elif family.kind == "gauge":
            snapshot.gauge(name, 2, *labels)
        else:
            histogram = Histogram(family.bounds)
            histogram.observe(0.5)
            snapshot.shape(name, histogram, *labels)
    text, _ = exposed(snapshot, "")
    found = {family.name for family in text_string_to_metric_families(text.decode())}
    assert found == {f"examhall_{name}".removesuffix("_total") for name in FAMILIES}
    openmetrics, media_type = exposed(snapshot, "application/openmetrics-text; version=1.0.0")
    assert "openmetrics" in media_type
    assert openmetrics.endswith(b"# EOF\n")


def test_rates_and_percentiles_are_of_what_happened_between() -> None:
    before, now = Snapshot(at=100.0), Snapshot(at=102.0)
    latency = Histogram()
    for snapshot, saves in ((before, 10), (now, 30)):
        snapshot.count("saves_total", saves)
        snapshot.count("http_responses_total", saves, "POST", "/save", "200")
        for _ in range(20):
            latency.observe(0.004 if snapshot is now else 1.0)
        snapshot.shape("http_request_duration_seconds", latency, "POST", "/save")
    tick = tick_of([before, now], 1)
    assert tick.saves == tick.requests == 10
    assert tick.p99 is not None
    assert tick.p99 <= 4


def test_statements_are_counted_by_name_and_slow_ones_remembered() -> None:
    statements = Statements()
    statements.slow_s = 0.5
    began = time.perf_counter()
    for _ in range(3):
        statements.note("close.close_due", began - 2, 10)
    statements.note("close.close_due", began, 1)
    timing = statements.timings["close.close_due"]
    assert (timing.calls, timing.slow, timing.rows) == (4, 3, 31)
    assert [run.name for run in statements.recently_slow] == ["close.close_due"] * 3
    # In the log once a second, with how many were left out.
    assert timing.unlogged == 2
    snapshot = Snapshot()
    count_statements(statements, snapshot)
    assert snapshot.value("slow_statements_total", "close.close_due") == 3
    assert len(snapshot.slow) == 3


def test_every_metric_is_in_the_operators_handbook() -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operators.md").read_text(encoding="utf-8")
    assert [name for name in FAMILIES if f"| `{name}` |" not in handbook] == []
    # And the alerts ask for what there is.
    asked = set(re.findall(r"examhall_([a-z_]+?)(?:_bucket|_count|_sum)?[\[{) ><]", handbook))
    assert asked - {"", *FAMILIES} == set()


async def test_however_many_ask_the_figures_are_put_together_a_few_times_a_second(
    hall: Hall, alice: Caller
) -> None:
    """Strangers may ask without a limit, and each time would take some ten milliseconds of everybody's."""
    told: set[str] = set()
    # Five in a row take less than a quarter of a second, unless the machine is held up.
    while len(told) in (0, 5):
        told = {await metrics(alice) for _ in range(5)}
    await asyncio.sleep(KEPT_S)
    assert await metrics(alice) not in told
