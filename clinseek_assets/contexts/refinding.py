"""Finding a question's anchor again in the patient's record, and rendering what it shows.

A released question names a patient, a subtask, the latest time of its context and its gold, not the event that it
hangs on. The anchor is the event whose window ends at that time and whose label equals the gold, exact strings in any
order. Several anchors whose windows read the same are as good as one; several that differ are `ambiguous`, none is
`not_found`, and neither is guessed.

Which events of the target's own second belong to a context (`timeline.windows.day_before`) is not said in a manifest,
but a manifest is made by one rule. So both are searched: a question that only one rule finds proves the manifest's
rule, which then holds for all questions of its subtask (a subtask at a time, so that it does not matter which subtasks
are searched together). Without such a proof, or with proofs of both, the rules have to agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.processes import each
from clinseek_assets.contexts.rendering import render_input
from clinseek_assets.timeline.anchors import Ties, anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Trajectory, trajectory_of
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets.timeline.windows import Beginning, Span

EXACT, AMBIGUOUS, NOT_FOUND = "exact", "ambiguous", "not_found"
TIES: tuple[Ties, ...] = ("strict", "published")

# A prediction time is the latest event's time and one second (the published rule).
TO_PREDICTION = timedelta(seconds=1)


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
class Fits:
    """What the windows of the anchors that fit one question read, by the rule of ties that cut them."""

    strict: frozenset[str]
    published: frozenset[str]
    beginnings: Mapping[str, Beginning] = field(default_factory=dict)
    """Text -> where its window begins; the earliest of several windows that read so."""

    def by(self, ties: Ties) -> frozenset[str]:
        """The texts of one rule."""
        return self.strict if ties == "strict" else self.published


@dataclass(frozen=True)
class Refound:
    """How the search for one question's anchor ended.

    Attributes:
        status: `exact`, `ambiguous` or `not_found`.
        context: the rendered window where exact, else None.
        ties: the only rule of ties that gives this context, None where both do or there is none.
        beginning: where the window begins, be its first event shown or not; None where not exact.
    """

    status: str
    context: str | None = None
    ties: str | None = None
    beginning: Beginning | None = None


def fits(trajectory: Trajectory, sought: Iterable[Sought]) -> dict[str, Fits]:
    """Search one patient's record for the anchors of several questions; qid -> what fits."""
    of_task: dict[str, list[Sought]] = defaultdict(list)
    for one in sought:
        of_task[one.task].append(one)
    found: dict[str, Fits] = {}
    for task, asked in of_task.items():
        rendered: dict[Span, str] = {}
        strict, published = (_texts(trajectory, task, ties, asked, rendered) for ties in TIES)
        beginnings = _beginnings(trajectory, rendered)
        found.update({one.qid: Fits(frozenset(strict[one]), frozenset(published[one]), beginnings) for one in asked})
    return found


def _beginnings(trajectory: Trajectory, rendered: Mapping[Span, str]) -> dict[str, Beginning]:
    """Text -> where the window that reads so begins."""
    first: dict[str, int] = {}
    for span, text in rendered.items():
        first[text] = min(span.first, first.get(text, span.first))
    return {text: Beginning(trajectory.times[place], trajectory.events[place].table) for text, place in first.items()}


def _texts(
    trajectory: Trajectory, task: str, ties: Ties, asked: Sequence[Sought], rendered: dict[Span, str]
) -> dict[Sought, set[str]]:
    """What the windows of the anchors that fit each question read, by one rule of ties; each window rendered once."""
    texts: dict[Sought, set[str]] = {one: set() for one in asked}
    for anchor in anchors(trajectory, SUBTASKS[task], ties=ties):
        ends_then = [one for one in asked if one.latest_event_time == anchor.latest_event_time]
        for one in ends_then:
            if one.label == frozenset(anchor.label):
                if anchor.span not in rendered:
                    rendered[anchor.span] = render_input(anchor.window)
                texts[one].add(rendered[anchor.span])
    return texts


def settled(searched: Mapping[str, Fits]) -> dict[str, Refound]:
    """How the search ended for each question of one manifest and subtask; qid -> `Refound`."""
    alone = {
        "strict": any(fit.strict and not fit.published for fit in searched.values()),
        "published": any(fit.published and not fit.strict for fit in searched.values()),
    }
    rules = TIES if alone["strict"] == alone["published"] else tuple(ties for ties in TIES if alone[ties])
    return {qid: _outcome(fit, rules) for qid, fit in searched.items()}


def _outcome(fit: Fits, rules: Sequence[Ties]) -> Refound:
    texts = frozenset().union(*(fit.by(ties) for ties in rules))
    if len(texts) != 1:
        return Refound(AMBIGUOUS if texts else NOT_FOUND)
    giving = [ties for ties in TIES if texts <= fit.by(ties)]
    text = next(iter(texts))
    return Refound(EXACT, text, giving[0] if len(giving) == 1 else None, fit.beginnings.get(text))


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
        questions: of one manifest, each subtask whole; those of a patient without a database are not in the answer.
        databases: the folder of `patient_<subject_id>.db` files.
        dictionaries: what codes mean.
        processes: how many may work at once; fewer are started for few patients.
        progress: called with patients done and patients in all.

    Returns:
        qid -> how the search ended.

    Raises:
        DatabaseFault: a database cannot be read.
        SourceFault: a database has no row in `patients`.
    """
    of_patient: dict[int, list[Sought]] = defaultdict(list)
    task_of: dict[str, str] = {}
    for question in questions:
        of_patient[question.subject_id].append(Sought.of(question))
        task_of[question.qid] = question.task
    paths = {subject_id: databases / f"patient_{subject_id}.db" for subject_id in sorted(of_patient)}
    tasks = [(path, of_patient[subject_id]) for subject_id, path in paths.items() if path.is_file()]
    of_task: dict[str, dict[str, Fits]] = defaultdict(dict)
    for done, found in enumerate(each(_search, tasks, dictionaries, processes), start=1):
        for qid, fit in found.items():
            of_task[task_of[qid]][qid] = fit
        if progress:
            progress(done, len(tasks))
    return {qid: ended for searched in of_task.values() for qid, ended in settled(searched).items()}


PatientTask = tuple[Path, Sequence[Sought]]


def _search(dictionaries: Dictionaries, task: PatientTask) -> dict[str, Fits]:
    path, sought = task
    return fits(trajectory_of(rows_from_database(path), dictionaries), sought)
