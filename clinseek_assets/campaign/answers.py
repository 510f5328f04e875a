"""What came of a model's answers in one arm of a split, in aggregates: outcomes and their effect, effort, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.campaign.small_cells import counts_shown, shown
from clinseek_assets.models.ledger_figures import Attempts
from clinseek_assets.models.outcomes import ANSWERS, MISSING, Outcome
from clinseek_assets.storage.fingerprint import of_text

EFFORT = ("rounds", "tool_calls", "browser_calls", "repaired", "prompt_tokens", "completion_tokens", "cached_tokens")
PAID = ("dollars", "seconds")
COLUMNS = ["qid", "subject_id", "run_index", "outcome", "forced", "notices", "error_kind", *EFFORT, *PAID]
SCORE_COLUMNS = ["qid", "subject_id", "arm", "mode", "run_index", "outcome", "scored", "f1", "decided"]
GIVEN = frozenset(str(outcome) for outcome in ANSWERS)


@dataclass(frozen=True)
class Cell:
    """One model in one arm of a split.

    Attributes:
        answers: its predictions, a row a question and run, with `COLUMNS`.
        scores: its strict scores, with `SCORE_COLUMNS`; no rows where nothing was scored yet.
        attempts: what the ledger has of the model in this arm, over both splits; None for what runs here.
        fewest: of how many patients a figure must at least be to be shown.
    """

    answers: pandas.DataFrame
    scores: pandas.DataFrame
    attempts: Attempts | None
    fewest: int


def read_answers(files: Sequence[Path]) -> pandas.DataFrame:
    """The predictions of several partitions; those that were not made are passed over."""
    frames = [pandas.read_parquet(path, columns=COLUMNS) for path in files if path.is_file()]
    frames = [frame for frame in frames if len(frame)]
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame(columns=COLUMNS)


def read_scores(path: Path, mode: str = "strict") -> pandas.DataFrame:
    """A model's scores by one rule, over all arms of a split; no rows where there are none."""
    if not path.is_file():
        return pandas.DataFrame(columns=SCORE_COLUMNS)
    return pandas.read_parquet(path, columns=SCORE_COLUMNS, filters=[("mode", "==", mode)])


def told_of(cell: Cell) -> dict[str, Any]:
    """All aggregates of a cell, with small ones left out.

    Returns:
        A JSON value: `questions`, `patients`, `runs`, `outcomes`, `errors`, `window` (what a context limit did),
        `a_question` (means of effort and cost over answers that tell it), `effect` (F1 by what is done with answers
        that are none), `attempts` (None where no endpoint is asked).
    """
    answers = cell.answers
    patients = int(answers["subject_id"].nunique())
    return {
        "questions": int(answers["qid"].nunique()),
        "patients": shown(patients, patients, cell.fewest),
        "runs": int(answers["run_index"].max()),
        "outcomes": counted(answers, "outcome", cell.fewest),
        "errors": counted(answers, "error_kind", cell.fewest),
        "window": window(cell),
        "a_question": {name: mean(answers, name, cell.fewest) for name in (*EFFORT, *PAID)},
        "effect": effect(cell),
        "attempts": None if cell.attempts is None else of_attempts(cell),
    }


def counted(answers: pandas.DataFrame, column: str, fewest: int) -> dict[str, Any]:
    """How many answers have each word of a column; words of too few patients are not counted out."""
    told = answers[answers[column].notna()]
    counts = {str(word): int(count) for word, count in told[column].value_counts().items()}
    patients = {str(word): int(count) for word, count in told.groupby(column)["subject_id"].nunique().items()}
    return counts_shown(counts, patients, fewest)


def mean(answers: pandas.DataFrame, column: str, fewest: int) -> Any:
    """The mean of a column over the answers that have it; None where none has."""
    told = answers[answers[column].notna()]
    if told.empty:
        return None
    return shown(float(told[column].astype("float64").mean()), int(told["subject_id"].nunique()), fewest)


def share(answers: pandas.DataFrame, chosen: pandas.Series, fewest: int) -> Any:
    """The share of answers that are chosen, left out where it is of too few patients; None of no answers."""
    if answers.empty:
        return None
    return shown(float(chosen.mean()), int(answers.loc[chosen, "subject_id"].nunique()), fewest)


