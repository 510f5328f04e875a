"""The key of a seal, and the tokens under it: nobody can test a guess against them who has not the data.

The salt travels in the seal, patient ids stand in the published manifests, and many a cell has few values: a plain
salted hash of a patient's row could be found by trying. So nothing in a seal is hashed with the salt alone. The key is
made of the salt and of *all* that is sealed, and each content goes into an HMAC under that key. Who rebuilt the same
has the same key; who rebuilt nearly the same gets it out of a lock (`locks.py`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from clinseek_assets.release.seal.parts import Part

TOKEN_BYTES = 12
KEY_BYTES = 32
NOT_THERE = bytes(TOKEN_BYTES)


def key_of(salt: bytes, parts: Iterable[Part]) -> bytes:
    """The key of a seal over these parts, all of them."""
    content = b"".join(part.joint for part in parts)
    return _mac(salt, b"key", hashlib.sha256(content).digest())


def proof_of(key: bytes) -> bytes:
    """By which a key is known for the right one."""
    return _mac(key, b"proof", b"")


def tokens_of(key: bytes, part: Part, qids: Sequence[str]) -> list[bytes]:
    """One token a content of a part; equal contents of different questions or parts have different ones.

    Args:
        key: the seal's.
        part: whose contents.
        qids: of the split's questions; what all share belongs to none.

    Returns:
        The tokens in the order of the contents; zeros for what is not there, which no content has but by a chance of
        2^-96.
    """
    owners = [""] if part.shared else qids
    return [
        NOT_THERE if content is None else _mac(key, f"{part.name}\0{owner}".encode(), content)[:TOKEN_BYTES]
        for owner, content in zip(owners, part.contents, strict=True)
    ]


def _mac(key: bytes, purpose: bytes, content: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\0" + content, "sha256")
