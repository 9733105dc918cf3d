"""Times in buckets."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.ops.rehearse.histogram import added, bucket_of, percentile

TIMES = st.lists(st.floats(0.02, 60_000), min_size=1, max_size=200)


@given(TIMES, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_right_to_two_percent(times: list[float], share: float) -> None:
    found = percentile(Counter(map(bucket_of, times)), share)
    wanted = sorted(times)[max(0, -(-int(share * len(times) * 1000) // 1000) - 1)]
    assert found is not None
    assert wanted * 0.98 <= found


@given(TIMES)
def test_the_slowest_is_never_told_as_quicker(times: list[float]) -> None:
    found = percentile(Counter(map(bucket_of, times)), 1.0)
    assert found == pytest.approx(max(times), rel=0.021)


def test_histograms_add_up_as_if_they_had_been_one() -> None:
    one, other = Counter({1: 2, 5: 1}), Counter({5: 3})
    assert added([one, other]) == {1: 2, 5: 4}
    assert percentile({}, 0.5) is None
