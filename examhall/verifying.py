"""`examhall verify`: says of a certificate's PDF whether it is genuine, and what that proves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examhall.base.hindrance import Hindrance
from examhall.certificates.offline import LARGEST_KEYS_BYTES, BadKeys, Checked, check_pdf, read_keys
from examhall.certificates.pdf_reader import LARGEST_BYTES

EXIT = {"genuine": 0, "altered": 3, "foreign": 4, "doubtful": 5}
SAID = {
    "genuine": "GENUINE: the facts below were signed by the holder of the key, and the page shows them",
    "doubtful": "DOUBTFUL: the facts below were signed by the holder of the key, but the page may differ",
    "altered": "ALTERED: do not trust this file",
    "foreign": "NOT OURS: nothing in this file was signed by the holder of these keys",
}
# In this order, with these names, before whatever else was signed.
NAMES = {
    "holder": "Holder",
    "title": "Title",
    "for": "For",
    "issuer": "Issued by",
    "issued_on": "Issued on",
    "serial": "Serial",
    "url": "Ask the server",
}


def verify(file: Path, keys_file: Path) -> int:
    """Print the verdict and the signed facts; the exit code of it."""
    try:
        keys = read_keys(_read(keys_file, LARGEST_KEYS_BYTES).decode())
    except FileNotFoundError as error:
        raise Hindrance(
            f"{keys_file} is not there: save what the server that you trust publishes at "
            "/.well-known/examhall-keys.json, and name it with --key"
        ) from error
    except (BadKeys, UnicodeDecodeError) as error:
        raise Hindrance(f"{keys_file} holds no keys of Examhall") from error
    checked = check_pdf(_read(file, LARGEST_BYTES), keys)
    print(SAID[checked.verdict])
    for reason in checked.reasons:
        print(f"  - {_plain(reason)}")
    if checked.facts:
        _print_facts(checked)
    return EXIT[checked.verdict]


def _read(file: Path, most: int) -> bytes:
    """One byte more than is looked at, so that what is longer is noticed, and memory holds no more."""
    with file.open("rb") as opened:
        return opened.read(most + 1)


def _print_facts(checked: Checked) -> None:
    print()
    rest = {name: value for name, value in checked.facts.items() if name not in NAMES}
    for name, value in _flat({NAMES[name]: checked.facts.get(name) for name in NAMES} | rest):
        print(f"  {_plain(name):<16} {_plain(str(value))}")
    print(f"  {'Key':<16} {checked.key_id}")
    print("\nThis proves the facts. Compare them with what you see: over a page anything can be drawn.")
    print("Whether it was revoked since, only the server knows.")


def _flat(facts: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{before}{name}.")
        elif value not in (None, ""):
            lines.append((f"{before}{name}", value))
    return lines


def _plain(text: str) -> str:
    """Nothing that a terminal would obey: no colours, no cursor, no other reading direction."""
    return "".join(each if each.isprintable() else " " for each in text)
