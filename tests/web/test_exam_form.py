"""What a form of settings shows is what it gives back, to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.exams.settings import Settings, tidied, troubles_of
from examhall.web.staff.exam_form import given_in, raw_of, settings_of

PLAIN = Settings(title="Algebra", duration_s=3600)
ZONES = ("UTC", "Asia/Tashkent", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
MOMENTS = st.integers(1_704_000_000, 2_208_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))


@given(
    st.sampled_from(ZONES),
    MOMENTS,
    st.integers(1, 604_800),
    st.one_of(st.none(), st.integers(60, 2_592_000)),
    st.one_of(st.none(), st.decimals("0.01", 100, places=2)),
)
def test_what_is_shown_and_not_touched_stays_to_the_second(
    zone: str, opens_at: datetime, duration_s: int, sealed_s: int | None, percent: Decimal | None
) -> None:
    settings = tidied(
        replace(
            PLAIN, timezone=zone, opens_at=opens_at, release="at_time",
            closes_at=opens_at + timedelta(days=1),
            release_at=opens_at, duration_s=duration_s, sealed_before_s=sealed_s, pass_percent=percent,
        )
    )  # fmt: skip
    raw = given_in(raw_of(settings), shown=settings, is_fixed=False)
    assert settings_of(raw, settings) == (settings, [])


def test_times_are_those_of_the_zone() -> None:
    raw = raw_of(PLAIN) | {"timezone": "Asia/Tashkent", "opens_at": "2030-01-01T09:00"}
    settings, troubles = settings_of(raw, PLAIN)
    assert (settings.opens_at, troubles) == (datetime(2030, 1, 1, 4, tzinfo=UTC), [])


def test_another_zone_moves_the_times_that_stand_there() -> None:
    base = replace(PLAIN, opens_at=datetime(2030, 1, 1, 9, tzinfo=UTC))
    settings, _ = settings_of(raw_of(base) | {"timezone": "Asia/Tashkent"}, base)
    assert settings.opens_at == datetime(2030, 1, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("opens_at", "tomorrow"), ("opens_at", "2030-02-30T09:00"), ("closes_at", "0001-01-01T00:00"),
        ("duration_s", "long"),
        ("duration_s", ""),
        ("attempts_allowed", "1.5"), ("grace_s", "-1"), ("pass_percent", "NaN"), ("pass_percent", "1e99"),
        ("duration_s", "9" * 400),
    ],
)  # fmt: skip
def test_what_means_nothing_is_told_beside_its_field(field: str, text: str) -> None:
    base = replace(PLAIN, timezone="Asia/Tashkent")
    settings, troubles = settings_of(raw_of(base) | {field: text}, base)
    assert [trouble.field for trouble in troubles] == [field]
    assert troubles_of(settings) == []


def test_an_hour_that_the_clocks_leave_out_is_none() -> None:
    raw = raw_of(PLAIN) | {"timezone": "Europe/Berlin", "opens_at": "2030-03-31T02:30"}
    assert [trouble.field for trouble in settings_of(raw, PLAIN)[1]] == ["opens_at"]


def test_what_another_choice_leaves_without_a_meaning_is_not_looked_at() -> None:
    raw = raw_of(PLAIN) | {
        "release_at": "?",
        "sealed_before_s": "?",
        "scale_mean": "?",
        "freeze_minutes": "?",
    }
    assert settings_of(raw, PLAIN) == (PLAIN, [])
    for choice, fields in (
        ({"sealed": "on"}, {"sealed_before_s"}),
        ({"scale": "linked"}, {"scale_linked_to"}),
    ):
        assert {each.field for each in settings_of(raw_of(PLAIN) | choice, PLAIN)[1]} == fields


def test_what_is_fixed_stays_whatever_is_sent() -> None:
    raw = given_in(raw_of(PLAIN) | {"title": "Other", "show_key": "on"}, shown=PLAIN, is_fixed=True)
    assert settings_of(raw, PLAIN)[0] == replace(PLAIN, show_key=True)
