"""The report's plain tables: the contrasts, the answers, and ours beside the published figures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas

from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.leaderboard import percent
from clinseek_assets.scoring.report.contrasts import CONTRASTS
from clinseek_assets.scoring.report.leaderboard_tables import interval, tie
from clinseek_assets.scoring.report.material import HEADLINE, Material
from clinseek_assets.scoring.statistics import OVERALL

# Means an answer: column -> title and number of decimals.
MEANS = {
    "rounds": ("Rounds", 1),
    "tool_calls": ("Tool calls", 1),
    "prompt_tokens": ("Tokens read", 0),
    "completion_tokens": ("Tokens written", 0),
    "dollars": ("US dollars", 4),
    "seconds": ("Seconds", 1),
}


def contrast_table(material: Material) -> str:
    """Overall of the contrasts that there are, a line a model: how much of a gain is sight of the future."""
    rows = material.contrasts
    rows = rows[rows["mode"].eq(HEADLINE) & rows["column"].eq(OVERALL) & rows["model"].isin(material.participants)]
    if rows.empty:
        return ""
    told = {
        (row["model"], row["contrast"]): f"{percent(row['delta'], signed=True)}"
        f"<small>{interval(row['low'], row['high'], signed=True)}{tie(row)}</small>"
        for row in rows.to_dict(orient="records")
    }
    names = [name for name in CONTRASTS if name in set(rows["contrast"])]
    titles = ["Model", *(name.replace("-", " − ") for name in names)]
    models = [model for model in material.participants if model in set(rows["model"])]
    return table(titles, [[escape(model), *(told.get((model, name), "") for name in names)] for model in models])


def answer_table(material: Material) -> str:
    """Outcomes in per cent and means an answer, a line a model and arm."""
    answered = material.answered
    if answered.empty:
        return ""
    outcomes = [str(outcome) for outcome in Outcome if answered[outcome].any()]
    means = {name: told for name, told in MEANS.items() if answered[name].notna().any()}
    titles = ["Model", "Arm", "Answers", *(f"{name.replace('_', ' ').capitalize()} %" for name in outcomes)]
    lines = [
        [
            *(escape(str(row["model"])), escape(str(row["arm"])), f"{row['answers']:,.0f}"),
            *(percent(row[name]) for name in outcomes),
            *("" if pandas.isna(row[name]) else f"{row[name]:,.{decimals}f}" for name, (_, decimals) in means.items()),
        ]
        for row in answered.to_dict(orient="records")
    ]
    return table([*titles, *(title for title, _ in means.values())], lines)


def compared_table(material: Material) -> str:
    """The published figures beside ours, a line a model, column and setting."""
    lines = [
        [
            *(escape(str(row["model"])), escape(material.board.columns[row["column"]]), escape(str(row["setting"]))),
            *("" if pandas.isna(row[name]) else f"{row[name]:{form}}" for name, form in FORMS.items()),
            percent(row["coverage"]),
        ]
        for row in material.compared.to_dict(orient="records")
    ]
    return (
        table(["Model", "Column", "Setting", "Published", "Ours", "Difference", "Coverage %"], lines) if lines else ""
    )


FORMS = {"published": ".1f", "ours": ".1f", "difference": "+.1f"}


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in a box of its own that scrolls; the first cell of a line names it. The cells are HTML already."""
    head = "".join(
        f'<th class="{"name" if not place else ""}">{escape(title)}</th>' for place, title in enumerate(titles)
    )
    body = "".join(
        f'<tr><th scope="row" class="name">{first}</th>{"".join(f"<td>{each}</td>" for each in others)}</tr>'
        for first, *others in lines
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
