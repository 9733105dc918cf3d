"""Each check passes where it should, and each can be made to fail."""

import asyncio
import json
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examhall.base.db import Connection
from examhall.ops.preflight import exam, machine, network, server
from examhall.ops.preflight.exam import ExamFacts, Rehearsal
from examhall.ops.preflight.finding import as_document, failed, in_words, passed, warned
from examhall.ops.preflight.server import Facts, Jobs
from tests.ops.web_server import Reply, served, served_by_tls
from tests.sittings.seats import add_exam

pytestmark = pytest.mark.anyio

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
FACTS = Facts(
    connections=97, connections_of_others=0, synchronous_commit="on", fsync="on", full_page_writes="on",
    autovacuum="on", log_statement="none", log_from_ms=-1, archive_mode="off", archived_at=None, bytes=1,
    now=NOW,
)  # fmt: skip
EXAM = ExamFacts(
    id=7, title="Algebra", opens_at=NOW + timedelta(days=1), closes_at=NOW + timedelta(days=1, hours=3),
    duration_s=7200, now=NOW, expected=500, with_ticket=500, locked_out=0, items=55, picture_bytes=10_000,
    largest_picture=5_000, sealed_before_s=None,
)  # fmt: skip
HELD = Rehearsal(exam_id=7, candidates=1000, holds=True, lost=False, opened_at="2030-05-30T10:00:00")


def connections(**different: Any) -> str:
    asked = {"workers": 2, "pool_size": 4, "job_connections": 7, "nodes": 1, "own": False} | different
    return server.check_connections(FACTS, **asked).verdict


def test_pool_size_times_workers_must_be_allowed() -> None:
    assert connections() == "pass"
    assert connections(workers=12) == "warn"
    assert connections(workers=16) == "fail"
    assert connections(nodes=6) == "fail"
    assert connections(workers=16, own=True) == "pass"
    taken = replace(FACTS, connections_of_others=90)
    assert (
        server.check_connections(taken, workers=2, pool_size=4, job_connections=7, nodes=1, own=False).verdict
        == "fail"
    )


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_setting_that_loses_answers_fails(setting: str) -> None:
    assert server.check_durability(FACTS).verdict == "pass"
    found = server.check_durability(replace(FACTS, **{setting: "off"}))
    assert (found.verdict, setting in found.found) == ("fail", True)


async def test_the_facts_are_those_of_the_session(conn: Connection) -> None:
    await conn.execute("SET LOCAL synchronous_commit = off")
    facts = await server.read_facts(conn)
    assert facts.synchronous_commit == "off"
    assert facts.connections > 20
    # The tests' own server may forget.
    assert facts.fsync == "off"
    assert server.check_durability(facts).verdict == "fail"
    assert server.check_autovacuum(facts).verdict == "fail"


def test_autovacuum_must_be_on() -> None:
    assert server.check_autovacuum(FACTS).verdict == "pass"
    assert server.check_autovacuum(replace(FACTS, autovacuum="off")).verdict == "fail"


def test_statements_must_not_be_logged_one_by_one() -> None:
    assert server.check_statement_log(FACTS).verdict == "pass"
    assert server.check_statement_log(replace(FACTS, log_from_ms=250)).verdict == "pass"
    assert server.check_statement_log(replace(FACTS, log_statement="all")).verdict == "warn"
    assert server.check_statement_log(replace(FACTS, log_from_ms=0)).verdict == "warn"


async def test_the_schema_must_be_this_programs(conn: Connection) -> None:
    await conn.execute("CREATE TABLE alembic_version (version_num text)")
    await conn.execute("INSERT INTO alembic_version VALUES (%s)", (server.revisions()[-1],))
    assert (await server.check_revision(conn)).verdict == "pass"
    await conn.execute("UPDATE alembic_version SET version_num = '0001'")
    assert (await server.check_revision(conn)).verdict == "fail"


async def test_every_index_of_the_schema_must_be_there(conn: Connection) -> None:
    assert (await server.check_indexes(conn)).verdict == "pass"
    await conn.execute("DROP INDEX sittings_due")
    found = await server.check_indexes(conn)
    assert (found.verdict, "sittings_due" in found.found) == ("fail", True)


