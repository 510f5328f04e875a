"""A manifest of questions in the released form, built from source tables by the published rules."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.released_counts import FILE_NAME, ExpectedCounts, TextCounts
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS, YES_NO, Subtask
from clinseek_assets.construction.candidates import Vocabulary, category_of, seeded
from clinseek_assets.construction.columns import NEEDED_COLUMNS
from clinseek_assets.construction.draw import draw, meet_quota, shuffled
from clinseek_assets.construction.rules import (
    MOST_PER_PATIENT,
    SMALL_CLASS,
    deviations,
    metric,
    names_lacking,
    tables_needed,
)
from clinseek_assets.construction.survey import Key, Survey, survey, why_none
from clinseek_assets.contexts.prompts import render_question
from clinseek_assets.contexts.rendering import latest_bracketed_time, render_input
from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.timeline.anchors import MOMENT_AFTER_CONTEXT, Anchor, Ties, anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import Trajectory, trajectory_of
from clinseek_assets.timeline.rows import patients_of, rows_from_parquet

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much of it is done, and how much there is."""

# What a row holds only if the manifest brings its contexts along.
CONTEXT_KEYS = ("input", "question")


@dataclass(frozen=True)
class BuiltManifest:
    """A manifest and what to know about it.

    Attributes:
        rows: in released form, and `decided`.
        counts: what it counts to; goes beside it as `expected_counts.json`.
        report: per subtask n, pool and reason, and every rule that is not the published one; no patient's data.
    """

    rows: list[dict[str, Any]]
    counts: ExpectedCounts
    report: dict[str, Any]


