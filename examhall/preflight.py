"""`preflight`: every check with this installation's settings, told in words or as JSON."""

import asyncio
import resource

import psycopg

from examhall import worker
from examhall.base.db import connecting
from examhall.base.hindrance import Hindrance
from examhall.commands import reached
from examhall.ops.preflight import exam, machine, network, server
from examhall.ops.preflight.finding import Finding, any_failed, as_document, failed, in_words
from examhall.serving import BACKLOG
from examhall.settings import Settings, cores

# The job worker's pool, what it fetches and listens by, and the one of `maintain`.
JOB_CONNECTIONS = worker.POOL_SIZE + worker.QUEUE_POOL_SIZE + 2
# Long enough for the slowest count; a preflight is no request.
LIMIT_S = 30.0


def run(settings: Settings, *, exam_id: int | None = None, nodes: int = 1, as_json: bool = False) -> int:
    """Check everything and print what was found; 1 if something must be mended first."""
    findings = [*of_machine(settings, nodes), *of_network(settings)]
    try:
        with reached(settings) as known:
            findings += asyncio.run(of_database(known, settings, exam_id=exam_id, nodes=nodes))
    except (Hindrance, psycopg.Error) as error:
        findings.append(failed("database", str(error), "start it, or correct DATABASE_URL or --data"))
    print(as_document(findings) if as_json else "\n".join(in_words(findings)))
    return 1 if any_failed(findings) else 0


def of_machine(settings: Settings, nodes: int) -> list[Finding]:
    own = settings.database_url is None
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    findings = [
        machine.check_workers(settings.workers, cores()),
        machine.check_memory(),
        machine.check_files(2**31 if hard_limit == resource.RLIM_INFINITY else hard_limit),
        machine.check_backlog(BACKLOG),
        machine.check_space(settings.data),
        machine.check_secret(settings.given_secret, own_database=own),
        machine.check_secret_file(settings.data / "secret"),
        machine.check_certificate_key(
            settings.given_certificate_key, settings.data / "certificate-key", own_database=own
        ),
        asyncio.run(
            machine.check_storage(settings.open_storage(), is_own=settings.given_storage is None, nodes=nodes)
        ),
    ]
    return [*findings, machine.check_flush(settings.data)] if own else findings


def of_network(settings: Settings) -> list[Finding]:
    return [
        network.check_address(settings.given_url, settings.url),
        network.check_tls(settings.url),
        network.check_compression(settings.url),
        network.check_proxies(settings.url, settings.trusted_proxies, settings.rate_limit_trusted),
        asyncio.run(network.check_redis(settings.redis_url)),
    ]


async def of_database(
    known: Settings, settings: Settings, *, exam_id: int | None, nodes: int
) -> list[Finding]:
    """`known` has the address that was reached, `settings` say whether it is a server of somebody's own."""
    assert known.database_url is not None
    how = connecting(pooled=known.direct_url is not None, limit_s=LIMIT_S)
    async with await psycopg.AsyncConnection.connect(known.database_url, autocommit=True, **how) as conn:
        facts = await server.read_facts(conn)
        jobs = await server.read_jobs(conn)
        findings = [
            server.check_connections(
                facts,
                workers=settings.workers,
                pool_size=settings.pool_size,
                job_connections=JOB_CONNECTIONS,
                nodes=nodes,
                own=settings.database_url is None,
            ),
            server.check_durability(facts),
            await server.check_commit(conn),
            await server.check_clock(conn),
            await server.check_revision(conn),
            await server.check_indexes(conn),
            server.check_autovacuum(facts),
            server.check_statement_log(facts),
            server.check_backups(facts, settings.backups),
            server.check_maintained(jobs),
            server.check_job_worker(jobs),
        ]
        if exam_id is None:
            return findings
        found = await exam.read_exam(conn, exam_id=exam_id)
    if found is None:
        return [*findings, failed("exam", f"there is no exam {exam_id}", "examhall import prints its number")]
    rehearsals = exam.read_rehearsals(settings.data / "rehearsals")
    return [
        *findings,
        exam.check_window(found),
        exam.check_content(found),
        exam.check_candidates(found),
        exam.check_pictures(found),
        exam.check_sealed(found, settings.url),
        exam.check_rehearsed(found, rehearsals),
    ]