def window(cell: Cell) -> dict[str, Any]:
    """What limits of length did: the shares of answers that were cut off, whose context or results had to be shortened,
    and whose last turn was forced, by reason.
    """
    answers = cell.answers
    reasons = answers["forced"].dropna().unique()
    return {
        "answers truncated": share(answers, answers["outcome"] == str(Outcome.TRUNCATED), cell.fewest),
        "evidence shortened": share(answers, answers["notices"].fillna(0) > 0, cell.fewest),
        **{
            f"last turn forced by {reason}": share(answers, answers["forced"] == reason, cell.fewest)
            for reason in sorted(map(str, reasons))
        },
    }


def effect(cell: Cell) -> dict[str, Any]:
    """Mean strict F1 over questions, and what it would be by other treatments of answers that are none.

    `f1` is the headline: the model's own failures are 0, missing answers are in no mean. `of answers alone` leaves its
    failures out too. `missing as wrong` and `missing as right` are the bounds. `without troubled calls` leaves out the
    questions of which a call failed or was lost and had to be repeated. Where a treatment concerns too few patients, it
    is left out whole: beside the headline it would tell what these answered.
    """
    scores = cell.scores
    if scores.empty:
        return {}
    missing = scores["outcome"].isin([str(outcome) for outcome in MISSING])
    failures = ~missing & ~scores["outcome"].isin(GIVEN)
    troubled = scores["qid"].map(troubled_by_qid(cell)).astype(bool)
    treatments = {
        "f1": (scores[scores["scored"]], None),
        "of answers alone": (scores[scores["scored"] & ~failures], failures),
        "missing as wrong": (scores.assign(f1=scores["f1"].mask(missing, 0.0)), missing),
        "missing as right": (scores.assign(f1=scores["f1"].mask(missing, 1.0)), missing),
        "without troubled calls": (scores[scores["scored"] & ~troubled], troubled),
    }
    return {
        name: question_mean(rows, cell.fewest)
        if concerned is None
        else shown(question_mean(rows, cell.fewest), int(scores.loc[concerned, "subject_id"].nunique()), cell.fewest)
        for name, (rows, concerned) in treatments.items()
    }


def troubled_by_qid(cell: Cell) -> dict[str, bool]:
    """Question -> whether a call about it failed or was lost."""
    troubled = cell.attempts.troubled_questions if cell.attempts else frozenset()
    return {qid: bool(troubled) and of_text(str(qid)) in troubled for qid in cell.scores["qid"].unique()}


def question_mean(scores: pandas.DataFrame, fewest: int) -> Any:
    """The mean F1 over questions, runs averaged first; None of no question."""
    told = scores[scores["f1"].notna()]
    if told.empty:
        return None
    value = float(told.groupby("qid", sort=False)["f1"].mean().mean())
    return shown(value, int(told["subject_id"].nunique()), fewest)


def of_attempts(cell: Cell) -> dict[str, Any]:
    """The calls of the model in this arm, over both splits, and what a question cost in all, failures included."""
    found = cell.attempts
    assert found is not None
    few = 0 < found.questions < cell.fewest  # as many patients at most
    return {
        "calls": found.calls,
        "questions": found.questions,
        "calls a question": None if not found.questions else found.calls / found.questions,
        "tokens a question": None if not found.questions else found.tokens / found.questions,
        "dollars a question": None if not found.questions else found.dollars / found.questions,
        "tokens": found.tokens,
        "dollars": found.dollars,
        "failed": found.failed,
        "lost": found.lost,
        "open": found.open,
        "failures": {} if few else found.failures,
        "requests tried again or given up": found.troubled,
        "of these answered in the end": found.recovered,
        "first call": found.first.isoformat(timespec="seconds"),
        "last call": found.last.isoformat(timespec="seconds"),
    }


def decided(questions: Sequence[Any], fewest: int) -> dict[str, Any]:
    """The share of questions whose answer was settled before their moment, among those of which that is known.

    Args:
        questions: the questions of a split (`benchmark.questions.Question`).
        fewest: of how many patients a figure must at least be.
    """
    known = [question for question in questions if question.decided is not None]
    settled = [question for question in known if question.decided]
    patients = len({question.subject_id for question in settled})
    return {
        "known": len(known),
        "decided": shown(len(settled), patients, fewest),
        "share": None if not known else shown(len(settled) / len(known), patients, fewest),
    }
