"""What the supervisor's children run: `web FACTORY SOCKET... LIFELINE` or `jobs FUNCTION LIFELINE`."""

import gc
import os
import resource
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from examhall.base.lifeline import end_with
from examhall.base.logs import configure
from examhall.settings import Settings

# What requests in flight are given when we stop. The longest honest one is far below it.
GRACE_S = 10
# A proxy before us keeps idle connections for 60 s or so; it must be the one that closes them.
KEEP_ALIVE_S = 75
FILES = 65_536


def main() -> None:
    kind, target, *numbers = sys.argv[1:]
    *sockets, lifeline = map(int, numbers)
    end_with(lifeline)
    _allow_many_connections()
    settings = Settings.read(os.environ)
    configure(settings.log_format)
    if kind == "web":
        _serve(settings, target, sockets)
    else:
        _named(target)(settings)


def _serve(settings: Settings, factory: str, listening: Sequence[int]) -> None:
    import uvicorn

    from examhall.base.bounded import BoundedProtocol

    app = _named(factory)(settings)
    _collect_less()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=each) for each in listening])


def _collect_less() -> None:
    """Leave what was loaded out of every search for cycles, and search less often.

    With Python's own thresholds a sixth of a save's time went into it: many requests in flight look like
    garbage that is not. Requests leave hardly any cycles, so what waits meanwhile is a few megabytes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _named(target: str) -> Any:
    module, name = target.split(":")
    return getattr(import_module(module), name)


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main()
