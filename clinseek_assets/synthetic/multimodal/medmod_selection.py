"""Which patients, stays and X-rays MedMod's questions have, so that every count is exact.

First each patient gets a question, with an image of its own; then patients are asked again about another image, and at
last about an image that another question has already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from clinseek_assets.benchmark.groups import MEDMOD, TASKS
from clinseek_assets.faults import Fault
from clinseek_assets.synthetic.multimodal.lives import Life
from clinseek_assets.synthetic.multimodal.medmod_stays import WINDOW, Stay, stays_of, within_stay
from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.profiles import MultimodalSize
from clinseek_assets.synthetic.randomness import Dice

DECOMPENSATION = "medmod_decompensation"
IN_HOSPITAL_MORTALITY = "medmod_in_hospital_mortality"
PHENOTYPING = "medmod_phenotyping"
RADIOLOGY = "medmod_radiology"

# The share of questions that are to be answered yes; no answer is asked for where there is no yes or no.
YES = {DECOMPENSATION: 0.3, IN_HOSPITAL_MORTALITY: 0.35}
# MedMod's parts of its patients; most questions are of its test patients.
PARTS = {"test": 88, "train": 7, "validate": 5}
# How many moments of a stay are offered for decompensation.
MOMENTS = 10
# An unlucky order of choosing may end without a patient for the last questions.
ATTEMPTS = 50


@dataclass(frozen=True)
class MedmodPatient:
    """A patient of MedMod's cohort: the stays, and the part (`test`, `train`, `validate`)."""

    life: Life
    stays: tuple[Stay, ...]
    part: str


@dataclass(frozen=True)
class MedmodRow:
    """One question.

    Attributes:
        task: the released task.
        stay: the ICU stay asked about; None for an X-ray outside of any.
        hours: how long the stay has lasted by then, as MedMod's list file has it; 0 where it has none.
        moment: the time of the question.
        film: the linked AP study.
        answer: the gold names.
    """

    task: str
    patient: MedmodPatient
    stay: Stay | None
    hours: float
    moment: datetime
    film: Study
    answer: tuple[str, ...]

    @property
    def qid(self) -> str:
        """The question's id, as the release forms it."""
        head = f"medmod_{TASKS[self.task].upstream}_{self.patient.part}"
        if self.task == RADIOLOGY:
            return f"{head}_{self.film.study_id}"
        assert self.stay is not None
        period = "0" if self.task == IN_HOSPITAL_MORTALITY else str(float(f"{self.hours:.6f}"))
        return f"{head}_{self.stay.stay_id}_{period}"


@dataclass(frozen=True)
class MedmodPlan:
    """The patients with extracted folders, and the released questions."""

    patients: tuple[MedmodPatient, ...]
    rows: tuple[MedmodRow, ...]


def plan_medmod(lives: Sequence[Life], size: MultimodalSize, seed: int) -> MedmodPlan:
    """Choose patients, moments and images.

    Raises:
        Fault: the lives do not give what the size asks for.
    """
    dice = Dice(f"{seed}/medmod/selection")
    cohort = (_patient(life, seed) for life in dice.sample(list(lives), len(lives)) if life.studies)
    with_films = [patient for patient in cohort if any(stay.films for stay in patient.stays)]
    for _ in range(ATTEMPTS):
        selection = _selection(with_films, size, seed, dice)
        if selection:
            patients = selection.with_bystanders(size.bystanders)
            rows = sorted(selection.rows, key=lambda row: list(TASKS).index(row.task))
            return MedmodPlan(tuple(patients), tuple(rows))
    raise Fault("The patients do not give MedMod's questions.", mend="Take another seed.")


def _selection(patients: Sequence[MedmodPatient], size: MultimodalSize, seed: int, dice: Dice) -> _Selection | None:
    """One try at choosing; None where it ends without a patient for a question that is left."""
    selection, wanted = _Selection(patients, seed), _wanted(size, dice)
    for turn in range(len(wanted)):
        fresh_patient, fresh_image = turn < size.patients[MEDMOD], turn < size.images[MEDMOD]
        if not selection.add_one_of(wanted, fresh_patient=fresh_patient, fresh_image=fresh_image):
            return None
    return selection


def _patient(life: Life, seed: int) -> MedmodPatient:
    part = Dice(f"{seed}/medmod/part/{life.patient.number}").weighted(PARTS)
    return MedmodPatient(life, tuple(stays_of(life, seed)), part)


Wanted = tuple[str, str | None]


