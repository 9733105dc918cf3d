"""What rehearsals leave on disk is for the user who runs the server."""

from pathlib import Path

from examhall.rehearsal import folder_of
from examhall.settings import Settings


def test_nobody_else_on_the_machine_reads_what_rehearsals_write(tmp_path: Path) -> None:
    (tmp_path / "rehearsals").mkdir(mode=0o755)
    for _ in range(2):
        folder = folder_of(Settings(data=tmp_path))
        assert folder.stat().st_mode & 0o777 == 0o700
    assert folder_of(Settings(data=tmp_path / "new")).stat().st_mode & 0o077 == 0
