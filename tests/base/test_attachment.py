"""A title becomes a file's name and nothing else."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examhall.base.attachment import attachment


def name_read(value: str) -> str:
    """As a client of RFC 6266 reads it."""
    return unquote(value.rpartition("filename*=UTF-8''")[2])


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Mathematics: mock exam 1.pdf", "Mathematics mock exam 1.pdf"),
        ("Алгебра, II.pdf", "Алгебра, II.pdf"),
        ('a"; filename="evil.exe.pdf', "a filename= evil.exe.pdf"),
        ("../../etc/passwd.pdf", "etc passwd.pdf"),
        ("line\r\nSet-Cookie: a=b.pdf", "line Set-Cookie a=b.pdf"),
        ("\u202efdp.exe.pdf", "fdp.exe.pdf"),
        (".pdf", "file.pdf"),
    ],
)
def test_names_are_kept_and_tricks_are_not(title: str, read: str) -> None:
    assert name_read(attachment(title)) == read


@given(title=st.text(max_size=300))
def test_whatever_the_title_it_is_one_line_of_ascii(title: str) -> None:
    value = attachment(f"{title}.pdf")
    assert re.fullmatch(r"attachment; filename=\"[ -~]*\"; filename\*=UTF-8''[!-~]+", value)
    plain = value.split('"')[1]
    assert plain.endswith(".pdf")
    assert not set('/\\"') & set(plain)
