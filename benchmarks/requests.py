"""Complete HTTP requests, made before the clock runs. In a save, \\2 stands for its revision."""

import json
import random
from collections.abc import Sequence

from benchmarks.load import FIRST_REVISION
from benchmarks.servers import Hall, Session
from benchmarks.stock import Item, Seat, Stock

# The order in which the answers arrive is the same in every run.
SEED = 20
REVISION_DIGITS = len(str(FIRST_REVISION))


def saves(hall: Hall, stock: Stock, *, answers_each: int = 1) -> list[bytes]:
    """Every open sitting's every answer, shuffled, so that neighbours in a batch are different candidates."""
    made = []
    for seat in stock.seats:
        token = hall.access_token(seat.candidate_id)
        path = f"/sessions/{seat.sitting_id}/answers/"
        made += [
            _post(path, token, _answers(stock.items[at : at + answers_each]))
            for at in range(0, len(stock.items) - answers_each + 1, answers_each)
        ]
    random.Random(SEED).shuffle(made)
    return made


def baseline_saves(sessions: Sequence[Session], items: Sequence[Item]) -> list[bytes]:
    """The same for the baseline, which knows no revisions and authenticates by `Token`."""
    made = []
    for session in sessions:
        for item in items:
            body = _json(question_number=item.question_number, sub_part=item.sub_part, answer=item.answer)
            made.append(_post(f"/sessions/{session.id}/answers/", session.token, body, scheme="Token"))
    random.Random(SEED).shuffle(made)
    return made


def starts(hall: Hall, exam_id: int, candidate_ids: Sequence[int]) -> list[bytes]:
    return [_post(f"/api/v1/exams/{exam_id}/sessions", hall.access_token(each), "") for each in candidate_ids]


def submits(hall: Hall, seats: Sequence[Seat]) -> list[bytes]:
    return [
        _post(f"/sessions/{seat.sitting_id}/submit", hall.access_token(seat.candidate_id), "")
        for seat in seats
    ]


def exam_pages(hall: Hall, seats: Sequence[Seat]) -> list[bytes]:
    return [
        f"GET /sittings/{seat.sitting_id} HTTP/1.1\r\nHost: examhall\r\nAccept: text/html\r\n"
        f"Cookie: examhall={hall.cookie_token(seat.candidate_id)}\r\n\r\n".encode()
        for seat in seats
    ]


def reads(hall: Hall, path: str, people: Sequence[int]) -> list[bytes]:
    return [
        f"GET {path} HTTP/1.1\r\nHost: examhall\r\n"
        f"Authorization: Bearer {hall.access_token(each)}\r\n\r\n".encode()
        for each in people
    ]


def _answers(items: Sequence[Item]) -> str:
    answers = [
        _json(question_number=item.question_number, sub_part=item.sub_part, answer=item.answer, revision="\2")
        for item in items
    ]
    body = answers[0] if len(answers) == 1 else '{"answers":[' + ",".join(answers) + "]}"
    # A number, not a text.
    return body.replace('"\\u0002"', "\2")


def _json(**values: object) -> str:
    return json.dumps(values, separators=(",", ":"))


def _post(path: str, token: str, body: str, *, scheme: str = "Bearer") -> bytes:
    length = len(body) + body.count("\2") * (REVISION_DIGITS - 1)
    return (
        f"POST {path} HTTP/1.1\r\nHost: examhall\r\nAuthorization: {scheme} {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ).encode()
