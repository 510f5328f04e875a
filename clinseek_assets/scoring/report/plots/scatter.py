"""Plots of one figure against another: seeking against curated, and score against cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy
import pandas

from clinseek_assets.scoring.leaderboard import ARM_OF, POLICIES
from clinseek_assets.scoring.report.arms import ARMS, CONTRASTS
from clinseek_assets.scoring.report.contrasts import OF_POLICY
from clinseek_assets.scoring.report.material import HEADLINE, Material
from clinseek_assets.scoring.report.plots.drawing import FAINT, Plot, legend_below, logarithmic, sheet, short, style_of
from clinseek_assets.scoring.statistics import OVERALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 5.2, 3.9
ROOM = 6.0  # points of the scale around the outermost figure
# What a question costs: column -> what it is called.
COSTS = {"dollars": "US dollars an answer", "tokens": "tokens an answer, read and written"}
LOGARITHMIC_FROM = 20.0  # the largest cost as a multiple of the smallest


def settings_scatter(material: Material) -> Iterator[Plot]:
    """Overall of the seeking arm against the curated one, a point a model and policy of time."""
    levels = _levels(material)
    points = {
        policy: levels[[ARM_OF[policy, setting] for setting in ("curated", "seeking")]].dropna()
        for policy in POLICIES
        if {ARM_OF[policy, setting] for setting in ("curated", "seeking")} <= set(levels.columns)
    }
    numbers = _numbers(material, [model for frame in points.values() for model in frame.index])
    if not numbers:
        return
    title = "Overall: seeking against curated"
    with sheet(title, WIDTH, HEIGHT) as (figure, axes):
        for policy, frame in points.items():
            axes.plot(*frame.to_numpy().T, **style_of(CONTRASTS[OF_POLICY[policy]]))
            _number(axes, frame.index, frame.to_numpy(), numbers)
        every = pandas.concat([pandas.Series(frame.to_numpy().ravel()) for frame in points.values()])
        limits = (max(0.0, every.min() - ROOM), min(100.0, every.max() + ROOM))
        axes.plot(limits, limits, color=FAINT, linewidth=1, zorder=0)
        axes.set(xlim=limits, ylim=limits, xlabel="curated, strict F1 %", ylabel="seeking, strict F1 %")
        axes.grid()
        _listed(axes, numbers)
        legend_below(figure, axes, 1)
    told = f"{title}, in per cent of strict F1, one numbered point a model; above the line seeking is the better one."
    yield Plot(f"{material.board.split}-scatter", title, told, figure)


def cost_scatters(material: Material) -> Iterator[Plot]:
    """Overall against dollars and against tokens an answer, a point a model and arm; none where nothing was paid."""
    levels = _levels(material).reset_index().melt("model", var_name="arm", value_name="f1").set_index(["model", "arm"])
    answered = material.answered.set_index(["model", "arm"])
    costs = answered.assign(tokens=answered["prompt_tokens"] + answered["completion_tokens"])
    for column, what in COSTS.items():
        points = costs[[column]].join(levels, how="inner").dropna()
        points = points[points[column] > 0]
        if len(points):
            yield _cost(material, points.rename(columns={column: "cost"}), column, what)


def _cost(material: Material, points: pandas.DataFrame, column: str, what: str) -> Plot:
    numbers = _numbers(material, points.index.get_level_values("model"))
    title = f"Overall against {what}"
    with sheet(title, WIDTH, HEIGHT) as (figure, axes):
        for arm, mark in ARMS.items():
            of_arm = points[points.index.get_level_values("arm") == arm]
            axes.plot(of_arm["cost"], of_arm["f1"], **style_of(mark)) if len(of_arm) else None
        _number(axes, points.index.get_level_values("model"), points[["cost", "f1"]].to_numpy(), numbers)
        if points["cost"].max() > LOGARITHMIC_FROM * points["cost"].min():
            logarithmic(axes)
        axes.set(xlabel=what, ylabel="Overall, strict F1 %")
        axes.margins(0.12)
        axes.grid()
        _listed(axes, numbers)
        legend_below(figure, axes)
    told = f"{title}, one numbered point a model and arm; up and to the left is better and cheaper."
    return Plot(f"{material.board.split}-{column}", title, told, figure)


def _levels(material: Material) -> pandas.DataFrame:
    """Overall in per cent of strict F1: a row a model that is no floor row, a column an arm."""
    figures = material.tables.figures
    kept = figures["mode"].eq(HEADLINE) & figures["column"].eq(OVERALL) & figures["model"].isin(material.participants)
    return 100 * figures[kept].pivot_table(index="model", columns="arm", values="f1")


def _numbers(material: Material, models: Sequence[str] | pandas.Index) -> dict[str, int]:
    """The models that have a point, numbered in the table's order."""
    there = [model for model in material.participants if model in set(models)]
    return {model: place for place, model in enumerate(there, start=1)}


def _number(axes: Axes, models: Sequence[str] | pandas.Index, points: numpy.ndarray, numbers: dict[str, int]) -> None:
    """Each point's number beside it."""
    for model, point in zip(models, points, strict=True):
        axes.annotate(str(numbers[model]), point, xytext=(4, 3), textcoords="offset points", fontsize=7)


def _listed(axes: Axes, numbers: dict[str, int]) -> None:
    """Which number is which model, beside the axes."""
    listed = "\n".join(f"{number}  {short(model)}" for model, number in numbers.items())
    axes.annotate(listed, (1.03, 1), xycoords="axes fraction", va="top", fontsize=7, linespacing=1.5)