async def test_an_index_that_is_not_valid_is_as_good_as_none(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        for username in ("a", "b"):
            await conn.execute(
                "INSERT INTO people (username, full_name, email) VALUES (%s, 'X', NULL)", (username,)
            )
        await conn.execute("DROP INDEX exams_closes")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await conn.execute("CREATE UNIQUE INDEX CONCURRENTLY exams_closes ON people (full_name)")
        assert "exams_closes" in (await server.check_indexes(conn)).found


def test_indexes_are_read_from_the_schema() -> None:
    found = server.indexes_of(server.SCHEMA)
    assert {"people_pkey", "one_open_sitting", "sittings_attempt", "sittings_due", "answers_pkey"} <= found
    assert "answer_history_pkey" not in found
    # A primary key with a name of its own.
    assert "scenario_adoptions_once" in found
    assert "scenario_adoptions_pkey" not in found


async def test_a_commit_is_timed(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        assert "a commit takes" in (await server.check_commit(conn)).found
    assert server.judge_commit(1, 9).verdict == "pass"
    assert server.judge_commit(12, 30).verdict == "warn"
    assert server.judge_commit(80, 90).verdict == "fail"


async def test_clocks_must_agree(conn: Connection) -> None:
    assert (await server.check_clock(conn)).verdict == "pass"
    # What the way there takes is no difference.
    assert server.judge_clock(2.0, 4.0).verdict == "pass"
    assert server.judge_clock(-3.0, 0.1).verdict == "warn"
    assert server.judge_clock(60.0, 0.1).verdict == "fail"


def test_a_backup_must_be_young(tmp_path: Path) -> None:
    assert server.check_backups(FACTS, None).verdict == "warn"
    assert server.check_backups(FACTS, tmp_path).verdict == "fail"
    (tmp_path / "examhall.dump").touch()
    assert server.check_backups(FACTS, tmp_path).verdict == "pass"
    for days, verdict in ((2, "warn"), (30, "fail")):
        then = datetime.now(UTC).timestamp() - days * 86_400
        os.utime(tmp_path / "examhall.dump", (then, then))
        assert server.check_backups(FACTS, tmp_path).verdict == verdict
    archived = replace(FACTS, archive_mode="on", archived_at=NOW - timedelta(hours=1))
    assert server.check_backups(archived, None).verdict == "pass"
    assert (
        server.check_backups(replace(archived, archived_at=NOW - timedelta(days=3)), None).verdict == "warn"
    )


async def test_a_job_worker_must_be_at_work(conn: Connection) -> None:
    assert server.check_job_worker(await server.read_jobs(conn)).verdict == "warn"
    await conn.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert server.check_job_worker(await server.read_jobs(conn)).verdict == "pass"
    await conn.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'score_sittings')"
    )
    await conn.execute("UPDATE procrastinate_events SET at = now() - interval '1 hour'")
    found = server.check_job_worker(await server.read_jobs(conn))
    assert (found.verdict, found.found[:11]) == ("warn", "1 jobs wait")


async def test_maintenance_must_have_been_done(conn: Connection) -> None:
    assert server.check_maintained(await server.read_jobs(conn)).verdict == "warn"
    await conn.execute("INSERT INTO maintenance (started_at, finished_at, did) VALUES (now(), now(), '{}')")
    assert server.check_maintained(await server.read_jobs(conn)).verdict == "pass"
    assert server.check_maintained(Jobs(1.0, 0, 0, 20.0)).verdict == "warn"


def test_the_disk_must_have_room_and_be_quick(tmp_path: Path) -> None:
    assert "GiB free" in machine.check_space(tmp_path / "not" / "yet" / "there").found
    assert machine.judge_space(tmp_path, 100 * machine.GIB).verdict == "pass"
    assert machine.judge_space(tmp_path, 2 * machine.GIB).verdict == "warn"
    assert machine.judge_space(tmp_path, 0).verdict == "fail"
    assert "flushing 8 kB" in machine.check_flush(tmp_path).found
    assert list(tmp_path.iterdir()) == []
    judged = [machine.judge_flush(ms, ms).verdict for ms in (0.001, 1, 20, 100)]
    assert judged == ["warn", "pass", "warn", "fail"]


def test_workers_must_fit_the_cores() -> None:
    judged = [machine.check_workers(workers, 4).verdict for workers in (1, 4, 8, 9, 17)]
    assert judged == ["warn", "pass", "pass", "warn", "fail"]


def test_files_must_be_enough() -> None:
    assert [machine.check_files(limit).verdict for limit in (65_536, 20_000, 1024)] == [
        "pass",
        "warn",
        "fail",
    ]


def test_the_kernel_must_let_connections_wait(tmp_path: Path) -> None:
    limit = tmp_path / "somaxconn"
    assert machine.check_backlog(2048, limit).verdict == "pass"
    for allowed, verdict in (("4096\n", "pass"), ("1024\n", "warn"), ("128\n", "fail")):
        limit.write_text(allowed)
        assert machine.check_backlog(2048, limit).verdict == verdict


