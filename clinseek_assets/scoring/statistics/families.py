"""Corrections for many tests: which tests belong together, and what p is within them.

Families are fixed before the first run. Holm's correction holds the chance of any false finding over all models × the
tables' main columns of one contrast: Risk, Decision and Overall in the text split, the six groups' Overall in the
multimodal one. Benjamini and Hochberg's holds the share of false findings over the grid models × subtasks of one
contrast. Modes and weightings are the same answers seen otherwise, and have families of their own. Floor rows are
participants like any others: who does not want them in a family leaves them out of the frame.
"""

from __future__ import annotations

import numpy
import pandas

from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.scoring.statistics.columns import OVERALL

LEVEL = 0.05
_MAIN_COLUMNS = (RISK, DECISION, OVERALL)


def adjusted(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The contrasts of one split with corrected p values.

    Args:
        frame: rows of `contrasts`, all models of the family in it.

    Returns:
        The same rows with `p_holm` (NaN outside the main columns) and `p_bh` (NaN outside the subtasks).
    """
    together = [frame[name] for name in ("mode", "contrast", "weighting")]
    main, grid = frame["column"].isin(_MAIN_COLUMNS), frame["level"] == "subtask"
    return frame.assign(
        p_holm=frame["p"].where(main).groupby(together).transform(lambda p: holm(p.to_numpy())).astype(float),
        p_bh=frame["p"]
        .where(grid)
        .groupby(together)
        .transform(lambda p: benjamini_hochberg(p.to_numpy()))
        .astype(float),
    )


def holm(p: numpy.ndarray) -> numpy.ndarray:
    """Holm's step-down p values (Holm 1979); NaN are no part of the family and stay."""
    tested = numpy.flatnonzero(~numpy.isnan(p))
    order = tested[numpy.argsort(p[tested], kind="stable")]
    corrected = numpy.full(len(p), numpy.nan)
    stepped = p[order] * numpy.arange(len(order), 0, -1)
    corrected[order] = numpy.minimum(1.0, numpy.maximum.accumulate(stepped)) if len(order) else stepped
    return corrected


def benjamini_hochberg(p: numpy.ndarray) -> numpy.ndarray:
    """Benjamini and Hochberg's step-up p values (1995); NaN are no part of the family and stay."""
    from scipy.stats import false_discovery_control  # here: slow to load

    tested = ~numpy.isnan(p)
    corrected = numpy.full(len(p), numpy.nan)
    if tested.any():
        corrected[tested] = false_discovery_control(p[tested])
    return corrected
