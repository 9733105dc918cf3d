"""A child's end of the pipe to its supervisor: when it closes, the child ends too."""

import os
import signal
import threading
import time

# Longer than a web worker gives its requests in flight.
PATIENCE_S = 20.0


def end_with(lifeline: int) -> None:
    """From now on this process stops in order when the pipe's other end closes, and by force if it cannot."""
    threading.Thread(target=_watch, args=(lifeline,), name="lifeline", daemon=True).start()


def _watch(lifeline: int) -> None:
    # Nothing is ever written: this returns when the supervisor is gone.
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(1)
