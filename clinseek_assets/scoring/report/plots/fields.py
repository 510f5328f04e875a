"""Heat maps: a field a cell, its figure written in it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import numpy
import pandas

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.scoring.leaderboard import ARM_OF, POLICIES
from clinseek_assets.scoring.report.answered import PARTS
from clinseek_assets.scoring.report.material import HEADLINE, Material
from clinseek_assets.scoring.report.plots.drawing import Plot, sheet, short
from clinseek_assets.scoring.statistics import OVERALL

MOST_UPRIGHT, WRAPPED_AT = 7, 13  # columns with upright titles, letters a line of those
LIGHT_FROM = 47  # per cent from which the colours are light
MAP = "cividis"  # even for all kinds of colour vision, and in grey


def subtask_fields(material: Material) -> Iterator[Plot]:
    """Strict F1 by subtask and model, a plot an arm: those of the strict policy, or of the published one alone."""
    scores = material.subtasks.dropna(subset="f1")
    for policy in POLICIES:
        arms = [arm for (of_policy, _), arm in ARM_OF.items() if of_policy == policy and arm in set(scores["arm"])]
        for arm in arms:
            grid = scores[scores["arm"] == arm].pivot_table(index="subtask", columns="model", values="f1")
            rows = [part for part in PARTS[material.board.split] if part in grid.index]
            grid = 100 * grid.reindex(index=rows, columns=[model for model in material.models if model in grid])
            title = f"Strict F1 by {'subtask' if material.board.split == 'text' else 'group'} and model, {arm} arm, %"
            told = f"{title}: {len(grid)} rows and {len(grid.columns)} columns, the figure written in each field."
            yield _fields(f"{material.board.split}-subtasks-{arm}", title, told, _titled(grid))
        if arms:
            return


def coverage_fields(material: Material) -> Iterator[Plot]:
    """The share of each column's questions that have a score, by model and arm."""
    figures = material.tables.figures
    kept = figures["mode"].eq(HEADLINE) & figures["column"].isin([c for c in material.board.columns if c != OVERALL])
    grid = figures[kept].pivot_table(index=["model", "arm"], columns="column", values="coverage", sort=False)
    grid = 100 * grid[[column for column in material.board.columns if column in grid]]
    if grid.empty:
        return
    title = "Questions with a score, %"
    labelled = grid.rename(columns=material.board.columns).set_axis(
        [f"{short(model)}, {arm}" for model, arm in grid.index]
    )
    told = f"{title}, by column of the table, one row a model and arm; a rank needs 98."
    yield _fields(f"{material.board.split}-coverage", title, told, labelled)


def _titled(grid: pandas.DataFrame) -> pandas.DataFrame:
    return grid.rename(index={name: group.title for name, group in GROUPS.items()})


def _fields(name: str, title: str, told: str, grid: pandas.DataFrame) -> Plot:
    """The plot of a grid of percentages."""
    rows, columns = grid.shape
    slanted = columns > MOST_UPRIGHT or max(len(word) for each in grid for word in str(each).split()) > WRAPPED_AT
    width, height = 2.5 + (0.42 if slanted else 0.85) * columns, (1.9 if slanted else 1.1) + 0.21 * rows
    with sheet(title, width, height) as (figure, axes):
        values = grid.to_numpy(dtype=float)
        axes.pcolormesh(numpy.ma.masked_invalid(values), cmap=MAP, vmin=0, vmax=100, edgecolors="none")
        for (row, column), value in numpy.ndenumerate(values):
            if not numpy.isnan(value):
                ink = "black" if value > LIGHT_FROM else "white"
                axes.text(column + 0.5, row + 0.5, f"{value:.0f}", ha="center", va="center", fontsize=7, color=ink)
        titles = [short(str(each)) if slanted else textwrap.fill(str(each), WRAPPED_AT) for each in grid.columns]
        tilt: dict[str, Any] = {"rotation": 60, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
        axes.set_xticks(numpy.arange(columns) + 0.5, titles, fontsize=7, **tilt)
        axes.set_yticks(numpy.arange(rows) + 0.5, [str(each) for each in grid.index], fontsize=7)
        axes.set_ylim(rows, 0)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return Plot(name.replace("_", "-"), title, told, figure)