@contextmanager
def _cycles_uncollected() -> Iterator[None]:
    """Pause the search for reference cycles: millions of rows have none, and it takes half as long again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@_cycles_uncollected()
def build_manifest(
    tables: Mapping[str, Path],
    reference_db: Path,
    *,
    per_subtask: int,
    seed: int,
    ties: Ties = "strict",
    keep_decided: bool = False,
    patients: int | None = None,
    progress: Progress | None = None,
) -> BuiltManifest:
    """Build questions from the Parquet files of a MIMIC-IV root.

    The patients are gone through twice, one after the other: first to see which questions there are, then to render
    the chosen ones. The same tables and arguments give the same manifest, byte for byte.

    Args:
        tables: table name -> Parquet file; missing tables mean fewer subtasks.
        reference_db: the reference database of the same root.
        per_subtask: how many questions of each subtask to draw at most.
        seed: decides the draw, the candidates and their order.
        ties: where the context of a decision ends (`timeline/windows.py`).
        keep_decided: whether questions that are decided at their moment may be drawn.
        patients: how many different patients the manifest shall have; None leaves it to the draw.
        progress: told how far it is.

    Raises:
        SourceFault: a needed file is missing or damaged, or there is no patient.
        Fault: the patient quota cannot be met.
    """
    tell = progress or (lambda stage, done, total: None)
    dictionaries = Dictionaries.load(reference_db)
    considered = patients_of(tables)
    if not considered:
        raise SourceFault("The source tables hold no patient.", mend="Check the MIMIC-IV root that was named.")
    missing = {name: _missing(subtask, tables, dictionaries) for name, subtask in SUBTASKS.items()}
    possible = [subtask for name, subtask in SUBTASKS.items() if not missing[name]]
    found = survey(
        _trajectories(tables, considered, dictionaries),
        possible,
        ties=ties,
        keep_decided=keep_decided,
        on_patient=lambda done: tell("looking through patients", done, len(considered)),
    )
    reasons = {name: why_none(subtask, found.tallies[name], missing[name]) for name, subtask in SUBTASKS.items()}
    chosen = _drawn(found, reasons, per_subtask, seed, patients)
    qids = _qids(chosen)
    rendered: dict[Key, dict[str, Any]] = {}
    offer = _Offer(found, dictionaries, seed)
    for key, anchor in _anchors_of(tables, chosen, dictionaries, ties):
        rendered[key] = _row(anchor, *qids[key], offer)
        tell("rendering questions", len(rendered), len(chosen))
    rows = [rendered[key] for key in sorted(chosen, key=lambda key: (key.subtask, qids[key][1]))]
    report = _report(found, reasons, rows, len(considered))
    report |= {
        "seed": seed,
        "per_subtask": per_subtask,
        "ties": ties,
        "keep_decided": keep_decided,
        "patient_quota": patients,
        "deviations": [asdict(deviation) for deviation in deviations(ties=ties, keep_decided=keep_decided)],
    }
    return BuiltManifest(rows, _counts(rows), report)


def without_contexts(built: BuiltManifest) -> BuiltManifest:
    """The same manifest whose rows leave the context to be found elsewhere: no `input`, no `question`."""
    rows = [{key: value for key, value in row.items() if key not in CONTEXT_KEYS} for row in built.rows]
    return BuiltManifest(rows, built.counts, built.report)


def write_manifest(built: BuiltManifest, out: Path) -> list[Path]:
    """Write the rows to `out`, `expected_counts.json` and `<stem>.report.json` beside it; return the three paths.

    A manifest in a folder `text`, as in the release, has its counts in the folder above, where a release keeps them.
    """
    counts = (out.parent.parent if out.parent.name == "text" else out.parent) / FILE_NAME
    report = out.with_name(f"{out.stem}.report.json")
    # The manifest comes last: where it is, its counts are.
    write_text(counts, built.counts.model_dump_json(indent=2) + "\n")
    write_text(report, json.dumps(built.report, indent=2, ensure_ascii=False) + "\n")
    write_text(out, json.dumps(built.rows, indent=1, ensure_ascii=False) + "\n")
    return [out, counts, report]


def _missing(subtask: Subtask, tables: Mapping[str, Path], dictionaries: Dictionaries) -> dict[str, str]:
    """What a subtask needs and is not there -> one sentence each."""
    lacking = {
        name: f"There is no table {name} (module {TABLES[name].module})."
        for name in tables_needed(subtask)
        if name not in tables
    }
    unnamed = names_lacking(subtask, dictionaries)
    return {**lacking, "names": unnamed} if unnamed else lacking


def _trajectories(
    tables: Mapping[str, Path], subject_ids: Sequence[int], dictionaries: Dictionaries
) -> Iterator[Trajectory]:
    needed = {name: path for name, path in tables.items() if name in NEEDED_COLUMNS}
    for _, rows in rows_from_parquet(needed, subject_ids, columns=NEEDED_COLUMNS):
        yield trajectory_of(rows, dictionaries)


def _drawn(
    found: Survey, reasons: Mapping[str, str | None], per_subtask: int, seed: int, patients: int | None
) -> list[Key]:
    ordered = {name: shuffled(name, keys, seed) for name, keys in found.keys.items() if not reasons[name]}
    drawn = [key for name, keys in ordered.items() for key in draw(name, keys, per_subtask)]
    if patients is not None:
        drawn = meet_quota(drawn, (key for keys in ordered.values() for key in keys), patients)
    return drawn


def _qids(chosen: Sequence[Key]) -> dict[Key, tuple[str, int]]:
    """Key -> source file and index: EHR-Bench's two files, each in the order of subtask, patient and place."""
    numbered: dict[Key, tuple[str, int]] = {}
    so_far: Counter[str] = Counter()
    for key in sorted(chosen):
        task_type = SUBTASKS[key.subtask].task_type
        numbered[key] = (f"ehr_bench_{task_type}.jsonl", so_far[task_type])
        so_far[task_type] += 1
    return numbered


def _anchors_of(
    tables: Mapping[str, Path], chosen: Sequence[Key], dictionaries: Dictionaries, ties: Ties
) -> Iterator[tuple[Key, Anchor]]:
    """The anchors of the chosen questions, found again patient by patient."""
    of_patient: dict[int, dict[str, dict[int, Key]]] = {}
    for key in chosen:
        of_patient.setdefault(key.subject_id, {}).setdefault(key.subtask, {})[key.place] = key
    for trajectory in _trajectories(tables, sorted(of_patient), dictionaries):
        for subtask, places in of_patient[trajectory.subject_id].items():
            found = anchors(trajectory, SUBTASKS[subtask], ties=ties)
            for place, anchor in enumerate(islice(found, max(places) + 1)):
                if place in places:
                    yield places[place], anchor


