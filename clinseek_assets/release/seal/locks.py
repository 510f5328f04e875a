"""The locks of a seal: its key, hidden under contents that are too much to be guessed.

Each lock has the key under one content (scrypt): a table of the records over all patients, or the whole records of a
group of patients. One that is the same here opens the seal, so that a difference can be named whether it is one table
for all patients or all tables of one. Who has none of them would have to guess a whole one. So that none is small
enough for that, a table needs `LEAST_PATIENTS` patients with rows in it, and a group `LEAST_RECORDS` whole records.
Dictionaries, manifests and linked files, which are public or may have public hashes, lock nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clinseek_assets.release.seal.keys import KEY_BYTES, proof_of
from clinseek_assets.release.seal.parts import NOTHING, Part

LEAST_PATIENTS = 16
LEAST_RECORDS = 8
# How many groups the patients of one kind of records fall into: so that one who differs leaves the others whole.
RECORDS_A_GROUP, MOST_GROUPS = 12, 32
# 8 MiB and some 25 ms for each try.
SCRYPT = {"n": 1 << 13, "r": 8, "p": 1}


@dataclass(frozen=True)
class Hiding:
    """A content that a key is hidden under: its name, and the digest of all of it."""

    name: str
    content: bytes


def groups_of(parts: Sequence[Part]) -> dict[str, int]:
    """Records (`text_patient_databases`) -> into how many groups their patients fall."""
    numbers = {records: len(_records(of_kind)) for records, of_kind in _by_records(parts).items()}
    return {records: max(1, min(MOST_GROUPS, number // RECORDS_A_GROUP)) for records, number in numbers.items()}


def hidings_of(parts: Sequence[Part], groups: Mapping[str, int]) -> Iterator[Hiding]:
    """The contents that a key may be hidden under.

    Neither the order of the questions nor how many ask about a patient counts.

    Args:
        parts: what is sealed, or what is here.
        groups: as the seal has them.
    """
    for records, of_kind in _by_records(parts).items():
        for part in of_kind:
            contents = {content for content in part.contents if content not in (None, NOTHING)}
            if len(contents) > LEAST_PATIENTS:  # one of them may be that of no rows
                yield Hiding(part.name, _joint(contents))
        for place, group in enumerate(_grouped(_records(of_kind), groups.get(records, 1)), 1):
            if len(group) >= LEAST_RECORDS:
                yield Hiding(f"{records}, group {place}", _joint(group))


def locks_of(
    key: bytes, salt: bytes, hidings: Iterable[Hiding], progress: Callable[[int, int], None]
) -> dict[str, bytes]:
    """Name -> the key, hidden under that content.

    Args:
        key, salt: the seal's.
        hidings: what it is hidden under.
        progress: told the locks made and their number.
    """
    wanted = list(hidings)
    locks = {}
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        hidden = workers.map(lambda hiding: _hidden(key, salt, hiding), wanted)
        for done, (hiding, lock) in enumerate(zip(wanted, hidden, strict=True), 1):
            locks[hiding.name] = lock
            progress(done, len(wanted))
    return locks


def opened(locks: Mapping[str, bytes], proof: bytes, salt: bytes, hidings: Iterable[Hiding]) -> bytes | None:
    """The key of a seal out of the first lock that one of these contents opens; None where none does."""
    for hiding in hidings:
        if hiding.name in locks:
            key = _hidden(locks[hiding.name], salt, hiding)
            if hmac.compare_digest(proof_of(key), proof):
                return key
    return None


def _by_records(parts: Sequence[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        if part.of_record:
            found[part.name.split("/")[0]].append(part)
    return found


def _records(of_kind: Sequence[Part]) -> dict[int, bytes]:
    """Patient -> the digests of all tables of the record, those who have none left out."""
    found = {}
    for place, patient in enumerate(of_kind[0].patients):
        tables = [part.contents[place] for part in of_kind]
        if None not in tables and NOTHING not in tables:
            found[patient] = b"".join(filter(None, tables))
    return found


def _grouped(records: Mapping[int, bytes], number: int) -> list[list[bytes]]:
    """The records by group. The patient alone tells the group, so that one who is lacking moves no other."""
    groups: list[list[bytes]] = [[] for _ in range(number)]
    for patient, record in records.items():
        digest = hashlib.sha256(str(patient).encode("ascii")).digest()
        groups[int.from_bytes(digest[:8], "big") % number].append(record)
    return groups


def _joint(contents: Iterable[bytes | None]) -> bytes:
    return hashlib.sha256(b"".join(sorted(filter(None, contents)))).digest()


def _hidden(key: bytes, salt: bytes, hiding: Hiding) -> bytes:
    """The key hidden under a content, or out of it again."""
    salt = hashlib.sha256(salt + hiding.name.encode()).digest()
    mask = hashlib.scrypt(hiding.content, salt=salt, dklen=KEY_BYTES, **SCRYPT)
    return bytes(one ^ other for one, other in zip(key, mask, strict=True))
