"""Holding what was rebuilt against a seal: how many questions are identical, and what the others differ in.

A question is identical if all that belongs to it is: what the manifest says of it, each table of its patient's record,
both contexts, its linked files. What all questions share (dictionaries) is counted by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.gathering import parts_of, questions_of
from clinseek_assets.release.seal.keys import TOKEN_BYTES, key_of, opened, proof_of, tokens_of
from clinseek_assets.release.seal.parts import Part
from clinseek_assets.release.seal.seal_file import Counts, Seal
from clinseek_assets.release.seal.sealing import counts_of


@dataclass(frozen=True)
class Difference:
    """A part that is not as sealed.

    Attributes:
        artifact: the part's name.
        split: `text` or `multimodal`.
        rows: the questions that it differs for, by row of the manifest; none where all share it.
        upstream: the source tables behind the difference.
    """

    artifact: str
    split: str
    rows: tuple[int, ...]
    upstream: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What came of holding a home against a seal.

    Attributes:
        opened: whether the seal could be opened with what is here; if not, nothing but the counts can be compared.
        questions: how many the seal has.
        identical: how many of them are identical here; 0 where the seal stays closed.
        shared, shared_identical: the same of what all questions share.
        differences: in the order of the parts.
        counts: split -> what the seal has of it and what is here, where they differ.
    """

    opened: bool
    questions: int
    identical: int
    shared: int
    shared_identical: int
    differences: tuple[Difference, ...] = ()
    counts: Mapping[str, tuple[Counts, Counts]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all of it is identical."""
        return self.opened and not self.differences and not self.counts


def verify(scope: Scope, seal: Seal) -> Verdict:
    """Hold the splits of a seal, as they were rebuilt here, against it.

    Args:
        scope: where the rebuilt benchmark lies, and who is told how far the work is.
        seal: whose splits are looked at; what is not there counts as different.

    Raises:
        Fault: a manifest cannot be read.
    """
    questions = {split: questions_of(scope.settings, split) for split in seal.splits}
    here = {split: counts_of(of_split) for split, of_split in questions.items()}
    counts = {split: (sealed, here[split]) for split, sealed in seal.splits.items() if sealed != here[split]}
    parts = parts_of(scope, questions)
    key = _key(seal, parts)
    differing = [] if key is None else _differing(key, parts, seal)
    asked = {(split, row) for split, sealed in seal.splits.items() for row in range(1, sealed.questions + 1)}
    touched = {(part.split, row) for part, rows in differing if not part.shared for row in rows}
    shared = sum(part.shared for part in seal.parts)
    return Verdict(
        opened=key is not None,
        questions=len(asked),
        identical=len(asked - touched) if key else 0,
        shared=shared,
        shared_identical=shared - sum(part.shared for part, _ in differing) if key else 0,
        differences=tuple(
            Difference(part.name, part.split, () if part.shared else rows, _upstream(part, rows, differing))
            for part, rows in differing
        ),
        counts=counts,
    )


Differing = list[tuple[Part, tuple[int, ...]]]


def _key(seal: Seal, parts: Sequence[Part]) -> bytes | None:
    """The seal's key: that of what is here where all is the same, else out of a lock that opens."""
    salt, proof = bytes.fromhex(seal.salt), bytes.fromhex(seal.proof)
    own = key_of(salt, parts)
    if proof_of(own) == proof:
        return own
    return opened({name: bytes.fromhex(lock) for name, lock in seal.locks.items()}, proof, salt, parts)


def _differing(key: bytes, parts: Sequence[Part], seal: Seal) -> Differing:
    """The parts whose tokens are not those of the seal, each with the rows; then the parts that only the seal has."""
    sealed = {part.name: part.split_tokens() for part in seal.parts}
    here = {part.name for part in parts}
    absent = [
        Part(part.name, part.split, (), (None,) * len(sealed[part.name]), part.shared)
        for part in seal.parts
        if part.name not in here
    ]
    compared = [(part, _other_rows(tokens_of(key, part), sealed.get(part.name, []))) for part in (*parts, *absent)]
    return [(part, rows) for part, rows in compared if rows]


def _other_rows(own: Sequence[bytes], sealed: Sequence[bytes]) -> tuple[int, ...]:
    """The rows, from 1, in which two lists of tokens differ. What one of the two lacks differs, in both as well."""
    pairs = enumerate(zip_longest(own, sealed), 1)
    return tuple(row for row, (one, other) in pairs if one != other or one == bytes(TOKEN_BYTES))


def _upstream(part: Part, rows: tuple[int, ...], differing: Differing) -> tuple[str, ...]:
    """The source tables behind a difference.

    What is rendered from records and dictionaries differs where they do. Where they do not, it was given from outside
    or another version of the package rendered it.
    """
    if not part.follows:
        return part.upstream
    behind = [
        other.upstream
        for other, others in differing
        if other.split == part.split and (other.shared or (other.of_record and set(rows) & set(others)))
    ]
    return tuple(dict.fromkeys(table for upstream in behind for table in upstream)) or part.upstream
