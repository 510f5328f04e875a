"""Finding a question's anchor again in the patient's record, and rendering what it shows.

A released question names a patient, a subtask, the latest time of its context and its gold, not the event that it
hangs on. The anchor is the event whose window ends at that time and whose label equals the gold, exact strings in any
order. Several anchors whose windows read the same are as good as one; several that differ are `ambiguous`, none is
`not_found`, and neither is guessed.

Which events of the target's own second belong to the context is not known of a manifest, so both rules are tried: the
strict one first, the published one only for what it does not find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.rendering import render_input
from clinseek_assets.timeline.anchors import Ties, anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Trajectory, trajectory_of
from clinseek_assets.timeline.rows import rows_from_database

EXACT, AMBIGUOUS, NOT_FOUND = "exact", "ambiguous", "not_found"
TIES: tuple[Ties, ...] = ("strict", "published")

# A prediction time is the latest event's time and one second (the published rule).
TO_PREDICTION = timedelta(seconds=1)

# Starting a second process costs about as much time as this many patients do.
PATIENTS_WORTH_A_PROCESS = 100


@dataclass(frozen=True)
class Sought:
    """What is known of a question's anchor: its subtask, when its window ends, its label without order."""

    qid: str
    task: str
    latest_event_time: datetime
    label: frozenset[str]

    @classmethod
    def of(cls, question: Question) -> Sought:
        """The anchor of a manifest row; without a latest event time it is a second before the prediction time."""
        latest = question.latest_event_time or question.prediction_time - TO_PREDICTION
        return cls(question.qid, question.task, latest, frozenset(question.gold))


@dataclass(frozen=True)
class Refound:
    """How the search for one question's anchor ended.

    Attributes:
        status: `exact`, `ambiguous` or `not_found`.
        context: the rendered window where exact, else None.
        ties: the rule of ties by which anchors fit (`strict` or `published`), None where none does.
    """

    status: str
    context: str | None = None
    ties: str | None = None


def refind(trajectory: Trajectory, sought: Iterable[Sought]) -> dict[str, Refound]:
    """Search one patient's record for the anchors of several questions; qid -> how it ended."""
    of_task: dict[str, list[Sought]] = defaultdict(list)
    for one in sought:
        of_task[one.task].append(one)
    found: dict[str, Refound] = {}
    for task, asked in of_task.items():
        for ties in TIES:
            texts = _texts(trajectory, task, ties, asked)
            found.update({one.qid: _outcome(texts[one], ties) for one in asked if texts[one]})
            asked = [one for one in asked if not texts[one]]
            if not asked:
                break
        found.update({one.qid: Refound(NOT_FOUND) for one in asked})
    return found


def _texts(trajectory: Trajectory, task: str, ties: Ties, asked: Sequence[Sought]) -> dict[Sought, set[str]]:
    """What the windows of the anchors that fit each question read."""
    texts: dict[Sought, set[str]] = {one: set() for one in asked}
    for anchor in anchors(trajectory, SUBTASKS[task], ties=ties):
        fitting = [
            one
            for one in asked
            if anchor.latest_event_time == one.latest_event_time and frozenset(anchor.label) == one.label
        ]
        if fitting:
            text = render_input(anchor.window)
            for one in fitting:
                texts[one].add(text)
    return texts


def _outcome(texts: set[str], ties: str) -> Refound:
    return Refound(EXACT, next(iter(texts)), ties) if len(texts) == 1 else Refound(AMBIGUOUS, None, ties)


def refind_all(
    questions: Iterable[Question],
    *,
    databases: Path,
    dictionaries: Dictionaries,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Refound]:
    """Search the patient databases for the anchors of all questions, each database read once.

    Args:
        questions: of any patients; those of a patient without a database are left out of the answer.
        databases: the folder of `patient_<subject_id>.db` files.
        dictionaries: what codes mean.
        processes: how many may work at once; fewer are started for few patients.
        progress: called with patients done and patients in all.

    Returns:
        qid -> how the search ended.

    Raises:
        DatabaseFault: a database cannot be read.
    """
    of_patient: dict[int, list[Sought]] = defaultdict(list)
    for question in questions:
        of_patient[question.subject_id].append(Sought.of(question))
    paths = {subject_id: databases / f"patient_{subject_id}.db" for subject_id in sorted(of_patient)}
    tasks = [(path, of_patient[subject_id]) for subject_id, path in paths.items() if path.is_file()]
    search = _Search(dictionaries)
    found: dict[str, Refound] = {}
    processes = min(processes, len(tasks) // PATIENTS_WORTH_A_PROCESS)
    if processes < 2:
        _gather(map(search.patient, tasks), len(tasks), found, progress)
        return found
    # Spawned, not forked: a caller's threads may hold locks that a copy of this process would wait for in vain.
    with ProcessPoolExecutor(processes, get_context("spawn"), _start_worker, (search,)) as pool:
        _gather(pool.map(_search_in_worker, tasks, chunksize=8), len(tasks), found, progress)
    return found


def _gather(
    outcomes: Iterable[Mapping[str, Refound]],
    total: int,
    found: dict[str, Refound],
    progress: Callable[[int, int], None] | None,
) -> None:
    for done, outcome in enumerate(outcomes, start=1):
        found.update(outcome)
        if progress:
            progress(done, total)


@dataclass(frozen=True)
class _Search:
    dictionaries: Dictionaries

    def patient(self, task: tuple[Path, Sequence[Sought]]) -> dict[str, Refound]:
        path, sought = task
        return refind(trajectory_of(rows_from_database(path), self.dictionaries), sought)


_worker_search: _Search


def _start_worker(search: _Search) -> None:
    """Keep what every search of this worker needs: sent once, not with each patient."""
    global _worker_search
    _worker_search = search


def _search_in_worker(task: tuple[Path, Sequence[Sought]]) -> dict[str, Refound]:
    return _worker_search.patient(task)