def test_memory_must_be_left(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert machine.check_memory(meminfo).verdict == "pass"
    for kib, verdict in ((8_000_000, "pass"), (600_000, "warn"), (100_000, "fail")):
        meminfo.write_text(f"MemTotal: 1 kB\nMemAvailable: {kib} kB\n")
        assert machine.check_memory(meminfo).verdict == verdict


def test_the_secret_must_be_one_and_nobodys_guess(tmp_path: Path) -> None:
    assert machine.check_secret(None, own_database=True).verdict == "pass"
    assert machine.check_secret(None, own_database=False).verdict == "warn"
    assert machine.check_secret("abcdefghijklmnopqrstuvwxyz0123456789", own_database=False).verdict == "pass"
    assert machine.check_secret("x" * 40, own_database=True).verdict == "fail"
    path = tmp_path / "secret"
    assert machine.check_secret_file(path).verdict == "pass"
    path.touch(0o600)
    assert machine.check_secret_file(path).verdict == "pass"
    path.chmod(0o644)
    assert machine.check_secret_file(path).verdict == "fail"


def test_the_certificates_key_is_one_for_all_nodes_and_for_its_owners_eyes(tmp_path: Path) -> None:
    key = tmp_path / "certificate-key"
    assert machine.check_certificate_key("k", key, own_database=False).verdict == "pass"
    assert machine.check_certificate_key(None, key, own_database=False).verdict == "warn"
    assert machine.check_certificate_key(None, key, own_database=True).verdict == "pass"
    key.touch(0o600)
    assert machine.check_certificate_key(None, key, own_database=True).verdict == "pass"
    key.chmod(0o640)
    assert machine.check_certificate_key(None, key, own_database=True).verdict == "fail"


def test_people_must_know_the_address() -> None:
    assert network.check_address(None, "http://127.0.0.1:8000").verdict == "warn"
    assert network.check_address("http://localhost:1", "http://localhost:1").verdict == "warn"
    assert network.check_address("https://e.example", "https://e.example").verdict == "pass"


def test_tls_must_be_used_and_reached() -> None:
    assert network.check_tls("http://exams.example.org").verdict == "fail"
    assert network.check_tls("http://[::1]:8000").verdict == "warn"
    assert network.check_tls("https://127.0.0.1:1").verdict == "warn"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Callable[[int], tuple[str, ssl.SSLContext]]]:
    """`secured(days)`: a server with a certificate for so many days, and who believes it."""
    with served_by_tls(tmp_path) as start:
        yield start


def test_the_certificate_must_be_believed_and_last(
    secured: Callable[[int], tuple[str, ssl.SSLContext]],
) -> None:
    for days, verdict in ((90, "pass"), (10, "warn"), (2, "fail")):
        url, believer = secured(days)
        assert network.check_tls(url, believer).verdict == verdict
    assert network.check_tls(url).verdict == "fail"
    url, believer = secured(-1)
    found = network.check_tls(url, believer)
    assert (found.verdict, "expired" in found.found) == ("fail", True)


def test_replies_must_come_compressed() -> None:
    page = b'<link href="/static/1/css/app.css">'
    for gzips, verdict in (({"/", "/static/1/css/app.css"}, "pass"), ({"/"}, "warn"), (set[str](), "warn")):
        replies = {
            path: Reply(body, compressed=path in gzips)
            for path, body in (("/", page), ("/static/1/css/app.css", b"p {}"))
        }
        with served(replies) as url:
            assert network.check_compression(url).verdict == verdict
    assert network.check_compression(url).verdict == "warn"


def test_proxies_must_be_trusted_and_nobody_else() -> None:
    proxy, world, world6 = (ip_network(each) for each in ("10.0.0.1/32", "0.0.0.0/0", "::/0"))
    https = "https://exams.example.org"
    assert network.check_proxies("http://127.0.0.1", (), ()).verdict == "pass"
    assert network.check_proxies(https, (proxy,), ()).verdict == "pass"
    assert network.check_proxies(https, (), ()).verdict == "fail"
    assert network.check_proxies(https, (proxy, world), ()).verdict == "fail"
    assert network.check_proxies(https, (proxy,), (world6,)).verdict == "fail"


