import gzip

from hypothesis import given
from hypothesis import strategies as st

from examhall.base.pieces import REMEMBERED_FROM_BYTES, accepts_gzip, gzipped


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(0, 3))
def test_the_pieces_come_out_as_one(pieces: list[bytes], large: int) -> None:
    pieces = [piece * 100 if place < large else piece for place, piece in enumerate(pieces)]
    assert gzip.decompress(gzipped(*pieces)) == b"".join(pieces)


def test_a_large_piece_is_the_same_the_second_time() -> None:
    large = bytes(range(256)) * (REMEMBERED_FROM_BYTES // 128)
    for tail in (b"one", b"two"):
        assert gzip.decompress(gzipped(b"head", large, tail)) == b"head" + large + tail


def test_nothing_is_an_empty_body() -> None:
    assert gzip.decompress(gzipped()) == b""


def test_who_does_not_want_gzip_does_not_get_it() -> None:
    assert accepts_gzip("gzip, deflate, br")
    assert not accepts_gzip("")
    assert not accepts_gzip("br")
    assert not accepts_gzip("gzip; q=0, identity")
