"""Forest plots: a row a model, its contrasts as points with 95% intervals around zero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas

from clinseek_assets.scoring.report.arms import CONTRASTS
from clinseek_assets.scoring.report.contrasts import OF_POLICY, OF_SETTING
from clinseek_assets.scoring.report.material import HEADLINE, Material
from clinseek_assets.scoring.report.plots.drawing import (
    FAINT,
    ROW,
    Plot,
    beside,
    legend_below,
    rows_downwards,
    sheet,
    short,
    style_of,
)
from clinseek_assets.scoring.statistics import OVERALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 3.7
APART = 0.15


def forests(material: Material) -> Iterator[Plot]:
    """Seeking minus curated, under the strict policy and as published: a plot a column, Overall first."""
    for column in (OVERALL, *(each for each in material.board.columns if each != OVERALL)):
        yield from _forest(material, column, OF_POLICY.values(), "seeking − curated")


def policy_forests(material: Material) -> Iterator[Plot]:
    """What sight of the future is worth in each setting, Overall."""
    yield from _forest(material, OVERALL, OF_SETTING.values(), "published rule − strict policy")


def _forest(material: Material, column: str, contrasts: Iterable[str], what: str) -> Iterator[Plot]:
    chosen = material.contrasts["mode"].eq(HEADLINE) & material.contrasts["column"].eq(column)
    chosen &= material.contrasts["contrast"].isin(list(contrasts))
    rows = material.contrasts[chosen & material.contrasts["model"].isin(material.participants)]
    models = [model for model in material.participants if model in set(rows["model"])]
    if not models:
        return
    title = f"{material.board.columns[column]}: {what}"
    with sheet(title, WIDTH, 1.25 + ROW * len(models)) as (figure, axes):
        axes.axvline(0, color=FAINT, linewidth=1)
        names = [name for name in CONTRASTS if name in set(rows["contrast"])]
        for place, contrast in enumerate(names):
            shift = beside(place, len(names), APART)
            _points(axes, rows[rows["contrast"] == contrast], models, contrast, shift)
        rows_downwards(axes, [short(model) for model in models])
        axes.set_xlabel("Δ F1, percentage points")
        legend_below(figure, axes, 1)
    told = f"{title}, one row a model, in percentage points of strict F1 with 95% intervals where they are known."
    yield Plot(f"{material.board.split}-{'-'.join(names)}-{column}".replace("_", "-"), title, told, figure)


def _points(axes: Axes, rows: pandas.DataFrame, models: list[str], contrast: str, shift: float) -> None:
    """One contrast's points, each with its interval."""
    mark, places = CONTRASTS[contrast], [models.index(model) + shift for model in rows["model"]]
    axes.hlines(places, 100 * rows["low"], 100 * rows["high"], color=mark.colour, linewidth=1.4)
    axes.plot(100 * rows["delta"], places, **style_of(mark))
