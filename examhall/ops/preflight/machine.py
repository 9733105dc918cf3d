"""Checks of the machine that this runs on: disk, cores, memory, limits of the kernel."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from examhall.base.storage import MissingFile, Storage, StorageUnavailable
from examhall.ops.preflight.finding import Finding, failed, graded, passed, warned

GIB = 1024**3
LITTLE_SPACE, TOO_LITTLE_SPACE = 5 * GIB, 1 * GIB
FLUSHES = 25
SLOW_FLUSH_MS, TOO_SLOW_FLUSH_MS = 10.0, 50.0
# No device is that fast; memory is.
IMPOSSIBLE_FLUSH_MS = 0.01
# Each candidate's browser holds a connection or two.
FILES, TOO_FEW_FILES = 65_536, 4_096
LITTLE_MEMORY, TOO_LITTLE_MEMORY = GIB, GIB // 4


def check_space(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    return judge_space(folder, free)


def judge_space(folder: Path, free: int) -> Finding:
    return graded(
        "disk_space",
        f"{free / GIB:.1f} GiB free at {folder}",
        "make room: a thousand candidates' exam takes some hundred megabytes, its log as much again",
        fails=free < TOO_LITTLE_SPACE,
        warns=free < LITTLE_SPACE,
    )


async def check_storage(storage: Storage, *, is_own: bool, nodes: int) -> Finding:
    """Papers and certificates can be written, read and deleted where they are kept, by every node."""
    mend = "let the server write there: EXAMHALL_STORAGE; of a bucket, its keys; docs/papers.md, Storage"
    try:
        await storage.try_out()
    except (StorageUnavailable, MissingFile) as error:
        why = str(error.__cause__ or error).partition("\n")[0]
        return failed("storage", f"files cannot be kept: {why}", mend)
    if is_own and nodes > 1:
        shared = "set EXAMHALL_STORAGE to a folder that all nodes mount, or to a bucket"
        found = f"{storage.folder} is this node's alone: others cannot read its papers"
        return failed("storage", found, shared)
    return passed("storage", str(storage.folder or "the bucket") + " can be written and read")


def check_flush(folder: Path) -> Finding:
    """How long it takes until 8 kB are on the disk, as a commit of our own PostgreSQL needs."""
    took_ms = []
    with tempfile.NamedTemporaryFile(dir=_existing(folder), prefix=".preflight.") as file:
        for _ in range(FLUSHES):
            began = time.perf_counter()
            os.pwrite(file.fileno(), bytes(8192), 0)
            os.fsync(file.fileno())
            took_ms.append((time.perf_counter() - began) * 1000)
    return judge_flush(median(took_ms), max(took_ms))


def judge_flush(typical_ms: float, longest_ms: float) -> Finding:
    found = f"flushing 8 kB takes {typical_ms:.2f} ms, the longest of {FLUSHES} took {longest_ms:.2f} ms"
    if typical_ms < IMPOSSIBLE_FLUSH_MS:
        mend = "use a real disk for the data folder: this one is in memory, or says what is not true"
        return warned("disk_flush", found, mend)
    return graded(
        "disk_flush",
        found,
        "every save waits for one: use an SSD with power-loss protection",
        fails=typical_ms > TOO_SLOW_FLUSH_MS,
        warns=typical_ms > SLOW_FLUSH_MS,
    )


def check_workers(workers: int, cores: int) -> Finding:
    found = f"{workers} web worker(s) on {cores} core(s)"
    mend = "set EXAMHALL_WORKERS to the number of cores, or leave it out"
    return graded("workers", found, mend, fails=workers > 4 * cores, warns=not cores <= workers <= 2 * cores)


def check_files(hard_limit: int) -> Finding:
    """`serve` raises the soft limit to the hard one by itself."""
    return graded(
        "open_files",
        f"a process may open {hard_limit:,} files",
        f"LimitNOFILE={FILES} in the systemd unit, or ulimit -Hn {FILES}",
        fails=hard_limit < TOO_FEW_FILES,
        warns=hard_limit < FILES,
    )


def check_backlog(wanted: int, somaxconn: Path = Path("/proc/sys/net/core/somaxconn")) -> Finding:
    """How many connections may wait to be taken in, when everybody comes at once."""
    try:
        allowed = int(somaxconn.read_text())
    except OSError:
        return passed("backlog", "this system does not say")
    found = f"{allowed:,} connections may wait for each worker, {wanted:,} are asked for"
    mend = f"sysctl -w net.core.somaxconn={wanted}, and in /etc/sysctl.d to keep it"
    return graded("backlog", found, mend, fails=allowed < wanted // 8, warns=allowed < wanted)


def check_memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return passed("memory", "this system does not say")
    found = f"{free / GIB:.1f} GiB to be had"
    mend = "end what else runs here: everything together needs under 1 GiB at the peak"
    return graded("memory", found, mend, fails=free < TOO_LITTLE_MEMORY, warns=free < LITTLE_MEMORY)


def check_secret_file(path: Path) -> Finding:
    """Whoever reads it can sign in as anybody."""
    if not path.exists():
        return passed(
            "secret_file", "there is none: the secret comes from EXAMHALL_SECRET, or is not made yet"
        )
    if path.stat().st_mode & 0o077:
        return failed("secret_file", f"{path} can be read by others on this machine", f"chmod 600 {path}")
    return passed("secret_file", f"{path} can be read by its owner alone")


def check_certificate_key(given: str | None, kept: Path, *, own_database: bool) -> Finding:
    """Whoever reads it can sign certificates; and of a key on one node only, nobody keeps a copy."""
    if given is not None:
        return passed("certificate_key", "is given")
    if not own_database:
        found = "EXAMHALL_CERTIFICATE_KEY is not set: each node on this database signs with a key of its own"
        mend = "set EXAMHALL_CERTIFICATE_KEY, the same on every node: head -c 32 /dev/urandom | base64"
        return warned("certificate_key", found, mend)
    if kept.exists() and kept.stat().st_mode & 0o077:
        found = f"{kept} can be read by others on this machine"
        return failed("certificate_key", found, f"chmod 600 {kept}")
    return passed("certificate_key", "can be read by its owner alone, or is not made yet")


def check_secret(secret: str | None, *, own_database: bool) -> Finding:
    """Its length is checked at every start; here, whether chance made it, and one for all nodes."""
    if secret is None and not own_database:
        mend = "set EXAMHALL_SECRET, the same on every node"
        found = "EXAMHALL_SECRET is not set: each node on this database makes one of its own"
        return warned("secret", found, mend)
    if secret is not None and len(set(secret)) < 12:
        mend = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        return failed("secret", "EXAMHALL_SECRET repeats itself: it can be guessed", mend)
    return passed("secret", "is long and not a pattern")


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)
