"""Plots of how questions were answered: outcomes, rounds and calls of tools, by model and arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.report.arms import ARMS
from clinseek_assets.scoring.report.material import Material
from clinseek_assets.scoring.report.plots.drawing import (
    INK,
    ROW,
    Plot,
    beside,
    legend_below,
    rows_downwards,
    sheet,
    short,
    style_of,
)

# Outcome -> colour and hatch: answers blue, the model's own failures warm, what never reached it grey.
LOOKS = {
    Outcome.FINISHED: ("#0072B2", ""),
    Outcome.SALVAGED: ("#56B4E9", "//"),
    Outcome.TRUNCATED: ("#F0E442", ""),
    Outcome.OUT_OF_ROUNDS: ("#E69F00", "\\\\"),
    Outcome.REFUSED: ("#D55E00", ""),
    Outcome.UNPARSABLE: ("#CC79A7", "xx"),
    Outcome.ENDPOINT_FAILED: ("#BBBBBB", ""),
    Outcome.OVER_BUDGET: ("#888888", "//"),
    Outcome.NOT_RUN: ("#555555", "xx"),
}
# Use of tools: column -> what is counted.
APART = 0.12
USED = {"rounds": "rounds an answer", "tool_calls": "tool calls an answer"}


def outcome_bars(material: Material) -> Iterator[Plot]:
    """The share of each outcome, a bar a model and arm."""
    answered = material.answered
    if answered.empty:
        return
    title = "How questions ended, % of answers asked for"
    with sheet(title, 6.4, 1.4 + 0.2 * len(answered)) as (figure, axes):
        begin = answered[Outcome.FINISHED] * 0
        for outcome, (colour, hatch) in LOOKS.items():
            share = 100 * answered[outcome]
            if share.any():
                look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": INK, "linewidth": 0.3}
                axes.barh(range(len(answered)), share, left=begin, height=0.75, label=outcome.replace("_", " "), **look)
            begin = begin + share
        rows_downwards(axes, [f"{short(model)}, {arm}" for model, arm in answered[["model", "arm"]].to_numpy()])
        axes.set_xlim(0, 100)
        legend_below(figure, axes, 3)
    told = f"{title}: one bar a model and arm, cut by outcome; the table below it has the figures."
    yield Plot(f"{material.board.split}-outcomes", title, told, figure)


def tool_use(material: Material) -> Iterator[Plot]:
    """Rounds and calls of tools of the arms that have any: a row a model, a point an arm."""
    for column, what in USED.items():
        used = material.answered[material.answered[column] > 0]
        models = [model for model in material.models if model in set(used["model"])]
        if not models:
            continue
        with sheet(what.capitalize(), 3.7, 1.2 + ROW * len(models)) as (figure, axes):
            arms = [arm for arm in ARMS if arm in set(used["arm"])]
            for place, arm in enumerate(arms):
                of_arm, shift = used[used["arm"] == arm], beside(place, len(arms), APART)
                axes.plot(
                    of_arm[column], [models.index(each) + shift for each in of_arm["model"]], **style_of(ARMS[arm])
                )
            rows_downwards(axes, [short(model) for model in models])
            axes.set_xlim(left=0)
            legend_below(figure, axes)
        told = f"{what.capitalize()}: the mean of each model, one point an arm."
        yield Plot(f"{material.board.split}-{column}".replace("_", "-"), what.capitalize(), told, figure)