async def test_redis_must_answer_if_it_is_set() -> None:
    assert (await network.check_redis(None)).verdict == "pass"

    async def pong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while asked := await reader.read(1000):
            writer.write(b"+PONG\r\n" if b"PING" in asked else b"+OK\r\n" * max(1, asked.count(b"*")))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(pong, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert (await network.check_redis(url + "?protocol=2")).verdict == "pass"
    server.close()
    assert (await network.check_redis(url)).verdict == "warn"


def test_the_window_must_lie_ahead_and_be_long_enough() -> None:
    assert exam.check_window(EXAM).verdict == "pass"
    assert exam.check_window(replace(EXAM, closes_at=NOW)).verdict == "fail"
    assert exam.check_window(replace(EXAM, opens_at=None)).verdict == "warn"
    assert exam.check_window(replace(EXAM, opens_at=NOW)).verdict == "warn"
    assert exam.check_window(replace(EXAM, duration_s=4 * 3600)).verdict == "warn"


def test_candidates_must_have_a_way_in_and_something_to_answer() -> None:
    assert exam.check_candidates(EXAM).verdict == "pass"
    assert exam.check_candidates(replace(EXAM, expected=0)).verdict == "warn"
    assert exam.check_candidates(replace(EXAM, locked_out=1)).verdict == "fail"
    assert exam.check_content(EXAM).verdict == "pass"
    assert exam.check_content(replace(EXAM, items=0)).verdict == "fail"


def test_pictures_must_be_small() -> None:
    assert exam.check_pictures(EXAM).verdict == "pass"
    assert exam.check_pictures(replace(EXAM, largest_picture=2_000_000)).verdict == "warn"
    assert exam.check_pictures(replace(EXAM, picture_bytes=100_000_000)).verdict == "fail"


def test_a_sealed_paper_needs_an_address_where_browsers_decrypt() -> None:
    sealed = replace(EXAM, sealed_before_s=7200)
    assert exam.check_sealed(EXAM, "http://exams.school.example").verdict == "pass"
    assert exam.check_sealed(sealed, "http://exams.school.example").verdict == "warn"
    for url in ("https://exams.school.example", "http://127.0.0.1:8000", "http://localhost:8000"):
        found = exam.check_sealed(sealed, url)
        assert (found.verdict, "from 2 h before" in found.found) == ("pass", True)


async def test_who_is_to_come_is_read_from_assignments_and_tickets(conn: Connection) -> None:
    exam_id = await add_exam(conn)
    facts = await exam.read_exam(conn, exam_id=exam_id)
    assert facts is not None
    assert (facts.expected, facts.items) == (0, 1)
    await conn.execute(
        """INSERT INTO people (username, full_name, password_hash, active)
           VALUES ('a', 'A', 'x', true), ('b', 'B', NULL, true),
                  ('c', 'C', NULL, true), ('d', 'D', NULL, false)"""
    )
    await conn.execute("INSERT INTO assignments SELECT %s, id FROM people", (exam_id,))
    await conn.execute(
        """INSERT INTO tickets (id, exam_id, person_id)
           SELECT gen_random_uuid(), %s, id FROM people WHERE username = 'b'""",
        (exam_id,),
    )
    facts = await exam.read_exam(conn, exam_id=exam_id)
    assert facts is not None
    assert (facts.expected, facts.with_ticket, facts.locked_out) == (3, 1, 1)
    assert await exam.read_exam(conn, exam_id=10**9) is None


def test_as_many_must_have_been_rehearsed_as_come() -> None:
    assert exam.check_rehearsed(EXAM, [HELD]).verdict == "pass"
    assert exam.check_rehearsed(EXAM, []).verdict == "warn"
    assert exam.check_rehearsed(replace(EXAM, expected=1001), [HELD]).verdict == "fail"
    assert exam.check_rehearsed(EXAM, [HELD, replace(HELD, holds=False)]).verdict == "fail"
    assert exam.check_rehearsed(EXAM, [replace(HELD, lost=True)]).verdict == "fail"
    assert exam.check_rehearsed(replace(EXAM, expected=0), [HELD]).verdict == "warn"


def test_rehearsals_are_read_from_their_folder(tmp_path: Path) -> None:
    verdict = {"candidates": 1000, "holds": True, "findings": {"lost": []}}
    for name, opens_at in (("b", "2030-01-02"), ("a", "2030-01-03")):
        document = {"setting": {"title": "x"}, "verdict": verdict, "opens_at": opens_at}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "c.json").write_text("[]")
    (tmp_path / "d.json").write_text("{")
    assert [each.opened_at for each in exam.read_rehearsals(tmp_path)] == ["2030-01-02", "2030-01-03"]
    assert exam.read_rehearsals(tmp_path / "none") == []


def test_it_is_told_in_words_and_as_a_document() -> None:
    found = [
        passed("disk", "is large"),
        warned("clock", "is late", "wind it"),
        failed("fsync", "is off", "on"),
    ]
    told = in_words(found)
    assert told[0] == "pass  disk   is large"
    assert told[2].strip() == "wind it"
    assert told[-1] == "1 passed, 1 warned, 1 failed"
    document = json.loads(as_document(found))
    assert (document["ready"], len(document["checks"])) == (False, 3)
    assert json.loads(as_document(found[:2]))["ready"]
