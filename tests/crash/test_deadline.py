"""Time runs out by itself: nobody has to be there, and no worker is so dear that it may not be killed."""

import os
import signal
import sys
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from examhall.base import jobs

from .hall import Hall, eventually

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes to kill in /proc"),
]

ALICE = 1
SITTINGS = 2_000
HELD = 1_000
# Long enough to take hold of half of them first.
DUE_IN_S = 3


def add_exam(conn: psycopg.Connection[tuple[Any, ...]], *, duration_s: int, grace_s: int) -> Any:
    """Two questions worth a point each; A is right."""
    exam_id = value(
        conn,
        """INSERT INTO exams (title, kind, duration_s, grace_s)
           VALUES ('Short', 'mock_exam', %s, %s) RETURNING id""",
        duration_s,
        grace_s,
    )
    conn.execute(
        "INSERT INTO questions (exam_id, number, prompt) SELECT %s, n, '?' FROM generate_series(1, 2) AS n",
        (exam_id,),
    )
    conn.execute(
        """INSERT INTO items (exam_id, question_number, kind, presented, key, points)
           SELECT exam_id, number, 'single_choice',
                  '{"options": [{"key": "A", "text": "a"}, {"key": "B", "text": "b"}]}',
                  '{"correct": ["A"]}', 1
             FROM questions WHERE exam_id = %s""",
        (exam_id,),
    )
    return exam_id


def value(conn: psycopg.Connection[tuple[Any, ...]], query: str, *arguments: object) -> Any:
    row = conn.execute(query.encode(), arguments).fetchone()
    return row[0] if row else None


def test_when_time_runs_out_with_nobody_connected_the_sitting_is_closed_and_marked(hall: Hall) -> None:
    with hall.connect() as conn:
        exam_id = add_exam(conn, duration_s=2, grace_s=1)
        started = hall.post(f"/api/v1/exams/{exam_id}/sessions", ALICE)
        assert started.status == 200
        sitting_id = started.json["session_id"]
        saved = hall.post(
            f"/api/v1/sessions/{sitting_id}/answers/",
            ALICE,
            {
                "answers": [
                    {"question_number": 1, "answer": "A", "revision": 1},
                    {"question_number": 2, "answer": "B", "revision": 1},
                ]
            },
        )
        assert saved.status == 200

        eventually(lambda: value(conn, "SELECT 1 FROM results WHERE sitting_id = %s", sitting_id))

        closed_by, in_time = conn.execute(
            "SELECT closed_by, closed_at >= closes_at FROM sittings WHERE id = %s", (sitting_id,)
        ).fetchone() or (None, None)
        assert closed_by == "deadline"
        assert in_time, "closed before the grace was over"
        answers = conn.execute(
            "SELECT question_number, answer FROM answers WHERE sitting_id = %s ORDER BY 1", (sitting_id,)
        ).fetchall()
        assert answers == [(1, "A"), (2, "B")]
        points, most = conn.execute(
            "SELECT points, max_points FROM results WHERE sitting_id = %s", (sitting_id,)
        ).fetchone() or (None, None)
        assert (points, most) == (1, 2)
    late = hall.post(
        f"/api/v1/sessions/{sitting_id}/answers/", ALICE, {"question_number": 2, "answer": "A", "revision": 2}
    )
    assert (late.status, late.json["code"]) == (400, "time_expired")
    result = hall.get(f"/api/v1/sessions/{sitting_id}/results", ALICE)
    assert result.status == 200


def test_a_worker_killed_in_the_middle_of_closing_closes_and_marks_each_once(hall: Hall) -> None:
    with hall.connect() as conn, psycopg.connect(hall.dsn) as saving:
        exam_id = add_exam(conn, duration_s=3600, grace_s=0)
        add_sittings_due_soon(conn, exam_id)
        # Half of them are held, as by saves under way: they cannot be closed before the worker is killed.
        saving.execute(
            "SELECT FROM sittings WHERE exam_id = %s AND candidate_id <= %s FOR SHARE", (exam_id, HELD)
        )
        eventually(lambda: still_open(conn, exam_id) < SITTINGS)

        killed = hall.job_worker()
        workers = conn.execute("SELECT array_agg(id) FROM procrastinate_workers").fetchone()
        os.kill(killed, signal.SIGKILL)
        assert still_open(conn, exam_id) >= HELD
        saving.rollback()

        eventually(lambda: still_open(conn, exam_id) == 0)
        eventually(lambda: hall.job_worker() not in (0, killed))
        let_a_minute_pass(conn, workers)
        eventually(lambda: value(conn, "SELECT count(*) FROM results") == SITTINGS)

        found = conn.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'score_sittings'")
        scored = [tuple(sitting) for (args,) in found for sitting in args["sittings"]]
        assert len(scored) == len(set(scored)) == SITTINGS
        assert value(conn, "SELECT count(*) FROM results WHERE points = 1 AND max_points = 2") == SITTINGS
        assert value(conn, "SELECT count(*) FROM marks") == 2 * SITTINGS
        assert value(conn, "SELECT count(*) FROM sittings WHERE closed_by = 'deadline'") == SITTINGS


def still_open(conn: psycopg.Connection[tuple[Any, ...]], exam_id: int) -> int:
    found: int = value(
        conn, "SELECT count(*) FROM sittings WHERE exam_id = %s AND closed_at IS NULL", exam_id
    )
    return found


def add_sittings_due_soon(conn: psycopg.Connection[tuple[Any, ...]], exam_id: int) -> None:
    with conn.transaction():
        conn.execute(
            """INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed,
                                     started_at, deadline_at, closes_at)
               SELECT n, %s, 1, 7, now(), t.due_at, t.due_at
                 FROM generate_series(1, %s) AS n
                CROSS JOIN (SELECT now() + %s * interval '1 second' AS due_at) AS t""",
            (exam_id, SITTINGS, DUE_IN_S),
        )
        conn.execute(
            """INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part,
                                    answer, revision, saved_at)
               SELECT candidate_id, id, 1, '', '"A"', 1, now() FROM sittings WHERE exam_id = %s""",
            (exam_id,),
        )


def let_a_minute_pass(
    conn: psycopg.Connection[tuple[Any, ...]], dead_workers: tuple[Any, ...] | None
) -> None:
    """A job that the killed worker had begun is given to another after a minute: now."""
    conn.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = '-infinity' WHERE id = ANY(%s)", dead_workers
    )
    job = {"task": "retry_stalled_jobs", "queue": "marking", "priority": 0}
    conn.execute(jobs.SQL.defer_jobs.text, {**job, "arguments": [Jsonb({"timestamp": 0})]})
