"""Decisions from evidence: candidates ranked by what the context shows of them.

What comes next mostly repeats what came before, follows from what the notes say, or is what is usual. So each candidate
gets a chance from three sources, and the answer is as many of the best as maximise the expected F1:

- repeated: the share of earlier events of the very kind that is asked about with it in their target column, shrunk
  towards its usual frequency in the source tables;
- elsewhere: another table names it (a prescribed drug is also given, an ICU fluid also has its ingredients);
- words: the rarer words of its name occur in notes, complaints and other names.

A change of service, and the kind of the next event, never end where they start: the last state has no chance there.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.timeline_text import Block
from clinseek_assets.models.priors import CandidatePriors

key_of = lru_cache(maxsize=1 << 16)(answer_key)
WORD = re.compile(r"[a-z][a-z0-9]{2,}")

# The context's column titles for the targets that are not simply the target's name in title case.
TITLES_OF_TARGET = {
    "procedures": ("Title",),
    "diagnoses": ("Title",),
    "careunit": ("Careunit", "Eventtype"),
}
NAME_TITLES = (
    "Item_Name",
    "Medication",
    "Drug",
    "Name",
    "Atc Type",
    "Ccs Type",
    "Title",
    "Icd_Title",
    "Test_Name",
    "Exam_Name",
    "Order_Type",
)
MOVES = frozenset({"services", "next_event"})
TIE = 1e-9  # of two sizes with the same expected F1 the smaller is taken


@dataclass(frozen=True)
class Habits:
    """How a baseline turns evidence into chances.

    Attributes:
        fading: the weight of an earlier event of the kind, per step back in time: 1 counts all alike.
        usual: how many observed events the usual frequency is worth.
        elsewhere: chance that a name given elsewhere comes next.
        words: chance that a name whose words are all in the context comes next.
    """

    fading: float
    usual: float
    elsewhere: float
    words: float


def chances(
    question: Question, blocks: Sequence[Block], priors: CandidatePriors | None, habits: Habits
) -> list[tuple[str, float]]:
    """The candidates with their chance to come next, the best first; equals by name, since lists are shuffled.

    Without a list of candidates, the values of the source tables.
    """
    candidates = question.candidates or (priors.values(question.task) if priors else ())
    shown = earlier_events(question.task, blocks)
    seen, weight = _faded(shown, habits.fading)
    usual = priors.shares(question.task) if priors else {}
    elsewhere = _names_in(block for block in blocks if block.table != SUBTASKS[question.task].trigger)
    overlap = _word_overlap(candidates, blocks)
    left = shown[-1] if question.task in MOVES and shown else frozenset()

    def chance(candidate: str) -> float:
        key = key_of(candidate)
        if key in left:
            return 0.0
        repeated = (seen.get(key, 0.0) + habits.usual * usual.get(key, 0.0)) / (weight + habits.usual)
        hinted = habits.words * overlap.get(candidate, 0.0) ** 2 + habits.elsewhere * (key in elsewhere)
        return 1.0 - (1.0 - min(1.0, repeated)) * (1.0 - min(1.0, hinted))

    return sorted(((name, chance(name)) for name in candidates), key=lambda entry: (-entry[1], entry[0]))


def best_answer(ranked: Sequence[tuple[str, float]], expected_size: float) -> list[str]:
    """As many of the best candidates as maximise the expected F1, the chances taken for probabilities.

    With k candidates named, the expected overlap with the gold is the sum of their chances.

    Args:
        ranked: candidates with their chances, the best first.
        expected_size: how many names the gold is expected to have, at least 1.
    """
    best, wanted, overlap = 0.0, 1, 0.0
    for number, (_, chance) in enumerate(ranked, start=1):
        overlap += chance
        if (f1 := 2 * overlap / (number + expected_size)) > best + TIE:
            best, wanted = f1, number
    return [name for name, _ in ranked[:wanted]]


def _faded(shown: Sequence[frozenset[str]], fading: float) -> tuple[dict[str, float], float]:
    """Each value's weight over the earlier events of the kind, and the weight of all these events."""
    weights = [fading**back for back in range(len(shown) - 1, -1, -1)]
    seen: dict[str, float] = {}
    for event, weight in zip(shown, weights, strict=True):
        for value in event:
            seen[value] = seen.get(value, 0.0) + weight
    return seen, sum(weights)


def earlier_events(subtask: str, blocks: Sequence[Block]) -> list[frozenset[str]]:
    """The values of the subtask's target in each earlier event of its trigger table, as normalised keys."""
    asked = SUBTASKS[subtask]
    if not asked.trigger:
        return [frozenset({block.table}) for block in blocks if block.table != "patients"]
    titles = TITLES_OF_TARGET.get(asked.target, (asked.target.title(),))
    events = [block for block in blocks if block.table == asked.trigger]
    shown = [frozenset(key_of(value) for title in titles for value in block.values(title)) for block in events]
    return [values for values in shown if values]


def _names_in(blocks: Iterable[Block]) -> frozenset[str]:
    """The keys of all names that these events show."""
    return frozenset(key_of(value) for block in blocks for title in NAME_TITLES for value in block.values(title))


def _word_overlap(candidates: Sequence[str], blocks: Sequence[Block]) -> dict[str, float]:
    """The share of each name's words that the context holds, a word weighing more the fewer candidates have it."""
    words = {candidate: frozenset(WORD.findall(candidate.casefold())) for candidate in candidates}
    names_with = Counter(word for of_name in words.values() for word in of_name)
    rarity = {word: math.log(1 + len(words) / count) for word, count in names_with.items()}
    held = rarity.keys() & _words_of(blocks)
    return {
        candidate: sum(rarity[word] for word in of_name & held) / (sum(rarity[word] for word in of_name) or 1.0)
        for candidate, of_name in words.items()
    }


def _words_of(blocks: Sequence[Block]) -> set[str]:
    """All words of the context's values."""
    text = "\n".join(value for block in blocks for row in block.rows for value in row.values())
    return set(WORD.findall(text.casefold()))
