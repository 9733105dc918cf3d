"""What each process of a server tells the others, through a small file of its own in a folder they share.

Written in place about once a second, and never flushed: it is of use only while the server runs. A checksum
tells a reader that it read amid a write.
"""

import os
import struct
import zlib
from pathlib import Path

HEAD = struct.Struct("<II")


class Board:
    def __init__(self, folder: Path, name: str) -> None:
        """Its file may hold what a process of that name, now dead, told last: see `told_before`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.name = name
        self._kept: dict[str, bytes] = {}
        self.told_before = _read(folder / name)
        self._file = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)

    def tell(self, message: bytes) -> None:
        os.pwrite(self._file, HEAD.pack(len(message), zlib.crc32(message)) + message, 0)

    def read(self) -> dict[str, bytes]:
        """What the others told last, by name; dead ones too."""
        for path in self._folder.iterdir():
            if path.name != self.name and (message := _read(path)) is not None:
                self._kept[path.name] = message
        return self._kept

    def close(self) -> None:
        os.close(self._file)


def wipe(folder: Path) -> None:
    """Before the first process of a server starts: what another run of it counted is over."""
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()


def _read(path: Path) -> bytes | None:
    """None: nothing there, or just being written. The next time will do."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(content) < HEAD.size:
        return None
    length, checksum = HEAD.unpack_from(content)
    message = content[HEAD.size : HEAD.size + length]
    return message if len(message) == length and zlib.crc32(message) == checksum else None
