"""Certificates: PDFs a second and core, issuing by the thousand: `python -m benchmarks.certificates`.

PDFs are set one after the other by one typesetter with different names, as the worker makes them, without
storing them; the time of its process alone is what one core can do.
"""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from pathlib import Path

from examhall.base.clock import now
from examhall.base.db import Database
from examhall.base.embedded import Postgres
from examhall.base.migrate import migrate
from examhall.base.typesetting import Typesetter
from examhall.certificates.designs import BUNDLED, ensure_designs
from examhall.certificates.issue import Issuer, Order, issue_certificates
from examhall.certificates.printing import facts_of, print_pdf, print_picture
from examhall.certificates.serials import new_serial
from examhall.certificates.signing import Signer
from examhall.demo.names import name_of
from examhall.web.vendoring import FONTS

URL = "https://exams.example.org"
LEAST_A_SECOND = 50
BATCH = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certificates", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="PDFs of each design")
    parser.add_argument("--batches", type=int, default=5, help="of a thousand certificates")
    options = parser.parse_args()
    signer = Signer("A" * 43 + "=")
    asyncio.run(_pdfs(signer, options.count))
    with tempfile.TemporaryDirectory(prefix="examhall-bench-") as folder:
        Path(folder).chmod(0o711)
        server = Postgres(Path(folder) / "data", durable=True)
        server.start()
        try:
            migrate(server.dsn(), lambda _: None)
            asyncio.run(_issue(server.dsn(), Issuer(signer, "Examhall", URL), options.batches))
        finally:
            server.stop(quick=True)


async def _pdfs(signer: Signer, count: int) -> None:
    print("| design | PDF, ms | CPU, ms | a second and core | picture, ms | KB |")
    print("|---|---|---|---|---|---|")
    for design in BUNDLED:
        # Starting and reading the fonts is not what a PDF costs.
        start_s, _, _ = await _cpu(signer, design.source, 0)
        used_s, wall_s, size = await _cpu(signer, design.source, count)
        cpu_s = (used_s - start_s) / count
        typesetter = Typesetter(FONTS)
        pictures = []
        for number in range(count // 4 + 1):
            began = time.perf_counter()
            await print_picture(typesetter, design.source, signer.sign(_facts(number)).text, now())
            pictures.append(time.perf_counter() - began)
        await typesetter.close()
        print(
            f"| {design.file} | {wall_s * 1000:.1f} | {cpu_s * 1000:.1f} | {1 / cpu_s:.0f} "
            f"| {statistics.median(pictures) * 1000:.1f} | {size / 1000:.0f} |"
        )
    print(f"\nWanted: {LEAST_A_SECOND} a second and core.\n")


async def _cpu(signer: Signer, source: str, count: int) -> tuple[float, float, int]:
    """CPU seconds of a typesetter with so many PDFs, the median of one by the clock, its bytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    typesetter = Typesetter(FONTS)
    size, took = len(await _one(typesetter, signer, source, 0)), [0.0]
    for number in range(1, count + 1):
        began = time.perf_counter()
        size = len(await _one(typesetter, signer, source, number))
        took.append(time.perf_counter() - began)
    await typesetter.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, statistics.median(took), size


async def _one(typesetter: Typesetter, signer: Signer, source: str, number: int) -> bytes:
    return await print_pdf(typesetter, source, signer.sign(_facts(number)), now())


def _facts(number: int) -> dict[str, object]:
    return facts_of(
        serial=new_serial(),
        title="Certificate of excellence",
        holder=name_of(number),
        purpose="Mathematics, mock exam 3",
        issued_at=now(),
        issuer="Examhall",
        url=URL,
        fields={"signatory": "Olga Example", "role": "Head of examinations"},
        score={"points": number % 56, "max_points": 55, "place": number},
    )


async def _issue(dsn: str, issuer: Issuer, batches: int) -> None:
    database = Database(dsn)
    await database.open()
    took = []
    async with database.transaction() as conn:
        await ensure_designs(conn)
        cursor = await conn.execute(
            "INSERT INTO people (username, full_name) VALUES ('olga', 'Olga Example') RETURNING id"
        )
        row = await cursor.fetchone()
    assert row is not None
    orders = [Order(name_of(number), fields={"signatory": "Olga Example"}) for number in range(BATCH)]
    for batch in range(batches):
        began = time.perf_counter()
        async with database.transaction() as conn:
            await issue_certificates(
                conn,
                issuer,
                template_id=1,
                title="Certificate",
                purpose="Mathematics",
                orders=orders,
                public=True,
                issued_by=row[0],
                request_key=str(batch),
            )
        took.append(time.perf_counter() - began)
    await database.close()
    print(f"{BATCH} certificates signed and stored, durably: {statistics.median(took) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
