"""The draw: so many questions of each subtask, no patient too often, both answers alike, and exactly so many patients.

A draw is made of slots: a decision subtask is one, a risk subtask has one for each answer. The patient quota is met by
exchanging questions inside their slot, so that it changes neither a subtask's number of questions nor its balance.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from clinseek_assets.benchmark.subtasks import YES_NO
from clinseek_assets.construction.candidates import seeded
from clinseek_assets.construction.rules import MOST_PER_PATIENT, RARE_FIRST
from clinseek_assets.construction.survey import Key
from clinseek_assets.faults import Fault

Slot = tuple[str, str]


def slot_of(key: Key) -> Slot:
    """The slot that a question fills: its subtask and, for a risk subtask, its answer."""
    return (key.subtask, key.answer)


def shuffled(subtask: str, keys: Sequence[Key], seed: int) -> list[Key]:
    """The questions of one subtask in the order of their draw: at random, or the rarer the names the sooner.

    A weighted order without replacement (Efraimidis and Spirakis): each key gets u^(1/w), u uniform, the largest come
    first. The weight of a question is the mean, over its names, of one over the name's frequency among all questions.
    """
    rng = seeded(seed, "draw", subtask)
    ordered = sorted(keys)
    if subtask not in RARE_FIRST:
        rng.shuffle(ordered)
        return ordered
    frequencies = Counter(name for key in ordered for name in key.names)
    weights = [sum(1 / frequencies[name] for name in key.names) / len(key.names) for key in ordered]
    marks = [math.log(1 - rng.random()) / weight for weight in weights]
    return [ordered[place] for place in sorted(range(len(ordered)), key=lambda place: -marks[place])]


def draw(subtask: str, ordered: Sequence[Key], count: int) -> list[Key]:
    """The first questions of an order that the rules allow: at most `count`, a risk subtask half yes and half no.

    As published, the rarer answer limits the other (an odd count has one no more than yeses). No patient has more than
    three questions.
    """
    if not ordered or not ordered[0].answer:
        return _take(ordered, {(subtask, ""): count})
    yes, no = ((subtask, answer) for answer in YES_NO)
    half, extra = count // 2, count % 2
    while True:
        taken = _take(ordered, {yes: half, no: half + extra})
        found = Counter(map(slot_of, taken))
        if found[yes] == half and found[no] >= half:
            return taken
        # The limit for each patient spans both answers, so a smaller half may again be filled in another way.
        half, extra = min(found[yes], found[no]), 0


def _take(ordered: Iterable[Key], places: dict[Slot, int]) -> list[Key]:
    taken = []
    of_patient: Counter[int] = Counter()
    for key in ordered:
        if places[slot_of(key)] and of_patient[key.subject_id] < MOST_PER_PATIENT:
            places[slot_of(key)] -= 1
            of_patient[key.subject_id] += 1
            taken.append(key)
    return taken


def meet_quota(drawn: Sequence[Key], pool: Iterable[Key], patients: int) -> list[Key]:
    """Exchange questions inside their slots until the draw is of exactly so many patients.

    More patients: an augmenting path of bipartite matching brings in one patient at a time, so that every number up
    to the largest possible is reached. Fewer: the patient with the fewest questions leaves them to patients who are
    there already. The smallest possible number is a set cover, which is not sought: a quota below what leaving
    reaches is refused.

    Args:
        drawn: the draw.
        pool: all questions that could be drawn, in the order of their draw; those of `drawn` among them.
        patients: how many different patients the draw shall have.

    Raises:
        Fault: there is no such exchange; it says between which numbers one was found.
    """
    quota = _Exchange(drawn, pool)
    while quota.patients < patients and quota.add_patient():
        pass
    while quota.patients > patients and quota.remove_patient():
        pass
    if quota.patients != patients:
        bound = "at most" if quota.patients < patients else "not found with fewer than"
        raise Fault(
            f"{len(drawn)} questions of exactly {patients} patients cannot be drawn: {bound} {quota.patients}.",
            mend=f"Ask for {quota.patients} patients, for another number of questions, or consider more patients.",
        )
    return quota.draw()


class _Exchange:
    """A draw whose questions can be exchanged for others of the same slot."""

    def __init__(self, drawn: Sequence[Key], pool: Iterable[Key]) -> None:
        slots = {slot_of(key) for key in drawn}
        self._drawn: dict[Slot, dict[Key, None]] = {slot: {} for slot in sorted(slots)}
        self._of_patient: dict[int, Counter[str]] = {}
        self._pool_of_patient: dict[int, list[Key]] = {}
        self._pool_of_slot: dict[Slot, list[Key]] = {slot: [] for slot in self._drawn}
        for key in drawn:
            self._put(key)
        for key in pool:
            if slot_of(key) in slots:
                self._pool_of_patient.setdefault(key.subject_id, []).append(key)
                self._pool_of_slot[slot_of(key)].append(key)

    @property
    def patients(self) -> int:
        return len(self._of_patient)

    def draw(self) -> list[Key]:
        return sorted(key for keys in self._drawn.values() for key in keys)

    def add_patient(self) -> bool:
        """Bring in one patient more without losing one; False where no exchange does (the most are reached).

        Breadth first from all patients without a question: each takes a place from somebody, who takes one
        elsewhere, until it is the place of a patient who has another one.
        """
        came_by: dict[Slot, tuple[Key, Slot | None]] = {}
        path: deque[tuple[int, Slot | None]] = deque(
            (patient, None) for patient in self._pool_of_patient if patient not in self._of_patient
        )
        while path:
            patient, left = path.popleft()
            for key in self._pool_of_patient[patient]:
                slot = slot_of(key)
                if slot in came_by or slot == left:
                    continue
                came_by[slot] = (key, left)
                for occupant in self._drawn[slot]:
                    if self._of_patient[occupant.subject_id].total() > 1:
                        self._shift(occupant, came_by)
                        return True
                    path.append((occupant.subject_id, slot))
        return False

    def remove_patient(self) -> bool:
        """Hand one patient's questions to others who are there already; False where that is not possible."""
        by_load = sorted(self._of_patient, key=lambda patient: (self._of_patient[patient].total(), patient))
        return any(self._replace(patient) for patient in by_load)

    def _replace(self, patient: int) -> bool:
        leaving = [key for keys in self._drawn.values() for key in keys if key.subject_id == patient]
        for key in leaving:
            self._take_out(key)
        coming: list[Key] = []
        for key in leaving:
            substitute = next(filter(self._fits, self._pool_of_slot[slot_of(key)]), None)
            if substitute is None:
                for undone in coming:
                    self._take_out(undone)
                for undone in leaving:
                    self._put(undone)
                return False
            self._put(substitute)
            coming.append(substitute)
        return True

    def _fits(self, key: Key) -> bool:
        """Whether a question is still free, and its patient has one already and room for another."""
        held = self._of_patient.get(key.subject_id)
        return held is not None and held[key.subtask] < MOST_PER_PATIENT and key not in self._drawn[slot_of(key)]

    def _shift(self, leaving: Key, came_by: dict[Slot, tuple[Key, Slot | None]]) -> None:
        """Walk the path back: each question goes, and the one that waited for its place comes."""
        slot: Slot | None = slot_of(leaving)
        while slot is not None:
            coming, before = came_by[slot]
            self._take_out(leaving)
            self._put(coming)
            if before is not None:
                leaving = next(key for key in self._drawn[before] if key.subject_id == coming.subject_id)
            slot = before

    def _put(self, key: Key) -> None:
        self._drawn[slot_of(key)][key] = None
        self._of_patient.setdefault(key.subject_id, Counter())[key.subtask] += 1

    def _take_out(self, key: Key) -> None:
        del self._drawn[slot_of(key)][key]
        held = self._of_patient[key.subject_id]
        held[key.subtask] -= 1
        if not held.total():
            del self._of_patient[key.subject_id]
