"""How the server starts what it consists of."""

import os
import subprocess
from pathlib import Path

from examhall import serving
from examhall.settings import Settings


def test_python_files_where_the_server_is_started_are_not_run(tmp_path: Path) -> None:
    """An operator may stand in a folder where others write."""
    (tmp_path / "uvicorn.py").write_text("print('run')")
    (tmp_path / "examhall").mkdir()
    (tmp_path / "examhall" / "__init__.py").write_text("print('run')")
    reading, writing = os.pipe()
    groups = serving._children(Settings(data=tmp_path / "data"), reading, [], "none:such", "none:such")
    [[jobs]] = [group for group in groups if group]
    ended = subprocess.run(
        jobs._command, cwd=tmp_path, env=jobs._environment, pass_fds=[reading], capture_output=True, text=True
    )
    os.close(reading)
    os.close(writing)
    assert "run" not in ended.stdout
    assert "No module named 'none'" in ended.stderr
