"""Which patients, studies and questions of EHRXQA a release has, so that every count is exact.

A patient's linked studies follow one another without a gap. Each is asked about: neighbours are compared, a lone study
gets a question of its own, and what questions are left go round. Of some comparisons the earlier study is linked by its
report alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinseek_assets.benchmark.groups import EHRXQA
from clinseek_assets.faults import Fault
from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.ehrxqa_clock import Clock, clock_of
from clinseek_assets.synthetic.multimodal.ehrxqa_questions import Asked, Maker, Scene, ask, kinds
from clinseek_assets.synthetic.multimodal.lives import Life
from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.profiles import MultimodalSize
from clinseek_assets.synthetic.randomness import Dice

STUDIES_OF_ONE = {"1": 2, "2": 5, "3": 4, "4": 2}


@dataclass(frozen=True)
class Linked:
    """A patient of EHRXQA: the studies in its database, and those that questions may link.

    Attributes:
        studies: all that lie in EHRXQA's span of time, in the order of time.
        run: those that are linked, one after the other; none for a patient whom no question asks about.
        without_image: whether the first of the run is linked by its report alone.
    """

    life: Life
    clock: Clock
    studies: tuple[Study, ...]
    run: tuple[Study, ...] = ()
    without_image: bool = False

    @property
    def asked(self) -> tuple[Study, ...]:
        """The studies that a question of one study may ask about."""
        return self.run[1:] if self.without_image else self.run


@dataclass(frozen=True)
class EhrxqaRow:
    """One question with its group and its linked files' studies."""

    group: str
    asked: Asked
    patient: Linked

    @property
    def imaged(self) -> tuple[Study, ...]:
        """The studies whose image is linked, in the order of time."""
        return tuple(study for study in self.reported if study in self.patient.asked)

    @property
    def reported(self) -> tuple[Study, ...]:
        """The studies whose report is linked, in the order of time."""
        return tuple(sorted(self.asked.studies, key=lambda study: study.time))


@dataclass(frozen=True)
class EhrxqaPlan:
    """The patients in the database, the released questions, and further ones that only the dataset has."""

    patients: tuple[Linked, ...]
    rows: tuple[EhrxqaRow, ...]
    others: tuple[EhrxqaRow, ...]


def plan_ehrxqa(lives: Sequence[Life], taken: frozenset[int], size: MultimodalSize, seed: int) -> EhrxqaPlan:
    """Choose patients, studies and questions.

    Args:
        lives: everybody.
        taken: ids of studies that are linked elsewhere and shall not be linked here.

    Raises:
        Fault: the lives do not give what the size asks for.
    """
    dice = Dice(f"{seed}/ehrxqa/selection")
    patients = list(_patients(lives, taken, size.patients[EHRXQA] + size.bystanders, seed, dice))
    chosen = _with_runs(patients[: size.patients[EHRXQA]], taken, size, dice)
    rows = list(_rows(chosen, size, seed, dice))
    return EhrxqaPlan(
        patients=tuple(sorted((*chosen, *patients[len(chosen) :]), key=lambda one: one.life.patient.subject_id)),
        rows=tuple(rows),
        others=tuple(_others(chosen, rows, seed)),
    )


def _patients(lives: Sequence[Life], taken: frozenset[int], wanted: int, seed: int, dice: Dice) -> Iterator[Linked]:
    """Patients with an admission in EHRXQA's span of time, and a study that is free to be linked."""
    found = 0
    for life in dice.sample(list(lives), len(lives)):
        if not life.studies or not life.admissions:
            continue
        clock = clock_of(life.patient, life.studies, seed)
        studies = tuple(study for study in life.studies if clock.counted(study.time))
        free = any(study.study_id not in taken for study in studies)
        if free and any(clock.counted(admission.admittime) for admission in life.admissions):
            yield Linked(life, clock, studies)
            found += 1
        if found == wanted:
            return
    raise _too_few("patients with an admission and a free chest X-ray", wanted, found)


