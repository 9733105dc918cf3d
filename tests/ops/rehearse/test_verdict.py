"""What a rehearsal concludes, and what it warns of."""

from dataclasses import replace
from pathlib import Path

from examhall.ops.rehearse.book import Key
from examhall.ops.rehearse.histogram import bucket_of
from examhall.ops.rehearse.ledger import Findings
from examhall.ops.rehearse.machine import Sample
from examhall.ops.rehearse.plan import Second
from examhall.ops.rehearse.report import Setting, in_words, write_report
from examhall.ops.rehearse.stage import Outcome
from examhall.ops.rehearse.verdict import SAVE, START, Limits, Played, judge_play

OPENS_AT = 1_900_000_000.0
FINDINGS = Findings(100, 100, 100, (), (), ())
SETTING = Setting(1, "Mathematics <1>", 10, "all in the same second", 1, 1, 1, 1, "a server", 2, 4)


def second(at: float, *, cpu: float = 0.2, lag_ms: float = 2.0, save_ms: float = 10.0) -> Second:
    return Second(
        OPENS_AT + at, cpu, lag_ms, {SAVE: {bucket_of(save_ms): 20}}, {}, {"lobby": 0, "room": 10, "done": 0}
    )


def sample(at: float, *, machine: float = 0.3, web: float = 0.2, flush_ms: float = 3.0) -> Sample:
    return Sample(OPENS_AT + at, machine, web, web, 0.0, 0.1, flush_ms, 9, 1)


def day(**changes: object) -> Played:
    seconds = [second(at) for at in range(30)]
    seconds[0].times[START] = {bucket_of(300.0): 10}
    played = Played(
        candidates=10, opens_at=OPENS_AT, ramp_s=0.0, ends_at=OPENS_AT + 30, seconds=[seconds],
        samples=[sample(at) for at in range(30)], findings=FINDINGS, outcome=Outcome(10, 0, 6, 4, 10, 0.2),
        cores=2, workers=2, most_connections=10, memory_mb=400.0,
    )  # fmt: skip
    return replace(played, **changes)  # type: ignore[arg-type]


def test_a_good_day_is_held() -> None:
    verdict = judge_play(day(), Limits())
    assert verdict.holds
    assert verdict.reasons == []
    assert verdict.saturated_first is None
    assert not verdict.generator_was_the_limit
    assert verdict.about is not None
    assert verdict.about >= 10


def test_one_lost_answer_is_the_verdict_however_fast_it_was() -> None:
    lost = replace(FINDINGS, lost=(Key(3, 1, "", 2),))
    verdict = judge_play(day(findings=lost), Limits())
    assert not verdict.holds
    assert any("LOST" in reason for reason in verdict.reasons)
    assert "Acknowledged answers were lost" in "\n".join(in_words(verdict, SETTING))


def test_slow_saves_slow_starts_and_who_stayed_outside_are_reasons() -> None:
    slow = [second(at, save_ms=150) for at in range(30)]
    slow[0].times[START] = {bucket_of(2500.0): 9}
    verdict = judge_play(day(seconds=[slow]), Limits())
    assert len(verdict.reasons) == 3
    assert not verdict.holds


def test_a_generator_without_a_core_is_said_loudly() -> None:
    for bad in ({"cpu": 0.99}, {"lag_ms": 400.0}):
        seconds = [second(at, **(bad if at in (10, 11) else {})) for at in range(30)]
        seconds[0].times[START] = {bucket_of(300.0): 10}
        verdict = judge_play(day(seconds=[seconds]), Limits())
        assert verdict.generator_was_the_limit
        assert "THE GENERATOR WAS THE LIMIT" in "\n".join(in_words(verdict, SETTING))


def test_a_single_second_is_no_limit_yet() -> None:
    seconds = [second(at, cpu=0.99 if at == 10 else 0.2) for at in range(30)]
    seconds[0].times[START] = {bucket_of(300.0): 10}
    assert not judge_play(day(seconds=[seconds]), Limits()).generator_was_the_limit


def test_what_was_full_first_is_named() -> None:
    samples = [
        sample(at, web=0.99 if at >= 10 else 0.2, flush_ms=80.0 if at >= 20 else 2.0) for at in range(30)
    ]
    verdict = judge_play(day(samples=samples), Limits())
    assert verdict.saturated_first is not None
    assert verdict.saturated_first.startswith("a web worker")


def test_somebody_else_on_the_machine_is_mentioned() -> None:
    samples = [sample(at, machine=1.0) for at in range(30)]
    verdict = judge_play(day(samples=samples), Limits())
    assert "something else took" in "\n".join(in_words(verdict, SETTING))


def test_the_report_needs_nothing_else_and_escapes_what_it_is_given(tmp_path: Path) -> None:
    played = day()
    report = write_report(tmp_path / "report", played, judge_play(played, Limits()), SETTING)
    page = report.read_text(encoding="utf-8")
    assert "Mathematics &lt;1&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "report.json").exists()
