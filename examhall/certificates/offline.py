"""Whether a certificate's PDF is genuine, by the published keys alone: no server is asked."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from examhall.certificates.pdf_reader import Read, Unreadable, read_pdf
from examhall.certificates.serials import read_serial
from examhall.certificates.signing import ATTACHMENT, FORMAT, is_genuine, key_id_of, read_base64url

# 'foreign': nothing in it says that it is ours. 'doubtful': the facts are genuine, but the page may say more
# or less than they do.
Verdict: TypeAlias = Literal["genuine", "doubtful", "altered", "foreign"]

# What somebody reads on every certificate, and what an altered one would have otherwise.
SHOWN = ("holder", "title", "for", "serial")
SERIAL = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}")
# Longer ones are broken by the typesetter in ways that nobody can foresee.
LONGEST_COMPARED = 120
# Ours have under 5 kB.
LARGEST_KEYS_BYTES = 1_000_000


class BadKeys(ValueError):
    """The file of keys is not what /.well-known/examhall-keys.json gives."""


@dataclass(frozen=True)
class Checked:
    verdict: Verdict
    # Why not, or what to be careful about.
    reasons: list[str] = field(default_factory=list)
    # Only of signed facts.
    facts: Mapping[str, Any] = field(default_factory=dict)
    key_id: str = ""


def read_keys(text: str) -> dict[str, bytes]:
    """The public keys of a JWK Set, by their ids. Raises `BadKeys` where there is none."""
    try:
        keys = [read_base64url(key["x"]) for key in json.loads(text)["keys"] if key.get("crv") == "Ed25519"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadKeys from error
    if not keys:
        raise BadKeys
    # By what they are, whatever the file calls them.
    return {key_id_of(key): key for key in keys}


def check_pdf(content: bytes, keys: Mapping[str, bytes]) -> Checked:
    """What the file proves.

    Genuine: the facts in it were signed by the holder of one of these keys, and the holder, the title, what
    it is for and the serial can be read on the page. It proves the facts, not the picture: a page can be
    drawn so that a program reads what nobody sees. So people compare the facts with what they see.
    """
    try:
        read = read_pdf(content, ATTACHMENT)
    except Unreadable as reason:
        return Checked("foreign", [f"the file {reason}"])
    if not read.attachments:
        return Checked(
            "foreign", ["there is no proof in it: it is no certificate of ours, or was saved anew"]
        )
    if len(read.attachments) > 1:
        return Checked("altered", ["it carries more than one proof"])
    return _check(read, keys)


def _check(read: Read, keys: Mapping[str, bytes]) -> Checked:
    try:
        proof = json.loads(read.attachments[0])
        text, key_id = proof["facts"], proof["key_id"]
        signature = read_base64url(proof["signature"])
        known = proof["format"] == FORMAT and isinstance(text, str) and isinstance(key_id, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Checked("altered", ["the proof in it cannot be read"])
    if not known:
        return Checked("altered", ["the proof in it cannot be read"])
    if key_id not in keys:
        return Checked("foreign", [f"it is signed by a key that is not among those given: {key_id}"])
    if not is_genuine(text, signature, keys[key_id]):
        return Checked("altered", ["the signature does not belong to the facts: one of them was changed"])
    facts: dict[str, Any] = json.loads(text)
    others = _serials_on(read.text) - {facts.get("serial")}
    if others:
        reason = (
            f"the proof in it is that of {facts.get('serial')}, but the page has the serial {min(others)}"
        )
        return Checked("altered", [reason], facts, key_id)
    doubts = _doubts(read, facts)
    return Checked("doubtful" if doubts else "genuine", doubts, facts, key_id)


def _doubts(read: Read, facts: Mapping[str, Any]) -> list[str]:
    doubts = []
    if read.changed_since:
        doubts.append("the file was changed after it was made")
    if read.laid_on_top:
        doubts.append("something was laid on top of the page")
    page = _bare(read.text)
    for name in SHOWN:
        value = facts.get(name)
        if isinstance(value, str) and len(value) <= LONGEST_COMPARED and _bare(value) not in page:
            doubts.append(f'the page does not show what was signed: {name} "{value}"')
    return doubts


def _serials_on(text: str) -> set[str]:
    """Every serial of a certificate, by its check character, however the line was broken."""
    joined = "".join(each for each in text if not each.isspace() and unicodedata.category(each) != "Cf")
    return {each for each in SERIAL.findall(joined) if read_serial(each) == each}


def _bare(text: str) -> str:
    """Without what depends on lines, ligatures and capitals."""
    return "".join(
        character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum()
    )
