"""Holding what was rebuilt against a seal: how many questions are identical, and what the others differ in.

A question is identical if all that belongs to it is: what the manifest says of it, each table of its patient's record,
both contexts, its linked files. What all questions share (dictionaries) is counted by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.gathering import parts_of, questions_of
from clinseek_assets.release.seal.keys import NOT_THERE, key_of, proof_of, tokens_of
from clinseek_assets.release.seal.locks import hidings_of, opened
from clinseek_assets.release.seal.parts import Part
from clinseek_assets.release.seal.seal_file import Counts, Seal
from clinseek_assets.release.seal.sealing import counts_of


@dataclass(frozen=True)
class Difference:
    """A part that is not as sealed.

    Attributes:
        artifact: the part's name.
        split: `text` or `multimodal`.
        rows: the questions that it differs for, by row of the manifest here; none where all share it, or where only
            the seal has it.
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
        whole = self.identical == self.questions and self.shared_identical == self.shared
        return self.opened and whole and not self.differences and not self.counts


def verify(scope: Scope, seal: Seal) -> Verdict:
    """Hold the splits of a seal, as they were rebuilt here, against it.

    Questions are known by their qid: one that is lacking here makes no other differ.

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
    asked = sum(sealed.questions for sealed in seal.splits.values())
    shared = sum(part.shared for part in seal.parts)
    key = _key(seal, parts)
    if key is None:
        return Verdict(False, asked, 0, shared, 0, counts=counts)
    compared = _compared(key, parts, seal, questions)
    lost = {(one.part.split, place) for one in compared if not one.part.shared for place in one.lost}
    return Verdict(
        opened=True,
        questions=asked,
        identical=asked - len(lost),
        shared=shared,
        shared_identical=shared - sum(bool(one.lost) for one in compared if one.part.shared),
        differences=tuple(_differences(compared)),
        counts=counts,
    )


@dataclass(frozen=True)
class _Compared:
    """A part beside the seal's.

    Attributes:
        part: as it is here.
        rows: the rows here that are not in the seal.
        lost: the places in the seal, from 0, whose content is not here.
    """

    part: Part
    rows: tuple[int, ...]
    lost: tuple[int, ...]


def _key(seal: Seal, parts: Sequence[Part]) -> bytes | None:
    """The seal's key: that of what is here where all is the same, else out of a lock that opens."""
    salt, proof = bytes.fromhex(seal.salt), bytes.fromhex(seal.proof)
    own = key_of(salt, parts)
    if proof_of(own) == proof:
        return own
    locks = {name: bytes.fromhex(lock) for name, lock in seal.locks.items()}
    return opened(locks, proof, salt, hidings_of(parts, seal.groups))


def _compared(
    key: bytes, parts: Sequence[Part], seal: Seal, questions: Mapping[str, Sequence[Question]]
) -> list[_Compared]:
    """All parts that are here, then those that only the seal has."""
    sealed = {part.name: part.split_tokens() for part in seal.parts}
    here = {part.name for part in parts}
    qids = {split: [question.qid for question in of_split] for split, of_split in questions.items()}
    compared = [_beside(part, tokens_of(key, part, qids[part.split]), sealed.get(part.name, [])) for part in parts]
    absent = [Part(part.name, part.split, (), (), part.shared) for part in seal.parts if part.name not in here]
    return [*compared, *(_beside(part, [], sealed[part.name]) for part in absent)]


def _beside(part: Part, own: Sequence[bytes], sealed: Sequence[bytes]) -> _Compared:
    there, here = set(sealed) - {NOT_THERE}, set(own)
    return _Compared(
        part,
        rows=tuple(row for row, token in enumerate(own, 1) if token not in there),
        lost=tuple(place for place, token in enumerate(sealed) if token not in here),
    )


def _differences(compared: Sequence[_Compared]) -> Iterator[Difference]:
    """What differs. A question that is not here at all is told by the counts, not once more by each of its parts."""
    for one in compared:
        if one.rows or (one.lost and not one.part.contents):
            rows = () if one.part.shared else one.rows
            yield Difference(one.part.name, one.part.split, rows, _upstream(one, compared))


def _upstream(one: _Compared, compared: Sequence[_Compared]) -> tuple[str, ...]:
    """The source tables behind a difference.

    What is rendered from records and dictionaries differs where they do. Where they do not, it was given from outside
    or another version of the package rendered it.
    """
    if not one.part.follows:
        return one.part.upstream
    behind = [
        other.part.upstream
        for other in compared
        if other.part.split == one.part.split
        and ((other.part.shared and other.rows) or (other.part.of_record and set(one.rows) & set(other.rows)))
    ]
    return tuple(dict.fromkeys(table for upstream in behind for table in upstream)) or one.part.upstream
