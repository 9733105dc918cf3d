"""Seals a paper: compressed, padded, encrypted with AES-256-GCM. No database here, and no state.

A key is drawn at random for one paper of one exam, seals its parts (0 the questions, 1 the PDF) and nothing
else, ever: whoever has to seal again draws another one. So no nonce occurs twice under a key, though it is
nothing but the part's number, and a thousand candidates share one ciphertext.
"""

import gzip
import secrets
import struct
from collections.abc import AsyncIterator

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

KEY_BYTES = 32
TAG_BYTES = 16
QUESTIONS, PDF = 0, 1
# Before each part, of what is in it.
LENGTH = struct.Struct(">I")
# Almost all exams without pictures are smaller when compressed: their sizes tell nothing apart.
SMALLEST_BYTES = 65_536


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def new_version() -> str:
    return secrets.token_hex(16)


def nonce(part: int) -> bytes:
    return part.to_bytes(12, "big")


def bound_to(exam_id: int, version: str, part: int) -> bytes:
    """What is authenticated besides: another exam's paper, an older one or the wrong part does not open."""
    return f"examhall-sealed/1:{exam_id}:{version}:{part}".encode()


def padded(size: int) -> int:
    """The size that is shown of so many bytes: 64 KiB, or up to an eighth more in steps that grow along."""
    if size <= SMALLEST_BYTES:
        return SMALLEST_BYTES
    step = 1 << (size.bit_length() - 4)
    return -(-size // step) * step


def seal_document(document: bytes, *, key: bytes, exam_id: int, version: str) -> bytes:
    """The questions, sealed: nonce and key are `QUESTIONS` and one that is used for nothing else."""
    # The compressed length first, for a reader of gzip stumbles over what comes after it.
    squeezed = gzip.compress(document, mtime=0)
    plain = LENGTH.pack(len(squeezed)) + squeezed
    plain = plain.ljust(padded(len(plain) + TAG_BYTES) - TAG_BYTES, b"\0")
    return AESGCM(key).encrypt(nonce(QUESTIONS), plain, bound_to(exam_id, version, QUESTIONS))


def file_bytes(size: int) -> int:
    """How long a file of this size is when sealed."""
    return padded(LENGTH.size + size + TAG_BYTES)


async def seal_file(
    pieces: AsyncIterator[bytes], size: int, *, key: bytes, exam_id: int, version: str
) -> AsyncIterator[bytes]:
    """The PDF, sealed piece by piece: its length, itself, zeros, tag. ValueError unless it is of `size`."""
    encryptor = Cipher(AES(key), GCM(nonce(PDF))).encryptor()
    encryptor.authenticate_additional_data(bound_to(exam_id, version, PDF))
    yield encryptor.update(LENGTH.pack(size))
    read = 0
    async for piece in pieces:
        read += len(piece)
        yield encryptor.update(piece)
    if read != size:
        raise ValueError(f"{read} bytes came where {size} were announced")
    zeros = file_bytes(size) - LENGTH.size - size - TAG_BYTES
    yield encryptor.update(bytes(zeros)) + encryptor.finalize() + encryptor.tag


def open_file(sealed: bytes, *, key: bytes, exam_id: int, version: str) -> bytes:
    """What `seal_file` sealed. Raises InvalidTag."""
    plain = AESGCM(key).decrypt(nonce(PDF), sealed, bound_to(exam_id, version, PDF))
    [length] = LENGTH.unpack_from(plain)
    return plain[LENGTH.size : LENGTH.size + length]


def open_document(sealed: bytes, *, key: bytes, exam_id: int, version: str) -> bytes:
    """What was sealed. Raises InvalidTag for anything that is not exactly that, of this exam and version."""
    plain = AESGCM(key).decrypt(nonce(QUESTIONS), sealed, bound_to(exam_id, version, QUESTIONS))
    [length] = LENGTH.unpack_from(plain)
    return gzip.decompress(plain[LENGTH.size : LENGTH.size + length])
