"""The scores of predictions, one row an answer and rule: what the marts are made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.rules import RULES, ScoringRule
from clinseek_assets.scoring.set_metrics import SetScore

_KEPT = ("qid", "row_number", "subject_id", "subtask", "task_type", "model", "arm", "run_index", "outcome")


def score_predictions(predictions: pd.DataFrame, questions: Sequence[Question]) -> pd.DataFrame:
    """Score predictions by both rules.

    Args:
        predictions: rows as `models.curated_arm` makes them: the columns qid, row_number, subject_id, subtask,
            task_type, model, arm, run_index, outcome and answer (a list of names) are read.
        questions: the manifest's questions; those without a prediction are not in the result.

    Returns:
        A frame of the schema `schema.SCORES`: the predictions' rows by the strict rule, then the same by the published
        one (`mode` strict or compat). Missing answers have `scored` false and no figures.

    Raises:
        ResultsFault: an outcome that is none of ours, or predictions of a question that the manifest does not have.
    """
    by_qid = {question.qid: question for question in questions}
    unknown = int((~predictions["qid"].isin(list(by_qid))).sum())
    if unknown:
        raise ResultsFault(
            f"{unknown:,} of {len(predictions):,} predictions answer questions that the manifest does not have.",
            mend="Materialize the predictions anew after a change of the manifest.",
        )
    wrong = int((~predictions["outcome"].isin([outcome.value for outcome in Outcome])).sum())
    if wrong:
        raise ResultsFault(
            f"{wrong:,} predictions have an outcome that is none of ours.", mend="Materialize them anew."
        )
    asked = [by_qid[qid] for qid in predictions["qid"]]
    return pd.concat([_scores(predictions, asked, rule) for rule in RULES.values()], ignore_index=True)


def _scores(predictions: pd.DataFrame, asked: Sequence[Question], rule: ScoringRule) -> pd.DataFrame:
    gold_of = {question.qid: rule.likeness(question.gold) for question in asked}
    golds = [gold_of[question.qid] for question in asked]
    answers: list[Any] = [() if answer is None else answer for answer in predictions["answer"]]
    scores = [
        rule.score(answer, Outcome(outcome), gold)
        for answer, outcome, gold in zip(answers, predictions["outcome"], golds, strict=True)
    ]
    figures = np.array([score or (np.nan,) * 4 for score in scores], dtype="float64").reshape(-1, 4)
    made = predictions[list(_KEPT)].assign(
        mode=rule.name,
        scored=np.array([score is not None for score in scores], dtype=bool),
        **{name: figures[:, position] for position, name in enumerate(SetScore._fields)},
        gold_size=np.array([len(gold) for gold in golds], dtype="int64"),
        answer_size=np.array([len(rule.likeness(answer)) for answer in answers], dtype="int64"),
        decided=pd.array([question.decided for question in asked], dtype="boolean"),
    )
    return made.astype({"mode": "str", "outcome": "str"})
