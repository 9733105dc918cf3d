"""Students checked in bulk, and the cached list against an empty GET: `python -m benchmarks.contests`.

Ten thousand students are enrolled in a course with twelve contests. The list is asked for by a thousand of
them, in turns with a GET of the same path that checks the token and does nothing, under the same server.
"""

import argparse
import http.client
import json
import re
import shutil
import statistics
import time
import uuid
from collections import Counter, defaultdict

from benchmarks.load import ask, file_of, require_wrk, wrk
from benchmarks.servers import Hall, make_data_folder, start_empty, start_hall
from examhall.base.sqlfile import beside

SQL = beside(__file__)

STUDENTS = 10_000
ASKING = 1_000
CONTESTS = 12
CONNECTIONS = (64, 512)
BULK_ROUNDS = 15
LEAST_OF_EMPTY, SLOWEST_BULK_S = 0.60, 0.5
CACHE_REQUESTS = re.compile(r'cache_requests_total\{cache="([^"]+)",outcome="(\w+)"\} ([0-9.e+]+)')


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contests", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    require_wrk()
    data = make_data_folder(None)
    hall = start_hall(data)
    try:
        with hall.admin() as conn:
            conn.execute(SQL.add_people.text, {"people": STUDENTS})
            row = conn.execute(SQL.add_course.text).fetchone()
            assert row is not None
            course_id = int(row[0])
            conn.execute(SQL.enrol.text, {"course_id": course_id})
            conn.execute(SQL.add_contests.text, {"course_id": course_id, "contests": CONTESTS})
            conn.execute("ANALYZE")
            people = [int(row[0]) for row in conn.execute(SQL.people.text)]
            contests = [int(row[0]) for row in conn.execute(SQL.contests.text)]
        _bulk(hall, contests[0], people)
        _list(hall, people[:ASKING], options.rounds, options.seconds)
        _hit_rates(hall)
    finally:
        hall.stop()
    home = (data / "postgres").resolve()
    shutil.rmtree(data)
    shutil.rmtree(home, ignore_errors=True)


def _bulk(hall: Hall, contest_id: int, people: list[int]) -> None:
    """One call for everybody, from the first byte sent to the last byte read."""
    body = json.dumps({"contest_id": contest_id, "student_ids": people})
    token = hall.signer.access_token(people[0], uuid.uuid4(), ["author"])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    took = []
    for _ in range(BULK_ROUNDS):
        server = http.client.HTTPConnection(hall.address.host, hall.address.port)
        began = time.perf_counter()
        server.request("POST", "/api/contests/bulk-validation", body, headers)
        reply = json.loads(server.getresponse().read())
        took.append(time.perf_counter() - began)
        server.close()
        if len(reply["valid"]) != len(people):
            raise SystemExit(f"{len(people)} are enrolled, {len(reply['valid'])} were found valid")
    print(
        f"bulk-validation of {len(people):,} students, {len(body):,} bytes: median "
        f"{statistics.median(took) * 1000:.0f} ms, slowest {max(took) * 1000:.0f} ms "
        f"(mark {SLOWEST_BULK_S * 1000:.0f} ms)",
        flush=True,
    )


def _list(hall: Hall, people: list[int], rounds: int, seconds: float) -> None:
    requests = [
        "GET /api/contests HTTP/1.1\r\nHost: examhall\r\n"
        f"Authorization: Bearer {hall.access_token(each)}\r\n\r\n".encode()
        for each in people
    ]
    empty = start_empty(hall)
    try:
        ask(empty.address, requests[0], expect=b'"ok"')
        ask(hall.address, requests[0], expect=b'"contest_id"')
        with file_of(requests) as file:
            for server in (empty, hall):
                wrk(server.address, file, connections=CONNECTIONS[0], seconds=1)
            for connections in CONNECTIONS:
                pairs = [
                    tuple(
                        wrk(server.address, file, connections=connections, seconds=seconds)
                        for server in (empty, hall)
                    )
                    for _ in range(rounds)
                ]
                shares = [ours.rate / none.rate for none, ours in pairs]
                nothing = statistics.median(none.rate for none, _ in pairs)
                cached = statistics.median(ours.rate for _, ours in pairs)
                p99_ms = statistics.median(ours.p99 for _, ours in pairs) * 1000
                errors = sum(ours.errors for _, ours in pairs)
                print(
                    f"{connections} connections: empty GET {nothing:,.0f}/s, list of {CONTESTS} contests "
                    f"{cached:,.0f}/s, p99 {p99_ms:.0f} ms, {errors} errors: {statistics.median(shares):.0%} "
                    f"of the empty GET (mark {LEAST_OF_EMPTY:.0%})",
                    flush=True,
                )
    finally:
        empty.stop()


def _hit_rates(hall: Hall) -> None:
    """How many of those who asked a cache found what they wanted, as the server's own figures have it."""
    # Each process tells its figures once a second.
    time.sleep(2)
    server = http.client.HTTPConnection(hall.address.host, hall.address.port)
    server.request("GET", "/metrics")
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    for name, outcome, count in CACHE_REQUESTS.findall(server.getresponse().read().decode()):
        asked[name][outcome] += float(count)
    server.close()
    for name, outcomes in sorted(asked.items()):
        if total := sum(outcomes.values()):
            print(
                f"cache {name}: asked {total:,.0f} times, {1 - outcomes['miss'] / total:.1%} found (mark 80%)"
            )


if __name__ == "__main__":
    main()
