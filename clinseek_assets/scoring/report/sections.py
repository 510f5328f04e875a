"""What the report tells of a split, section by section: its plots, its tables, and words where there is nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clinseek_assets.scoring.report.figure_tables import answer_table, compared_table, contrast_table
from clinseek_assets.scoring.report.material import Material
from clinseek_assets.scoring.report.plots.answers import outcome_bars, tool_use
from clinseek_assets.scoring.report.plots.drawing import Plot
from clinseek_assets.scoring.report.plots.fields import coverage_fields, subtask_fields
from clinseek_assets.scoring.report.plots.forest import forests, policy_forests
from clinseek_assets.scoring.report.plots.hidden import hidden_rows
from clinseek_assets.scoring.report.plots.scatter import cost_scatters, settings_scatter


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        name: its anchor's last part.
        title: its heading.
        told: how to read it.
        nothing: what stands there instead of plots while there are none.
        plots: each draws what there is to show.
        table: the figures in a table as HTML, or "".
    """

    name: str
    title: str
    told: str
    nothing: str
    plots: tuple[Callable[[Material], Iterable[Plot]], ...]
    table: Callable[[Material], str] = lambda material: ""

    def drawn(self, material: Material) -> list[Plot]:
        """Its plots that have something to show."""
        return [plot for draw in self.plots for plot in draw(material)]


SECTIONS = (
    Section(
        "contrasts",
        "Seeking against curated",
        "Δ of each model that is no floor row: under the strict policy of time (headline), and under the published "
        "rule, which shows some of what came later.",
        "No model was run in both settings of a policy of time yet.",
        (forests, settings_scatter),
    ),
    Section(
        "subtasks",
        "By subtask",
        "Strict F1, a field a subtask and model. An empty field was not run, or is of too few patients.",
        "No subtask has a score yet.",
        (subtask_fields,),
    ),
    Section(
        "policies",
        "What the strict policy hides",
        "The same model, asked in the same setting, under both rules of time: what differs is sight of the future. "
        "Below: how many rows and values of a question's record the published rule shows and the strict policy hides.",
        "Neither a contrast of the policies nor the leak audit is there yet.",
        (policy_forests, hidden_rows),
        contrast_table,
    ),
    Section(
        "cost",
        "Cost against score",
        "Overall against what an answer costs, in dollars by the registry's prices and in tokens.",
        "Nothing was paid: no stored answer has a price or a number of tokens. Baselines have neither.",
        (cost_scatters,),
    ),
    Section(
        "answers",
        "Outcomes and tool use",
        "Finished and salvaged are answers; truncated, out of rounds, refused and unparsable are the model's own and "
        "score 0; what never reached it is missing and has no score. Means are over all answers asked for.",
        "No stored answer was found.",
        (outcome_bars, tool_use),
        answer_table,
    ),
    Section(
        "coverage",
        "Coverage",
        "The share of questions that have a strict score. Below 98% over all a model has no rank.",
        "Nothing has a score yet.",
        (coverage_fields,),
    ),
    Section(
        "published",
        "Beside the published figures",
        "Compatible scores under the published rule of time, in percentage points. The difference is descriptive: "
        "runs, dates and databases are others.",
        "None of the published models was run here under the published rule.",
        (),
        compared_table,
    ),
)
