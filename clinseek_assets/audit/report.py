"""The audit as a whole: from questions and sources to a report without an id and without a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas

from clinseek_assets.audit.cases import Asked, Case, StrictContext
from clinseek_assets.audit.comparison import Difference
from clinseek_assets.audit.examination import Sources, ToDo, examine
from clinseek_assets.audit.figures import POLICIES, Figures, SubtaskFigures, figures
from clinseek_assets.audit.many_questions import draw_risk_cases
from clinseek_assets.audit.plants import Controls, run_controls
from clinseek_assets.audit.verdicts import Verdict, verdicts
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.strict import Published
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.windows import Beginning

# The many questions of a risk subtask: so many times those of the release, and at most so many.
TIMES_THE_RELEASE = 10
MOST_CASES = 400
SEED = 20260301

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Contexts:
    """The contexts that were shown, published and strict; those of some subtasks may be missing.

    Attributes:
        published: of the schema `contexts.schema.CONTEXTS`.
        strict: of the schema `contexts.schema.STRICT_CONTEXTS`.
    """

    published: pandas.DataFrame
    strict: pandas.DataFrame


@dataclass(frozen=True)
class Audit:
    """What the audit found."""

    figures: Figures
    controls: Controls
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passes."""
        return all(verdict.passed for verdict in self.verdicts)


def run_audit(
    questions: Sequence[Question],
    sources: Sources,
    contexts: Contexts | None = None,
    progress: Progress = lambda work, done, total: None,
) -> Audit:
    """Audit what the questions of a release may see.

    Args:
        questions: of the manifest; subtasks may be missing.
        sources: source tables, databases and dictionaries of their patients.
        contexts: what the curated arms are shown, if there is any.
        progress: told of patients done.

    Raises:
        DatabaseFault, SourceFault: a database or table is missing or damaged.
    """
    with TemporaryDirectory() as folder:
        controls = run_controls(Path(folder), sources.reference)
    asked = _asked(questions, contexts)
    most = max(
        (sum(question.task == task for question in questions) for task in {q.task for q in questions}), default=0
    )
    cases = draw_risk_cases(
        sources.tables,
        Dictionaries.load(sources.reference),
        per_subtask=min(MOST_CASES, TIMES_THE_RELEASE * most),
        seed=SEED,
    )
    found = examine(_by_patient(asked, cases), sources, lambda done, total: progress("patients audited", done, total))
    added = figures(found, None if contexts is None else contexts.strict)
    return Audit(added, controls, verdicts(added, controls))


def _asked(questions: Sequence[Question], contexts: Contexts | None) -> list[Asked]:
    shown = {} if contexts is None else _strict_contexts(questions, contexts)
    return [Asked(Case.of(question), shown.get(question.qid)) for question in questions]


def _strict_contexts(questions: Sequence[Question], contexts: Contexts) -> dict[str, StrictContext]:
    texts = dict(zip(contexts.published["qid"], contexts.published["context"], strict=True))
    pins = {question.qid: Pin.of(question) for question in questions}
    found = {}
    for row in contexts.strict.to_dict(orient="records"):
        if row["qid"] in pins and not pandas.isna(row["context"]):
            start = row["window_start"]
            beginning = None if pandas.isna(start) else Beginning(start.to_pydatetime(), row["window_table"])
            published = Published(pins[row["qid"]], texts[row["qid"]], beginning)
            found[row["qid"]] = StrictContext(row["context"], published)
    return found


def _by_patient(asked: Sequence[Asked], cases: Sequence[Case]) -> list[ToDo]:
    of_release: dict[int, list[Asked]] = defaultdict(list)
    more: dict[int, list[Case]] = defaultdict(list)
    for one in asked:
        of_release[one.case.pin.subject_id].append(one)
    for case in cases:
        more[case.pin.subject_id].append(case)
    return [ToDo(patient, tuple(of_release[patient]), tuple(more[patient])) for patient in {*of_release, *more}]


def as_json(audit: Audit, fewest_patients: int) -> dict[str, Any]:
    """The report as plain values.

    Args:
        audit: what was found.
        fewest_patients: figures of a subtask with fewer patients are left out, since they may single out somebody.
    """
    return {
        "ok": audit.ok,
        "verdicts": [asdict(verdict) for verdict in audit.verdicts],
        "controls": asdict(audit.controls),
        "contexts": asdict(audit.figures.contexts),
        "rows_compared": dict(audit.figures.rows_compared),
        "differences": {policy: _by_table(audit.figures.differences[policy]) for policy in POLICIES},
        "subtasks": {
            name: asdict(subtask) if subtask.patients >= fewest_patients else _too_few(subtask)
            for name, subtask in audit.figures.by_subtask.items()
        },
    }


def _by_table(difference: Difference) -> dict[str, dict[str, int]]:
    """Kind of difference -> table -> how many, where there are any."""
    return {kind: dict(sorted((+counts).items())) for kind, counts in vars(difference).items()}


def _too_few(subtask: SubtaskFigures) -> dict[str, Any]:
    return {"questions": subtask.questions, "too_few_patients_to_show": True}


# The columns of the tables by subtask: what the policies show, and how well the probes tell.
SHOWN_BY_POLICY: dict[str, tuple[str, ...]] = {
    "questions": ("questions",),
    "rows strict hides": ("hidden_rows",),
    "values strict hides": ("hidden_values",),
    "rows only strict shows": ("strict_only_rows",),
    "rows only curated shows": ("curated_only_rows",),
    "values only curated shows": ("curated_only_values",),
    "gold in sight, strict": ("gold", "in_sight", "strict"),
    "gold in sight, compat": ("gold", "in_sight", "compat"),
    "gold named before, strict": ("gold", "named_before", "strict"),
}
TOLD_BY_PROBES: dict[str, tuple[str, ...]] = {
    "questions": ("questions",),
    "label probe, strict": ("label_probe", "strict", "of_all", "auroc"),
    "label probe, strict, undecided": ("label_probe", "strict", "undecided", "auroc"),
    "label probe, compat": ("label_probe", "compat", "of_all", "auroc"),
    "label probe, compat, undecided": ("label_probe", "compat", "undecided", "auroc"),
    "label probe on many, strict": ("label_probe_on_many", "strict", "of_all", "auroc"),
    "label probe on many, strict, undecided": ("label_probe_on_many", "strict", "undecided", "auroc"),
    "label probe on many, compat": ("label_probe_on_many", "compat", "of_all", "auroc"),
    "counts and nulls": ("counts_and_nulls", "of_all", "auroc"),
    "counts and nulls, undecided": ("counts_and_nulls", "undecided", "auroc"),
}


def table(
    report: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]], *, task_type: str = ""
) -> pandas.DataFrame:
    """One of the report's tables by subtask.

    Args:
        report: as `as_json` gives it.
        columns: title -> where the figure stands in a subtask's part of the report.
        task_type: only subtasks of this type; all where empty.

    Returns:
        A row a subtask; None where there is no such figure, or too few patients to show it.
    """
    chosen = {
        name: figures for name, figures in report["subtasks"].items() if task_type in ("", SUBTASKS[name].task_type)
    }
    return pandas.DataFrame(
        [
            {"subtask": name, **{title: _figure(figures, path) for title, path in columns.items()}}
            for name, figures in chosen.items()
        ],
        columns=["subtask", *columns],
        dtype=object,
    )


def _figure(figures: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = figures
    for step in path:
        found = found.get(step) if found else None
    return round(found, 3) if isinstance(found, float) else found
