"""Corrections for many tests: the figures, and which tests belong together."""

from __future__ import annotations

import numpy
import pandas
import pytest

from clinseek_assets.scoring.statistics import adjusted, contrasts
from clinseek_assets.scoring.statistics.families import benjamini_hochberg, holm
from clinseek_assets_tests.scoring.statistics.cases import made_up


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.04 times 3, 2, 1, never falling; what was not tested is no part of the family.
    assert holm(numpy.array([0.04, numpy.nan, 0.01, 0.02])) == pytest.approx([0.04, numpy.nan, 0.03, 0.04], nan_ok=True)


def test_benjamini_hochberg_by_hand():
    # Sorted 0.01, 0.02, 0.30 times 3/1, 3/2, 3/3, never rising from the right.
    found = benjamini_hochberg(numpy.array([0.30, 0.01, numpy.nan, 0.02]))
    assert found == pytest.approx([0.30, 0.03, numpy.nan, 0.03], nan_ok=True)


def test_nothing_tested_stays_nothing():
    nothing = numpy.full(3, numpy.nan)
    assert numpy.isnan(holm(nothing)).all()
    assert numpy.isnan(benjamini_hochberg(nothing)).all()


def test_both_are_statsmodels_corrections():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = numpy.random.default_rng(4).beta(0.4, 1, 60).round(3)  # rounded, so that some are equal
    for ours, theirs in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        assert ours(p) == pytest.approx(multitest.multipletests(p, method=theirs)[1], abs=1e-12)


def test_families_are_models_by_main_columns_and_models_by_subtasks():
    frame = adjusted(contrasts(made_up(models=("a", "b", "c"))))
    of_one = frame[(frame["contrast"] == "seeking-curated_strict") & (frame["weighting"] == "micro")]
    main = of_one["column"].isin(["risk_prediction", "decision_making", "overall"])
    assert of_one["p_holm"].notna().equals(main)
    assert of_one["p_bh"].notna().equals(of_one["level"] == "subtask")
    assert of_one.loc[main, "p_holm"].tolist() == pytest.approx(holm(of_one.loc[main, "p"].to_numpy()))
    smallest = of_one.loc[main].nsmallest(1, "p").iloc[0]
    assert smallest.p_holm == pytest.approx(min(1.0, 9 * smallest.p))  # 3 models × 3 columns
    assert (frame["p_holm"].dropna() >= frame.loc[frame["p_holm"].notna(), "p"]).all()


def test_without_task_types_the_family_is_overall():
    frame = adjusted(contrasts(made_up(), task_types=()))
    assert set(frame.loc[frame["p_holm"].notna(), "column"]) == {"overall"}


def test_no_contrast_at_all_is_an_empty_frame():
    scores = made_up()
    frame = adjusted(contrasts(scores[scores["arm"] == "seeking"]))
    assert isinstance(frame, pandas.DataFrame)
    assert {"p_holm", "p_bh"} <= set(frame.columns)
    assert len(frame) == 0