class _Offer:
    """What each question offers to choose from."""

    def __init__(self, found: Survey, dictionaries: Dictionaries, seed: int) -> None:
        self._found = found
        self._dictionaries = dictionaries
        self._seed = seed
        self._vocabularies: dict[str, Vocabulary] = {}

    def candidates(self, anchor: Anchor, qid: str) -> list[str]:
        subtask = anchor.subtask
        if subtask.task_type == RISK:
            return list(YES_NO)
        if subtask.name not in self._vocabularies:
            frequencies = self._found.frequencies[subtask.name]
            self._vocabularies[subtask.name] = Vocabulary(frequencies, category_of(subtask, self._dictionaries))
        return self._vocabularies[subtask.name].candidates(anchor.label, seeded(self._seed, "candidates", qid))


def _row(anchor: Anchor, source_file: str, source_idx: int, offer: _Offer) -> dict[str, Any]:
    subtask = anchor.subtask
    qid = f"{source_file.removesuffix('.jsonl')}_{source_idx}"
    context = render_input(anchor.window)
    # The text has the last word, as in the release: a time stamp in brackets inside a note counts.
    latest = latest_bracketed_time(context) or anchor.latest_event_time
    moment = latest + MOMENT_AFTER_CONTEXT
    candidates = offer.candidates(anchor, qid)
    label: str | list[str] = list(anchor.label) if subtask.answer_is_list else anchor.label[0]
    question = render_question(
        instruction=subtask.instruction,
        prediction_time=moment,
        latest_event_time=latest,
        answer_is_list=subtask.answer_is_list,
        candidates=candidates,
        context=context,
    )
    provenance = {
        "source_idx": source_idx,
        "source_file": source_file,
        "latest_event_time": _written(latest),
        "prediction_time": _written(moment),
    }
    return {
        "qid": qid,
        "subject_id": anchor.trajectory.subject_id,
        "hadm_id": anchor.hadm_id,
        "task": subtask.name,
        "task_type": subtask.task_type,
        **provenance,
        "question": question,
        "instruction": subtask.instruction,
        "input": context,
        "output": "\n".join(anchor.label),
        "label": label,
        "candidates": candidates,
        "decided": anchor.decided_at(moment),
        "task_info": {
            "target_key": subtask.target,
            "event": subtask.trigger,
            "metric": metric(subtask),
            "task_type": subtask.task_type,
            "task": subtask.name,
            "target": label,
            "label": label,
            **provenance,
        },
    }


def _written(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


def _counts(rows: Sequence[dict[str, Any]]) -> ExpectedCounts:
    per_subtask = Counter(row["task"] for row in rows)
    patients = {row["subject_id"] for row in rows}
    return ExpectedCounts(
        release="built",
        text=TextCounts(rows=len(rows), patients=len(patients), per_subtask=dict(sorted(per_subtask.items()))),
    )


def _report(
    found: Survey, reasons: Mapping[str, str | None], rows: Sequence[dict[str, Any]], considered: int
) -> dict[str, Any]:
    by_subtask: dict[str, list[dict[str, Any]]] = {name: [] for name in SUBTASKS}
    for row in rows:
        by_subtask[row["task"]].append(row)
    return {
        "rows": len(rows),
        "patients": len({row["subject_id"] for row in rows}),
        "patients_considered": considered,
        "most_per_patient_and_subtask": MOST_PER_PATIENT,
        "subtasks": {
            name: _subtask_report(SUBTASKS[name], found, of_subtask, reasons[name])
            for name, of_subtask in by_subtask.items()
        },
    }


def _subtask_report(
    subtask: Subtask, found: Survey, rows: Sequence[dict[str, Any]], reason: str | None
) -> dict[str, Any]:
    tally = found.tallies[subtask.name]
    report: dict[str, Any] = {
        "task_type": subtask.task_type,
        "n": len(rows),
        "patients": len({row["subject_id"] for row in rows}),
        "pool": tally.pool.total(),
        "reason": reason,
        "anchors": tally.anchors,
        "left_out": {
            **{name: tally.unlike[name] for name in ("events", "admission", "answers")},
            "decided": tally.decided.total(),
        },
    }
    if subtask.task_type == RISK:
        answers = Counter(row["label"] for row in rows)
        report |= {answer: answers[answer] for answer in YES_NO}
        report |= {f"pool_{answer}": tally.pool[answer] for answer in YES_NO}
        report["small"] = bool(rows) and min(answers[answer] for answer in YES_NO) < SMALL_CLASS
    else:
        report["vocabulary"] = len(found.frequencies[subtask.name])
    return report
