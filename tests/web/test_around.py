"""The exam room's page: rendered once for all who sit an exam, and nobody gets what is another's."""

import gzip

from starlette.requests import Request

from examhall.web.pages import as_json, render_around


def room(csrf: str, session: int, *, compressed: bool = True, title: str = "Mathematics") -> str:
    headers = [(b"accept-encoding", b"gzip")] if compressed else []
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})
    page = render_around(
        request,
        "room.html",
        own={
            "paper": b"<p>" + b"question " * 2000 + b"</p>",
            "csrf_token": csrf,
            "session_id": str(session),
            "boot": as_json({"sitting": session, "text": "</script>", "answers": ["x" * 5000]}),
        },
        title=title,
        question_count=3,
        pdf=False,
        exam_id=1,
    )
    body = bytes(page.body)
    return (gzip.decompress(body) if compressed else body).decode()


def test_each_reader_gets_their_own_and_nobody_elses() -> None:
    alice, bob = room("token-of-alice", 11), room("token-of-bob", 22)
    assert "token-of-alice" in alice
    assert "/sittings/11/result" in alice
    assert '"sitting":11' in alice
    assert "token-of-alice" not in bob
    assert "/sittings/11/" not in bob
    assert alice.replace("token-of-alice", "token-of-bob").replace("11", "22") == bob.replace("11", "22")


def test_it_is_the_same_page_without_compression() -> None:
    assert room("token", 1) == room("token", 1, compressed=False)


def test_what_is_put_in_is_escaped_and_cannot_pretend_to_be_a_place() -> None:
    page = room('"><script>', 1, title="<!-- own boot --> & more")
    assert "&#34;&gt;&lt;script&gt;" in page
    assert "&lt;!-- own boot --&gt; &amp; more" in page
    assert "<!-- own" not in page
    assert page.count('"sitting":1') == 1
