"""What the strict policy hides of what the published rule shows, by subtask."""

from __future__ import annotations

from collections.abc import Iterator

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.scoring.report.arms import Mark
from clinseek_assets.scoring.report.material import HIDDEN, Material
from clinseek_assets.scoring.report.plots.drawing import (
    Plot,
    legend_below,
    logarithmic,
    rows_downwards,
    sheet,
    style_of,
)

MARKS = dict(
    zip(
        HIDDEN, (Mark("rows a question", "#0072B2", "o"), Mark("values a question", "#D55E00", "s", False)), strict=True
    )
)


def hidden_rows(material: Material) -> Iterator[Plot]:
    """Rows and values a question that lie in the future, or are known only later: a row a subtask."""
    hidden = material.hidden
    if hidden.empty:
        return
    title = "Hidden by the strict policy, seeking arms"
    with sheet(title, 4.6, 1.2 + 0.21 * len(hidden)) as (figure, axes):
        for column, mark in MARKS.items():
            axes.plot(hidden[column], range(len(hidden)), **style_of(mark))
        rows_downwards(axes, [GROUPS[name].title if name in GROUPS else name for name in hidden["subtask"]])
        axes.tick_params(axis="y", labelsize=7)
        logarithmic(axes, linear_until=1)
        axes.set_xlim(left=-0.1)
        axes.set_xlabel("a question, logarithmic from 1 on")
        legend_below(figure, axes)
    told = f"{title}: mean numbers of rows and of values a question, one row a subtask, on a logarithmic scale."
    yield Plot(f"{material.board.split}-hidden", title, told, figure)
