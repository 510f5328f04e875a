"""The scores of predictions, one row an answer and rule: what the marts are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.rescoring import BASIS, basis_of
from clinseek_assets.scoring.rules import RULES, Given, Rule
from clinseek_assets.scoring.set_metrics import SetScore

_KEPT = ("qid", "row_number", "subject_id", "subtask", "task_type", "model", "arm", "run_index", "outcome")


def score_predictions(
    predictions: pd.DataFrame, questions: Sequence[Question], rules: Iterable[Rule] = tuple(RULES.values())
) -> pd.DataFrame:
    """Score predictions by rules, usually the strict and the published one of a split.

    Args:
        predictions: rows as `models.curated_arm` makes them: the columns qid, row_number, subject_id, subtask,
            task_type, model, arm, run_index, outcome and answer (a list of names) are read.
        questions: the manifest's questions; those without a prediction are not in the result.
        rules: the rules; by default those of the text split.

    Returns:
        A frame of the split's schema (`schema.scores_schema`): the predictions' rows by each rule in turn, `mode` being
        its name (strict or compat). Missing answers have `scored` false and no figures.

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
    answers: list[Any] = [() if answer is None else answer for answer in predictions["answer"]]
    given = [
        Given(by_qid[qid], tuple(answer), Outcome(outcome))
        for qid, answer, outcome in zip(predictions["qid"], answers, predictions["outcome"], strict=True)
    ]
    return pd.concat([_scores(predictions, given, rule) for rule in rules], ignore_index=True)


def _scores(predictions: pd.DataFrame, given: Sequence[Given], rule: Rule) -> pd.DataFrame:
    scores = rule.scores(given)
    figures = np.array([score.figures or (np.nan,) * 4 for score in scores], dtype="float64").reshape(-1, 4)
    sizes = np.array([rule.sizes(each) for each in given], dtype="int64").reshape(-1, 2)
    # Made at once, each column with its type: for a few rows, adding and converting columns takes longer than scoring.
    return pd.DataFrame(
        {
            **{name: predictions[name] for name in _KEPT},
            "outcome": predictions["outcome"].astype("str"),
            "mode": pd.array([rule.name] * len(given), dtype="str"),
            "scored": np.array([score.figures is not None for score in scores], dtype=bool),
            **{name: figures[:, position] for position, name in enumerate(SetScore._fields)},
            "gold_size": sizes[:, 0],
            "answer_size": sizes[:, 1],
            "decided": pd.array([each.question.decided for each in given], dtype="boolean"),
            BASIS: pd.array([basis_of(each) for each in given], dtype="str"),
            **rule.columns(scores),
        },
        index=predictions.index,
    )
