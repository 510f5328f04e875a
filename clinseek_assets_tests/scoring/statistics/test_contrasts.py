"""Paired contrasts: by hand, against loops that follow the formulas word by word, and against statsmodels."""

from __future__ import annotations

import itertools
import math

import numpy
import pandas
import pytest
from scipy import stats

from clinseek_assets.benchmark.subtasks import DECISION, RISK, SUBTASKS
from clinseek_assets.faults import ResultsFault
from clinseek_assets.scoring.statistics import CONTRASTS, DRAWS, contrasts
from clinseek_assets.scoring.statistics.resamples import resamples
from clinseek_assets_tests.scoring.statistics.cases import made_up, rows_of

KEY = ["model", "mode", "contrast", "column", "weighting"]


@pytest.fixture(scope="module")
def scores():
    return made_up()


@pytest.fixture(scope="module")
def found(scores):
    return contrasts(scores)


def pairs_of(scores, model, contrast):
    """(patient, subtask, difference) of the questions that both arms have a score of, runs averaged."""
    first, second = CONTRASTS[contrast]
    f1 = scores[scores["scored"] & (scores["model"] == model)].groupby(["arm", "qid"])["f1"].mean()
    about = scores.drop_duplicates("qid").set_index("qid")
    both = sorted(set(f1[first].index) & set(f1[second].index))
    return [(about.subject_id[qid], about.subtask[qid], f1[first, qid] - f1[second, qid]) for qid in both]


def members_of(column):
    """The subtasks of a column, from the catalogue alone."""
    own = [name for name in SUBTASKS if name == column]
    rules = {"overall": lambda one: True, RISK: lambda one: one.task_type == RISK}
    rules[DECISION] = lambda one: one.task_type == DECISION
    return own or [name for name, one in SUBTASKS.items() if rules.get(column, lambda one: one.category == column)(one)]


def naive(pairs, weighting, all_patients):
    """Every figure of a row by plain loops over questions and draws."""
    sizes = {name: sum(1 for _, subtask, _ in pairs if subtask == name) for _, name, _ in pairs}
    n, patients = len(pairs), sorted({patient for patient, _, _ in pairs})
    means = {name: math.fsum(d for _, subtask, d in pairs if subtask == name) / size for name, size in sizes.items()}
    weight = {name: 1 / n if weighting == "micro" else 1 / (len(sizes) * size) for name, size in sizes.items()}
    delta = math.fsum(weight[subtask] * d for _, subtask, d in pairs)
    around = [sum(weight[k] * (d - means[k]) for g, k, d in pairs if g == patient) for patient in patients]
    groups = len(patients)
    error = math.sqrt(groups / (groups - 1) * sum(z * z for z in around))
    reach = stats.t.ppf(0.975, groups - 1) * error
    draws, place = resamples(len(all_patients)), {patient: row for row, patient in enumerate(all_patients)}
    rows = [place[patient] for patient, _, _ in pairs]
    drawn, flips = [], []
    for draw in range(DRAWS):
        counts = draws.counts[rows, draw].tolist()
        sums, times = dict.fromkeys(sizes, 0.0), dict.fromkeys(sizes, 0)
        for count, (_, subtask, d) in zip(counts, pairs, strict=True):
            sums[subtask] += count * d
            times[subtask] += count
        there = [name for name in sizes if times[name]]
        share = {name: sizes[name] if weighting == "micro" else 1 for name in there}
        if there:
            drawn.append(sum(share[k] * sums[k] / times[k] for k in there) / sum(share.values()))
        signs = draws.signs[rows, draw].tolist()
        flips.append(sum(sign * weight[k] * d for sign, (_, k, d) in zip(signs, pairs, strict=True)))
    drawn.sort()
    rank = math.ceil(0.025 * len(drawn) - 1e-9)
    p = (1 + sum(abs(flip) >= abs(delta) - 1e-12 for flip in flips)) / (1 + DRAWS)
    mde = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * error
    ends = (drawn[rank - 1], drawn[-rank])
    return [delta, delta - reach, delta + reach, *ends, p, n, groups, groups < 30, mde]


@pytest.mark.parametrize(
    ("column", "weighting"),
    [("labevents", "micro"), ("LengthOfStay", "macro"), (RISK, "micro"), ("overall", "micro"), ("overall", "macro")],
)
def test_every_figure_is_that_of_a_naive_loop(scores, found, column, weighting):
    row = found.set_index(KEY).loc[("b", "strict", "seeking-curated_strict", column, weighting)]
    pairs = [pair for pair in pairs_of(scores, "b", "seeking-curated_strict") if pair[1] in members_of(column)]
    patients = sorted(scores.loc[scores["scored"], "subject_id"].unique())
    assert row.drop("level").tolist() == pytest.approx(naive(pairs, weighting, patients), abs=1e-12, rel=0)


def test_one_subtask_is_statsmodels_clustered_regression_on_a_constant(scores, found):
    ols = pytest.importorskip("statsmodels.api")
    pairs = [pair for pair in pairs_of(scores, "a", "curated-curated_strict") if pair[1] == "labevents"]
    patients, _, differences = zip(*pairs, strict=True)
    fit = ols.OLS(numpy.array(differences), numpy.ones(len(pairs))).fit(
        cov_type="cluster", cov_kwds={"groups": numpy.array(patients)}, use_t=True
    )
    row = found.set_index(KEY).loc[("a", "strict", "curated-curated_strict", "labevents", "micro")]
    assert [row.delta, row.low, row.high] == pytest.approx([fit.params[0], *fit.conf_int()[0]], abs=1e-12)


