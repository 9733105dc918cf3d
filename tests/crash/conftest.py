import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hall import Hall


@pytest.fixture
def folder() -> Iterator[Path]:
    """Reachable for whoever PostgreSQL runs as, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="examhall-crash-"))
    folder.chmod(0o711)
    yield folder
    home = (folder / "postgres").resolve()
    shutil.rmtree(folder)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def hall(folder: Path) -> Iterator[Hall]:
    hall = Hall(folder)
    yield hall
    if hall.process.poll() is None:
        hall.stop()


@pytest.fixture
def seed() -> int:
    """Shown when a test fails; EXAMHALL_CRASH_SEED runs the same again."""
    seed = int(os.environ.get("EXAMHALL_CRASH_SEED") or random.randrange(1_000_000))
    print(f"EXAMHALL_CRASH_SEED={seed}")
    return seed
