"""Scores of risk labels: what a forest learns from the shapes of records (`shapes.py`), and how well scores tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

FOLDS = 5
TREES = 100
FEWEST_IN_A_LEAF = 3
SEED = 1


def learned(
    shapes: Sequence[tuple[float, ...]], answers: Sequence[bool], patients: Sequence[int]
) -> NDArray[np.float64] | None:
    """How likely each answer is «yes», as learnt from the shapes of other patients' records.

    Args:
        shapes: of each question's record.
        answers: the labels.
        patients: whose question each is; no patient is both learnt from and asked about.

    Returns:
        A probability a question, or None where an answer is too rare to be in each of the folds.
    """
    asked = list(zip(patients, answers, strict=True))
    if min(len({who for who, said in asked if said is answer}) for answer in (True, False)) < FOLDS:
        return None
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=FEWEST_IN_A_LEAF, random_state=SEED)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    varying = np.asarray(shapes)
    varying = varying[:, np.ptp(varying, axis=0) > 0]
    if not varying.shape[1]:
        return np.full(len(answers), 0.5)
    told: NDArray[np.float64] = cross_val_predict(
        forest, varying, np.asarray(answers), groups=np.asarray(patients), cv=folds, method="predict_proba"
    )
    return told[:, 1]


def auroc(answers: Sequence[bool], scores: Sequence[float]) -> float | None:
    """The area under the ROC curve, or None where all answers are alike."""
    return None if len(set(answers)) < 2 else float(roc_auc_score(answers, scores))
