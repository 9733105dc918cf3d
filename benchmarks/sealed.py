"""A start with and without a sealed paper: `python -m benchmarks.sealed`.

The bytes that one start moves and how many starts a second there are, the ways in turns on one server: by
page as browsers do without a seal (the start, then the room), by the API with all questions, and sealed.
"""

import argparse
import http.client
import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Load, NotAsExpected, each_once
from benchmarks.machine import describe
from benchmarks.report import Report, Row
from benchmarks.servers import Hall, make_data_folder, start_hall
from benchmarks.stock import SQL, add_exam
from examhall.accounts.access import COOKIE

CONNECTIONS = 64
PEOPLE = 1_000
ROUNDS = 5
# Thousands from one address, faster than any school.
UNLIMITED = {"EXAMHALL_RATE_LIMIT_PERSON": "off", "EXAMHALL_RATE_LIMIT_TRUSTED": "127.0.0.0/8"}


@dataclass(frozen=True)
class Way:
    name: str
    # The requests of each phase; the next phase begins when the one before is over.
    phases: Callable[[Hall, int, Sequence[int]], list[Callable[[], list[bytes]]]]


def by_page(hall: Hall, exam_id: int, people: Sequence[int]) -> list[Callable[[], list[bytes]]]:
    return [
        lambda: [_form(hall, exam_id, person) for person in people],
        lambda: [_page(hall, sitting, person) for sitting, person in _sittings(hall, exam_id)],
    ]


def by_api(hall: Hall, exam_id: int, people: Sequence[int]) -> list[Callable[[], list[bytes]]]:
    return [lambda: [_session(hall, exam_id, person, "") for person in people]]


def sealed(hall: Hall, exam_id: int, people: Sequence[int]) -> list[Callable[[], list[bytes]]]:
    _, head, body = _exchange(hall, f"GET /api/v1/exams/{exam_id}/sealed", _bearer(hall, people[0]))
    version = body.decode().partition('"version":"')[2].partition('"')[0]
    if not version:
        raise NotAsExpected(f"there is no sealed paper: {head!r} {body!r}")
    return [lambda: [_session(hall, exam_id, person, f"?sealed={version}") for person in people]]


WAYS = (
    Way("the start, then the room's page", by_page),
    Way("the API, all questions", by_api),
    Way("sealed", sealed),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sealed", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--one-order",
        action="store_true",
        help="an exam that is not shuffled: its page is rendered once for all",
    )
    parser.add_argument("--data", type=Path, help="where to put the database; the system's /tmp by default")
    options = parser.parse_args()
    data = make_data_folder(options.data)
    hall = start_hall(data, **UNLIMITED)
    try:
        report = Report(
            describe(hall),
            {
                "settings": f"{options.people} candidates, {options.rounds} rounds, "
                + ("one order" if options.one_order else "an order each")
            },
        )
        measure(hall, report, options.people, options.rounds, shuffled=not options.one_order)
    finally:
        hall.stop()
    home = (data / "postgres").resolve()
    shutil.rmtree(data)
    shutil.rmtree(home, ignore_errors=True)
    report.save("sealed")
    print(f"\n{report.markdown()}")


def measure(hall: Hall, report: Report, count: int, rounds: int, *, shuffled: bool) -> None:
    with hall.admin() as conn:
        # One more, whose start is looked at byte by byte.
        conn.execute(SQL.add_people.text, {"people": count + 1})
        first, *people = (int(each[0]) for each in conn.execute("SELECT id FROM people ORDER BY id"))
    loads: dict[str, list[Load]] = {way.name: [] for way in WAYS}
    sizes: dict[str, int] = {}
    for _ in range(rounds):
        for way in WAYS:
            exam_id = _sealed_exam(hall, shuffled=shuffled)
            sizes[way.name] = sum(_size(hall, phase()[0]) for phase in way.phases(hall, exam_id, [first]))
            loads[way.name].append(_run(hall, way.phases(hall, exam_id, people)))
    plain = statistics.median(load.rate for load in loads[WAYS[0].name])
    for way in WAYS:
        rate = statistics.median(load.rate for load in loads[way.name])
        report.rows.append(Row.of(way.name, CONNECTIONS, loads[way.name]))
        report.facts[way.name] = (
            f"{sizes[way.name]:,} bytes from the server, heads included; {rate / plain:.2f} times the first"
        )
    report.at_most("bytes of a sealed start", sizes["sealed"], 1_600, "{:,.0f}")


