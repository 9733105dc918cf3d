"""Keeps processes running, PostgreSQL among them, and ends them in order when it is told to stop."""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

from examhall.base.embedded import CannotStart, Postgres

# A child that dies is started again at once, then after growing pauses; after this long alive it is forgiven.
FORGIVEN_AFTER_S = 10.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
# A little more than what a web worker gives its requests in flight.
STOP_S = 15.0
# Dying this often before anything ever answered is a fault that a restart does not mend.
HOPELESS = 3
TICK_S = 1.0

Say = Callable[[str], None]


class Child:
    """One process that is to run as long as we do."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], fds: Sequence[int]
    ) -> None:
        self.name = name
        self.deaths = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._environment = environment
        self._fds = fds
        self._started_at = 0.0
        self._pause_s = 0.0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            pass_fds=self._fds,
            stdin=subprocess.DEVNULL,
            # A Ctrl-C at the terminal is for us; we decide who stops when.
            start_new_session=True,
        )

    def tend(self, say: Say) -> None:
        """Start it again if it died and its pause is over."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self.process = None
            self.deaths += 1
            lived_s = time.monotonic() - self._started_at
            self._pause_s = (
                FIRST_PAUSE_S
                if lived_s > FORGIVEN_AFTER_S
                else min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            )
            self._started_at = time.monotonic() + self._pause_s
            say(f"The {self.name} ended ({_ending(code)}); starting it again")
        if self.process is None and time.monotonic() >= self._started_at:
            self.start()

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


class Supervisor:
    """Runs PostgreSQL, if it is ours, and the children, until SIGTERM, SIGINT or SIGHUP.

    Must live in the main thread: signals arrive there, and PostgreSQL is told when it ends.
    """

    def __init__(self, postgres: Postgres | None, say: Say) -> None:
        self._postgres = postgres
        self._say = say
        self._children: list[Child] = []
        self._signals = 0
        self._woken, wake = socket.socketpair()
        self._woken.setblocking(False)
        wake.setblocking(False)
        self._wake = wake
        # Children read the other end: it closes when we are gone, however we went.
        self.lifeline, self._held = os.pipe()

    @property
    def stopping(self) -> bool:
        return self._signals > 0

    def listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        # Handled only to wake us when a child ends.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def start(self, children: Sequence[Child]) -> None:
        for child in children:
            child.start()
            self._children.append(child)

    def wait_until(self, answered: Callable[[], bool]) -> bool:
        """Tend until *answered* says yes. False: stopped, or the children die again and again."""
        while not self.stopping:
            if answered():
                return True
            self._tend(0.05)
            if any(child.deaths >= HOPELESS for child in self._children):
                return False
        return False

    def run(self) -> None:
        """Tend until a signal says stop."""
        while not self.stopping:
            self._tend(TICK_S)

    def stop(self, order: Sequence[Sequence[Child]], close: Callable[[], None]) -> None:
        """End everything: *close* first, then each group of *order* in turn, PostgreSQL last.

        Each gets the time to finish what it has in hand. A second signal ends that patience.
        """
        close()
        for group in order:
            for child in group:
                child.signal(signal.SIGTERM)
            self._wait_for(group)
        if self._postgres is not None:
            self._postgres.stop(quick=self._signals > 1)
        os.close(self._held)
        os.close(self.lifeline)
        signal.set_wakeup_fd(-1)
        self._woken.close()
        self._wake.close()

    def _wait_for(self, group: Sequence[Child]) -> None:
        patient_until = time.monotonic() + STOP_S
        while any(child.process is not None and child.process.poll() is None for child in group):
            if self._signals > 1 or time.monotonic() > patient_until:
                for child in group:
                    child.signal(signal.SIGKILL)
                for child in group:
                    if child.process is not None:
                        child.process.wait()
            self._sleep(0.1)

    def _tend(self, at_most_s: float) -> None:
        for child in self._children:
            child.tend(self._say)
        if self._postgres is not None:
            if (code := self._postgres.poll()) is not None:
                self._say(f"PostgreSQL ended ({_ending(code)}); starting it again")
                self._restart_postgres(self._postgres)
            else:
                self._postgres.trim_log()
        self._sleep(at_most_s)

    def _restart_postgres(self, postgres: Postgres) -> None:
        try:
            postgres.start(give_up=lambda: self.stopping)
        except CannotStart as reason:
            if not self.stopping:
                self._say(f"{reason}; trying again")
                self._sleep(LONGEST_PAUSE_S)
        else:
            self._say("PostgreSQL is back")

    def _sleep(self, at_most_s: float) -> None:
        """Until a signal arrives: a child's death, or the wish to stop."""
        if any(child.process is None for child in self._children):
            at_most_s = min(at_most_s, FIRST_PAUSE_S)
        select.select([self._woken], [], [], at_most_s)
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
