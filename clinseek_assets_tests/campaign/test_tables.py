"""The printed tables: LaTeX that can be set, CSV that can be read back, small cells left out of both."""

from __future__ import annotations

import io
from pathlib import Path

import pandas
import pytest

from clinseek_assets.campaign.tables import deltas_in_csv, escaped, figures_in_csv, latex_tables
from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import BOARDS, Tables, read_deltas, read_tables


@pytest.fixture(scope="module")
def tables(finished_home: Path) -> Tables:
    return read_tables(Layout(finished_home), BOARDS["text"])


@pytest.fixture(scope="module")
def deltas(finished_home: Path) -> dict[str, pandas.DataFrame]:
    return {mode: read_deltas(Layout(finished_home), BOARDS["text"], mode) for mode in ("strict", "compat")}


def test_the_tables_have_the_published_layout_and_the_marts_figures(
    tables: Tables, deltas: dict[str, pandas.DataFrame]
) -> None:
    made = latex_tables(tables, deltas, 1)
    assert set(made) == {
        f"text_{policy}_policy_{mode}.tex" for policy in ("strict", "published") for mode in ("strict", "compat")
    }
    text = made["text_strict_policy_strict.tex"]
    lines = text.splitlines()
    for start, end in (("\\begin{table}", "\\end{table}"), ("\\toprule", "\\bottomrule")):
        assert lines.index(start) < lines.index(end)
    rows = [line for line in lines if line.endswith("\\\\")]
    assert {row.count("&") for row in rows} == {5}
    assert "Risk Prediction & Decision Making & Overall" in rows[0]
    figure = tables.figures.set_index(["model", "arm", "mode", "column"])["f1"]
    value = 100 * figure["evidence_counts", "seeking", "strict", "overall"]
    (row,) = [row for row in rows if "evidence\\_counts & seeking" in row]
    assert row.split("&")[-1].strip().startswith(f"{value:.1f} ")
    of_deltas = deltas["strict"].set_index(["model", "contrast", "column"])
    delta = 100 * of_deltas.loc[("evidence_counts", "seeking-curated_strict", "overall"), ["delta", "low", "high"]]
    below = rows[rows.index(row) + 2]
    assert below.split("&")[-1].strip() == "${:+.1f}$ {{\\scriptsize [{:+.1f}, {:+.1f}]}} \\\\".format(*delta)


def test_a_model_s_name_cannot_break_a_table() -> None:
    assert escaped("a_b 50% {x} \\y & #1 $ ~^") == (
        r"a\_b 50\% \{x\} \textbackslash{}y \& \#1 \$ \textasciitilde{}\textasciicircum{}"
    )


def test_figures_of_few_patients_are_in_neither(tables: Tables, deltas: dict[str, pandas.DataFrame]) -> None:
    most = int(tables.figures["patients"].max())
    text = latex_tables(tables, deltas, most + 1)["text_strict_policy_strict.tex"]
    assert "-- & -- & --" in text and "scriptsize" not in text
    read = pandas.read_csv(io.StringIO(figures_in_csv(tables.figures, most + 1)))
    assert read["left_out"].all() and read[["f1", "low", "high", "n", "patients"]].isna().all().all()


def test_the_figures_can_be_read_back(tables: Tables) -> None:
    read = pandas.read_csv(io.StringIO(figures_in_csv(tables.figures, 1)))
    assert read["f1"].to_numpy() == pytest.approx(tables.figures["f1"].to_numpy())
    assert not read["left_out"].any()


def test_paired_differences_of_one_split() -> None:
    deltas = pandas.DataFrame(
        {"split": ["text", "text", "multimodal"], "model": "m", "delta": [0.1, 0.2, 0.3], "patients": [50, 5, 50]}
    )
    read = pandas.read_csv(io.StringIO(deltas_in_csv(deltas, "text", 11)))
    assert list(read["left_out"]) == [False, True]
    assert read["delta"][0] == 0.1 and pandas.isna(read["delta"][1]) and pandas.isna(read["patients"][1])