def _sealed_exam(hall: Hall, *, shuffled: bool) -> int:
    """An order of everybody's own is the most that a sealed start has to say."""
    exam_id = add_exam(hall)
    with hall.admin() as conn:
        conn.execute(
            """UPDATE exams SET opens_at = now() - interval '1 hour', sealed_before_s = 3600,
                      shuffle_questions = %s, shuffle_options = %s WHERE id = %s""",
            (shuffled, shuffled, exam_id),
        )
    return exam_id


def _run(hall: Hall, phases: Sequence[Callable[[], list[bytes]]]) -> Load:
    """All candidates through all phases. The percentiles are of the last one, the rate is of whole starts."""
    seconds, errors = 0.0, 0
    for phase in phases:
        requests = phase()
        load = each_once(hall.address, requests, connections=CONNECTIONS)
        seconds += load.seconds
        # A form is answered by the way to the room.
        errors += load.errors if load.errors < len(requests) else 0
    return Load(load.requests, seconds, load.p50, load.p95, load.p99, errors)


def _form(hall: Hall, exam_id: int, person: int) -> bytes:
    cookie = hall.cookie_token(person)
    body = f"csrf_token={hall.signer.csrf_token(hall.signer.read_cookie(cookie))}"
    return (
        f"POST /exams/{exam_id}/start HTTP/1.1\r\nHost: examhall\r\nAccept-Encoding: gzip\r\n"
        f"Cookie: {COOKIE}={cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _page(hall: Hall, sitting_id: int, person: int) -> bytes:
    return (
        f"GET /sittings/{sitting_id} HTTP/1.1\r\nHost: examhall\r\nAccept: text/html\r\n"
        f"Accept-Encoding: gzip\r\nCookie: {COOKIE}={hall.cookie_token(person)}\r\n\r\n"
    ).encode()


def _session(hall: Hall, exam_id: int, person: int, query: str) -> bytes:
    return (
        f"POST /api/v1/exams/{exam_id}/sessions{query} HTTP/1.1\r\nHost: examhall\r\n"
        f"Accept-Encoding: gzip\r\nAuthorization: Bearer {hall.access_token(person)}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def _sittings(hall: Hall, exam_id: int) -> list[tuple[int, int]]:
    with hall.admin() as conn:
        return conn.execute(
            "SELECT id, candidate_id FROM sittings WHERE exam_id = %s ORDER BY id DESC", (exam_id,)
        ).fetchall()


def _bearer(hall: Hall, person: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {hall.access_token(person)}"}


def _size(hall: Hall, request: bytes) -> int:
    """What the server sends in answer to a request as a whole, its head included."""
    head, _, body = request.decode().partition("\r\n\r\n")
    line, *lines = head.split("\r\n")
    status, sent, received = _exchange(
        hall, line.rsplit(" ", 1)[0], dict(each.split(": ", 1) for each in lines), body
    )
    if status >= 400:
        raise NotAsExpected(f"asked {line!r}, got {status}: {received[:300]!r}")
    return sent + len(received)


def _exchange(hall: Hall, line: str, headers: dict[str, str], body: str = "") -> tuple[int, int, bytes]:
    """Status, bytes of the head, and the body as it came."""
    connection = http.client.HTTPConnection(hall.address.host, hall.address.port)
    method, path = line.split(" ")
    connection.request(method, path, body or None, headers)
    reply = connection.getresponse()
    received = reply.read()
    connection.close()
    head = 15 + len(reply.reason) + sum(len(name) + len(value) + 4 for name, value in reply.getheaders())
    return reply.status, head, received


if __name__ == "__main__":
    main()
