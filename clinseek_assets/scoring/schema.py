"""The schema of the scores, by which an asset check proves what was stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.benchmark.subtasks import DECISION, RISK, SUBTASKS
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.multimodal.rules import DECIDERS
from clinseek_assets.scoring.rescoring import BASIS, BASIS_LENGTH
from clinseek_assets.scoring.rules import RULES
from clinseek_assets.scoring.set_metrics import SetScore

_FRACTION = pandera.Check.in_range(0, 1)


def _figures_where_scored(scores: pandas.DataFrame) -> pandas.Series:
    return scores[list(SetScore._fields)].notna().all(axis=1) == scores["scored"]


def _exact_match_is_f1_of_one(scores: pandas.DataFrame) -> pandas.Series:
    return ~scores["scored"] | ((scores["exact_match"] == 1) == (scores["f1"] == 1))


def _f1_between_precision_and_recall(scores: pandas.DataFrame) -> pandas.Series:
    rounding = 1e-12
    ends = scores[["precision", "recall"]]
    return ~scores["scored"] | scores["f1"].between(ends.min(axis=1) - rounding, ends.max(axis=1) + rounding)


def scores_schema(
    subtasks: Iterable[str], task_types: Iterable[str], further: Mapping[str, pandera.Column]
) -> pandera.DataFrameSchema:
    """The schema of a split's scores.

    Args:
        subtasks, task_types: the words of its two columns.
        further: columns that only this split has, at the end.
    """
    return pandera.DataFrameSchema(
        {
            "qid": pandera.Column(str),
            "row_number": pandera.Column("int64", pandera.Check.ge(1)),
            "subject_id": pandera.Column("int64", pandera.Check.ge(0)),
            "subtask": pandera.Column(str, pandera.Check.isin(list(subtasks))),
            "task_type": pandera.Column(str, pandera.Check.isin(list(task_types))),
            "model": pandera.Column(str),
            "arm": pandera.Column(str),
            "run_index": pandera.Column("int64", pandera.Check.ge(1)),
            "outcome": pandera.Column(str, pandera.Check.isin([outcome.value for outcome in Outcome])),
            "mode": pandera.Column(str, pandera.Check.isin(list(RULES))),
            "scored": pandera.Column("bool"),
            "precision": pandera.Column("float64", _FRACTION, nullable=True),
            "recall": pandera.Column("float64", _FRACTION, nullable=True),
            "f1": pandera.Column("float64", _FRACTION, nullable=True),
            "exact_match": pandera.Column("float64", pandera.Check.isin([0.0, 1.0]), nullable=True),
            "gold_size": pandera.Column("int64", pandera.Check.ge(1)),
            "answer_size": pandera.Column("int64", pandera.Check.ge(0)),
            "decided": pandera.Column("boolean", nullable=True),
            BASIS: pandera.Column(str, pandera.Check.str_length(BASIS_LENGTH, BASIS_LENGTH)),
            **further,
        },
        checks=[
            pandera.Check(_figures_where_scored, name="figures_where_scored_and_only_there"),
            pandera.Check(_exact_match_is_f1_of_one, name="exact_match_where_f1_is_one"),
            pandera.Check(_f1_between_precision_and_recall, name="f1_between_precision_and_recall"),
        ],
        unique=["qid", "model", "arm", "run_index", "mode"],
        strict=True,
        ordered=True,
        name="scores",
    )


SCORES = scores_schema(SUBTASKS, (RISK, DECISION), {})
MULTIMODAL_SCORES = scores_schema(
    GROUPS,
    TASKS,
    {
        "decided_by": pandera.Column(str, pandera.Check.isin(list(DECIDERS))),
        "f1_raw": pandera.Column("float64", _FRACTION, nullable=True),
    },
)
SCHEMAS = {"text": SCORES, "multimodal": MULTIMODAL_SCORES}