@pytest.mark.parametrize("weighting", ["micro", "macro"])
def test_an_average_over_subtasks_is_statsmodels_regression_on_the_subtasks(scores, found, weighting):
    ols = pytest.importorskip("statsmodels.api")
    patients, subtasks, differences = zip(*pairs_of(scores, "a", "seeking-curated_strict"), strict=True)
    names, sizes = numpy.unique(subtasks, return_counts=True)
    indicators = (numpy.array(subtasks)[:, None] == names).astype(float)
    kwds = {"groups": numpy.array(patients), "use_correction": False}  # its correction is G/(G−1) times (n−1)/(n−K)
    fit = ols.OLS(numpy.array(differences), indicators).fit(cov_type="cluster", cov_kwds=kwds)
    weights = sizes / sizes.sum() if weighting == "micro" else numpy.full(len(names), 1 / len(names))
    groups = len(set(patients))
    error = math.sqrt(groups / (groups - 1) * weights @ fit.cov_params() @ weights)
    row = found.set_index(KEY).loc[("a", "strict", "seeking-curated_strict", "overall", weighting)]
    assert row.delta == pytest.approx(weights @ fit.params, abs=1e-12)
    assert (row.high - row.low) / 2 == pytest.approx(stats.t.ppf(0.975, groups - 1) * error, abs=1e-12)


def test_the_rows_are_all_columns_of_all_contrasts_each_once(found):
    assert not found.duplicated(KEY).any()
    columns = set(found["column"])
    # Categories appear beside their subtasks, but a category that is named as its only subtask appears once.
    assert columns >= {"LengthOfStay", "Mortality_Hospital", "Lab_Microbiology_orders", RISK, DECISION, "overall"}
    assert len(found) == 2 * len(CONTRASTS) * (5 + 2 * (3 + 2 + 1))
    assert found.loc[found["level"] == "subtask", "weighting"].eq("micro").all()


def test_a_category_named_as_its_subtask_is_listed_as_the_subtask_only():
    figures = [(f"q{i}", i, "ICU_Readmission", 0.5) for i in range(4)]
    found = contrasts(pandas.concat([rows_of(figures), rows_of(figures, arm="curated_strict")]))
    assert found.loc[found["column"] == "ICU_Readmission", ["level", "weighting"]].values.tolist() == [
        ["subtask", "micro"]
    ]


def test_only_questions_of_both_arms_count_and_runs_are_averaged_first():
    seeking = rows_of([("q1", 1, "labevents", 1.0), ("q2", 2, "labevents", 0.5), ("q3", 3, "labevents", 1.0)])
    again = rows_of([("q1", 1, "labevents", 0.0)], run_index=2)
    curated = rows_of(
        [("q1", 1, "labevents", 0.25), ("q2", 2, "labevents", 0.0), ("q3", 3, "labevents", None)], arm="curated_strict"
    )
    found = contrasts(pandas.concat([seeking, again, curated])).set_index(["column", "weighting"])
    row = found.loc[("overall", "micro")]
    assert (row.delta, row.n, row.patients, row.small) == (pytest.approx((0.25 + 0.5) / 2), 2, 2, True)


def test_arms_of_one_model_alone_make_no_contrast_of_another():
    figures = [(f"q{i}", i, "labevents", 0.5) for i in range(4)]
    apart = pandas.concat([rows_of(figures, model="a"), rows_of(figures, model="b", arm="curated_strict")])
    found = contrasts(apart)
    assert len(found) == 0
    assert list(found.columns) == list(contrasts(made_up(questions=20)).columns)


def test_few_patients_give_the_exact_sign_flip_probability():
    differences = [0.5, 0.4, 0.3, 0.2, -0.1, 0.35]
    first = rows_of([(f"q{i}", i, "labevents", 0.2 + d) for i, d in enumerate(differences)])
    second = rows_of([(f"q{i}", i, "labevents", 0.2) for i in range(6)], arm="curated_strict")
    p = contrasts(pandas.concat([first, second])).set_index("column").loc["labevents", "p"]
    flips = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=6)
    ]
    exact = sum(flip >= abs(sum(differences)) - 1e-9 for flip in flips) / 64
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / DRAWS))


def test_a_single_patient_has_a_difference_but_no_interval():
    figures = [("q1", 7, "labevents", 1.0), ("q2", 7, "labevents", 0.5)]
    lower = [("q1", 7, "labevents", 0.0), ("q2", 7, "labevents", 0.5)]
    row = contrasts(pandas.concat([rows_of(figures), rows_of(lower, arm="curated_strict")])).iloc[0]
    assert (row.delta, row.p, row.patients) == (0.5, 1.0, 1)
    assert row[["low", "high", "boot_low", "boot_high", "mde"]].isna().all()


def test_other_models_and_the_order_of_rows_change_nothing(scores, found):
    alone = contrasts(scores[scores["model"] == "a"].sample(frac=1, random_state=3))
    pandas.testing.assert_frame_equal(alone, found[found["model"] == "a"].reset_index(drop=True), rtol=0, atol=1e-12)


def test_scores_of_two_manifests_are_refused():
    mixed = pandas.concat([rows_of([("q1", 1, "labevents", 1.0)]), rows_of([("q1", 2, "labevents", 1.0)], model="b")])
    with pytest.raises(ResultsFault, match="subject_id"):
        contrasts(mixed)


def test_a_missing_column_is_named():
    with pytest.raises(ResultsFault, match="subject_id"):
        contrasts(rows_of([("q1", 1, "labevents", 1.0)]).drop(columns="subject_id"))