def _with_runs(patients: Sequence[Linked], taken: frozenset[int], size: MultimodalSize, dice: Dice) -> list[Linked]:
    """Give each patient a run of linked studies, as many in all as reports are to be linked."""
    free = [_longest_free(one.studies, taken, dice) for one in patients]
    most = [min(len(run), 8) for run in free]
    lengths = [min(limit, int(dice.weighted(STUDIES_OF_ONE))) for limit in most]
    wanted = size.reports[EHRXQA]
    order = dice.sample(range(len(patients)), len(patients))
    for step in itertools.chain.from_iterable(itertools.repeat(order, 8)):
        missing = wanted - sum(lengths)
        if missing > 0 and lengths[step] < most[step]:
            lengths[step] += 1
        elif missing < 0 and lengths[step] > 1:
            lengths[step] -= 1
    if sum(lengths) != wanted:
        raise _too_few("linked studies", wanted, sum(lengths))
    runs = [run[:length] for run, length in zip(free, lengths, strict=True)]
    bare = [place for place in order if len(runs[place]) > 1][: wanted - size.images[EHRXQA]]
    return [
        replace(one, run=run, without_image=place in bare)
        for place, (one, run) in enumerate(zip(patients, runs, strict=True))
    ]


def _longest_free(studies: Sequence[Study], taken: frozenset[int], dice: Dice) -> tuple[Study, ...]:
    """The longest stretch of studies one after the other that are not taken, from some place on."""
    stretches = [
        tuple(stretch)
        for free, stretch in itertools.groupby(studies, lambda study: study.study_id not in taken)
        if free
    ]
    longest = max(stretches, key=len, default=())
    return longest[dice.randrange(max(1, len(longest) - 2)) :]


def _rows(patients: Sequence[Linked], size: MultimodalSize, seed: int, dice: Dice) -> Iterator[EhrxqaRow]:
    lone = [(one, one.run[0], None) for one in patients if len(one.run) == 1]
    singles = [(one, study, None) for one in patients if len(one.run) > 1 for study in one.asked]
    neighbours = [(one, later, earlier) for one in patients for earlier, later in itertools.pairwise(one.run)]
    for group, must, may in (
        ("finding_presence", lone, singles),
        ("finding_enumeration", [], lone + singles),
        ("change_comparison", neighbours, neighbours),
    ):
        wanted = size.groups_of_ehrxqa[group]
        if len(must) > wanted:
            raise Fault(f"{len(must)} studies need a question of {group}; it has {wanted}.", mend="Take another seed.")
        yield from _ask(group, must, dice.sample(may or must, len(may or must)), wanted, seed)


Subject = tuple[Linked, Study, Study | None]


def _ask(group: str, must: Sequence[Subject], may: Sequence[Subject], wanted: int, seed: int) -> Iterator[EhrxqaRow]:
    """So many questions: the kinds in turn about whom they suit, then one about each that must be asked about."""
    seen: set[str] = set()
    for turn in range(wanted):
        if turn < wanted - len(must):
            start = turn % len(may)
            subjects: Sequence[Subject] = (*may[start:], *may[:start])
        else:
            subjects = (must[turn - wanted],)
        tries = ((subject, kind) for kind in kinds(group, turn) for subject in subjects)
        row = next(_new(group, tries, turn, seen, seed), None)
        if row is None:
            raise Fault(f"The studies give too few questions of {group}.", mend="Take another seed.")
        seen.add(row.asked.question)
        yield row


def _new(
    group: str, tries: Iterator[tuple[Subject, Maker]], turn: int, seen: set[str], seed: int
) -> Iterator[EhrxqaRow]:
    for (patient, study, earlier), kind in tries:
        dice = Dice(f"{seed}/ehrxqa/{group}/{turn}/{study.study_id}")
        scene = Scene(study, earlier, chest_of(patient.life.patient, seed), dice)
        for asked in ask(kind, scene):
            if asked.question not in seen:
                yield EhrxqaRow(group, asked, patient)


def _others(patients: Sequence[Linked], rows: Sequence[EhrxqaRow], seed: int) -> Iterator[EhrxqaRow]:
    """Questions of the dataset that the release leaves out: about one in four more."""
    asked_before = {row.asked.question for row in rows}
    for turn, patient in enumerate(patients[: len(rows) // 4]):
        subject = (patient, patient.run[-1], None)
        tries = ((subject, kind) for kind in kinds("finding_presence", turn))
        yield from itertools.islice(_new("finding_presence", tries, len(rows) + turn, asked_before, seed), 1)


def _too_few(what: str, wanted: int, found: int) -> Fault:
    return Fault(
        f"The release needs {wanted} {what} of EHRXQA, and this seed gives {found}.", mend="Take another seed."
    )
