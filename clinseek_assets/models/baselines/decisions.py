"""Decisions from evidence: candidates ranked by what the context shows of them.

What comes next mostly repeats what came before, follows from what the notes say, or is what is usual. So each candidate
gets support from four sources, and the best supported are the answer:

- own: it stands in the target column of earlier events of the very kind that is asked about;
- elsewhere: another table names it (a prescribed drug is also given, an ICU fluid also has its ingredients);
- words: the rarer words of its name occur in notes, complaints and other names;
- usual: its frequency in the source tables.

A move (transfer, service, the kind of the next event) never ends where it starts, so the last state gets no support.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.models.baselines.timeline_text import Block
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
MOVES = frozenset({"transfers", "services", "next_event"})


@dataclass(frozen=True)
class Weights:
    """How much each source of support counts; each source lies between 0 and 1."""

    own: float
    elsewhere: float
    words: float
    usual: float


OwnSupport = Callable[[Sequence[frozenset[str]]], Mapping[str, float]]


def share_of_events(shown: Sequence[frozenset[str]]) -> dict[str, float]:
    """In what share of the earlier events of the kind a value stands."""
    return {value: count / len(shown) for value, count in Counter(value for event in shown for value in event).items()}


def nearness(shown: Sequence[frozenset[str]]) -> dict[str, float]:
    """How recently a value stood: 1 in the last event of the kind, half in the one before it, and so on."""
    near: dict[str, float] = {}
    for back, event in enumerate(reversed(shown)):
        for value in event:
            near.setdefault(value, 0.5**back)
    return near


def rank(
    question: Question, blocks: Sequence[Block], priors: CandidatePriors | None, weights: Weights, own: OwnSupport
) -> list[tuple[str, float]]:
    """The candidates with their support, the best first; equals by name, since lists of candidates are shuffled.

    Without a list of candidates, the values of the source tables.
    """
    candidates = question.candidates or (priors.values(question.task) if priors else ())
    shown = earlier_events(question.task, blocks)
    own_support = own(shown) if shown else {}
    elsewhere = _named_anywhere(blocks) if weights.elsewhere else frozenset()
    overlap = _word_overlap(candidates, blocks) if weights.words else {}
    events = priors.events_with(question.task) if priors else {}
    most = max((events.get(key_of(candidate), 0) for candidate in candidates), default=0) or 1
    left = _left_behind(question.task, blocks, shown)

    def support(candidate: str) -> float:
        key = key_of(candidate)
        if key in left:
            return -1.0
        return (
            weights.own * own_support.get(key, 0.0)
            + weights.elsewhere * (key in elsewhere)
            + weights.words * overlap.get(candidate, 0.0)
            + weights.usual * events.get(key, 0) / most
        )

    return sorted(((name, support(name)) for name in candidates), key=lambda entry: (-entry[1], entry[0]))


def earlier_events(subtask: str, blocks: Sequence[Block]) -> list[frozenset[str]]:
    """The values of the subtask's target in each earlier event of its trigger table, as normalised keys."""
    asked = SUBTASKS[subtask]
    if not asked.trigger:
        return [frozenset({block.table}) for block in blocks if block.table != "patients"]
    titles = TITLES_OF_TARGET.get(asked.target, (asked.target.title(),))
    events = [block for block in blocks if block.table == asked.trigger]
    shown = [frozenset(key_of(value) for title in titles for value in block.values(title)) for block in events]
    return [values for values in shown if values]


def _left_behind(subtask: str, blocks: Sequence[Block], shown: Sequence[frozenset[str]]) -> frozenset[str]:
    """The state that a move leaves: the last one shown."""
    return shown[-1] if subtask in MOVES and shown else frozenset()


def _named_anywhere(blocks: Sequence[Block]) -> frozenset[str]:
    """The keys of all names that any event shows."""
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