def _wanted(size: MultimodalSize, dice: Dice) -> list[Wanted]:
    """A task and, for yes or no, the answer of each question; what few patients give comes first, else by chance."""
    wanted: list[Wanted] = []
    for task, number in size.tasks_of_medmod.items():
        yes = max(1, round(number * YES[task])) if task in YES else 0
        wanted += [(task, ("yes" if turn < yes else "no") if task in YES else None) for turn in range(number)]
    return sorted(dice.sample(wanted, len(wanted)), key=lambda one: one[1] != "yes")


class _Selection:
    """Questions chosen so far, and who and what is used up."""

    def __init__(self, patients: Iterable[MedmodPatient], seed: int) -> None:
        self._unused = list(patients)
        self._used: list[MedmodPatient] = []
        self._seed = seed
        self._images: set[int] = set()
        self._qids: set[str] = set()
        self.rows: list[MedmodRow] = []

    def add_one_of(self, wanted: list[Wanted], *, fresh_patient: bool, fresh_image: bool) -> bool:
        """Choose the first of these questions that a new or a used patient gives, with a new or a used image.

        What was chosen is taken from `wanted`. False where nobody gives any of them.
        """
        for place, (task, answer) in enumerate(wanted):
            row = self._found(task, answer, fresh_patient, fresh_image)
            if row:
                self._take(row, fresh_patient)
                del wanted[place]
                return True
        return False

    def _found(self, task: str, answer: str | None, fresh_patient: bool, fresh_image: bool) -> MedmodRow | None:
        for patient in self._unused if fresh_patient else self._used:
            for row in offers(patient, task, self._seed):
                fits = (answer is None or row.answer == (answer,)) and row.qid not in self._qids
                if fits and (row.film.study_id not in self._images) == fresh_image:
                    return row
        return None

    def with_bystanders(self, number: int) -> list[MedmodPatient]:
        """The patients asked about, and so many more; by subject_id."""
        chosen = [*self._used, *self._unused[:number]]
        return sorted(chosen, key=lambda patient: patient.life.patient.subject_id)

    def _take(self, row: MedmodRow, fresh_patient: bool) -> None:
        if fresh_patient:
            self._unused.remove(row.patient)
            self._used.append(row.patient)
        else:
            # Whoever was asked goes to the end, so that nobody is asked again and again.
            self._used.remove(row.patient)
            self._used.append(row.patient)
        self._images.add(row.film.study_id)
        self._qids.add(row.qid)
        self.rows.append(row)


def offers(patient: MedmodPatient, task: str, seed: int) -> Iterator[MedmodRow]:
    """The questions of a task that a patient gives."""
    if task == RADIOLOGY:
        yield from _radiology(patient)
        return
    for stay in patient.stays:
        for hours, answer in _MOMENTS[task](stay, seed):
            moment = stay.place.outtime if task == PHENOTYPING else stay.moment(hours)
            film = stay.latest_film(moment)
            if film and answer:
                listed = 0.0 if task == IN_HOSPITAL_MORTALITY else hours
                yield MedmodRow(task, patient, stay, listed, moment, film, answer)


def _radiology(patient: MedmodPatient) -> Iterator[MedmodRow]:
    for film in patient.life.studies:
        if film.view == "AP" and film.positives:
            stay = within_stay(film, patient.stays)
            yield MedmodRow(RADIOLOGY, patient, stay, 0.0, film.time, film, film.positives)


def _decompensation(stay: Stay, seed: int) -> Iterator[tuple[float, tuple[str, ...]]]:
    hours = stay.sample_hours()
    if not stay.plain or not hours:
        return
    dice = Dice(f"{seed}/medmod/moments/{stay.stay_id}")
    # Half of the moments lie in the last day, so that there are some of the dying.
    late = [hour for hour in hours if stay.dies_soon(hour)]
    chosen = [*dice.sample(late, min(MOMENTS // 2, len(late))), *dice.sample(hours, min(MOMENTS // 2, len(hours)))]
    for hour in dict.fromkeys(chosen):
        yield float(hour), (("yes" if stay.dies_soon(hour) else "no"),)


def _in_hospital_mortality(stay: Stay, seed: int) -> Iterator[tuple[float, tuple[str, ...]]]:
    if stay.plain and stay.los_hours >= WINDOW and stay.lived_hours > WINDOW:
        yield WINDOW, (("yes" if stay.mortality else "no"),)


def _phenotyping(stay: Stay, seed: int) -> Iterator[tuple[float, tuple[str, ...]]]:
    yield stay.los_hours, stay.phenotypes


_MOMENTS = {
    DECOMPENSATION: _decompensation,
    IN_HOSPITAL_MORTALITY: _in_hospital_mortality,
    PHENOTYPING: _phenotyping,
}
