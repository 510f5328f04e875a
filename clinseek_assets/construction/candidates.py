"""Candidates: the names that a question offers, its gold among them.

A vocabulary of up to 100 names is offered whole. From a larger one 100 are offered in all: the gold, and for each gold
name in turn wrong ones of its category that are about as frequent, so that neither the kind of name nor how common it
is gives the answer away. The draw depends on the seed and the question's qid alone.
"""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, islice, zip_longest

from clinseek_assets.benchmark.subtasks import Subtask
from clinseek_assets.construction.rules import MOST_CANDIDATES
from clinseek_assets.timeline.dictionaries import Dictionaries

# Wrong names are drawn from so many times more neighbours than are needed.
CHOICE = 2

Category = Callable[[str], str]


def seeded(seed: int, *what: object) -> random.Random:
    """A generator that depends on the seed and on what it is for, and on nothing else."""
    digest = hashlib.sha256("\x1f".join(map(str, (seed, *what))).encode()).digest()
    return random.Random(int.from_bytes(digest[:16], "big"))


def category_of(subtask: Subtask, dictionaries: Dictionaries) -> Category:
    """Which names of a subtask's vocabulary are of one kind; "" where nothing says so."""
    if subtask.name in {"prescriptions", "emar", "medrecon", "pyxis"}:
        return lambda name: name[:1].casefold()
    if subtask.name == "radiology":
        return lambda name: name.partition(" ")[0].casefold()
    groups = _groups(subtask, dictionaries)
    return lambda name: groups.get(name) or groups.get(name.casefold(), "")


def _groups(subtask: Subtask, known: Dictionaries) -> Mapping[str, str]:
    if subtask.target == "item_name":
        return known.lab_groups if subtask.name == "labevents" else known.icu_groups
    if subtask.target == "ATC Type":
        return known.atc_groups
    of_procedures = subtask.trigger == "procedures_icd"
    if subtask.target == "CCS Type":
        return known.procedure_class_groups if of_procedures else known.diagnosis_class_groups
    if subtask.target in {"procedures", "diagnoses", "icd_title"}:
        return known.procedure_groups if of_procedures else known.diagnosis_groups
    return {}


class Vocabulary:
    """All names of one subtask with how often each is gold, ready to offer some of them.

    Args:
        frequencies: name -> events whose gold has it.
        category: which names are of one kind.
    """

    def __init__(self, frequencies: Mapping[str, int], category: Category) -> None:
        self._frequencies = frequencies
        self._category = category
        self._names = sorted(frequencies, key=self._rank)
        self._groups: dict[str, list[str]] = {}
        for name in self._names:
            self._groups.setdefault(category(name), []).append(name)

    def candidates(self, gold: Sequence[str], rng: random.Random) -> list[str]:
        """The names to offer, in random order: every one of `gold`, each name once, at most 100.

        Args:
            gold: at most 100 names of the vocabulary.
            rng: decides which neighbours are drawn, and the order.
        """
        offered = self._names if len(self._names) <= MOST_CANDIDATES else self._with_neighbours(gold, rng)
        listed = sorted(offered)
        rng.shuffle(listed)
        return listed

    def _with_neighbours(self, gold: Sequence[str], rng: random.Random) -> list[str]:
        missing = MOST_CANDIDATES - len(gold)
        share = math.ceil(missing / len(gold))
        of_category = [self._neighbours(name, self._groups[self._category(name)], gold, share, rng) for name in gold]
        # Where categories are too small, names of any kind fill up: one gold name alone has as many as are missing.
        of_any = [self._neighbours(name, self._names, gold, missing, rng) for name in gold]
        in_turn = (name for turns in (of_category, of_any) for turn in zip_longest(*turns) for name in turn if name)
        return list(islice(dict.fromkeys(chain(gold, in_turn)), MOST_CANDIDATES))

    def _neighbours(
        self, name: str, among: Sequence[str], gold: Sequence[str], count: int, rng: random.Random
    ) -> list[str]:
        """So many names of `among` (all, if there are fewer) that are about as frequent as `name`, drawn at random."""
        place = bisect_left(among, self._rank(name), key=self._rank)
        reach = CHOICE * count + len(gold)
        others = [other for other in among[max(0, place - reach) : place + reach + 1] if other not in gold]
        nearest = sorted(others, key=lambda other: (self._distance(name, other), other))[: CHOICE * count]
        return rng.sample(nearest, min(count, len(nearest)))

    def _rank(self, name: str) -> tuple[int, str]:
        return (self._frequencies[name], name)

    def _distance(self, name: str, other: str) -> float:
        return abs(math.log(self._frequencies[name] / self._frequencies[other]))
