"""The activity pages: what their charts say of counts, and that they say how they were counted."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from examhall.app import Hall
from examhall.events.activity import Counts, ExamActivity, FiveMinutes, QuestionTime, roll_up_activity
from examhall.web.staff.activity_charts import (
    MOST_POINTS,
    arrivals_chart,
    hand_in_chart,
    house_chart,
    longest_question,
    presence_chart,
    questions_chart,
    saves_chart,
    sum_up,
)
from tests.doors.conftest import *  # noqa: F403

pytestmark = pytest.mark.anyio

TEN = datetime(2030, 6, 1, 10, tzinfo=UTC)


def _(message: str) -> str:
    return message


def counts(at_s: float, **numbers: int) -> Counts:
    names = ("sign_ins", "arrivals", "starts", "saves", "hand_ins", "closes", "refusals", "looks", "active")
    return Counts(TEN + timedelta(seconds=at_s), *(numbers.get(name, 0) for name in names))


def an_exam(**different: Any) -> ExamActivity:
    facts: dict[str, Any] = {
        "exam_id": 1, "title": "Algebra", "opens_at": TEN, "closes_at": TEN + timedelta(hours=2),
        "duration_s": 3600, "computed_at": TEN + timedelta(hours=3), "took_s": 0.1, "sittings": 3,
        "timed_sittings": 3, "lost_events": 0, "now": TEN, "assigned": 0,
    }  # fmt: skip
    return ExamActivity(**(facts | different))


def values(spec: dict[str, Any] | None, series: int = 0) -> list[float]:
    assert spec is not None
    found: list[float] = spec["series"][series]["values"]
    return found


def test_the_first_minutes_show_who_had_come_and_started_by_when() -> None:
    some = [counts(-600, arrivals=5), counts(-20, arrivals=2), counts(0, starts=3), counts(20, starts=1)]
    chart = arrivals_chart(an_exam(), some, _)
    assert chart is not None
    grid = chart["x"]["values"]
    zero = int(TEN.timestamp())
    assert (grid[0], grid[-1]) == (zero - 300, zero + 600)
    came, started = (dict(zip(grid, values(chart, series), strict=True)) for series in (0, 1))
    assert (came[zero - 300], came[zero - 20], came[zero - 10], came[grid[-1]]) == (5, 5, 7, 7)
    assert (started[zero], started[zero + 10], started[zero + 30]) == (0, 3, 4)
    assert chart["marks"] == [{"x": TEN.timestamp(), "text": "opens"}]


def test_where_people_come_when_they_like_the_first_start_is_the_middle() -> None:
    chart = arrivals_chart(an_exam(), [counts(86_400, starts=1)], _)
    assert chart is not None
    assert chart["marks"] == [{"x": int(TEN.timestamp()) + 86_400, "text": "first start"}]


def test_what_was_not_counted_yet_is_not_drawn() -> None:
    chart = arrivals_chart(an_exam(computed_at=TEN + timedelta(seconds=60)), [counts(0, starts=1)], _)
    assert chart is not None
    assert chart["x"]["values"][-1] == int(TEN.timestamp()) + 60


def test_saves_are_per_second_and_pauses_are_nothing() -> None:
    chart = saves_chart([counts(0, saves=20), counts(30, saves=5)], _)
    assert values(chart) == [2, 0, 0, 0.5]


def test_a_test_of_a_year_fits_into_one_chart() -> None:
    year = [counts(day * 86_400, saves=86_400, starts=1, active=1) for day in range(365)]
    for chart in (saves_chart(year, _), presence_chart(year, _)):
        assert 100 < len(values(chart)) <= 365
    assert values(saves_chart(year, _))[0] == 1
    assert len(values(saves_chart(year[:100], _))) <= MOST_POINTS + 1


def test_who_is_in_the_room_has_started_and_not_ended() -> None:
    some = [counts(0, starts=3, active=2), counts(60, hand_ins=1, active=1), counts(120, closes=2)]
    chart = presence_chart(some, _)
    assert (values(chart, 0), values(chart, 1)) == ([3, 2, 0], [2, 1, 0])


def test_who_looks_at_a_result_weeks_later_is_in_no_room() -> None:
    some = [counts(0, starts=3, active=2), counts(60, hand_ins=3, active=1)]
    later = counts(30 * 86_400, looks=1, arrivals=1)
    assert presence_chart([*some, later], _) == presence_chart(some, _)


def test_the_hand_in_curve_ends_where_everybody_is_out() -> None:
    some = [counts(0, starts=3), counts(600, hand_ins=2), counts(1200, closes=1)]
    chart = hand_in_chart(an_exam(), some, _)
    assert (values(chart, 0)[-1], values(chart, 1)[-1]) == (2, 1)


def test_questions_of_minutes_are_shown_in_minutes() -> None:
    some = [QuestionTime(1, 9, 10, 20, 30), QuestionTime(2, 9, 100, 372, 400)]
    chart = questions_chart(some, _)
    assert chart is not None
    assert (chart["y"]["label"], values(chart)) == ("Minutes", [0.3, 6.2])
    assert values(questions_chart(some[:1], _)) == [20]
    assert longest_question(some, _).endswith("Question 2 took longest: half needed more than 6 min 12 s.")
    assert longest_question(some[:1], _).endswith("more than 20 s.")


def test_the_last_day_is_a_whole_day() -> None:
    chart = house_chart([FiveMinutes(TEN, 1, 2, 300, 0)], TEN + timedelta(minutes=7), _)
    assert chart is not None
    assert len(values(chart)) == 289
    assert (values(chart)[-2:], values(chart, 1)[-2:]) == ([1.0, 0], [2, 0])
    assert house_chart([], TEN, _) is None


def test_nothing_that_happened_makes_no_chart() -> None:
    assert [saves_chart([], _), presence_chart([], _), hand_in_chart(an_exam(), [], _)] == [None] * 3
    assert [arrivals_chart(an_exam(), [], _), questions_chart([], _)] == [None] * 2
    assert (sum_up([]).starts, longest_question([], _)) == (0, "")


async def test_the_pages_show_a_sitting_once_it_was_counted(
    hall: Hall, call: Any, alice: Any, exam_id: int, session: dict[str, Any]
) -> None:
    ivo = await call("ivo", "invigilator")
    ivo.client.cookies.set("examhall", hall.signer.cookie_token(ivo.id, uuid4(), ["invigilator"]))
    page = await ivo.get(f"/staff/exams/{exam_id}/activity")
    assert (page.status_code, "Nothing has happened yet" in page.text) == (200, True)
    assert "Nothing has happened yet" in (await ivo.get("/staff/activity")).text

    url = f"/api/v1/sessions/{session['session_id']}"
    await alice.post(f"{url}/answers/", {"question_number": 1, "answer": "A"})
    await alice.post(f"{url}/submit")
    await roll_up_activity(hall.database)
    page = await ivo.get(f"/staff/exams/{exam_id}/activity")
    for chart in ("arrivals", "saves", "presence", "hand-ins", "questions"):
        assert f'id="{chart}"' in page.text
    assert "It was taken from 1 of 1 sittings." in page.text
    assert "All its events were kept" in page.text
    assert f'href="/staff/exams/{exam_id}/activity"' in (await ivo.get("/staff/activity")).text

    async with hall.database.transaction() as conn:
        await conn.execute("UPDATE activity_rollups SET lost_events = 3")
    assert "3 events could not be kept" in (await ivo.get(f"/staff/exams/{exam_id}/activity")).text


async def test_an_exam_that_is_not_there_is_not_found(hall: Hall, call: Any) -> None:
    ivo = await call("ivo", "invigilator")
    ivo.client.cookies.set("examhall", hall.signer.cookie_token(ivo.id, uuid4(), ["invigilator"]))
    for exam_id in (10**9, 10**30):
        assert (await ivo.get(f"/staff/exams/{exam_id}/activity")).status_code == 404
