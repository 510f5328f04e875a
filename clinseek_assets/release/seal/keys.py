"""The key of a seal, and what it opens with: only who has the data can test a guess against a seal.

The salt travels in the seal, patient ids stand in the published manifests, and many a cell has few values: a plain
salted hash of a patient's row could be found by trying. So nothing in a seal is hashed with the salt alone. The key is
made of the salt and of *all* that is sealed, and each content goes into an HMAC under that key. Who rebuilt the same
has the same key. Who rebuilt nearly the same gets the key out of a lock: beside each table of the records the seal has
the key, hidden under that whole table over all patients (scrypt). One table that is the same opens the seal.

Whoever lacks all of the tables would have to guess a whole one. So that no table is small enough for that, only those
have a lock in which at least `LEAST_DIFFERENT` patients stand with rows of their own. Dictionaries, manifests and
linked files, which are public or may have public hashes, have none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence

from clinseek_assets.release.seal.parts import NOTHING, Part

TOKEN_BYTES = 12
LEAST_DIFFERENT = 16
# 16 MiB and some 50 ms for each try (RFC 7914's parameters for interactive use).
SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}
KEY_BYTES = 32


def key_of(salt: bytes, parts: Iterable[Part]) -> bytes:
    """The key of a seal over these parts, all of them."""
    content = b"".join(part.joint for part in parts)
    return _mac(salt, b"key", hashlib.sha256(content).digest())


def proof_of(key: bytes) -> bytes:
    """By which a key is known for the right one."""
    return _mac(key, b"proof", b"")


def tokens_of(key: bytes, part: Part) -> list[bytes]:
    """One token a content of a part; equal contents of different questions or parts have different ones.

    What is not there has zeros, which no content has but by a chance of 2^-96.
    """
    return [
        bytes(TOKEN_BYTES) if content is None else _mac(key, f"{part.name}\0{place}".encode(), content)[:TOKEN_BYTES]
        for place, content in enumerate(part.contents)
    ]


def locks_of(key: bytes, salt: bytes, parts: Sequence[Part], progress: Callable[[int, int], None]) -> dict[str, bytes]:
    """Part -> the key, hidden under that part's whole content; of the parts that are safe to hide it under.

    Args:
        key: the seal's.
        salt: the seal's.
        parts: what is sealed.
        progress: told the locks made and their number.
    """
    safe = [part for part in parts if has_lock(part)]
    locks = {}
    for done, part in enumerate(safe, 1):
        locks[part.name] = _hidden(key, salt, part)
        progress(done, len(safe))
    return locks


def has_lock(part: Part) -> bool:
    """Whether a part is a table of records in which enough patients have rows: one content may be no rows."""
    return part.of_record and len({*part.contents} - {NOTHING}) > LEAST_DIFFERENT


def opened(locks: Mapping[str, bytes], proof: bytes, salt: bytes, parts: Iterable[Part]) -> bytes | None:
    """The key of a seal by the first of these parts that is whole the same; None where none is."""
    for part in parts:
        if part.name in locks:
            key = _hidden(locks[part.name], salt, part)
            if hmac.compare_digest(proof_of(key), proof):
                return key
    return None


def _hidden(key: bytes, salt: bytes, part: Part) -> bytes:
    """The key hidden under a part's content, or out of it again."""
    mask = hashlib.scrypt(part.joint, salt=salt + part.name.encode(), dklen=KEY_BYTES, **SCRYPT)
    return bytes(one ^ other for one, other in zip(key, mask, strict=True))


def _mac(key: bytes, purpose: bytes, content: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\0" + content, "sha256")
